// SPDX-License-Identifier: Apache-2.0
//
// Comparisons, selection and everything of BOOL.  A BOOL block holds bytes 0 and 1, so and, or and
// xor are bitwise.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/engine/micro_logic.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/engine/loops-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {

struct CmpEq {
  template <class D, class V>
  HWY_INLINE hn::Mask<D> operator()(D, V a, V b) const {
    return hn::Eq(a, b);
  }
};
// Highway 1.0's Ne of floats is false for NaN on AVX-512.
struct CmpNe {
  template <class D, class V>
  HWY_INLINE hn::Mask<D> operator()(D, V a, V b) const {
    return hn::Not(hn::Eq(a, b));
  }
};
struct CmpLt {
  template <class D, class V>
  HWY_INLINE hn::Mask<D> operator()(D, V a, V b) const {
    return hn::Lt(a, b);
  }
};
// Highway 1.0 has no Le and Ge of integers, and floats need theirs for NaN.
struct CmpLe {
  template <class D, class V>
  HWY_INLINE hn::Mask<D> operator()(D, V a, V b) const {
    if constexpr (hwy::IsFloat<hn::TFromD<D>>())
      return hn::Le(a, b);
    else
      return hn::Not(hn::Gt(a, b));
  }
};
struct CmpGt {
  template <class D, class V>
  HWY_INLINE hn::Mask<D> operator()(D, V a, V b) const {
    return hn::Gt(a, b);
  }
};
struct CmpGe {
  template <class D, class V>
  HWY_INLINE hn::Mask<D> operator()(D, V a, V b) const {
    if constexpr (hwy::IsFloat<hn::TFromD<D>>())
      return hn::Ge(a, b);
    else
      return hn::Not(hn::Lt(a, b));
  }
};
struct CmpNan {
  template <class D, class V>
  HWY_INLINE hn::Mask<D> operator()(D, V a, V) const {
    return hn::IsNaN(a);
  }
};

template <class T, class F, Form FORM>
void run_compare(void* out, const void* pa, const void* pb, const void*, std::size_t n) {
  const hn::ScalableTag<T> d;
  const hn::Rebind<std::uint8_t, decltype(d)> d8;
  const std::size_t lanes = hn::Lanes(d);
  auto* dst = static_cast<std::uint8_t*>(out);
  const T *a = static_cast<const T*>(pa), *b = static_cast<const T*>(pb);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    hn::StoreU(to_bytes(d, F()(d, operand<FORM, 0>(d, a, i), operand<FORM, 1>(d, b, i))), d8, dst + i);
  }
  if (i == n) return;
  HWY_ALIGN T in[2][kVectorBytes / sizeof(T)] = {};
  HWY_ALIGN std::uint8_t r[kVectorBytes];
  const T* qa = padded<FORM, 0>(in[0], (FORM & 1) != 0 ? a : a + i, n - i);
  const T* qb = padded<FORM, 1>(in[1], (FORM & 2) != 0 ? b : b + i, n - i);
  hn::StoreU(to_bytes(d, F()(d, operand<FORM, 0>(d, qa, 0), operand<FORM, 1>(d, qb, 0))), d8, r);
  std::memcpy(dst + i, r, n - i);
}
template <class T, class F>
Micro compare(Form form) {
  switch (form) {
    case 0: return run_compare<T, F, 0>;
    case 1: return run_compare<T, F, 1>;
    case 2: return run_compare<T, F, 2>;
    default: return nullptr;
  }
}
template <class T>
void run_isnan(void* dst, const void* a, const void*, const void*, std::size_t n) {
  run_compare<T, CmpNan, 0>(dst, a, a, nullptr, n);
}

template <class T>
Micro find_compare(std::uint16_t op, Form form) {
  switch (op) {
    case FG_EX_EQ: return compare<T, CmpEq>(form);
    case FG_EX_NE: return compare<T, CmpNe>(form);
    case FG_EX_LT: return compare<T, CmpLt>(form);
    case FG_EX_LE: return compare<T, CmpLe>(form);
    case FG_EX_GT: return compare<T, CmpGt>(form);
    case FG_EX_GE: return compare<T, CmpGe>(form);
    case FG_EX_ISNAN:
      if constexpr (hwy::IsFloat<T>()) {
        if (form == 0) return run_isnan<T>;
      }
      return nullptr;
    default: return nullptr;
  }
}

