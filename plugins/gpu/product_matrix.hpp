// SPDX-License-Identifier: Apache-2.0
//
// Products on matrix units.  The plan (product_plan.hpp) is shared; the kernel is each API's own, since the dialect has
// no words for it: MatrixTile::kernel names it, and Device::compile() finds it where Source::own is set.
//
// Such a kernel computes out = alpha * (a @ b) + beta * self for tiles of BM x BN in a grid of one dimension, as
// product_tile does: batches outermost, then parts of k, then tiles.  It has no text in the source, but
//   buffers   a b self out; out is of their dtype, or f32 for parts of k; self may be NULL
//   defines   numbers, in this order:
//             BM BN BK    the tile
//             A_ALONG     1: a's lines, contiguous in memory, run along k: they are its rows.  0: its columns
//             B_ALONG     1: b's lines run along k: they are its columns.  0: its rows
//             FINISH      0: out = sum.  1: alpha * sum.  2: fma(beta, self, alpha * sum); in f32, rounded once
//             BF16        1: bf16.  0: f16
//             OUT_F32     1: out is f32
//   params    i64 a_line a_batch b_line b_batch self_row self_col self_batch out_row out_col out_batch out_split;
//             i32 m n k tiles_m tiles_n splits split_k; f32 alpha beta; always all of them.  Strides are in elements,
//             a_line and b_line from line to line.  Part s of k is [s * split_k, (s + 1) * split_k) without what is not
//             below k, split_k a multiple of BK; its sums go to out + s * out_split
// Lines begin at multiples of 16 bytes and have whole 16-byte pieces: behind their last element stand zeros or elements
// of the matrix up to a multiple of 8, which may be read.  m, n and k are any numbers: what lies beyond them counts as
// zero and is not written.  Sums are f32, in an order that depends on the source alone.

#ifndef FG_PLUGINS_GPU_PRODUCT_MATRIX_HPP_
#define FG_PLUGINS_GPU_PRODUCT_MATRIX_HPP_

#include "plugins/gpu/product_plan.hpp"

namespace fg::gpu {

// The kernel's source; `out`: its dtype.
Source matrix_source(const MatrixTile& tile, bool a_along, bool b_along, Finish finish, fg_dtype out);

// Packs what must be packed and enqueues the kernel of plan.matrix.
Result<void> run_matrix(const ProductPlan& plan, Variants& variants, const sdk::Launch& launch, const Operand& out,
                        fg_dtype out_dtype, Finish finish);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_PRODUCT_MATRIX_HPP_
