// SPDX-License-Identifier: Apache-2.0
//
// Positions drawn at random: randperm and multinomial, as docs/random.md defines them.

#ifndef FG_PLUGINS_CPU_KERNELS_SAMPLE_HPP_
#define FG_PLUGINS_CPU_KERNELS_SAMPLE_HPP_

#include "plugins/cpu/kernels/rows.hpp"

namespace fg::cpu {

struct RandpermArgs {
  fg_dtype dtype = FG_I64;
  void* out = nullptr;
  std::int64_t n = 0, step = 1;  // n below 2^32.
  std::uint64_t seed = 0, offset = 0;
};
std::size_t randperm_workspace(const RandpermArgs& args, int workers);
void randperm(const RandpermArgs& args, const Exec& exec, void* ws);

struct MultinomialArgs {
  fg_dtype dtype = FG_F32;
  const void* weights = nullptr;
  std::int64_t* out = nullptr;
  std::int64_t rows = 1, length = 0, samples = 0;
  std::int64_t row_step = 0, step = 1, out_row_step = 0, out_step = 1;
  bool replacement = false;
  std::uint64_t seed = 0, offset = 0;
};
// What is wrong with the weights of a row.
enum class Weights : std::uint8_t { fine, no_number, no_sum, too_few };
struct BadWeights {
  Weights what = Weights::fine;
  std::int64_t row = 0;
};
std::size_t multinomial_workspace(const MultinomialArgs& args, int workers);
// The first row whose weights cannot be drawn from, if any.
BadWeights multinomial(const MultinomialArgs& args, const Exec& exec, void* ws);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_SAMPLE_HPP_
