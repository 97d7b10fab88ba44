// SPDX-License-Identifier: Apache-2.0

#include "plugins/cpu/kernels/expert_ops.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/kernels/expert_ops.cpp"
// foreach_target.h stands first: it includes this file once for each target.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/kernels/exp-inl.hpp"
#include "plugins/cpu/kernels/simd-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace {

// f(place, elements) for whole vectors, then for what is left.
template <class D, class F>
HWY_INLINE void each_vector(D d, std::int64_t n, F&& f) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) f(i, lanes);
  if (i < n) f(i, n - i);
}
template <class D, class S>
HWY_INLINE hn::Vec<D> read(D d, const S* p, std::int64_t count) {
  return count == static_cast<std::int64_t>(hn::Lanes(d)) ? load(d, p)
                                                          : load_n(d, p, static_cast<std::size_t>(count), 0);
}
template <class D, class S>
HWY_INLINE void write(D d, hn::Vec<D> v, S* p, std::int64_t count) {
  count == static_cast<std::int64_t>(hn::Lanes(d)) ? store(d, v, p) : store_n(d, v, p, static_cast<std::size_t>(count));
}

template <class S>
void gate(const void* both_, std::int64_t n, void* out_) {
  const hn::ScalableTag<Compute<S>> d;
  const S* both = static_cast<const S*>(both_);
  S* out = static_cast<S*>(out_);
  each_vector(d, n, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const auto x = read(d, both + i, count), up = read(d, both + n + i, count);
    const auto one = hn::Set(d, Compute<S>{1}), e = exp_negative(d, hn::Neg(hn::Abs(x)));
    const auto top = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
    write(d, hn::Mul(hn::Mul(x, hn::Div(top, hn::Add(one, e))), up), out + i, count);
  });
}

template <class S>
void mix(const float* weights, const void* const* rows, std::int64_t count, std::int64_t n, void* out_) {
  const hn::ScalableTag<Compute<S>> d;
  S* out = static_cast<S*>(out_);
  each_vector(d, n, [&](std::int64_t i, std::int64_t some) HWY_ATTR {
    auto sum = hn::Zero(d);
    for (std::int64_t j = 0; j < count; ++j) {
      const auto y = read(d, static_cast<const S*>(rows[j]) + i, some);
      sum = hn::MulAdd(hn::Set(d, static_cast<Compute<S>>(weights[j])), y, sum);
    }
    write(d, sum, out + i, some);
  });
}

template <class S>
const ExpertOps* table() {
  static constexpr ExpertOps kOps{&gate<S>, &mix<S>};
  return &kOps;
}

}  // namespace

const ExpertOps* find_expert_ops(fg_dtype dtype) {
  switch (dtype) {
    case FG_F64: return table<double>();
    case FG_F16: return table<f16>();
    case FG_BF16: return table<bf16>();
    default: return table<float>();
  }
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
HWY_EXPORT(find_expert_ops);
const ExpertOps& expert_ops(fg_dtype dtype) { return *HWY_DYNAMIC_DISPATCH(find_expert_ops)(dtype); }
}  // namespace fg::cpu
#endif
