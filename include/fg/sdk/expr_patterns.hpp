// SPDX-License-Identifier: Apache-2.0
//
// Parts of a program that expr_printer.hpp prints as one call.

#ifndef FG_SDK_EXPR_PATTERNS_HPP_
#define FG_SDK_EXPR_PATTERNS_HPP_

#include <algorithm>
#include <bit>
#include <cstdint>
#include <iterator>
#include <vector>

#include "fg/abi/expr.h"

namespace fg::sdk::detail {

inline bool is_constant(const fg_expr_node& n, float value) {
  if (n.op != FG_EX_CONST || n.type != FG_CT_F32) return false;
  return static_cast<float>(std::bit_cast<double>(n.arg[0] | std::uint64_t{n.arg[1]} << 32)) == value;
}

// The other argument of node k where that is `op` of f32 and `value`; k for any other node.
inline std::uint32_t beside(const fg_expr& e, std::uint32_t k, std::uint16_t op, float value) {
  const fg_expr_node& n = e.node[k];
  if (n.op != op || n.type != FG_CT_F32) return k;
  if (is_constant(e.node[n.arg[0]], value)) return n.arg[1];
  return is_constant(e.node[n.arg[1]], value) ? n.arg[0] : k;
}

// The node x where node k is 0.5 x (1 + erf(x / sqrt(2))) of f32; k for any other node.
inline std::uint32_t gelu_input(const fg_expr& e, std::uint32_t k) {
  const fg_expr_node& n = e.node[k];
  if (n.op != FG_EX_MUL || n.type != FG_CT_F32) return k;
  for (const int first : {0, 1}) {
    const std::uint32_t half = n.arg[first], sum = n.arg[1 - first];
    const std::uint32_t x = beside(e, half, FG_EX_MUL, 0.5f), erf = beside(e, sum, FG_EX_ADD, 1.0f);
    if (x == half || erf == sum || e.node[erf].op != FG_EX_ERF) continue;
    const std::uint32_t scaled = e.node[erf].arg[0];
    if (scaled != x && beside(e, scaled, FG_EX_MUL, 0.70710678f) == x) return x;
  }
  return k;
}

// Which nodes need a variable: all but those that only a pattern reads.
inline std::vector<bool> printed_nodes(const fg_expr& e) {
  std::vector<bool> read(e.n_node, false), printed(e.n_node, false);
  const auto mark_arguments = [&](const fg_expr_node& n, std::vector<bool>& marks) {
    if (n.op >= FG_EX_CAST)
      std::for_each(std::begin(n.arg), std::end(n.arg), [&](auto a) {
        if (a < e.n_node) marks[a] = true;
      });
  };
  for (std::uint32_t k = 0; k < e.n_node; ++k) mark_arguments(e.node[k], read);
  for (std::uint32_t j = 0; j < e.n_out; ++j) printed[e.out[j]] = true;
  for (std::uint32_t k = e.n_node; k-- > 0;) {
    if (!read[k]) printed[k] = true;
    if (!printed[k]) continue;
    const std::uint32_t x = gelu_input(e, k);
    if (x == k) {
      mark_arguments(e.node[k], printed);
    } else {
      printed[x] = true;
    }
  }
  return printed;
}

}  // namespace fg::sdk::detail

#endif  // FG_SDK_EXPR_PATTERNS_HPP_
