// SPDX-License-Identifier: Apache-2.0

#include "core/expr/program.hpp"

#include <xxhash.h>

#include <bit>
#include <cstddef>
#include <string>
#include <utility>

#include "core/expr/op_table.hpp"

namespace fg::expr {
namespace {

constexpr std::uint16_t kUnseen = 0xFFFF;

class Verifier {
 public:
  explicit Verifier(const fg_expr& e) : e_(e), input_type_(e.n_in, kUnseen) {}

  Result<void> run() {
    if (e_.n_node == 0 || e_.n_node > kMaxNodes) {
      return bad("a program has 1 to " + std::to_string(kMaxNodes) + " nodes, this one " + std::to_string(e_.n_node),
                 FG_R_LIMIT);
    }
    if (e_.n_out == 0 || e_.n_out > kMaxOperands || e_.n_in > kMaxOperands || e_.n_scalar > kMaxOperands) {
      return bad("a program has 1 to 64 outputs, at most 64 inputs and 64 scalars; this one " +
                     std::to_string(e_.n_out) + ", " + std::to_string(e_.n_in) + " and " + std::to_string(e_.n_scalar),
                 FG_R_LIMIT);
    }
    for (at_ = 0; at_ < e_.n_node; ++at_) FG_TRY(check_node(e_.node[at_]));
    for (std::uint32_t j = 0; j < e_.n_out; ++j) {
      if (e_.out[j] >= e_.n_node)
        return bad("output " + std::to_string(j) + " is node " + std::to_string(e_.out[j]) + ", beyond the end");
    }
    const std::uint16_t flags = uses_index_ ? FG_EXPR_USES_INDEX : 0;
    if (e_.flags != flags) return bad("flags are " + std::to_string(e_.flags) + ", expected " + std::to_string(flags));
    return {};
  }

 private:
  static tl::unexpected<Error> bad(std::string what, fg_reason reason = FG_R_EXPRESSION) {
    return invalid(std::move(what), reason);
  }
  tl::unexpected<Error> bad_node(const std::string& what) const {
    return bad("node " + std::to_string(at_) + ": " + what);
  }

  Result<void> check_node(const fg_expr_node& n) {
    const OpRow* row = find_op(n.op);
    if (row == nullptr) return bad_node("unknown operation " + std::to_string(n.op));
    if (n.type > FG_CT_F64) return bad_node("unknown type " + std::to_string(n.type));
    if (row->rule == TypeRule::leaf) return check_leaf(n);
    for (int k = 0; k < 3; ++k) {
      if (k < row->arity ? n.arg[k] >= at_ : n.arg[k] != 0) {
        return bad_node("argument " + std::to_string(k) + " is " + std::to_string(n.arg[k]) + ", expected " +
                        (k < row->arity ? "an earlier node" : "0"));
      }
    }
    return check_types(n, *row);
  }

  Result<void> check_leaf(const fg_expr_node& n) {
    const bool is_const = n.op == FG_EX_CONST;
    if (n.arg[2] != 0 || (!is_const && n.arg[1] != 0)) return bad_node("unused arguments must be 0");
    if (n.op == FG_EX_SCALAR && n.arg[0] >= e_.n_scalar)
      return bad_node("scalar " + std::to_string(n.arg[0]) + " of " + std::to_string(e_.n_scalar));
    if (n.op == FG_EX_INDEX) {
      if (n.type != FG_CT_I64 || n.arg[0] >= 16) return bad_node("an index is i64, of a dimension below 16");
      uses_index_ = true;
    }
    if (n.op == FG_EX_INPUT) {
      if (n.arg[0] >= e_.n_in) return bad_node("input " + std::to_string(n.arg[0]) + " of " + std::to_string(e_.n_in));
      std::uint16_t& seen = input_type_[n.arg[0]];
      if (seen != kUnseen && seen != n.type) return bad_node("input " + std::to_string(n.arg[0]) + " has two types");
      seen = n.type;
    }
    if (is_const) {
      const auto value = std::bit_cast<std::int64_t>(n.arg[0] | std::uint64_t{n.arg[1]} << 32);
      if (n.type == FG_CT_BOOL && value != 0 && value != 1) return bad_node("a bool is 0 or 1");
      if (n.type == FG_CT_I32 && value != static_cast<std::int32_t>(value)) return bad_node("constant beyond i32");
    }
    return {};
  }

