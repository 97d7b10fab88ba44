// SPDX-License-Identifier: Apache-2.0
//
// A range of a space as runs along its last dimension.

#ifndef FG_PLUGINS_CPU_KERNELS_RUNS_HPP_
#define FG_PLUGINS_CPU_KERNELS_RUNS_HPP_

#include <cstring>

#include "plugins/cpu/kernels/rows.hpp"

namespace fg::cpu {

// Calls f(first, offsets, count, steps) for runs along the last dimension that make up [begin, end).
template <class F>
void runs(const Space& s, std::int64_t begin, std::int64_t end, F&& f) {
  std::array<std::int64_t, Space::kMany> step{};
  std::int64_t inner = 1;
  if (s.ndim > 0) {
    const auto last = static_cast<std::size_t>(s.ndim - 1);
    inner = s.size[last];
    for (std::size_t t = 0; t < Space::kMany; ++t) step[t] = s.stride[t][last];
  }
  for (std::int64_t i = begin; i < end;) {
    const std::int64_t count = std::min(end - i, inner - i % inner);
    f(i, s.offsets(i), count, step);
    i += count;
  }
}

// Copies `count` elements; the loop of a unit stride is a memcpy.
template <class T>
void copy_run(const T* src, std::int64_t src_step, T* dst, std::int64_t dst_step, std::int64_t count) {
  if (src_step == 1 && dst_step == 1) {
    std::memcpy(dst, src, static_cast<std::size_t>(count) * sizeof(T));
  } else if (src_step == 0) {
    for (std::int64_t i = 0; i < count; ++i) dst[i * dst_step] = *src;
  } else {
    for (std::int64_t i = 0; i < count; ++i) dst[i * dst_step] = src[i * src_step];
  }
}

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_RUNS_HPP_
