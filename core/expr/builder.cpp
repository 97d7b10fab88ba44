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
  const auto bits =
      is_float_type(value.type) ? std::bit_cast<std::uint64_t>(value.f) : static_cast<std::uint64_t>(value.i);
  return add(FG_EX_CONST, value.type, static_cast<Id>(bits), static_cast<Id>(bits >> 32));
}

Builder::Id Builder::cast(Id x, std::uint16_t type) { return nodes_[x].type == type ? x : add(FG_EX_CAST, type, x); }

std::optional<Value> Builder::value_of(Id id) const {
  const fg_expr_node& n = nodes_[id];
  if (n.op != FG_EX_CONST) return std::nullopt;
  return constant_value(n);
}

// In the order in which the outputs need the nodes: one program has one order, and a value is read
// soon after it is made.
Result<Program> Builder::finish(const std::vector<Id>& outs, std::uint16_t n_in, std::uint16_t n_scalar) const {
  constexpr Id kUnplaced = 0xFFFFFFFFu;
  std::vector<Id> place(nodes_.size(), kUnplaced);
  std::vector<fg_expr_node> kept;
  std::vector<Id> kept_outs, waiting;
  for (const Id out : outs) {
    waiting.push_back(out);
    while (!waiting.empty()) {
      const Id id = waiting.back();
      fg_expr_node n = nodes_[id];
      const int arity = find_op(n.op)->arity;
      const std::size_t depth = waiting.size();
      for (int a = arity; a-- > 0;) {
        if (place[n.arg[a]] == kUnplaced) waiting.push_back(n.arg[a]);
      }
      if (waiting.size() != depth) continue;
      waiting.pop_back();
      if (place[id] != kUnplaced) continue;
      for (int a = 0; a < arity; ++a) n.arg[a] = place[n.arg[a]];
      place[id] = static_cast<Id>(kept.size());
      kept.push_back(n);
    }
    kept_outs.push_back(place[out]);
  }
  return Program::make(std::move(kept), std::move(kept_outs), n_in, n_scalar);
}

}  // namespace fg::expr
