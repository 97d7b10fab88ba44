// SPDX-License-Identifier: Apache-2.0
//
// The engine operators of fg/abi/engine.h: what kernel_table.cpp lists, and what they share.

#ifndef FG_PLUGINS_CPU_ENGINE_ENGINE_HPP_
#define FG_PLUGINS_CPU_ENGINE_ENGINE_HPP_

#include <array>
#include <span>
#include <vector>

#include "fg/abi/engine.h"
#include "fg/sdk/kernel_table.hpp"
#include "plugins/cpu/engine/compile.hpp"
#include "plugins/cpu/engine/space.hpp"

namespace fg::cpu {

Result<sdk::PreparedKernel> prepare_map(const fg_sig& sig);
Result<void> check_map(const fg_sig& sig);
Result<sdk::PreparedKernel> prepare_reduce(const fg_sig& sig);
Result<void> check_reduce(const fg_sig& sig);
Result<sdk::PreparedKernel> prepare_scan(const fg_sig& sig);
Result<void> check_scan(const fg_sig& sig);

// Elements of a block when `buffers` of them should stay in L1 together.
std::int64_t block_elements(std::size_t buffers);

// Blocks that one piece of parallel work should have at least.
std::int64_t block_grain(const Program& program, std::int64_t block);
// The same for pieces of `elements` at `cost` tenths of a nanosecond each.
std::int64_t piece_grain(std::int64_t cost, std::int64_t elements);

// Whether to write the outputs past the cache: they are large and no input shares their memory.
bool should_stream(const fg_launch& launch);

// Whether sdk::check_launch would find neither reserved fields nor unknown flags.
inline bool launch_is_plain(const fg_launch& launch) {
  std::uint64_t odd = launch.flags >> 16;
  for (int i = 0; i < launch.n_out + launch.n_in; ++i) odd |= launch.t[i].zero | (launch.t[i].flags >> 16);
  return odd == 0;
}

// The dtypes of a signature's tensors [first, first + n).
std::vector<fg_dtype> dtypes_of(const fg_sig& sig, std::size_t first, std::size_t n);

// A tensor as an operand over its first `ndim` dimensions.
Operand operand_of(const fg_tensor& t);
// Operand `dim` of FG_EX_INDEX over a space: a step along `dim` adds 1.
Operand index_operand(std::uint16_t dim);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_ENGINE_ENGINE_HPP_
