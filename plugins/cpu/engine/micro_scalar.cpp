// SPDX-License-Identifier: Apache-2.0
//
// The operations without a vector form, or without one on this machine, one element at a time.  F32 functions are
// computed in double and rounded once: at most 0.51 ulp where libm's double functions are within 1 ulp.

#include <math.h>

#include <array>
#include <cmath>
#include <cstring>

#include "plugins/cpu/engine/convert.hpp"
#include "plugins/cpu/engine/families.hpp"
#include "plugins/cpu/engine/libm.hpp"

namespace fg::cpu {
namespace {

// --- integers ---

template <class T>
T wrap_sub(T a, T b) {
  using U = std::make_unsigned_t<T>;
  return static_cast<T>(static_cast<U>(a) - static_cast<U>(b));
}
template <class T>
T wrap_mul(T a, T b) {
  using U = std::make_unsigned_t<T>;
  return static_cast<T>(static_cast<U>(a) * static_cast<U>(b));
}
template <class T>
T int_trunc_div(T a, T b) {
  if (b == 0) return 0;
  return b == -1 ? wrap_sub<T>(0, a) : static_cast<T>(a / b);
}
template <class T>
T int_fmod(T a, T b) {
  return b == 0 || b == -1 ? T{0} : static_cast<T>(a % b);
}
template <class T>
T int_floor_div(T a, T b) {
  const T q = int_trunc_div(a, b), r = int_fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? static_cast<T>(q - 1) : q;
}
template <class T>
T int_remainder(T a, T b) {
  const T r = int_fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? static_cast<T>(r + b) : r;
}
template <class T>
T int_pow(T base, T exponent) {
  if (exponent < 0) {
    if (base == 1) return 1;
    if (base == -1) return (exponent & 1) != 0 ? T{-1} : T{1};
    return 0;
  }
  T r = 1;
  for (; exponent != 0; exponent = static_cast<T>(exponent >> 1)) {
    if ((exponent & 1) != 0) r = wrap_mul(r, base);
    base = wrap_mul(base, base);
  }
  return r;
}
template <class T>
T int_shl(T a, T count) {
  using U = std::make_unsigned_t<T>;
  constexpr T kWidth = sizeof(T) * 8;
  return count < 0 || count >= kWidth ? T{0} : static_cast<T>(static_cast<U>(a) << count);
}
template <class T>
T int_shr(T a, T count) {
  constexpr T kWidth = sizeof(T) * 8;
  return static_cast<T>(a >> (count < 0 || count >= kWidth ? kWidth - 1 : count));
}

// --- floats, in double ---

double sigmoid(double x) {
  const double e = std::exp(-std::fabs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}
// glibc's erfc in double is off by up to 5 units in the last place, more than the contract grants.
double complementary_error(double x) { return static_cast<double>(std::erfc(static_cast<long double>(x))); }
template <class T>
T trunc_div(T a, T b) {
  return std::trunc(a / b);
}

template <class T, auto F>
void run_unary(void* dst, const void* a, const void*, const void*, std::size_t n) {
  const T* x = static_cast<const T*>(a);
  T* r = static_cast<T*>(dst);
  for (std::size_t i = 0; i < n; ++i) r[i] = static_cast<T>(F(x[i]));
}
template <class T, auto F, Form FORM>
void run_binary(void* dst, const void* pa, const void* pb, const void*, std::size_t n) {
  const T *a = static_cast<const T*>(pa), *b = static_cast<const T*>(pb);
  T* r = static_cast<T*>(dst);
  const T a0 = *a, b0 = *b;  // dst may be a or b
  for (std::size_t i = 0; i < n; ++i)
    r[i] = static_cast<T>(F((FORM & 1) != 0 ? a0 : a[i], (FORM & 2) != 0 ? b0 : b[i]));
}
template <class T, auto F>
Micro binary(Form form) {
  switch (form) {
    case 0: return run_binary<T, F, 0>;
    case 1: return run_binary<T, F, 1>;
    case 2: return run_binary<T, F, 2>;
    default: return nullptr;
  }
}

template <class T>
Micro find_int(std::uint16_t op, Form form) {
  switch (op) {
    case FG_EX_TRUNC_DIV: return binary<T, int_trunc_div<T>>(form);
    case FG_EX_FLOOR_DIV: return binary<T, int_floor_div<T>>(form);
    case FG_EX_FMOD: return binary<T, int_fmod<T>>(form);
    case FG_EX_REMAINDER: return binary<T, int_remainder<T>>(form);
    case FG_EX_POW: return binary<T, int_pow<T>>(form);
    case FG_EX_SHL: return binary<T, int_shl<T>>(form);
    case FG_EX_SHR: return binary<T, int_shr<T>>(form);
    default: return nullptr;
  }
}

template <class T, double (*F)(double)>
Micro unary(Form form) {
  return form == 0 ? run_unary<T, F> : nullptr;
}
double power(double a, double b) { return std::pow(a, b); }
double c_atan2(double a, double b) { return std::atan2(a, b); }

// One exponent for all, most often 2, 3 or -1: exact in double for F32, correctly rounded for 2 and -1.
template <class T>
void run_pow_scalar(void* dst, const void* pa, const void* pb, const void*, std::size_t n) {
  const T* a = static_cast<const T*>(pa);
  T* r = static_cast<T*>(dst);
  const double e = static_cast<double>(*static_cast<const T*>(pb));
  if (e == 2) {
    for (std::size_t i = 0; i < n; ++i) r[i] = a[i] * a[i];
  } else if (e == 3 && sizeof(T) == 4) {
    for (std::size_t i = 0; i < n; ++i) r[i] = static_cast<T>(static_cast<double>(a[i]) * a[i] * a[i]);
  } else if (e == -1) {
    for (std::size_t i = 0; i < n; ++i) r[i] = 1 / a[i];
  } else {
    for (std::size_t i = 0; i < n; ++i) r[i] = static_cast<T>(std::pow(static_cast<double>(a[i]), e));
  }
}

template <class T>
Micro find_binary_float(std::uint16_t op, Form form) {
  switch (op) {
    case FG_EX_TRUNC_DIV: return binary<T, trunc_div<T>>(form);
    case FG_EX_FLOOR_DIV: return binary<T, floor_div>(form);
    case FG_EX_FMOD: return binary<T, float_mod>(form);
    case FG_EX_REMAINDER: return binary<T, python_remainder>(form);
    case FG_EX_POW: return form == 2 ? run_pow_scalar<T> : binary<T, power>(form);
    case FG_EX_ATAN2: return binary<T, c_atan2>(form);
    default: return nullptr;
  }
}

template <class T>
Micro find_float(std::uint16_t op, Form form) {
  switch (op) {
    case FG_EX_EXP: return unary<T, std::exp>(form);
    case FG_EX_EXP2: return unary<T, std::exp2>(form);
    case FG_EX_EXPM1: return unary<T, std::expm1>(form);
    case FG_EX_LOG: return unary<T, std::log>(form);
    case FG_EX_LOG2: return unary<T, std::log2>(form);
    case FG_EX_LOG10: return unary<T, std::log10>(form);
    case FG_EX_LOG1P: return unary<T, std::log1p>(form);
    case FG_EX_SIN: return unary<T, std::sin>(form);
    case FG_EX_COS: return unary<T, std::cos>(form);
    case FG_EX_TAN: return unary<T, std::tan>(form);
    case FG_EX_ASIN: return unary<T, std::asin>(form);
    case FG_EX_ACOS: return unary<T, std::acos>(form);
    case FG_EX_ATAN: return unary<T, std::atan>(form);
    case FG_EX_SINH: return unary<T, std::sinh>(form);
    case FG_EX_COSH: return unary<T, std::cosh>(form);
    case FG_EX_TANH: return unary<T, std::tanh>(form);
    case FG_EX_ASINH: return unary<T, std::asinh>(form);
    case FG_EX_ACOSH: return unary<T, std::acosh>(form);
    case FG_EX_ATANH: return unary<T, std::atanh>(form);
    case FG_EX_ERF: return unary<T, std::erf>(form);
    case FG_EX_ERFC: return unary<T, complementary_error>(form);
    case FG_EX_LGAMMA: return unary<T, log_gamma>(form);
    case FG_EX_SIGMOID: return unary<T, sigmoid>(form);
    default: return find_binary_float<T>(op, form);
  }
}

// --- conversions ---

template <class From, class To>
void run_convert(void* dst, const void* a, const void*, const void*, std::size_t n) {
  const From* x = static_cast<const From*>(a);
  To* r = static_cast<To*>(dst);
  for (std::size_t i = 0; i < n; ++i) r[i] = convert_value<To>(x[i]);
}

template <class F8>
void load_f8(void* dst, const void* a, const void*, const void*, std::size_t n) {
  static const std::array<float, 256> table = [] {
    std::array<float, 256> t{};
    for (unsigned i = 0; i < 256; ++i) {
      F8 x;
      x.bits = static_cast<std::uint8_t>(i);
      t[i] = static_cast<float>(x);
    }
    return t;
  }();
  const auto* x = static_cast<const std::uint8_t*>(a);
  float* r = static_cast<float*>(dst);
  for (std::size_t i = 0; i < n; ++i) r[i] = table[x[i]];
}

template <class T>
void run_copy(void* dst, const void* a, const void*, const void*, std::size_t n) {
  if (dst != a) std::memcpy(dst, a, n * sizeof(T));
}
template <class T>
void run_fill(void* dst, const void* a, const void*, const void*, std::size_t n) {
  T v;
  std::memcpy(&v, a, sizeof v);
  T* r = static_cast<T*>(dst);
  for (std::size_t i = 0; i < n; ++i) r[i] = v;
}

}  // namespace

double float_mod(double a, double b) { return std::fmod(a, b); }
double python_remainder(double a, double b) {
  const double mod = std::fmod(a, b);
  return mod != 0 && (b < 0) != (mod < 0) ? mod + b : mod;
}
double floor_div(double a, double b) {
  if (b == 0) return a / b;
  const double mod = std::fmod(a, b);
  double q = (a - mod) / b;
  if (mod != 0 && (b < 0) != (mod < 0)) q -= 1;
  if (q == 0) return std::copysign(0.0, a / b);
  const double floor = std::floor(q);
  return q - floor > 0.5 ? floor + 1 : floor;
}
// In double glibc's is off by up to 4 units in the last place.
double log_gamma(double x) {
  int sign = 0;
  return static_cast<double>(::lgammal_r(static_cast<long double>(x), &sign));  // lgamma() writes a global
}

Micro micro_scalar(std::uint16_t op, std::uint16_t type, Form form) {
  switch (type) {
    case FG_CT_I32: return find_int<std::int32_t>(op, form);
    case FG_CT_I64: return find_int<std::int64_t>(op, form);
    case FG_CT_F32: return find_float<float>(op, form);
    case FG_CT_F64: return find_float<double>(op, form);
    default: return nullptr;
  }
}

Micro scalar_cast(std::uint16_t from, std::uint16_t to) {
  return with_compute_type(from, [&](auto f) {
    return with_compute_type(
        to, [](auto t) -> Micro { return run_convert<typename decltype(f)::type, typename decltype(t)::type>; });
  });
}

Micro scalar_load(fg_dtype from) {
  if (from == FG_F8_E4M3FN) return load_f8<f8_e4m3fn>;
  if (from == FG_F8_E5M2) return load_f8<f8_e5m2>;
  Micro m = nullptr;
  with_type(from, [&](auto f) {
    using From = typename decltype(f)::type;
    m = with_compute_type(compute_type(from),
                          [](auto t) -> Micro { return run_convert<From, typename decltype(t)::type>; });
  });
  return m;
}

Micro scalar_store(std::uint16_t from, fg_dtype to) {
  return with_compute_type(from, [&](auto f) {
    Micro m = nullptr;
    with_type(to, [&](auto t) { m = run_convert<typename decltype(f)::type, typename decltype(t)::type>; });
    return m;
  });
}

Micro find_copy(std::size_t element_bytes) {
  switch (element_bytes) {
    case 1: return run_copy<std::uint8_t>;
    case 2: return run_copy<std::uint16_t>;
    case 4: return run_copy<std::uint32_t>;
    default: return run_copy<std::uint64_t>;
  }
}
Micro find_fill(std::size_t element_bytes) {
  switch (element_bytes) {
    case 1: return run_fill<std::uint8_t>;
    case 2: return run_fill<std::uint16_t>;
    case 4: return run_fill<std::uint32_t>;
    default: return run_fill<std::uint64_t>;
  }
}

}  // namespace fg::cpu
