// SPDX-License-Identifier: Apache-2.0

#include "tests/mutants/program.hpp"

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

#include "fg/abi/ops.h"
#include "fg/sdk/op_uid.hpp"

namespace fg::mutants {
namespace {

bool is_leaf(std::uint16_t op) { return op < FG_EX_CAST; }

int operands_of(std::uint16_t op) {
  if (is_leaf(op)) return 0;
  if (op == FG_EX_WHERE || op == FG_EX_FMA) return 3;
  const bool two = (op >= FG_EX_ADD && op <= FG_EX_ATAN2) || (op >= FG_EX_EQ && op <= FG_EX_GE) ||
                   (op >= FG_EX_AND && op <= FG_EX_XOR) || op == FG_EX_SHL || op == FG_EX_SHR;
  return two ? 2 : 1;
}

std::uint32_t constant(Program& p, std::uint64_t bits, std::uint16_t type) {
  return p.add(FG_EX_CONST, type, static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32));
}

}  // namespace

std::uint32_t Program::number(double x, std::uint16_t type) {
  return constant(*this, std::bit_cast<std::uint64_t>(x), type);
}
std::uint32_t Program::integer(std::int64_t x, std::uint16_t type) {
  return constant(*this, static_cast<std::uint64_t>(x), type);
}

void Program::rewrite(const Rule& rule) {
  const std::vector<fg_expr_node> old = std::exchange(node_, {});
  std::vector<std::uint32_t> now;
  for (fg_expr_node n : old) {
    for (int i = 0; i < operands_of(n.op); ++i) n.arg[i] = now[n.arg[i]];
    const std::optional<std::uint32_t> other = rule(*this, n);
    now.push_back(other ? *other : add(n));
  }
  for (std::uint32_t& o : out_) o = now[o];
  rehash();
}

void Program::replace_outputs(const std::function<std::uint32_t(Program&, std::uint32_t)>& rule) {
  for (std::uint32_t& o : out_) o = rule(*this, o);
  rehash();
}

void Program::rehash() {
  const std::string_view bytes(reinterpret_cast<const char*>(node_.data()), node_.size() * sizeof(fg_expr_node));
  head_.hash[0] = sdk::op_uid(bytes);
  head_.hash[1] = ~head_.hash[0];
}

Programs Programs::of(std::uint64_t op_uid, const void* params) {
  Programs p;
  if (params == nullptr) return p;
  if (op_uid == FG_OP_MAP_UID) {
    const fg_expr* program = static_cast<const fg_map_params*>(params)->program;
    if (program != nullptr) p.main.emplace(*program);
  } else if (op_uid == FG_OP_REDUCE_UID) {
    const auto& r = *static_cast<const fg_reduce_params*>(params);
    if (r.prologue == nullptr || r.epilogue == nullptr) return p;
    p.main.emplace(*r.prologue);
    p.epilogue.emplace(*r.epilogue);
    p.monoid = r.monoid;
  } else if (op_uid == FG_OP_SCAN_UID) {
    const auto& s = *static_cast<const fg_scan_params*>(params);
    if (s.prologue == nullptr || s.epilogue == nullptr) return p;
    p.main.emplace(*s.prologue);
    p.epilogue.emplace(*s.epilogue);
    p.monoid = s.monoid;
  }
  if (p.main) p.n_scalar = p.main->view().n_scalar;
  if (p.epilogue) p.n_scalar = std::max(p.n_scalar, p.epilogue->view().n_scalar);
  return p;
}

OwnParams::OwnParams(std::uint64_t op_uid, const Programs& programs, const void* params, const fg_scalar* scalar)
    : params_(params) {
  if (!programs.main || params == nullptr) return;
  main_ = programs.main->view();
  if (programs.epilogue) epilogue_ = programs.epilogue->view();
  if (op_uid == FG_OP_MAP_UID) {
    u_.map = *static_cast<const fg_map_params*>(params);
    u_.map.program = &main_;
    u_.map.scalar = scalar;
  } else if (op_uid == FG_OP_REDUCE_UID) {
    u_.reduce = *static_cast<const fg_reduce_params*>(params);
    u_.reduce.prologue = &main_;
    u_.reduce.epilogue = &epilogue_;
    u_.reduce.scalar = scalar;
  } else {
    u_.scan = *static_cast<const fg_scan_params*>(params);
    u_.scan.prologue = &main_;
    u_.scan.epilogue = &epilogue_;
    u_.scan.scalar = scalar;
  }
  params_ = &u_;
}

const fg_scalar* scalars_of(std::uint64_t op_uid, const void* params) {
  if (params == nullptr) return nullptr;
  if (op_uid == FG_OP_MAP_UID) return static_cast<const fg_map_params*>(params)->scalar;
  if (op_uid == FG_OP_REDUCE_UID) return static_cast<const fg_reduce_params*>(params)->scalar;
  if (op_uid == FG_OP_SCAN_UID) return static_cast<const fg_scan_params*>(params)->scalar;
  return nullptr;
}

}  // namespace fg::mutants
