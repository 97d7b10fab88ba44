// SPDX-License-Identifier: Apache-2.0
//
// The floating-point mode of the calling thread: rounding, traps, flush-to-zero.  A library linked
// with -ffast-math changes it for its host when it is loaded.

#ifndef FG_CORE_REGISTRY_FP_MODE_HPP_
#define FG_CORE_REGISTRY_FP_MODE_HPP_

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace fg::core {

struct FpMode {
  std::uint64_t control = 0;  // MXCSR without its sticky flags, or FPCR
  std::uint16_t x87 = 0;
  bool operator==(const FpMode&) const = default;
};

inline FpMode fp_mode() {
  FpMode mode;
#if defined(__x86_64__)
  constexpr unsigned kStickyFlags = 0x3Fu;
  mode.control = _mm_getcsr() & ~kStickyFlags;
  __asm__ volatile("fnstcw %0" : "=m"(mode.x87));
#elif defined(__aarch64__)
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode.control));
#endif
  return mode;
}

inline void set_fp_mode(const FpMode& mode) {
#if defined(__x86_64__)
  _mm_setcsr(static_cast<unsigned>(mode.control));
  __asm__ volatile("fldcw %0" : : "m"(mode.x87));
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"(mode.control));
#else
  (void)mode;
#endif
}

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_FP_MODE_HPP_