template <class T, Form FORM>
void run_where(void* out, const void* condition, const void* pb, const void* pc, std::size_t n) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto* m = static_cast<const std::uint8_t*>(condition);
  auto* dst = static_cast<T*>(out);
  const T *b = static_cast<const T*>(pb), *c = static_cast<const T*>(pc);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    hn::StoreU(hn::IfThenElse(from_bytes(d, m + i), operand<FORM, 1>(d, b, i), operand<FORM, 2>(d, c, i)), d, dst + i);
  }
  for (; i < n; ++i) dst[i] = m[i] != 0 ? b[(FORM & 2) != 0 ? 0 : i] : c[(FORM & 4) != 0 ? 0 : i];
}
template <class T>
Micro where(Form form) {
  switch (form) {
    case 0: return run_where<T, 0>;
    case 2: return run_where<T, 2>;
    case 4: return run_where<T, 4>;
    case 6: return run_where<T, 6>;
    default: return nullptr;
  }
}
// BOOL by its own bytes: b or c, chosen bit by bit.
void run_where_bool(void* out, const void* pa, const void* pb, const void* pc, std::size_t n) {
  loop3<0>(hn::ScalableTag<std::uint8_t>(), static_cast<std::uint8_t*>(out), static_cast<const std::uint8_t*>(pa),
           static_cast<const std::uint8_t*>(pb), static_cast<const std::uint8_t*>(pc), n,
           [](auto d, auto a, auto b, auto c) HWY_ATTR {
             const auto mask = hn::Sub(hn::Zero(d), a);
             return hn::Or(hn::And(mask, b), hn::AndNot(mask, c));
           });
}

struct BitAnd {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::And(a, b);
  }
};
struct BitOr {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::Or(a, b);
  }
};
struct BitXor {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::Xor(a, b);
  }
};
struct BitEq {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    return hn::Xor(hn::Xor(a, b), hn::Set(d, std::uint8_t{1}));
  }
};
struct BitLt {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::AndNot(a, b);
  }
};
struct BitLe {  // not a, or b
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    return hn::Or(hn::Xor(a, hn::Set(d, std::uint8_t{1})), b);
  }
};
struct BitGt {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::AndNot(b, a);
  }
};
struct BitGe {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    return hn::Or(a, hn::Xor(b, hn::Set(d, std::uint8_t{1})));
  }
};

template <class F, Form FORM>
void run_bits(void* dst, const void* a, const void* b, const void*, std::size_t n) {
  loop2<FORM>(hn::ScalableTag<std::uint8_t>(), static_cast<std::uint8_t*>(dst), static_cast<const std::uint8_t*>(a),
              static_cast<const std::uint8_t*>(b), n, F());
}
template <class F>
Micro bits(Form form) {
  switch (form) {
    case 0: return run_bits<F, 0>;
    case 1: return run_bits<F, 1>;
    case 2: return run_bits<F, 2>;
    default: return nullptr;
  }
}
void run_not_bool(void* dst, const void* a, const void*, const void*, std::size_t n) {
  loop1<0>(hn::ScalableTag<std::uint8_t>(), static_cast<std::uint8_t*>(dst), static_cast<const std::uint8_t*>(a), n,
           [](auto d, auto x) HWY_ATTR { return hn::Xor(x, hn::Set(d, std::uint8_t{1})); });
}

Micro find_bool(std::uint16_t op, Form form) {
  switch (op) {
    case FG_EX_ADD:
    case FG_EX_OR:
    case FG_EX_MAX: return bits<BitOr>(form);
    case FG_EX_MUL:
    case FG_EX_AND:
    case FG_EX_MIN: return bits<BitAnd>(form);
    case FG_EX_XOR:
    case FG_EX_NE: return bits<BitXor>(form);
    case FG_EX_EQ: return bits<BitEq>(form);
    case FG_EX_LT: return bits<BitLt>(form);
    case FG_EX_LE: return bits<BitLe>(form);
    case FG_EX_GT: return bits<BitGt>(form);
    case FG_EX_GE: return bits<BitGe>(form);
    case FG_EX_NOT: return form == 0 ? run_not_bool : nullptr;
    case FG_EX_ABS:
    case FG_EX_SIGN: return form == 0 ? find_copy(1) : nullptr;
    default: return nullptr;
  }
}
Micro find_where(std::uint16_t type, Form form) {
  switch (type) {
    case FG_CT_F32: return where<float>(form);
    case FG_CT_F64: return where<double>(form);
    case FG_CT_I32: return where<std::int32_t>(form);
    case FG_CT_I64: return where<std::int64_t>(form);
    default: return form == 0 ? run_where_bool : nullptr;
  }
}

Micro find_logic(std::uint16_t op, std::uint16_t type, std::uint16_t arg_type, Form form) {
  if (op == FG_EX_WHERE) return find_where(type, form);
  if (type != FG_CT_BOOL) return nullptr;
  switch (arg_type) {
    case FG_CT_F32: return find_compare<float>(op, form);
    case FG_CT_F64: return find_compare<double>(op, form);
    case FG_CT_I32: return find_compare<std::int32_t>(op, form);
    case FG_CT_I64: return find_compare<std::int64_t>(op, form);
    default: return find_bool(op, form);
  }
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "plugins/cpu/engine/families.hpp"

namespace fg::cpu {
HWY_EXPORT(find_logic);
Micro micro_logic(std::uint16_t op, std::uint16_t type, std::uint16_t arg_type, Form form) {
  return HWY_DYNAMIC_DISPATCH(find_logic)(op, type, arg_type, form);
}
}  // namespace fg::cpu
#endif
