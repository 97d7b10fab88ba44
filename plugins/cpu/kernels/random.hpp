// SPDX-License-Identifier: Apache-2.0
//
// Philox 4x32-10 numbers of several distributions, as docs/random.md defines them.

#ifndef FG_PLUGINS_CPU_KERNELS_RANDOM_HPP_
#define FG_PLUGINS_CPU_KERNELS_RANDOM_HPP_

#include "plugins/cpu/kernels/rows.hpp"

namespace fg::cpu {

struct RandomArgs {
  fg_dtype dtype = FG_F32;
  void* self = nullptr;
  Space space;  // Tensor 0 is self, 1 the input, 2 the mask; the order of elements is row-major.
  std::uint64_t seed = 0, offset = 0;
  const void* input = nullptr;   // bernoulli's probabilities, dropout's elements; of `dtype`.
  std::uint8_t* mask = nullptr;  // dropout: which elements were kept; may be null.
};

void uniform(const RandomArgs& args, double from, double to, const Exec& exec);
void normal(const RandomArgs& args, double mean, double std, const Exec& exec);
void exponential(const RandomArgs& args, double rate, const Exec& exec);
// self may have any dtype.
void bernoulli(const RandomArgs& args, double p, const Exec& exec);
// With a probability for each element.
// Position of the first input that is not in [0, 1], or -1.
std::int64_t find_no_probability(const RandomArgs& args, const Exec& exec);
void bernoulli_each(const RandomArgs& args, const Exec& exec);
void dropout(const RandomArgs& args, double p, const Exec& exec);

// noise[i] = -ln v(first + i) in f32 (f64 for f64): what exponential_ divides by its rate.
void exponential_noise(fg_dtype compute, std::uint64_t seed, std::uint64_t offset, std::int64_t first,
                       std::int64_t count, void* noise);
// words[i] = w(4 * first_block + i) for whole blocks.
void random_words(std::uint64_t seed, std::uint64_t first_block, std::int64_t blocks, std::uint32_t* words);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_RANDOM_HPP_
