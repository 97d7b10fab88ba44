// SPDX-License-Identifier: Apache-2.0
//
// Transposition of matrices in cache blocks, for elements of 1, 2, 4 and 8 bytes.

#ifndef FG_PLUGINS_CPU_ENGINE_TRANSPOSE_HPP_
#define FG_PLUGINS_CPU_ENGINE_TRANSPOSE_HPP_

#include <cstddef>
#include <cstdint>

namespace fg::cpu {

// dst[r][c] = src[c][r] for r < rows, c < cols; both sides contiguous along their second index.
struct Transpose {
  std::byte* dst;
  const std::byte* src;
  std::int64_t dst_stride, src_stride;  // Bytes from one first index to the next.
  std::int64_t rows, cols;
  std::uint32_t element_bytes;
  bool stream = false;  // Write past the cache where alignment allows; the caller fences.
};
void transpose(const Transpose& t);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_ENGINE_TRANSPOSE_HPP_
