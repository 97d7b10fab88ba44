// SPDX-License-Identifier: Apache-2.0
//
// Nodes of a program in the making; equal nodes are made once.

#ifndef FG_CORE_EXPR_BUILDER_HPP_
#define FG_CORE_EXPR_BUILDER_HPP_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/expr/evaluate.hpp"
#include "core/expr/program.hpp"

namespace fg::expr {

class Builder {
 public:
  using Id = std::uint32_t;

  Id add(const fg_expr_node& node);
  Id add(std::uint16_t op, std::uint16_t type, Id a = 0, Id b = 0, Id c = 0) { return add({op, type, {a, b, c}}); }
  Id constant(const Value& value);
  // `x` in `type`: itself, or a cast of it.
  Id cast(Id x, std::uint16_t type);

  const fg_expr_node& operator[](Id id) const { return nodes_[id]; }
  // The value of a constant node.
  std::optional<Value> value_of(Id id) const;

  // The program of `outs`; nodes that none of them reads are dropped.
  Result<Program> finish(const std::vector<Id>& outs, std::uint16_t n_in, std::uint16_t n_scalar) const;

 private:
  struct Hash {
    std::size_t operator()(const fg_expr_node& n) const;
  };
  struct Equal {
    bool operator()(const fg_expr_node& a, const fg_expr_node& b) const;
  };
  std::vector<fg_expr_node> nodes_;
  std::unordered_map<fg_expr_node, Id, Hash, Equal> known_;
};

}  // namespace fg::expr

#endif  // FG_CORE_EXPR_BUILDER_HPP_
