// SPDX-License-Identifier: Apache-2.0
//
// 16-bit floats to f32 and back over a space.

#ifndef FG_PLUGINS_CPU_KERNELS_CONVERT_HPP_
#define FG_PLUGINS_CPU_KERNELS_CONVERT_HPP_

#include "fg/sdk/dtype.hpp"
#include "plugins/cpu/kernels/runs.hpp"

namespace fg::cpu {

// f(narrow element, wide element) for every element: tensor 0 of the space is narrow, 1 wide.
template <class Narrow, class F>
void for_pairs(Narrow* narrow, float* wide, const Space& space, const Exec& exec, F&& f) {
  exec.ranges(space.count(), kGrain, [&](std::int64_t begin, std::int64_t end, int) {
    runs(space, begin, end, [&](std::int64_t, const auto& at, std::int64_t count, const auto& step) {
      for (std::int64_t i = 0; i < count; ++i) f(narrow[at[0] + i * step[0]], wide[at[1] + i * step[1]]);
    });
  });
}

template <class F>
void with_narrow(fg_dtype dtype, F&& f) {
  return dtype == FG_F16 ? f(f16{}) : f(bf16{});
}

inline void widen(fg_dtype dtype, const void* src, float* dst, const Space& space, const Exec& exec) {
  with_narrow(dtype, [&]<class T>(T) {
    for_pairs(static_cast<const T*>(src), dst, space, exec, [](const T& x, float& y) { y = static_cast<float>(x); });
  });
}

// Rounded to nearest even.
inline void narrow(fg_dtype dtype, float* src, void* dst, const Space& space, const Exec& exec) {
  with_narrow(dtype,
              [&]<class T>(T) { for_pairs(static_cast<T*>(dst), src, space, exec, [](T& y, float x) { y = T(x); }); });
}

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_CONVERT_HPP_
