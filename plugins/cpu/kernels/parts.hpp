// SPDX-License-Identifier: Apache-2.0
//
// Kernels whose results lie behind each other work in two passes: parts of the input are counted,
// then each part writes behind those before it.

#ifndef FG_PLUGINS_CPU_KERNELS_PARTS_HPP_
#define FG_PLUGINS_CPU_KERNELS_PARTS_HPP_

#include <utility>

#include "plugins/cpu/kernels/exec.hpp"

namespace fg::cpu {

// At most; fixed, so that the order of writing is too.
inline constexpr std::int64_t kParts = 256;
inline constexpr std::size_t kPartsWorkspace = kParts * sizeof(std::int64_t);

struct Parts {
  std::int64_t n, size, parts;
  std::int64_t* first;  // Of each part: what it counts, then what those before it counted.

  Parts(std::int64_t elements, void* ws)
      : n(elements),
        size(std::max<std::int64_t>((n + kParts - 1) / kParts, kGrain / 2)),
        parts((n + size - 1) / size),
        first(static_cast<std::int64_t*>(ws)) {}

  // count(begin, end) of every part; returns the sum.
  template <class F>
  std::int64_t count(const Exec& exec, F&& f) {
    exec.each(parts, [&](std::int64_t p, int) { first[p] = f(p * size, end(p)); });
    std::int64_t total = 0;
    for (std::int64_t p = 0; p < parts; ++p) total += std::exchange(first[p], total);
    total_ = total;
    return total;
  }
  // write(begin, end, from, to): the elements of a part and the results that are its own.
  template <class F>
  void write(const Exec& exec, F&& f) const {
    exec.each(parts,
              [&](std::int64_t p, int) { f(p * size, end(p), first[p], p + 1 < parts ? first[p + 1] : total_); });
  }

 private:
  std::int64_t end(std::int64_t p) const { return std::min(n, (p + 1) * size); }
  std::int64_t total_ = 0;
};

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_PARTS_HPP_
