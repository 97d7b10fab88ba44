// SPDX-License-Identifier: Apache-2.0
//
// Elements where a mask is true: masked_select and masked_scatter.

#ifndef FG_PLUGINS_CPU_KERNELS_MASKED_HPP_
#define FG_PLUGINS_CPU_KERNELS_MASKED_HPP_

#include "plugins/cpu/kernels/rows.hpp"

namespace fg::cpu {

struct MaskedArgs {
  std::int64_t element_bytes = 4;
  const void* self = nullptr;
  const std::uint8_t* mask = nullptr;  // 0 or 1
  const void* source = nullptr;        // masked_scatter: contiguous.
  std::int64_t source_count = 0;
  void* out = nullptr;  // masked_select: contiguous, room for every element.
  Space space;          // Of mask and self broadcast, row-major: tensor 0 self, 1 mask, 2 out (masked_scatter).
};

std::size_t masked_workspace();
// Returns how many elements it wrote.
std::int64_t masked_select(const MaskedArgs& args, const Exec& exec, void* ws);
// Returns how many elements of source it takes; when source has fewer nothing is written.
std::int64_t masked_scatter(const MaskedArgs& args, const Exec& exec, void* ws);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_MASKED_HPP_
