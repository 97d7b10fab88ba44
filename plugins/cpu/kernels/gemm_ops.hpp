// SPDX-License-Identifier: Apache-2.0
//
// The inner loops of gemm.cpp, one table per dtype and instruction set.

#ifndef FG_PLUGINS_CPU_KERNELS_GEMM_OPS_HPP_
#define FG_PLUGINS_CPU_KERNELS_GEMM_OPS_HPP_

#include <cstdint>

#include "fg/abi/types.h"

namespace fg::cpu {

// How a finished tile is written: out = alpha * tile + beta * self.
struct TileStore {
  void* out;
  std::int64_t out_row, out_col;
  const void* self;  // null: not read
  std::int64_t self_row, self_col;
  double alpha, beta;
  std::int64_t int_alpha, int_beta;
};

// Sizes are in elements of the compute type: f32 for 16-bit floats, else the dtype; integers are
// computed modulo 2^32 or 2^64 as unsigned.
struct GemmOps {
  std::int64_t compute_bytes;
  std::int64_t mr, nr;  // Rows and columns of one register tile.
  // Packs `lines` rows of a (columns of b) into strips of `width`: dst[strip][k][width], the last
  // strip filled up with zeros.  Element (line, k) is src[line * line_stride + k * k_stride].
  void (*pack)(const void* src, std::int64_t line_stride, std::int64_t k_stride, std::int64_t lines, std::int64_t k,
               std::int64_t width, void* dst);
  // tile[mr][nr] += strip a (k x mr) * strip b (k x nr).
  void (*micro)(std::int64_t k, const void* a, const void* b, void* tile);
  // Writes rows x cols elements of tile[mr][nr].
  void (*store)(const void* tile, std::int64_t tile_row, std::int64_t rows, std::int64_t cols, const TileStore& s);
};

// For the processor the program runs on.  Null when the dtype is not a real one.
const GemmOps* gemm_ops(fg_dtype dtype);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_GEMM_OPS_HPP_
