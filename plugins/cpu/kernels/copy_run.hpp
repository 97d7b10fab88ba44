// SPDX-License-Identifier: Apache-2.0
//
// Moving one line of elements.

#ifndef FG_PLUGINS_CPU_KERNELS_COPY_RUN_HPP_
#define FG_PLUGINS_CPU_KERNELS_COPY_RUN_HPP_

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace fg::cpu {

// Every dst_step-th element becomes `value`.
template <class T>
void fill_run(T* dst, std::int64_t dst_step, std::int64_t count, T value) {
  if (dst_step == 1) {
    std::fill(dst, dst + std::max<std::int64_t>(count, 0), value);
  } else {
    for (std::int64_t i = 0; i < count; ++i) dst[i * dst_step] = value;
  }
}

// Copies `count` elements; the loop of a unit stride is a memcpy.
template <class T>
void copy_run(const T* src, std::int64_t src_step, T* dst, std::int64_t dst_step, std::int64_t count) {
  if (src_step == 1 && dst_step == 1) {
    if (count > 0) std::memcpy(dst, src, static_cast<std::size_t>(count) * sizeof(T));
  } else if (src_step == 0) {
    if (count > 0) fill_run(dst, dst_step, count, *src);
  } else if (src_step == -1 && dst_step == 1) {
    for (std::int64_t i = 0; i < count; ++i) dst[i] = src[-i];  // A step that the compiler knows makes vectors.
  } else {
    for (std::int64_t i = 0; i < count; ++i) dst[i * dst_step] = src[i * src_step];
  }
}

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_COPY_RUN_HPP_
