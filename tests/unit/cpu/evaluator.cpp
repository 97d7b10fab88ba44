// SPDX-License-Identifier: Apache-2.0
//
// The slow evaluator of programs: one value, one operation at a time, by the letter of fg/abi/expr.h.

#include <math.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "fg/sdk/dtype.hpp"
#include "tests/unit/cpu/support.hpp"

namespace fg::test {
namespace {

bool is_float_type(std::uint16_t type) { return type == FG_CT_F32 || type == FG_CT_F64; }

std::int64_t saturate(double x, double low, double high) {
  if (std::isnan(x)) return 0;
  if (x >= high) return high >= 9.2e18 ? INT64_MAX : static_cast<std::int64_t>(high);
  if (x <= low) return low <= -9.2e18 ? INT64_MIN : static_cast<std::int64_t>(low);
  return static_cast<std::int64_t>(x);
}

Value rounded(Value v, std::uint16_t type) {
  if (type == FG_CT_F32) v.f = static_cast<double>(static_cast<float>(v.f));
  if (type == FG_CT_I32) v.i = static_cast<std::int32_t>(static_cast<std::uint64_t>(v.i));
  if (type == FG_CT_BOOL) v.i = v.i != 0 ? 1 : 0;
  return v;
}

Value cast(Value v, std::uint16_t from, std::uint16_t to) {
  Value r;
  if (is_float_type(from)) {
    r.f = v.f;
    r.i = to == FG_CT_BOOL  ? v.f != 0
          : to == FG_CT_I32 ? saturate(v.f, -2147483648.0, 2147483647.0)
                            : saturate(v.f, -0x1p63, 0x1p63);
  } else {
    r.f = to == FG_CT_F32 ? static_cast<double>(static_cast<float>(v.i)) : static_cast<double>(v.i);
    r.i = v.i;
  }
  return rounded(r, to);
}

double nan_min(double a, double b, bool max) {
  if (std::isnan(a) || std::isnan(b)) return NAN;
  return max ? std::max(a, b) : std::min(a, b);
}

double floor_div(double a, double b) {
  if (b == 0) return a / b;
  double mod = std::fmod(a, b), div = (a - mod) / b;
  if (mod != 0 && (b < 0) != (mod < 0)) div -= 1;
  if (div == 0) return std::copysign(0.0, a / b);
  return std::nearbyint(div);
}

double float_op(std::uint16_t op, std::uint16_t type, const Value* x) {
  const double a = x[0].f, b = x[1].f;
  switch (op) {
    case FG_EX_ADD: return a + b;
    case FG_EX_SUB: return a - b;
    case FG_EX_MUL: return a * b;
    case FG_EX_DIV: return a / b;
    case FG_EX_TRUNC_DIV:
      return type == FG_CT_F32 ? std::trunc(static_cast<float>(a) / static_cast<float>(b)) : std::trunc(a / b);
    case FG_EX_FLOOR_DIV: return floor_div(a, b);
    case FG_EX_FMOD: return std::fmod(a, b);
    case FG_EX_REMAINDER: {
      double m = std::fmod(a, b);
      return m != 0 && (b < 0) != (m < 0) ? m + b : m;
    }
    case FG_EX_POW: return std::pow(a, b);
    case FG_EX_MIN: return nan_min(a, b, false);
    case FG_EX_MAX: return nan_min(a, b, true);
    case FG_EX_ATAN2: return std::atan2(a, b);
    case FG_EX_FMA: return std::fma(a, b, x[2].f);
    case FG_EX_NEG: return -a;
    case FG_EX_ABS: return std::fabs(a);
    case FG_EX_SIGN: return std::isnan(a) ? a : a > 0 ? 1 : a < 0 ? -1 : 0;
    case FG_EX_FLOOR: return std::floor(a);
    case FG_EX_CEIL: return std::ceil(a);
    case FG_EX_TRUNC: return std::trunc(a);
    case FG_EX_ROUND: return std::nearbyint(a);
    case FG_EX_SQRT: return std::sqrt(a);
    case FG_EX_RSQRT: return 1 / std::sqrt(a);
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
      int s = 0;
      return ::lgamma_r(a, &s);
    }
    case FG_EX_SIGMOID: return static_cast<double>(1 / (1 + std::exp(-static_cast<long double>(a))));
    default: ADD_FAILURE() << "evaluator lacks float operation " << op; return 0;
  }
}

__extension__ typedef __int128 wide;

std::int64_t int_op(std::uint16_t op, std::uint16_t type, const Value* x) {
  const std::int64_t a = x[0].i, b = x[1].i;
  const int width = type == FG_CT_I32 ? 32 : 64;
  const auto wrap = [](wide v) { return static_cast<std::int64_t>(static_cast<std::uint64_t>(v)); };
  const wide quotient = b == 0 ? wide{0} : wide{a} / b, rest = b == 0 ? wide{0} : wide{a} % b;
  const bool down = rest != 0 && (rest < 0) != (b < 0);
  switch (op) {
    case FG_EX_ADD: return type == FG_CT_BOOL ? (a | b) : wrap(wide{a} + b);
    case FG_EX_SUB: return wrap(wide{a} - b);
    case FG_EX_MUL: return wrap(static_cast<wide>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b)));
    case FG_EX_TRUNC_DIV: return wrap(quotient);
    case FG_EX_FLOOR_DIV: return wrap(quotient - (down ? 1 : 0));
    case FG_EX_FMOD: return wrap(rest);
    case FG_EX_REMAINDER: return wrap(rest + (down ? b : 0));
    case FG_EX_POW: {
      if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 != 0 ? -1 : 1) : 0;
      std::uint64_t r = 1;
      for (std::int64_t k = 0; k < b; ++k) r *= static_cast<std::uint64_t>(a);
      return static_cast<std::int64_t>(r);
    }
    case FG_EX_MIN: return std::min(a, b);
    case FG_EX_MAX: return std::max(a, b);
    case FG_EX_FMA:
      return wrap(static_cast<wide>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b)) + x[2].i);
    case FG_EX_NEG: return wrap(-wide{a});
    case FG_EX_ABS: return wrap(a < 0 ? -wide{a} : wide{a});
    case FG_EX_SIGN: return a > 0 ? 1 : a < 0 ? -1 : 0;
    case FG_EX_AND: return a & b;
    case FG_EX_OR: return a | b;
    case FG_EX_XOR: return a ^ b;
    case FG_EX_NOT: return type == FG_CT_BOOL ? 1 - a : ~a;
    case FG_EX_SHL: return b < 0 || b >= width ? 0 : static_cast<std::int64_t>(static_cast<std::uint64_t>(a) << b);
    case FG_EX_SHR: return b < 0 || b >= width ? (a < 0 ? -1 : 0) : a >> b;
    default: ADD_FAILURE() << "evaluator lacks integer operation " << op; return 0;
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
    case FG_EX_GE: return a >= b;
    default: return a != a;
  }
}

