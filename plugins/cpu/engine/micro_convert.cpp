// SPDX-License-Identifier: Apache-2.0
//
// Conversions with a vector form: the 16-bit floats, the small integers, saturating float to integer.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/engine/micro_convert.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/engine/loops-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {

template <class From, class To>
void load_small_int(void* dst, const void* a, const void*, const void*, std::size_t n) {
  const hn::ScalableTag<To> dt;
  loop_convert(hn::Rebind<From, decltype(dt)>(), static_cast<To*>(dst), static_cast<const From*>(a), n,
               [](auto d, auto v) HWY_ATTR { return hn::PromoteTo(d, v); });
}
void load_bf16(void* dst, const void* a, const void*, const void*, std::size_t n) {
  const hn::ScalableTag<std::uint32_t> du;
  loop_convert(hn::Rebind<std::uint16_t, decltype(du)>(), static_cast<std::uint32_t*>(dst),
               static_cast<const std::uint16_t*>(a), n,
               [](auto d, auto v) HWY_ATTR { return hn::ShiftLeft<16>(hn::PromoteTo(d, v)); });
}
// Round to nearest even by adding half an ulp, less one unless the kept part is odd.
void store_bf16(void* dst, const void* a, const void*, const void*, std::size_t n) {
  loop_convert(hn::ScalableTag<std::uint32_t>(), static_cast<std::uint16_t*>(dst), static_cast<const std::uint32_t*>(a),
               n, [](auto d16, auto u) HWY_ATTR {
                 const hn::Rebind<std::uint32_t, decltype(d16)> du;
                 const hn::RebindToFloat<decltype(du)> df;
                 const auto odd = hn::And(hn::ShiftRight<16>(u), hn::Set(du, 1u));
                 const auto rounded = hn::ShiftRight<16>(hn::Add(u, hn::Add(odd, hn::Set(du, 0x7FFFu))));
                 const auto nan = hn::Or(hn::And(hn::ShiftRight<16>(u), hn::Set(du, 0x8000u)), hn::Set(du, 0x7FC0u));
                 const auto is_nan = hn::RebindMask(du, hn::IsNaN(hn::BitCast(df, u)));
                 return hn::TruncateTo(d16, hn::IfThenElse(is_nan, nan, rounded));
               });
}
#if HWY_TARGET <= HWY_AVX2  // F16C; Highway's emulation of it makes numbers of infinities and NaN
void load_f16(void* dst, const void* a, const void*, const void*, std::size_t n) {
  const hn::ScalableTag<float> df;
  loop_convert(hn::Rebind<hwy::float16_t, decltype(df)>(), static_cast<float*>(dst),
               static_cast<const hwy::float16_t*>(a), n, [](auto d, auto v) HWY_ATTR { return hn::PromoteTo(d, v); });
}
void store_f16(void* dst, const void* a, const void*, const void*, std::size_t n) {
  loop_convert(hn::ScalableTag<float>(), static_cast<hwy::float16_t*>(dst), static_cast<const float*>(a), n,
               [](auto d, auto v) HWY_ATTR { return hn::DemoteTo(d, v); });
}
#endif
// The low bits of I32.
template <class To>
void store_small_int(void* dst, const void* a, const void*, const void*, std::size_t n) {
  loop_convert(hn::ScalableTag<std::uint32_t>(), static_cast<To*>(dst), static_cast<const std::uint32_t*>(a), n,
               [](auto d, auto v) HWY_ATTR { return hn::TruncateTo(d, v); });
}
// Saturates; NaN gives 0.
void cast_f32_i32(void* dst, const void* a, const void*, const void*, std::size_t n) {
  loop_convert(hn::ScalableTag<float>(), static_cast<std::int32_t*>(dst), static_cast<const float*>(a), n,
               [](auto di, auto v) HWY_ATTR {
                 const hn::RebindToFloat<decltype(di)> df;
                 const auto top = hn::Ge(v, hn::Set(df, 2147483648.0f));
                 const auto r = hn::ConvertTo(di, hn::IfThenZeroElse(hn::Or(hn::IsNaN(v), top), v));
                 return hn::IfThenElse(hn::RebindMask(di, top), hn::Set(di, 0x7FFFFFFF), r);
               });
}
void cast_bool_i32(void* dst, const void* a, const void*, const void*, std::size_t n) {
  load_small_int<std::uint8_t, std::int32_t>(dst, a, nullptr, nullptr, n);
}
void cast_bool_f32(void* dst, const void* a, const void*, const void*, std::size_t n) {
  const hn::ScalableTag<float> df;
  loop_convert(hn::Rebind<std::uint8_t, decltype(df)>(), static_cast<float*>(dst), static_cast<const std::uint8_t*>(a),
               n, [](auto d, auto v) HWY_ATTR {
                 const hn::RebindToSigned<decltype(d)> di;
                 return hn::ConvertTo(d, hn::PromoteTo(di, v));
               });
}
void cast_i32_f32(void* dst, const void* a, const void*, const void*, std::size_t n) {
  loop_convert(hn::ScalableTag<std::int32_t>(), static_cast<float*>(dst), static_cast<const std::int32_t*>(a), n,
               [](auto d, auto v) HWY_ATTR { return hn::ConvertTo(d, v); });
}

