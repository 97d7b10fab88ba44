// SPDX-License-Identifier: Apache-2.0
//
// The generator and the numbers of docs/random.md as text for kernels.

#ifndef FG_PLUGINS_GPU_RANDOM_TEXT_HPP_
#define FG_PLUGINS_GPU_RANDOM_TEXT_HPP_

#include "plugins/gpu/source.hpp"

namespace fg::gpu {

// philox(seed, block), random_bits(words, j).
Result<void> add_philox(Source& s);
// REAL, the compute type of `dtype`, and its WORD; NUMBER(w, j), the bits of number j of a block, which has EACH.
void add_real(Source& s, fg_dtype dtype);
// random_unit, random_open_unit, random_turn, random_ln, random_cos, random_over, random_root, behind add_real().
Result<void> add_numbers(Source& s, fg_dtype dtype);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_RANDOM_TEXT_HPP_
