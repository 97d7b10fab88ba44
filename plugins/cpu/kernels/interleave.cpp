// SPDX-License-Identifier: Apache-2.0

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/kernels/interleave.cpp"
#include "plugins/cpu/kernels/interleave.hpp"

#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/kernels/rows.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <std::size_t LINES, class T>
void interleave_lines(const void* const* from, T* to, std::size_t count) {
  const T* in[LINES];
  for (std::size_t k = 0; k < LINES; ++k) in[k] = static_cast<const T*>(from[k]);
  std::size_t i = 0;
  const hn::ScalableTag<T> d;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    const auto a = hn::LoadU(d, in[0] + i), b = hn::LoadU(d, in[1] + i);
    if constexpr (LINES == 2)
      hn::StoreInterleaved2(a, b, d, to + i * LINES);
    else if constexpr (LINES == 3)
      hn::StoreInterleaved3(a, b, hn::LoadU(d, in[2] + i), d, to + i * LINES);
    else
      hn::StoreInterleaved4(a, b, hn::LoadU(d, in[2] + i), hn::LoadU(d, in[3] + i), d, to + i * LINES);
  }
  for (; i < count; ++i) {
    for (std::size_t k = 0; k < LINES; ++k) to[i * LINES + k] = in[k][i];
  }
}

void interleave_any(const void* const* from, std::size_t lines, void* to, std::int64_t count, std::int64_t bytes) {
  const auto n = static_cast<std::size_t>(count);
  with_bytes(bytes, [&]<class T>(T) {
    switch (lines) {
      case 2: return interleave_lines<2>(from, static_cast<T*>(to), n);
      case 3: return interleave_lines<3>(from, static_cast<T*>(to), n);
      default: return interleave_lines<4>(from, static_cast<T*>(to), n);
    }
  });
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
HWY_EXPORT(interleave_any);
void interleave(const void* const* from, std::size_t lines, void* to, std::int64_t count, std::int64_t element_bytes) {
  HWY_DYNAMIC_DISPATCH(interleave_any)(from, lines, to, count, element_bytes);
}
}  // namespace fg::cpu
#endif
