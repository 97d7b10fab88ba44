// SPDX-License-Identifier: Apache-2.0
//
// Names, sizes and storage types of fg_dtype, and the conversions of the 16-bit and 8-bit floats.
// g++ 12 has no __bf16 and clang 14 no _Float16 on baseline x86-64, so the types are ours.

#ifndef FG_SDK_DTYPE_HPP_
#define FG_SDK_DTYPE_HPP_

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "fg/abi/expr.h"
#include "fg/abi/types.h"

namespace fg {

struct DtypeName {
  fg_dtype dtype;
  std::string_view name;       // Ours: "f32".
  std::string_view long_name;  // PyTorch's: "float32".
};
inline constexpr std::array<DtypeName, 12> kDtypes{{
    {FG_F64, "f64", "float64"},
    {FG_F32, "f32", "float32"},
    {FG_F16, "f16", "float16"},
    {FG_BF16, "bf16", "bfloat16"},
    {FG_F8_E4M3FN, "f8_e4m3fn", "float8_e4m3fn"},
    {FG_F8_E5M2, "f8_e5m2", "float8_e5m2"},
    {FG_I64, "i64", "int64"},
    {FG_I32, "i32", "int32"},
    {FG_I16, "i16", "int16"},
    {FG_I8, "i8", "int8"},
    {FG_U8, "u8", "uint8"},
    {FG_BOOL, "bool", "bool"},
}};

constexpr std::string_view dtype_name(fg_dtype dtype) {
  for (const DtypeName& d : kDtypes) {
    if (d.dtype == dtype) return d.name;
  }
  return "unknown";
}
constexpr std::optional<fg_dtype> dtype_from_name(std::string_view name) {
  for (const DtypeName& d : kDtypes) {
    if (d.name == name || d.long_name == name) return d.dtype;
  }
  return std::nullopt;
}

constexpr std::uint32_t dtype_bits(fg_dtype dtype) { return (dtype >> 8) & 0xFFu; }
constexpr std::int64_t dtype_bytes(fg_dtype dtype) { return dtype_bits(dtype) / 8; }
constexpr bool is_float(fg_dtype d) {
  return d == FG_F64 || d == FG_F32 || d == FG_F16 || d == FG_BF16 || d == FG_F8_E4M3FN || d == FG_F8_E5M2;
}
constexpr bool is_integer(fg_dtype d) { return d == FG_I64 || d == FG_I32 || d == FG_I16 || d == FG_I8 || d == FG_U8; }

// The type in which a storage type is computed (fg/abi/expr.h).
constexpr std::uint16_t compute_type(fg_dtype d) {
  if (d == FG_F64) return FG_CT_F64;
  if (is_float(d)) return FG_CT_F32;
  if (d == FG_I64) return FG_CT_I64;
  if (d == FG_BOOL) return FG_CT_BOOL;
  return FG_CT_I32;
}

namespace detail {

// Rounds the f32 `x` to a binary float of `EXP` exponent and `MAN` mantissa bits, to nearest even.
// FN formats have no infinity: overflow gives NaN (all ones).
template <int EXP, int MAN, bool FN>
constexpr std::uint32_t narrow(float x) {
  const std::uint32_t u = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t sign = (u >> 31) << (EXP + MAN);
  const std::uint32_t a = u & 0x7FFFFFFFu;
  constexpr std::uint32_t kInf = ((1u << EXP) - 1u) << MAN;
  constexpr std::uint32_t kNan = FN ? (kInf | ((1u << MAN) - 1u)) : (kInf | (1u << (MAN - 1)));
  if (a > 0x7F800000u) return sign | kNan;
  constexpr int kBias = (1 << (EXP - 1)) - 1;
  const int e = std::max(static_cast<int>(a >> 23), 1) - 127;  // f32 denormals have exponent -126
  const std::uint32_t significand = (a >> 23) == 0 ? (a & 0x7FFFFFu) : ((a & 0x7FFFFFu) | 0x800000u);
  const int shift = (e < 1 - kBias) ? (23 - MAN) + (1 - kBias - e) : (23 - MAN);
  std::uint32_t q = 0;
  if (shift <= 25) {
    const std::uint32_t rest = significand & ((1u << shift) - 1u);
    const std::uint32_t half = 1u << (shift - 1);
    q = significand >> shift;
    q += static_cast<std::uint32_t>(rest > half || (rest == half && (q & 1u) != 0));
  }
  const std::uint32_t r = (e < 1 - kBias) ? q : (static_cast<std::uint32_t>(e + kBias) << MAN) + (q - (1u << MAN));
  constexpr std::uint32_t kMax = FN ? (kNan - 1u) : (kInf - 1u);
  if (a == 0x7F800000u || r > kMax) return sign | (FN ? kNan : kInf);
  return sign | r;
}

template <int EXP, int MAN, bool FN>
constexpr float widen(std::uint32_t bits) {
  const std::uint32_t sign = (bits >> (EXP + MAN)) << 31;
  const std::uint32_t e = (bits >> MAN) & ((1u << EXP) - 1u);
  const std::uint32_t m = bits & ((1u << MAN) - 1u);
  constexpr int kBias = (1 << (EXP - 1)) - 1;
  constexpr std::uint32_t kTop = (1u << EXP) - 1u;
  if (e == kTop && (!FN || m == (1u << MAN) - 1u)) {
    return std::bit_cast<float>(sign | 0x7F800000u | (m != 0 ? 0x400000u | (m << (23 - MAN)) : 0u));
  }
  if (e == 0) {
    if (m == 0) return std::bit_cast<float>(sign);
    const int top = std::bit_width(m) - 1;
    const std::uint32_t exponent = static_cast<std::uint32_t>(127 + 1 - kBias - MAN + top);
    return std::bit_cast<float>(sign | (exponent << 23) | ((m << (23 - top)) & 0x7FFFFFu));
  }
  return std::bit_cast<float>(sign | ((e + static_cast<std::uint32_t>(127 - kBias)) << 23) | (m << (23 - MAN)));
}

}  // namespace detail

// Storage types: bits only; arithmetic happens in float.
struct f16 {
  std::uint16_t bits = 0;
  f16() = default;
  explicit constexpr f16(float x) : bits(static_cast<std::uint16_t>(detail::narrow<5, 10, false>(x))) {}
  explicit constexpr operator float() const { return detail::widen<5, 10, false>(bits); }
};
struct bf16 {
  std::uint16_t bits = 0;
  bf16() = default;
  explicit constexpr bf16(float x) : bits(static_cast<std::uint16_t>(detail::narrow<8, 7, false>(x))) {}
  explicit constexpr operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
};
struct f8_e4m3fn {
  std::uint8_t bits = 0;
  f8_e4m3fn() = default;
  explicit constexpr f8_e4m3fn(float x) : bits(static_cast<std::uint8_t>(detail::narrow<4, 3, true>(x))) {}
  explicit constexpr operator float() const { return detail::widen<4, 3, true>(bits); }
};
struct f8_e5m2 {
  std::uint8_t bits = 0;
  f8_e5m2() = default;
  explicit constexpr f8_e5m2(float x) : bits(static_cast<std::uint8_t>(detail::narrow<5, 2, false>(x))) {}
  explicit constexpr operator float() const { return detail::widen<5, 2, false>(bits); }
};

template <class T>
struct TypeTag {
  using type = T;
};

// Calls f(TypeTag<T>{}) with the storage type of `dtype` (bool as std::uint8_t would lose its
// meaning, so it is `bool`).  Returns false when the dtype is not one of kDtypes.
template <class F>
constexpr bool with_type(fg_dtype dtype, F&& f) {
  switch (dtype) {
    case FG_F64: f(TypeTag<double>{}); return true;
    case FG_F32: f(TypeTag<float>{}); return true;
    case FG_F16: f(TypeTag<f16>{}); return true;
    case FG_BF16: f(TypeTag<bf16>{}); return true;
    case FG_F8_E4M3FN: f(TypeTag<f8_e4m3fn>{}); return true;
    case FG_F8_E5M2: f(TypeTag<f8_e5m2>{}); return true;
    case FG_I64: f(TypeTag<std::int64_t>{}); return true;
    case FG_I32: f(TypeTag<std::int32_t>{}); return true;
    case FG_I16: f(TypeTag<std::int16_t>{}); return true;
    case FG_I8: f(TypeTag<std::int8_t>{}); return true;
    case FG_U8: f(TypeTag<std::uint8_t>{}); return true;
    case FG_BOOL: f(TypeTag<bool>{}); return true;
    default: return false;
  }
}

}  // namespace fg

#endif  // FG_SDK_DTYPE_HPP_