void cast_i64_f64(void* dst, const void* a, const void*, const void*, std::size_t n) {
  loop_convert(hn::ScalableTag<std::int64_t>(), static_cast<double*>(dst), static_cast<const std::int64_t*>(a), n,
               [](auto d, auto v) HWY_ATTR { return hn::ConvertTo(d, v); });
}
// By way of double, rounded once: what has more bits than that keeps 52 and one that tells of the others.
void cast_i64_f32(void* dst, const void* a, const void*, const void*, std::size_t n) {
  loop_convert(hn::ScalableTag<std::int64_t>(), static_cast<float*>(dst), static_cast<const std::int64_t*>(a), n,
               [](auto d32, auto v) HWY_ATTR {
                 const hn::Rebind<std::int64_t, decltype(d32)> d;
                 const hn::Rebind<double, decltype(d32)> wide;
                 const auto low = hn::And(v, hn::Set(d, 0x7FF)), most = hn::Set(d, std::int64_t{1} << 53);
                 const auto sticky = hn::IfThenZeroElse(hn::Eq(low, hn::Zero(d)), hn::Set(d, 0x800));
                 const auto fits = hn::And(hn::Lt(v, most), hn::Gt(v, hn::Neg(most)));
                 const auto exact = hn::IfThenElse(fits, v, hn::Or(hn::Sub(v, low), sticky));
                 return hn::DemoteTo(d32, hn::ConvertTo(wide, exact));
               });
}
void cast_f64_f32(void* dst, const void* a, const void*, const void*, std::size_t n) {
#if HWY_TARGET == HWY_SCALAR
  // Not DemoteTo: on one lane it makes the greatest float of an overflow.
  const auto* from = static_cast<const double*>(a);
  for (std::size_t i = 0; i < n; ++i) static_cast<float*>(dst)[i] = static_cast<float>(from[i]);
#else
  loop_convert(hn::ScalableTag<double>(), static_cast<float*>(dst), static_cast<const double*>(a), n,
               [](auto d, auto v) HWY_ATTR { return hn::DemoteTo(d, v); });
#endif
}
void cast_f32_f64(void* dst, const void* a, const void*, const void*, std::size_t n) {
  loop_convert(hn::Rebind<float, hn::ScalableTag<double>>(), static_cast<double*>(dst), static_cast<const float*>(a), n,
               [](auto d, auto v) HWY_ATTR { return hn::PromoteTo(d, v); });
}