Value apply(const fg_expr& e, const fg_expr_node& n, const std::vector<Value>& v) {
  Value x[3];
  for (int i = 0; i < 3; ++i) x[i] = n.arg[i] < v.size() ? v[n.arg[i]] : Value{};
  const std::uint16_t arg_type = e.node[n.arg[0]].type;
  Value r;
  if (n.op == FG_EX_CAST) return cast(x[0], arg_type, n.type);
  if (n.op == FG_EX_WHERE) return x[0].i != 0 ? x[1] : x[2];
  if (n.op >= FG_EX_EQ && n.op <= FG_EX_ISNAN) {
    r.i = is_float_type(arg_type) ? compare(n.op, x[0].f, x[1].f) : compare(n.op, x[0].i, x[1].i);
  } else if (is_float_type(n.type)) {
    r.f = float_op(n.op, n.type, x);
  } else {
    r.i = int_op(n.op, n.type, x);
  }
  return rounded(r, n.type);
}

}  // namespace

std::vector<Value> evaluate(const fg_expr& e, std::span<const Value> in, std::span<const fg_scalar> scalar,
                            std::span<const std::int64_t> index) {
  std::vector<Value> v;
  for (std::uint32_t k = 0; k < e.n_node; ++k) {
    const fg_expr_node& n = e.node[k];
    const std::uint64_t raw = n.arg[0] | (std::uint64_t{n.arg[1]} << 32);
    Value r;
    switch (n.op) {
      case FG_EX_INPUT: r = in[n.arg[0]]; break;
      case FG_EX_INDEX: r.i = index[n.arg[0]]; break;
      case FG_EX_CONST:
        if (is_float_type(n.type))
          r.f = std::bit_cast<double>(raw);
        else
          r.i = static_cast<std::int64_t>(raw);
        r = rounded(r, n.type);
        break;
      case FG_EX_SCALAR: {
        const fg_scalar& s = scalar[n.arg[0]];
        r = s.kind == FG_SCALAR_FLOAT ? cast(Value{s.v.f, 0}, FG_CT_F64, n.type)
                                      : cast(Value{0, s.v.i}, FG_CT_I64, n.type);
        break;
      }
      default: r = apply(e, n, v);
    }
    v.push_back(r);
  }
  std::vector<Value> out;
  for (std::uint16_t j = 0; j < e.n_out; ++j) out.push_back(v[e.out[j]]);
  return out;
}

Value stored(Value v, std::uint16_t from, fg_dtype dtype) {
  if (is_float(dtype)) {
    const double x = is_float_type(from) ? v.f : static_cast<double>(v.i);
    Value r;
    with_type(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      if constexpr (std::is_arithmetic_v<T>)
        r.f = static_cast<double>(static_cast<T>(x));
      else
        r.f = static_cast<double>(static_cast<float>(T(static_cast<float>(x))));
    });
    return r;
  }
  if (dtype == FG_BOOL) return cast(v, from, FG_CT_BOOL);
  Value r;
  with_type(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>) {
      if (is_float_type(from)) {
        const double high = sizeof(T) == 8 ? 0x1p63 : static_cast<double>(std::numeric_limits<T>::max());
        r.i = saturate(v.f, static_cast<double>(std::numeric_limits<T>::min()), high);
      } else {
        r.i = static_cast<std::int64_t>(static_cast<T>(static_cast<std::uint64_t>(v.i)));
      }
    }
  });
  return r;
}

}  // namespace fg::test
