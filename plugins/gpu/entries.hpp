// SPDX-License-Identifier: Apache-2.0
//
// The named kernels by family: each family's file lists its rows.  A new kernel is a file in kernels/
// and a row in its family.

#ifndef FG_PLUGINS_GPU_ENTRIES_HPP_
#define FG_PLUGINS_GPU_ENTRIES_HPP_

#include <span>
#include <vector>

#include "fg/abi/ops.h"
#include "fg/sdk/kernel_table.hpp"

// FG_GPU_ROWS(OP): the catalogue's dtype rows of an operator; FG_GPU_ENTRY(OP): the first members of its row.
#define FG_GPU_ROWS(OP) inline constexpr fg_dtype k##OP##Rows[] = {FG_OP_##OP##_ROWS}
#define FG_GPU_ENTRY(OP)                                                                       \
  .name = FG_OP_##OP##_NAME, .uid = FG_OP_##OP##_UID, .schema_hash = FG_OP_##OP##_SCHEMA_HASH, \
  .schema_version = FG_OP_##OP##_SCHEMA_VERSION, .n_slots = FG_OP_##OP##_N_SLOTS, .rows = k##OP##Rows

namespace fg::gpu {

// Layouts of kernels that take strides: indices of the dialect are never negative, the core copies what walks
// backwards.
inline constexpr std::uint32_t kForward = FG_LAYOUT_ANY & ~std::uint32_t{FG_LAYOUT_NEGATIVE};

std::span<const sdk::KernelEntry> attention_entries();  // attention_entry.cpp
std::span<const sdk::KernelEntry> expert_entries();     // experts.cpp
std::span<const sdk::KernelEntry> index_entries();      // index_entry.cpp
std::span<const sdk::KernelEntry> indexing_entries();   // indexing.cpp
std::span<const sdk::KernelEntry> layout_entries();     // layout.cpp
std::span<const sdk::KernelEntry> masked_entries();     // masked.cpp
std::span<const sdk::KernelEntry> loss_entries();       // loss.cpp
std::span<const sdk::KernelEntry> norm_entries();       // norms.cpp
std::span<const sdk::KernelEntry> product_entries();    // products.cpp
std::span<const sdk::KernelEntry> random_entries();     // random.cpp
std::span<const sdk::KernelEntry> rotary_entries();     // rotary.cpp
std::span<const sdk::KernelEntry> sample_entries();     // sample.cpp
std::span<const sdk::KernelEntry> scatter_entries();    // scatter.cpp
std::span<const sdk::KernelEntry> softmax_entries();    // softmax.cpp
std::span<const sdk::KernelEntry> sort_entries();       // sort.cpp

inline std::vector<std::span<const sdk::KernelEntry>> named_entries() {
  return {
      attention_entries(), expert_entries(),  //
      index_entries(),     indexing_entries(), layout_entries(), loss_entries(),   masked_entries(),
      norm_entries(),      product_entries(),  random_entries(), rotary_entries(), sample_entries(),
      scatter_entries(),   softmax_entries(),  sort_entries(),
  };
}

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_ENTRIES_HPP_