Micro find_vector_cast(std::uint16_t from, std::uint16_t to) {
  if (from == FG_CT_I64 && to == FG_CT_F64) return cast_i64_f64;
  if (from == FG_CT_I64 && to == FG_CT_F32) return cast_i64_f32;
  if (from == FG_CT_F64 && to == FG_CT_F32) return cast_f64_f32;
  if (from == FG_CT_F32 && to == FG_CT_F64) return cast_f32_f64;
  if (from == FG_CT_F32 && to == FG_CT_I32) return cast_f32_i32;
  if (from == FG_CT_I32 && to == FG_CT_F32) return cast_i32_f32;
  if (from == FG_CT_BOOL && to == FG_CT_I32) return cast_bool_i32;
  if (from == FG_CT_BOOL && to == FG_CT_F32) return cast_bool_f32;
  return nullptr;
}
Micro find_vector_load(fg_dtype from) {
  switch (from) {
#if HWY_TARGET <= HWY_AVX2
    case FG_F16: return load_f16;
#endif
    case FG_BF16: return load_bf16;
    case FG_I16: return load_small_int<std::int16_t, std::int32_t>;
    case FG_I8: return load_small_int<std::int8_t, std::int32_t>;
    case FG_U8: return load_small_int<std::uint8_t, std::int32_t>;
    default: return nullptr;
  }
}
Micro find_vector_store(std::uint16_t from, fg_dtype to) {
#if HWY_TARGET <= HWY_AVX2
  if (from == FG_CT_F32 && to == FG_F16) return store_f16;
#endif
  if (from == FG_CT_F32 && to == FG_BF16) return store_bf16;
  if (from == FG_CT_I32 && to == FG_I16) return store_small_int<std::uint16_t>;
  if (from == FG_CT_I32 && (to == FG_I8 || to == FG_U8)) return store_small_int<std::uint8_t>;
  return nullptr;
}

void stream_copy_blocks(void* dst, const void* src, std::size_t bytes) {
  const hn::ScalableTag<std::uint8_t> d;
  const std::size_t lanes = hn::Lanes(d);
  auto* to = static_cast<std::uint8_t*>(dst);
  const auto* from = static_cast<const std::uint8_t*>(src);
  const std::size_t head = (lanes - reinterpret_cast<std::uintptr_t>(to) % lanes) % lanes;
  if (bytes < head + lanes) {
    std::memcpy(to, from, bytes);
    return;
  }
  std::memcpy(to, from, head);
  std::size_t i = head;
  for (; i + lanes <= bytes; i += lanes) hn::Stream(hn::LoadU(d, from + i), d, to + i);
  std::memcpy(to + i, from + i, bytes - i);
}

void fill_index_blocks(std::int64_t* dst, std::int64_t first, std::int64_t step, std::size_t n) {
  const hn::ScalableTag<std::int64_t> d;
  const std::size_t lanes = hn::Lanes(d);
  HWY_ALIGN std::int64_t lane[kVectorBytes / sizeof(std::int64_t)];
  for (std::size_t k = 0; k < lanes; ++k) lane[k] = first + static_cast<std::int64_t>(k) * step;
  auto v = hn::Load(d, lane);
  const auto next = hn::Set(d, static_cast<std::int64_t>(lanes) * step);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes, v = hn::Add(v, next)) hn::StoreU(v, d, dst + i);
  hn::Store(v, d, lane);
  std::memcpy(dst + i, lane, (n - i) * sizeof *dst);
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "hwy/cache_control.h"
#include "plugins/cpu/engine/families.hpp"

namespace fg::cpu {
HWY_EXPORT(find_vector_cast);
HWY_EXPORT(find_vector_load);
HWY_EXPORT(find_vector_store);
HWY_EXPORT(stream_copy_blocks);
HWY_EXPORT(fill_index_blocks);
Micro vector_cast(std::uint16_t from, std::uint16_t to) { return HWY_DYNAMIC_DISPATCH(find_vector_cast)(from, to); }
Micro vector_load(fg_dtype from) { return HWY_DYNAMIC_DISPATCH(find_vector_load)(from); }
Micro vector_store(std::uint16_t from, fg_dtype to) { return HWY_DYNAMIC_DISPATCH(find_vector_store)(from, to); }
void fill_index(std::int64_t* dst, std::int64_t first, std::int64_t step, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(fill_index_blocks)(dst, first, step, n);
}
void stream_copy(void* dst, const void* src, std::size_t bytes) {
  HWY_DYNAMIC_DISPATCH(stream_copy_blocks)(dst, src, bytes);
}
void stream_fence() { hwy::FlushStream(); }
}  // namespace fg::cpu
#endif
