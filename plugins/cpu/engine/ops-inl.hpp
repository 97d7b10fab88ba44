// SPDX-License-Identifier: Apache-2.0
//
// Operations of expressions that map to single instructions, for one Highway target: what the
// micro-kernels and the fused loops have in common.

#if defined(PLUGINS_CPU_ENGINE_OPS_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGINS_CPU_ENGINE_OPS_INL_HPP_
#undef PLUGINS_CPU_ENGINE_OPS_INL_HPP_
#else
#define PLUGINS_CPU_ENGINE_OPS_INL_HPP_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct OpAdd {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::Add(a, b);
  }
};
struct OpSub {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::Sub(a, b);
  }
};
struct OpMul {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::Mul(a, b);
  }
};
struct OpDiv {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::Div(a, b);
  }
};
// NaN from either side: x86 min and max return the second operand when one is NaN.
struct OpMin {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    if constexpr (hwy::IsFloat<hn::TFromD<D>>()) {
      return hn::IfThenElse(hn::IsNaN(a), a, hn::IfThenElse(hn::IsNaN(b), b, hn::Min(a, b)));
    } else {
      return hn::Min(a, b);
    }
  }
};
struct OpMax {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    if constexpr (hwy::IsFloat<hn::TFromD<D>>()) {
      return hn::IfThenElse(hn::IsNaN(a), a, hn::IfThenElse(hn::IsNaN(b), b, hn::Max(a, b)));
    } else {
      return hn::Max(a, b);
    }
  }
};
struct OpAnd {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::And(a, b);
  }
};
struct OpOr {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::Or(a, b);
  }
};
struct OpXor {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::Xor(a, b);
  }
};
struct OpMulAdd {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b, V c) const {
    return hn::Add(hn::Mul(a, b), c);
  }
};
struct OpMulSub {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b, V c) const {
    return hn::Sub(c, hn::Mul(a, b));
  }
};
struct OpFma {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b, V c) const {
    return hn::MulAdd(a, b, c);
  }
};
struct OpNeg {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a) const {
    if constexpr (hwy::IsFloat<hn::TFromD<D>>())
      return hn::Neg(a);
    else
      return hn::Sub(hn::Zero(d), a);
  }
};
struct OpAbs {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a) const {
    if constexpr (hwy::IsFloat<hn::TFromD<D>>())
      return hn::Abs(a);
    else
      return hn::IfThenElse(hn::Lt(a, hn::Zero(d)), hn::Sub(hn::Zero(d), a), a);
  }
};
struct OpSign {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a) const {
    using T = hn::TFromD<D>;
    const auto zero = hn::Zero(d), one = hn::Set(d, T{1});
    const auto r = hn::IfThenElse(hn::Gt(a, zero), one, hn::IfThenElse(hn::Lt(a, zero), hn::Sub(zero, one), zero));
    if constexpr (hwy::IsFloat<T>())
      return hn::IfThenElse(hn::IsNaN(a), a, r);
    else
      return r;
  }
};
struct OpNot {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a) const {
    return hn::Not(a);
  }
};
struct OpFloor {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a) const {
    return hn::Floor(a);
  }
};
struct OpCeil {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a) const {
    return hn::Ceil(a);
  }
};
struct OpTrunc {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a) const {
    return hn::Trunc(a);
  }
};
struct OpRound {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a) const {
    return hn::Round(a);
  }
};
struct OpSqrt {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a) const {
    return hn::Sqrt(a);
  }
};
struct OpRsqrt {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a) const {
    return hn::Div(hn::Set(d, hn::TFromD<D>{1}), hn::Sqrt(a));
  }
};

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
