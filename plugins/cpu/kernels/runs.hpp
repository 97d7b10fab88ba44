// SPDX-License-Identifier: Apache-2.0
//
// A range of a space as runs along its last dimension.

#ifndef FG_PLUGINS_CPU_KERNELS_RUNS_HPP_
#define FG_PLUGINS_CPU_KERNELS_RUNS_HPP_

#include <cstring>

#include "plugins/cpu/kernels/copy_run.hpp"
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

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_RUNS_HPP_
