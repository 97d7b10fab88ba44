// SPDX-License-Identifier: Apache-2.0
//
// Stores that do not round once to nearest, and the processor's own flushing.

#include <bit>
#include <cmath>

#include "tests/mutants/edited.hpp"
#include "tests/mutants/hooks.hpp"

#ifdef __x86_64__
#include <xmmintrin.h>
#endif

namespace fg::mutants {
namespace {

// Runs the kernel with an f32 output of its own, and stores what it gave by `narrow`.
fg_status in_two_steps(const Call& c, float (*narrow)(float, fg_dtype)) {
  if (c.kernel.wide == nullptr) return forward(c);
  const fg_tensor& out = out_of(c);
  const fg_instance& i = *c.kernel.owner;
  fg_buffer* buffer = nullptr;
  void* ptr = nullptr;
  const auto bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(sdk::numel(out), 1)) * sizeof(float);
  if (const fg_status s = i.real->mem_alloc(i.driver, 0, FG_MEM_DEVICE, bytes, 64, &buffer, &ptr, c.launch.err); s < 0)
    return s;
  Edited e(c.launch);
  fg_tensor& wide = e.tensor(0);
  wide.dtype = FG_F32;
  wide.buffer = buffer;
  wide.byte_offset = 0;
  wide.ptr = ptr;
  std::int64_t step = 1;
  for (std::int32_t d = wide.ndim - 1; d >= 0; --d) {
    e.stride(0, d) = step;
    step *= wide.shape[d];
  }
  const fg_status s = forward(c, e.launch(), c.kernel.wide);
  std::size_t at = 0;
  if (s >= 0)
    each(out, [&](std::int64_t o) { store(out, o, narrow(static_cast<const float*>(ptr)[at++], out.dtype)); });
  i.real->mem_free(i.driver, buffer, nullptr, 0);
  return s;
}

// Bits of an f32 mantissa that a type does not keep.
constexpr std::uint32_t kBelowBf16 = 16, kBelowF16 = 13;

float cut(float x, fg_dtype dtype) {
  if (!std::isfinite(x)) return x;
  const std::uint32_t dropped = dtype == FG_BF16 ? kBelowBf16 : kBelowF16;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) >> dropped << dropped);
}

// To nearest even with 10 bits of mantissa, as tf32: the store then rounds a second time.
float first_to_tf32(float x, fg_dtype dtype) {
  if (!std::isfinite(x) || dtype != FG_BF16) return x;
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t odd = (bits >> kBelowF16) & 1u;
  return std::bit_cast<float>((bits + (1u << (kBelowF16 - 1)) - 1u + odd) >> kBelowF16 << kBelowF16);
}

#ifdef __x86_64__
constexpr unsigned kFlush = 0x8040;  // MXCSR: flush to zero, denormals are zero
void flush_on() { _mm_setcsr(_mm_getcsr() | kFlush); }
class Mode {
 public:
  Mode() : before_(_mm_getcsr()) { flush_on(); }
  ~Mode() { _mm_setcsr(before_); }

 private:
  unsigned before_;
};
#else
void flush_on() {}
struct Mode {};
#endif

}  // namespace

fg_status truncating_store(const Call& c) { return in_two_steps(c, cut); }
fg_status double_rounding(const Call& c) { return in_two_steps(c, first_to_tf32); }

fg_status flush_to_zero(const Call& c) {
  [[maybe_unused]] const Mode flushing;
  return forward(c);
}

fg_status changes_mxcsr(const Call& c) {
  const fg_status s = forward(c);
  flush_on();
  return s;
}

}  // namespace fg::mutants
