// SPDX-License-Identifier: Apache-2.0
//
// Micro-kernels of the F32 functions of functions-inl.hpp.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/engine/micro_math.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/engine/functions-inl.hpp"
#include "plugins/cpu/engine/loops-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {

template <std::uint16_t OP>
struct Function {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    if constexpr (OP == FG_EX_EXP) return exp_f32(d, x);
    if constexpr (OP == FG_EX_EXP2) return exp2_f32(d, x);
    if constexpr (OP == FG_EX_EXPM1) return in_double<Expm1F64>(d, x);
    if constexpr (OP == FG_EX_LOG) return log_f32(d, x);
    if constexpr (OP == FG_EX_LOG2) return in_double<LogF64<2>>(d, x);
    if constexpr (OP == FG_EX_LOG10) return in_double<LogF64<10>>(d, x);
    if constexpr (OP == FG_EX_LOG1P) return log1p_f32(d, x);
    if constexpr (OP == FG_EX_SIGMOID) return sigmoid_f32(d, x);
    if constexpr (OP == FG_EX_TANH) return tanh_f32(d, x);
    if constexpr (OP == FG_EX_ERF) return erf_f32(d, x);
#if HWY_TARGET != HWY_SCALAR
    if constexpr (OP == FG_EX_SIN) return sin_f32(d, x);
    if constexpr (OP == FG_EX_COS) return cos_f32(d, x);
    if constexpr (OP == FG_EX_TAN) return tan_f32(d, x);
    if constexpr (OP == FG_EX_ASIN) return asin_f32(d, x);
    if constexpr (OP == FG_EX_ACOS) return acos_f32(d, x);
    if constexpr (OP == FG_EX_ATAN) return atan_f32(d, x);
    if constexpr (OP == FG_EX_SINH) return sinh_f32(d, x);
    if constexpr (OP == FG_EX_COSH) return cosh_f32(d, x);
    if constexpr (OP == FG_EX_ASINH) return asinh_f32(d, x);
    if constexpr (OP == FG_EX_ACOSH) return acosh_f32(d, x);
    if constexpr (OP == FG_EX_ATANH) return atanh_f32(d, x);
    if constexpr (OP == FG_EX_ERFC) return erfc_f32(d, x);
    if constexpr (OP == FG_EX_LGAMMA) return lgamma_f32(d, x);
#endif
  }
};
template <std::uint16_t OP>
void run_unary(void* dst, const void* a, const void*, const void*, std::size_t n) {
  loop1<0>(hn::ScalableTag<float>(), static_cast<float*>(dst), static_cast<const float*>(a), n, Function<OP>());
}
// The first of OPS that is `op`.
template <std::uint16_t... OPS>
Micro find_unary(std::uint16_t op) {
  Micro m = nullptr;
  static_cast<void>(((op == OPS && (m = run_unary<OPS>) != nullptr) || ...));
  return m;
}

#if HWY_TARGET != HWY_SCALAR
template <std::uint16_t OP>
struct Function2 {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    if constexpr (OP == FG_EX_ATAN2) return atan2_f32(d, a, b);
    if constexpr (OP == FG_EX_POW) return pow_f32(d, a, b);
    if constexpr (OP == FG_EX_FMOD) return fmod_f32(d, a, b);
    if constexpr (OP == FG_EX_REMAINDER) return remainder_f32(d, a, b);
    if constexpr (OP == FG_EX_FLOOR_DIV) return floor_div_f32(d, a, b);
  }
};
template <std::uint16_t OP, Form FORM>
void run_binary(void* dst, const void* a, const void* b, const void*, std::size_t n) {
  loop2<FORM>(hn::ScalableTag<float>(), static_cast<float*>(dst), static_cast<const float*>(a),
              static_cast<const float*>(b), n, Function2<OP>());
}
template <std::uint16_t OP>
Micro binary(Form form) {
  switch (form) {
    case 0: return run_binary<OP, 0>;
    case 1: return run_binary<OP, 1>;
    case 2: return run_binary<OP, 2>;
    default: return nullptr;
  }
}

struct Cube {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return hn::Mul(hn::Mul(x, x), x);
  }
};
struct SmallPower {  // of the exponents 2, 3 and -1
  float exponent;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    if (exponent == 2) return hn::Mul(x, x);
    return exponent == 3 ? in_double<Cube>(d, x) : hn::Div(hn::Set(d, 1.0f), x);
  }
};
// One exponent for all is most often one of these.
void run_power(void* dst, const void* a, const void* b, const void* c, std::size_t n) {
  const float e = *static_cast<const float*>(b);
  if (e != 2 && e != 3 && e != -1) return run_binary<FG_EX_POW, 2>(dst, a, b, c, n);
  loop1<0>(hn::ScalableTag<float>(), static_cast<float*>(dst), static_cast<const float*>(a), n, SmallPower{e});
}
#endif

Micro find_math(std::uint16_t op, Form form) {
#if HWY_TARGET != HWY_SCALAR
  switch (op) {
    case FG_EX_ATAN2: return binary<FG_EX_ATAN2>(form);
    case FG_EX_POW: return form == 2 ? run_power : binary<FG_EX_POW>(form);
    case FG_EX_FMOD: return binary<FG_EX_FMOD>(form);
    case FG_EX_REMAINDER: return binary<FG_EX_REMAINDER>(form);
    case FG_EX_FLOOR_DIV: return binary<FG_EX_FLOOR_DIV>(form);
    default: break;
  }
  if (Micro m = find_unary<FG_EX_SIN, FG_EX_COS, FG_EX_TAN, FG_EX_ASIN, FG_EX_ACOS, FG_EX_ATAN, FG_EX_SINH, FG_EX_COSH,
                           FG_EX_ASINH, FG_EX_ACOSH, FG_EX_ATANH, FG_EX_ERFC, FG_EX_LGAMMA>(op)) {
    return form == 0 ? m : nullptr;
  }
#endif
  if (form != 0) return nullptr;
  return find_unary<FG_EX_EXP, FG_EX_EXP2, FG_EX_EXPM1, FG_EX_LOG, FG_EX_LOG2, FG_EX_LOG10, FG_EX_LOG1P, FG_EX_SIGMOID,
                    FG_EX_TANH, FG_EX_ERF>(op);
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "plugins/cpu/engine/families.hpp"

namespace fg::cpu {
HWY_EXPORT(find_math);
Micro micro_math(std::uint16_t op, std::uint16_t type, Form form) {
  return type == FG_CT_F32 ? HWY_DYNAMIC_DISPATCH(find_math)(op, form) : nullptr;
}
}  // namespace fg::cpu
#endif
