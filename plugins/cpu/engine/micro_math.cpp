// SPDX-License-Identifier: Apache-2.0
//
// Micro-kernels of the F32 functions of math-inl.hpp.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/engine/micro_math.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/engine/loops-inl.hpp"
#include "plugins/cpu/engine/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {

struct FnExp {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return exp_f32(d, x);
  }
};
struct FnSigmoid {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return sigmoid_f32(d, x);
  }
};
struct FnTanh {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return tanh_f32(d, x);
  }
};
struct FnErf {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return erf_f32(d, x);
  }
};
template <class F>
struct FnDouble {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return in_double<F>(d, x);
  }
};
template <int QUADRANT>
struct FnSinCos {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const auto huge =
        hn::And(hn::Gt(hn::Abs(x), hn::Set(d, static_cast<float>(kMaxReduced))), hn::Lt(hn::Abs(x), hn::Inf(d)));
    if (HWY_UNLIKELY(!hn::AllFalse(d, huge))) {
      return libm_lanes(
          d, x, QUADRANT == 0 ? static_cast<double (*)(double)>(std::sin) : static_cast<double (*)(double)>(std::cos));
    }
    return in_double<SinCosF64<QUADRANT>>(d, x);
  }
};

template <class F>
void run_math(void* dst, const void* a, const void*, const void*, std::size_t n) {
  loop1<0>(hn::ScalableTag<float>(), static_cast<float*>(dst), static_cast<const float*>(a), n, F());
}

Micro find_math(std::uint16_t op) {
  switch (op) {
    case FG_EX_EXP: return run_math<FnExp>;
    case FG_EX_SIGMOID: return run_math<FnSigmoid>;
    case FG_EX_TANH: return run_math<FnTanh>;
    case FG_EX_ERF: return run_math<FnErf>;
    case FG_EX_EXP2: return run_math<FnDouble<Exp2F64>>;
    case FG_EX_EXPM1: return run_math<FnDouble<Expm1F64>>;
    case FG_EX_LOG: return run_math<FnDouble<LogF64<1>>>;
    case FG_EX_LOG2: return run_math<FnDouble<LogF64<2>>>;
    case FG_EX_LOG10: return run_math<FnDouble<LogF64<10>>>;
    case FG_EX_LOG1P: return run_math<FnDouble<Log1pF64>>;
    case FG_EX_SIN: return run_math<FnSinCos<0>>;
    case FG_EX_COS: return run_math<FnSinCos<1>>;
    default: return nullptr;
  }
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "plugins/cpu/engine/families.hpp"

namespace fg::cpu {
HWY_EXPORT(find_math);
Micro micro_math(std::uint16_t op, std::uint16_t type) {
  return type == FG_CT_F32 ? HWY_DYNAMIC_DISPATCH(find_math)(op) : nullptr;
}
}  // namespace fg::cpu
#endif
