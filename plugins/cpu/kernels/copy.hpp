// SPDX-License-Identifier: Apache-2.0
//
// Copies between strided tensors.  Elements are bytes here; no dtype matters.

#ifndef FG_PLUGINS_CPU_KERNELS_COPY_HPP_
#define FG_PLUGINS_CPU_KERNELS_COPY_HPP_

#include <span>

#include "plugins/cpu/kernels/rows.hpp"

namespace fg::cpu {

// Lines shorter than this are not: their first and last cache lines would be written twice.
inline constexpr std::int64_t kStreamedLine = 512;

// dst[p] = src[p] over the space: tensor 0 src, 1 dst, which do not overlap.
void copy_elements(const void* src, void* dst, const Space& space, std::int64_t element_bytes, const Exec& exec);

// Several such copies of about the same size at once.  interleaved: what is written of them lies side by side
// along their first dimensions, so that they are cut there and written together.
struct CopyPart {
  const void* src;
  void* dst;
  Space space;
};
void copy_all(std::span<const CopyPart> parts, std::int64_t element_bytes, bool interleaved, const Exec& exec);

// The same elements where each dimension of the result may start `by` elements later and go round.
struct RollArgs {
  std::int64_t element_bytes = 4;
  const void* self = nullptr;
  void* out = nullptr;
  int ndim = 0;
  std::array<std::int64_t, FG_MAX_NDIM> size{}, self_stride{}, out_stride{}, by{};  // 0 <= by < size.
};
void roll(const RollArgs& args, const Exec& exec);

// self inside of out, `before` elements from the start of each dimension (negative: cropped); `value`
// elsewhere.
struct PadArgs {
  std::int64_t element_bytes = 4;
  const void* self = nullptr;
  void* out = nullptr;
  std::uint64_t value = 0;  // The element's bits.
  int ndim = 0;
  std::array<std::int64_t, FG_MAX_NDIM> size{}, self_size{}, before{}, self_stride{}, out_stride{};
};
void pad(const PadArgs& args, const Exec& exec);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_COPY_HPP_
