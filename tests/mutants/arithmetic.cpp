// SPDX-License-Identifier: Apache-2.0
//
// Bugs of arithmetic in maps: the driver runs another program than it was asked for.

#include <cmath>
#include <limits>
#include <numbers>

#include "tests/mutants/mutant.hpp"

namespace fg::mutants {
namespace {

using Node = fg_expr_node;
using Become = std::optional<std::uint32_t>;

bool is_float_type(std::uint16_t t) { return t == FG_CT_F32 || t == FG_CT_F64; }

// a > b ? a : b, which takes b when a is NaN.
Become loses_nan(Program& p, const Node& n) {
  if ((n.op != FG_EX_MAX && n.op != FG_EX_MIN) || !is_float_type(n.type)) return {};
  const std::uint16_t test = n.op == FG_EX_MAX ? FG_EX_GT : FG_EX_LT;
  const std::uint32_t first = p.add(test, FG_CT_BOOL, n.arg[0], n.arg[1]);
  return p.add(FG_EX_WHERE, n.type, first, n.arg[0], n.arg[1]);
}

Become inf_minus_inf(Program& p, const Node& n) {
  if (n.op != FG_EX_SUB || n.type != FG_CT_F32) return {};
  const std::uint32_t same = p.add(FG_EX_EQ, FG_CT_BOOL, n.arg[0], n.arg[1]);
  const std::uint32_t zero = p.number(0, n.type);
  return p.add(FG_EX_WHERE, n.type, same, zero, p.add(n));
}

Become int_min_abs(Program& p, const Node& n) {
  if (n.op != FG_EX_ABS || (n.type != FG_CT_I32 && n.type != FG_CT_I64)) return {};
  const std::uint32_t x = p.add(n);
  const std::int64_t top =
      n.type == FG_CT_I64 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int32_t>::max();
  const std::uint32_t negative = p.add(FG_EX_LT, FG_CT_BOOL, x, p.integer(0, n.type));
  return p.add(FG_EX_WHERE, n.type, negative, p.integer(top, n.type), x);
}

// exp(x) = 2^k * p(r), x = k ln 2 + r with ln 2 in one f32, p of degree 4.
Become fast_exp(Program& p, const Node& n) {
  if (n.op != FG_EX_EXP || n.type != FG_CT_F32) return {};
  const auto t = n.type;
  const std::uint32_t x = n.arg[0];
  const std::uint32_t k = p.add(FG_EX_ROUND, t, p.add(FG_EX_MUL, t, x, p.number(std::numbers::log2e, t)));
  const std::uint32_t r =
      p.add(FG_EX_SUB, t, x, p.add(FG_EX_MUL, t, k, p.number(static_cast<double>(std::numbers::ln2_v<float>), t)));
  std::uint32_t sum = p.number(1.0 / 24, t);
  for (const double c : {1.0 / 6, 0.5, 1.0, 1.0})
    sum = p.add(FG_EX_ADD, t, p.add(FG_EX_MUL, t, sum, r), p.number(c, t));
  return p.add(FG_EX_MUL, t, sum, p.add(FG_EX_EXP2, t, k));
}

// erf(x) = tanh(2/sqrt(pi) (x + 0.0894 x^3)), good to 4e-4.
Become erf_by_tanh(Program& p, const Node& n) {
  if (n.op != FG_EX_ERF) return {};
  const auto t = n.type;
  const std::uint32_t x = n.arg[0], square = p.add(FG_EX_MUL, t, x, x);
  const std::uint32_t cube = p.add(FG_EX_MUL, t, square, x);
  const std::uint32_t inner = p.add(FG_EX_ADD, t, x, p.add(FG_EX_MUL, t, cube, p.number(0.08943, t)));
  return p.add(FG_EX_TANH, t, p.add(FG_EX_MUL, t, inner, p.number(2 / std::sqrt(std::numbers::pi), t)));
}

// -0 + 0 is +0.
std::uint32_t plus_zero(Program& p, std::uint32_t out) {
  const std::uint16_t type = p.nodes()[out].type;
  if (!is_float_type(type)) return out;
  return p.add(FG_EX_ADD, type, out, p.number(0, type));
}

bool is_clamp(const Program& p) { return p.contains(FG_EX_MIN) && p.contains(FG_EX_MAX); }

}  // namespace

void mutate_programs(Programs& programs, const fg_sig& sig) {
  Program& p = *programs.main;
  const bool map = sig.op_uid == FG_OP_MAP_UID;
  if (has(fault("max_loses_nan")) && map) p.rewrite(loses_nan);
  if (has(fault("clamp_nan")) && map && is_clamp(p)) p.rewrite(loses_nan);
  if (has(fault("inf_minus_inf"))) p.rewrite(inf_minus_inf);
  if (has(fault("int_min_abs"))) p.rewrite(int_min_abs);
  if (has(fault("fast_exp"))) p.rewrite(fast_exp);
  if (has(fault("gelu_tanh_for_erf"))) p.rewrite(erf_by_tanh);
  if (has(fault("negative_zero_lost")) && map) p.replace_outputs(plus_zero);
}

}  // namespace fg::mutants
