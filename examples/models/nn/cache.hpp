// SPDX-License-Identifier: Apache-2.0
//
// What attention keeps of the tokens before, and what one pass over new tokens says of them.

#ifndef FG_EXAMPLES_MODELS_NN_CACHE_HPP_
#define FG_EXAMPLES_MODELS_NN_CACHE_HPP_

#include <cstdint>
#include <vector>

#include "fg/fg.hpp"

namespace fg::nn {

// One layer's keys and values, [batch, key heads, capacity, channels]: allocated once, a token's
// place is its slot.  MLA keeps its latents in `keys` and no values.
struct LayerCache {
  Tensor keys, values;

  // t [batch, length, heads, channels] into the slots [length] of `place`.
  static void put(const Tensor& place, const Tensor& slots, const Tensor& t) {
    index_copy_(place, 2, slots, t.transpose(1, 2));
  }
};

// One pass over new tokens; the same for all layers.  All rows of a batch are at the same slots:
// shorter prompts are padded at the left and masked.
struct Step {
  Tensor positions;       // [batch, length], i64.
  Tensor slots;           // [length], i64; none: no cache is written.
  Tensor mask;            // Bool, broadcast over [batch, heads, length, keys], true where a key is seen.
  bool causal = true;     // Without a mask: a token sees those before it in this pass.
  std::int64_t keys = 0;  // Slots of the cache that are looked at; 0: the tokens of this pass alone.
};

}  // namespace fg::nn

#endif  // FG_EXAMPLES_MODELS_NN_CACHE_HPP_
