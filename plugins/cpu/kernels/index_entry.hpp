// SPDX-License-Identifier: Apache-2.0
//
// Checking the indices of a launch, with the message that names the first bad one.

#ifndef FG_PLUGINS_CPU_KERNELS_INDEX_ENTRY_HPP_
#define FG_PLUGINS_CPU_KERNELS_INDEX_ENTRY_HPP_

#include <string>

#include "fg/sdk/kernel_table.hpp"
#include "plugins/cpu/kernels/index.hpp"

namespace fg::cpu::entry {

struct IndexCheck {
  const char* op;
  const char* argument;    // Name of the tensor of indices.
  std::string bound_text;  // "weight has 5 rows"
  std::int32_t tensor;     // Number of the tensor of indices in the launch.
  Indices indices;
  const Space& space;  // Of the indices, row-major.
  std::size_t slot;    // Their strides in it.
  std::int64_t bound;
  bool wraps = false;  // A negative index counts from the end.
};

Indices indices_of(const fg_tensor& t);
Result<void> check_indices(const sdk::Launch& launch, const IndexCheck& check);

}  // namespace fg::cpu::entry

#endif  // FG_PLUGINS_CPU_KERNELS_INDEX_ENTRY_HPP_
