// SPDX-License-Identifier: Apache-2.0
//
// Lines of equal length as the columns of a matrix, in one pass: copied one after another, each would
// touch every cache line of it.

#ifndef FG_PLUGINS_CPU_KERNELS_INTERLEAVE_HPP_
#define FG_PLUGINS_CPU_KERNELS_INTERLEAVE_HPP_

#include <cstddef>
#include <cstdint>

namespace fg::cpu {

inline constexpr std::size_t kMostInterleaved = 4;

// to[lines * i + k] = from[k][i] for i < count; 2 to kMostInterleaved lines of elements of 1, 2, 4 or 8 bytes.
void interleave(const void* const* from, std::size_t lines, void* to, std::int64_t count, std::int64_t element_bytes);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_INTERLEAVE_HPP_
