// SPDX-License-Identifier: Apache-2.0

#include "core/expr/builder.hpp"

#include <xxhash.h>

#include <bit>
#include <cstring>
#include <utility>

#include "core/expr/op_table.hpp"

namespace fg::expr {

std::size_t Builder::Hash::operator()(const fg_expr_node& n) const {
  return static_cast<std::size_t>(XXH3_64bits(&n, sizeof(n)));
}

bool Builder::Equal::operator()(const fg_expr_node& a, const fg_expr_node& b) const {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

Builder::Id Builder::add(const fg_expr_node& node) {
  const auto [it, is_new] = known_.try_emplace(node, static_cast<Id>(nodes_.size()));
  if (is_new) nodes_.push_back(node);
  return it->second;
}

Builder::Id Builder::constant(const Value& value) {
  const auto bits = is_float_type(value.type) ? std::bit_cast<std::uint64_t>(value.f) : static_cast<std::uint64_t>(value.i);
  return add(FG_EX_CONST, value.type, static_cast<Id>(bits), static_cast<Id>(bits >> 32));
}

Builder::Id Builder::cast(Id x, std::uint16_t type) { return nodes_[x].type == type ? x : add(FG_EX_CAST, type, x); }

std::optional<Value> Builder::value_of(Id id) const {
  const fg_expr_node& n = nodes_[id];
  if (n.op != FG_EX_CONST) return std::nullopt;
  return constant_value(n);
}

Result<Program> Builder::finish(const std::vector<Id>& outs, std::uint16_t n_in, std::uint16_t n_scalar) const {
  std::vector<bool> used(nodes_.size(), false);
  for (const Id id : outs) used[id] = true;
  for (std::size_t k = nodes_.size(); k-- > 0;) {
    if (!used[k]) continue;
    const int arity = find_op(nodes_[k].op)->arity;
    for (int a = 0; a < arity; ++a) used[nodes_[k].arg[a]] = true;
  }
  std::vector<Id> place(nodes_.size(), 0);
  std::vector<fg_expr_node> kept;
  for (std::size_t k = 0; k < nodes_.size(); ++k) {
    if (!used[k]) continue;
    fg_expr_node n = nodes_[k];
    const int arity = find_op(n.op)->arity;
    for (int a = 0; a < arity; ++a) n.arg[a] = place[n.arg[a]];
    place[k] = static_cast<Id>(kept.size());
    kept.push_back(n);
  }
  std::vector<Id> kept_outs;
  for (const Id id : outs) kept_outs.push_back(place[id]);
  return Program::make(std::move(kept), std::move(kept_outs), n_in, n_scalar);
}

}  // namespace fg::expr
