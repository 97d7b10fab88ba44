// SPDX-License-Identifier: Apache-2.0
//
// Walks that share a kernel with walks of other ranks visit the same places.

#include "plugins/gpu/engine/operands.hpp"

#include <gtest/gtest.h>

#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {
namespace {

// Where operand k has the element number `at`, as locate_text() finds it.
std::int64_t place(const Walk& w, std::size_t k, std::int64_t at) {
  std::int64_t offset = 0;
  for (int d = w.ndim - 1; d >= 0; --d) {
    const std::int64_t position = d == 0 ? at : at % w.size[d];
    offset += position * w.stride[k][static_cast<std::size_t>(d)];
    at /= w.size[d];
  }
  return offset;
}

Walk walk_of_rank(int rank) {
  Walk w;
  w.stride.resize(2);
  for (int d = 0; d < rank; ++d) {
    const std::int64_t strides[] = {7 * d + 1, d % 2 == 0 ? 0 : 100};
    add_dim(w, 2 + d % 2, strides, false);
  }
  return w;
}

TEST(SettleRank, KeepsEveryPlace) {
  Features few;
  few.few_kernels = true;
  for (const int rank : {0, 1, 3, 4, 5, 8}) {
    const Walk before = walk_of_rank(rank);
    Walk w = before;
    settle_rank(w, few);
    EXPECT_EQ(w.ndim, rank <= 4 ? 4 : 8) << rank;
    EXPECT_EQ(w.count, before.count);
    for (std::int64_t at = 0; at < before.count; ++at) {
      for (const std::size_t k : {0u, 1u}) ASSERT_EQ(place(w, k, at), place(before, k, at)) << rank << ": " << at;
    }
  }
  Walk line = walk_of_rank(1);
  settle_rank(line, few, 1);
  EXPECT_EQ(line.ndim, 1) << "its kernel has no division";
}

TEST(SettleRank, LeavesAGpuItsKernels) {
  Walk w = walk_of_rank(2);
  settle_rank(w, Features{});
  EXPECT_EQ(w.ndim, 2);
}

}  // namespace
}  // namespace fg::gpu