  std::uint16_t type_of(const fg_expr_node& n, int k) const { return e_.node[n.arg[k]].type; }

  Result<void> check_types(const fg_expr_node& n, const OpRow& row) const {
    const std::uint16_t t = type_of(n, row.rule == TypeRule::where ? 1 : 0);
    for (int k = row.rule == TypeRule::where ? 1 : 0; k < row.arity; ++k) {
      if (type_of(n, k) != t) return bad_node(std::string(row.name) + " of operands of different types");
    }
    const bool to_bool = row.rule == TypeRule::compare || row.rule == TypeRule::isnan;
    if (row.rule != TypeRule::cast && n.type != (to_bool ? std::uint16_t{FG_CT_BOOL} : t)) {
      return bad_node(std::string(row.name) + " has type " + std::string(type_name(n.type)));
    }
    if (row.rule == TypeRule::where && type_of(n, 0) != FG_CT_BOOL)
      return bad_node("the condition of where is not bool");
    if (!takes(row.rule, t)) return bad_node(std::string(row.name) + " of " + std::string(type_name(t)));
    return {};
  }

  static bool takes(TypeRule rule, std::uint16_t t) {
    switch (rule) {
      case TypeRule::number: return t != FG_CT_BOOL;
      case TypeRule::floating:
      case TypeRule::rounding:
      case TypeRule::isnan: return is_float_type(t);
      case TypeRule::logic: return !is_float_type(t);
      case TypeRule::shift: return is_integer_type(t);
      default: return true;
    }
  }

  const fg_expr& e_;
  std::vector<std::uint16_t> input_type_;
  std::uint32_t at_ = 0;
  bool uses_index_ = false;
};

std::array<std::uint64_t, 2> hash_of(const fg_expr& e) {
  const std::array<std::uint32_t, 6> counts = {1, e.n_node, e.n_out, e.n_in, e.n_scalar, e.flags};  // 1: of this rule
  std::vector<std::byte> bytes;
  const auto append = [&](const void* from, std::size_t size) {
    const auto* p = static_cast<const std::byte*>(from);
    bytes.insert(bytes.end(), p, p + size);
  };
  append(counts.data(), sizeof(counts));
  append(e.node, e.n_node * sizeof(fg_expr_node));
  append(e.out, e.n_out * sizeof(std::uint32_t));
  const XXH128_hash_t h = XXH3_128bits(bytes.data(), bytes.size());
  return {h.low64, h.high64};
}

}  // namespace

Result<void> verify(const fg_expr& program) { return Verifier(program).run(); }

Result<Program> Program::make(std::vector<fg_expr_node> nodes, std::vector<std::uint32_t> outs, std::uint16_t n_in,
                              std::uint16_t n_scalar) {
  if (nodes.size() > kMaxNodes || outs.size() > kMaxOperands) {
    return invalid("a program of " + std::to_string(nodes.size()) + " nodes and " + std::to_string(outs.size()) +
                       " outputs is too large",
                   FG_R_LIMIT);
  }
  Program p;
  p.nodes_ = std::move(nodes);
  p.outs_ = std::move(outs);
  p.n_in_ = n_in;
  p.n_scalar_ = n_scalar;
  for (const fg_expr_node& n : p.nodes_) {
    if (n.op == FG_EX_INDEX) p.flags_ = FG_EXPR_USES_INDEX;
  }
  FG_TRY(verify(p.view()));
  p.hash_ = hash_of(p.view());
  return p;
}

fg_expr Program::view() const {
  fg_expr e{};
  e.node = nodes_.data();
  e.out = outs_.data();
  e.n_node = static_cast<std::uint32_t>(nodes_.size());
  e.n_out = static_cast<std::uint16_t>(outs_.size());
  e.n_in = n_in_;
  e.n_scalar = n_scalar_;
  e.flags = flags_;
  e.hash[0] = hash_[0];
  e.hash[1] = hash_[1];
  return e;
}

}  // namespace fg::expr
