// SPDX-License-Identifier: Apache-2.0
//
// F32 arithmetic is done in float, so that +, -, *, / and sqrt round once as the contract says;
// floor_div, which has several steps, and the transcendental functions are done in double and
// rounded, within half an ulp of f32.

#include "core/expr/evaluate.hpp"

#include <math.h>  // lgamma_r

#include <bit>
#include <cmath>
#include <limits>

#include "core/expr/op_table.hpp"

namespace fg::expr {
namespace {

std::int64_t wrap(std::uint64_t bits, std::uint16_t type) {
  if (type == FG_CT_I32) return static_cast<std::int32_t>(static_cast<std::uint32_t>(bits));
  return static_cast<std::int64_t>(bits);
}

template <class Int>
std::int64_t saturate(double x) {
  if (std::isnan(x)) return 0;
  if (x <= static_cast<double>(std::numeric_limits<Int>::min())) return std::numeric_limits<Int>::min();
  if (x >= static_cast<double>(std::numeric_limits<Int>::max())) return std::numeric_limits<Int>::max();
  return static_cast<std::int64_t>(x);
}

std::int64_t integer_pow(std::int64_t base, std::int64_t exponent, std::uint16_t type) {
  if (exponent < 0) {
    if (base == 1) return 1;
    return base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
  }
  std::uint64_t result = 1;
  for (auto square = static_cast<std::uint64_t>(base); exponent != 0; exponent >>= 1, square *= square) {
    if ((exponent & 1) != 0) result *= square;
  }
  return wrap(result, type);
}

// Quotient and remainder by rule; b == 0 gives 0, the one overflow wraps.
std::int64_t integer_divide(std::uint16_t op, std::int64_t a, std::int64_t b, std::uint16_t type) {
  if (b == 0) return 0;
  if (b == -1)
    return op == FG_EX_TRUNC_DIV || op == FG_EX_FLOOR_DIV ? wrap(0 - static_cast<std::uint64_t>(a), type) : 0;
  const std::int64_t quotient = a / b, rest = a % b;
  const bool inexact_below = rest != 0 && (rest < 0) != (b < 0);
  switch (op) {
    case FG_EX_TRUNC_DIV: return quotient;
    case FG_EX_FLOOR_DIV: return inexact_below ? quotient - 1 : quotient;
    case FG_EX_FMOD: return rest;
    default: return inexact_below ? rest + b : rest;
  }
}

std::int64_t shift(std::uint16_t op, std::int64_t a, std::int64_t count, std::uint16_t type) {
  const std::int64_t width = type == FG_CT_I32 ? 32 : 64;
  const bool inside = count >= 0 && count < width;
  if (op == FG_EX_SHL) return inside ? wrap(static_cast<std::uint64_t>(a) << count, type) : 0;
  return a >> (inside ? count : width - 1);
}

std::int64_t apply_integer(std::uint16_t op, std::uint16_t type, std::int64_t a, std::int64_t b, std::int64_t c) {
  const auto ua = static_cast<std::uint64_t>(a), ub = static_cast<std::uint64_t>(b), uc = static_cast<std::uint64_t>(c);
  switch (op) {
    case FG_EX_ADD: return wrap(ua + ub, type);
    case FG_EX_SUB: return wrap(ua - ub, type);
    case FG_EX_MUL: return wrap(ua * ub, type);
    case FG_EX_FMA: return wrap(ua * ub + uc, type);
    case FG_EX_TRUNC_DIV:
    case FG_EX_FLOOR_DIV:
    case FG_EX_FMOD:
    case FG_EX_REMAINDER: return integer_divide(op, a, b, type);
    case FG_EX_POW: return integer_pow(a, b, type);
    case FG_EX_MIN: return a < b ? a : b;
    case FG_EX_MAX: return a > b ? a : b;
    case FG_EX_NEG: return wrap(0 - ua, type);
    case FG_EX_ABS: return a < 0 ? wrap(0 - ua, type) : a;
    case FG_EX_SIGN: return (a > 0) - (a < 0);
    case FG_EX_AND: return a & b;
    case FG_EX_OR: return a | b;
    case FG_EX_XOR: return a ^ b;
    case FG_EX_NOT: return ~a;
    case FG_EX_SHL:
    case FG_EX_SHR: return shift(op, a, b, type);
    default: return 0;
  }
}

bool apply_bool(std::uint16_t op, bool a, bool b) {
  switch (op) {
    case FG_EX_ADD:
    case FG_EX_MAX:
    case FG_EX_OR: return a || b;
    case FG_EX_MUL:
    case FG_EX_MIN:
    case FG_EX_AND: return a && b;
    case FG_EX_XOR: return a != b;
    case FG_EX_NOT: return !a;
    default: return a;  // abs, sign
  }
}

template <class T>
bool compare(std::uint16_t op, T a, T b) {
  switch (op) {
    case FG_EX_EQ: return a == b;
    case FG_EX_NE: return a != b;
    case FG_EX_LT: return a < b;
    case FG_EX_LE: return a <= b;
    case FG_EX_GT: return a > b;
    default: return a >= b;
  }
}

// Python's: the floor of the exact quotient, computed through the exact fmod.
double floor_divide(double a, double b) {
  if (b == 0.0) return a / b;
  const double rest = std::fmod(a, b);
  double quotient = (a - rest) / b;
  if (rest != 0.0 && (b < 0.0) != (rest < 0.0)) quotient -= 1.0;
  if (quotient == 0.0) return std::copysign(0.0, a / b);
  const double floored = std::floor(quotient);
  return quotient - floored > 0.5 ? floored + 1.0 : floored;
}

template <class T>
T remainder_of(T a, T b) {
  const T rest = std::fmod(a, b);
  return rest != T{0} && (b < T{0}) != (rest < T{0}) ? rest + b : rest;
}

template <class T>
T arithmetic(std::uint16_t op, T a, T b, T c) {
  switch (op) {
    case FG_EX_ADD: return a + b;
    case FG_EX_SUB: return a - b;
    case FG_EX_MUL: return a * b;
    case FG_EX_DIV: return a / b;
    case FG_EX_TRUNC_DIV: return std::trunc(a / b);
    case FG_EX_FMOD: return std::fmod(a, b);
    case FG_EX_REMAINDER: return remainder_of(a, b);
    case FG_EX_MIN: return a != a || a < b ? a : (b != b ? b : (a == b && std::signbit(a) ? a : b));
    case FG_EX_MAX: return a != a || a > b ? a : (b != b ? b : (a == b && !std::signbit(a) ? a : b));
    case FG_EX_FMA: return std::fma(a, b, c);
    case FG_EX_NEG: return -a;
    case FG_EX_ABS: return std::fabs(a);
    case FG_EX_SIGN: return a != a ? a : static_cast<T>((a > T{0}) - (a < T{0}));
    case FG_EX_FLOOR: return std::floor(a);
    case FG_EX_CEIL: return std::ceil(a);
    case FG_EX_TRUNC: return std::trunc(a);
    case FG_EX_ROUND: return std::nearbyint(a);
    default: return std::sqrt(a);  // FG_EX_SQRT
  }
}

double transcendental(std::uint16_t op, double a, double b) {
  switch (op) {
    case FG_EX_POW: return std::pow(a, b);
    case FG_EX_ATAN2: return std::atan2(a, b);
    case FG_EX_RSQRT: return 1.0 / std::sqrt(a);
    case FG_EX_EXP: return std::exp(a);
    case FG_EX_EXP2: return std::exp2(a);
    case FG_EX_EXPM1: return std::expm1(a);
    case FG_EX_LOG: return std::log(a);
    case FG_EX_LOG2: return std::log2(a);
    case FG_EX_LOG10: return std::log10(a);
    case FG_EX_LOG1P: return std::log1p(a);
    case FG_EX_SIN: return std::sin(a);
    case FG_EX_COS: return std::cos(a);
    case FG_EX_TAN: return std::tan(a);
    case FG_EX_ASIN: return std::asin(a);
    case FG_EX_ACOS: return std::acos(a);
    case FG_EX_ATAN: return std::atan(a);
    case FG_EX_SINH: return std::sinh(a);
    case FG_EX_COSH: return std::cosh(a);
    case FG_EX_TANH: return std::tanh(a);
    case FG_EX_ASINH: return std::asinh(a);
    case FG_EX_ACOSH: return std::acosh(a);
    case FG_EX_ATANH: return std::atanh(a);
    case FG_EX_ERF: return std::erf(a);
    case FG_EX_ERFC: return std::erfc(a);
    case FG_EX_LGAMMA: {
      int sign = 0;
      return ::lgamma_r(a, &sign);  // std::lgamma writes a global
    }
    case FG_EX_SIGMOID: return a < 0.0 ? std::exp(a) / (1.0 + std::exp(a)) : 1.0 / (1.0 + std::exp(-a));
    case FG_EX_FLOOR_DIV: return floor_divide(a, b);
    default: return std::numeric_limits<double>::quiet_NaN();
  }
}

bool is_arithmetic(std::uint16_t op) {
  return (op <= FG_EX_SIGN && op != FG_EX_POW && op != FG_EX_ATAN2 && op != FG_EX_FLOOR_DIV) ||
         (op >= FG_EX_FLOOR && op <= FG_EX_SQRT);
}

double apply_float(std::uint16_t op, std::uint16_t type, double a, double b, double c) {
  if (!is_arithmetic(op)) {
    const double wide = transcendental(op, a, b);
    return type == FG_CT_F32 ? static_cast<double>(static_cast<float>(wide)) : wide;
  }
  if (type == FG_CT_F64) return arithmetic(op, a, b, c);
  return static_cast<double>(arithmetic(op, static_cast<float>(a), static_cast<float>(b), static_cast<float>(c)));
}

}  // namespace

Value Value::of_float(double x, std::uint16_t type) {
  return {type, type == FG_CT_F32 ? static_cast<double>(static_cast<float>(x)) : x, 0};
}

Value Value::of_int(std::int64_t x, std::uint16_t type) {
  return {type, 0.0, wrap(static_cast<std::uint64_t>(x), type)};
}

bool same(const Value& a, const Value& b) {
  if (a.type != b.type) return false;
  if (!is_float_type(a.type)) return a.i == b.i;
  return (std::isnan(a.f) && std::isnan(b.f)) || std::bit_cast<std::uint64_t>(a.f) == std::bit_cast<std::uint64_t>(b.f);
}

Value convert(const Value& x, std::uint16_t type) {
  const bool from_float = is_float_type(x.type);
  switch (type) {
    case FG_CT_BOOL: return Value::of_bool(from_float ? x.f != 0.0 : x.i != 0);
    case FG_CT_I32: return Value::of_int(from_float ? saturate<std::int32_t>(x.f) : x.i, FG_CT_I32);
    case FG_CT_I64: return Value::of_int(from_float ? saturate<std::int64_t>(x.f) : x.i, FG_CT_I64);
    case FG_CT_F32:
      if (!from_float) return Value::of_float(static_cast<double>(static_cast<float>(x.i)), FG_CT_F32);
      return Value::of_float(x.f, FG_CT_F32);
    default: return Value::of_float(from_float ? x.f : static_cast<double>(x.i), FG_CT_F64);
  }
}

Value convert(const fg_scalar& x, std::uint16_t type) {
  return convert(x.kind == FG_SCALAR_FLOAT ? Value::of_float(x.v.f) : Value::of_int(x.v.i), type);
}

Value constant_value(const fg_expr_node& node) {
  const std::uint64_t bits = node.arg[0] | std::uint64_t{node.arg[1]} << 32;
  if (is_float_type(node.type)) return Value::of_float(std::bit_cast<double>(bits), node.type);
  return Value::of_int(std::bit_cast<std::int64_t>(bits), node.type);
}

Value apply(std::uint16_t op, std::uint16_t type, std::span<const Value> args) {
  const Value& a = args[0];
  const Value& b = args.size() > 1 ? args[1] : a;
  const Value& c = args.size() > 2 ? args[2] : a;
  if (op == FG_EX_CAST) return convert(a, type);
  if (op == FG_EX_WHERE) return a.i != 0 ? b : c;
  if (op == FG_EX_ISNAN) return Value::of_bool(std::isnan(a.f));
  if (op >= FG_EX_EQ && op <= FG_EX_GE) {
    return Value::of_bool(is_float_type(a.type) ? compare(op, a.f, b.f) : compare(op, a.i, b.i));
  }
  if (type == FG_CT_BOOL) return Value::of_bool(apply_bool(op, a.i != 0, b.i != 0));
  if (is_float_type(type)) return Value::of_float(apply_float(op, type, a.f, b.f, c.f), type);
  return Value::of_int(apply_integer(op, type, a.i, b.i, c.i), type);
}

std::vector<Value> evaluate(const fg_expr& program, std::span<const Value> in, std::span<const fg_scalar> scalar,
                            std::span<const std::int64_t> index) {
  std::vector<Value> value(program.n_node);
  for (std::uint32_t k = 0; k < program.n_node; ++k) {
    const fg_expr_node& n = program.node[k];
    const Value args[3] = {value[n.op < FG_EX_CAST ? 0 : n.arg[0]], value[n.op < FG_EX_CAST ? 0 : n.arg[1]],
                           value[n.op < FG_EX_CAST ? 0 : n.arg[2]]};
    switch (n.op) {
      case FG_EX_INPUT: value[k] = in[n.arg[0]]; break;
      case FG_EX_SCALAR: value[k] = convert(scalar[n.arg[0]], n.type); break;
      case FG_EX_CONST: value[k] = constant_value(n); break;
      case FG_EX_INDEX: value[k] = Value::of_int(n.arg[0] < index.size() ? index[n.arg[0]] : 0); break;
      default: value[k] = apply(n.op, n.type, args); break;
    }
  }
  std::vector<Value> outs;
  for (std::uint32_t j = 0; j < program.n_out; ++j) outs.push_back(value[program.out[j]]);
  return outs;
}

}  // namespace fg::expr
