// SPDX-License-Identifier: Apache-2.0
//
// Attention on matrix units.  The kernel is the API's own: AttentionTile::kernel names it, and Device::compile() finds
// it where Source::own is set.
//
// A group computes BQ queries of a head over blocks of BK keys; heads outermost, blocks of queries from the last to the
// first.  The source has no text, but
//   buffers   q k v out, of one dtype
//   defines   numbers, in this order: BQ BK CHANNELS VALUES, and CAUSAL: 1 where query i sees keys 0 .. i
//   params    i64 q_batch q_head q_row k_batch k_head k_row v_batch v_head v_row out_batch out_head out_row in
//   elements,
//             k_head and v_head from a key head to the next; i32 heads group queries keys blocks; f32 scale
// Channels lie side by side; every row begins at a multiple of 16 bytes.  Scores, weights and sums count as f32.

#ifndef FG_PLUGINS_GPU_ATTENTION_MATRIX_HPP_
#define FG_PLUGINS_GPU_ATTENTION_MATRIX_HPP_

#include "plugins/gpu/attention.hpp"

namespace fg::gpu {

// The tile of the device's that computes it, which has been tried; nullptr: none does.
const AttentionTile* attention_tile(const Attention& a, Device& device);
Source attention_source(const AttentionTile& tile, const Attention& a);
Result<void> run_attention_matrix(const AttentionTile& tile, const Attention& a, Variants& variants,
                                  const sdk::Launch& launch);

// Whether small problems with edges come out right.
Result<void> try_attention(Device& device, const AttentionTile& tile);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_ATTENTION_MATRIX_HPP_
