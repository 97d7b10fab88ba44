// SPDX-License-Identifier: Apache-2.0
//
// Which shape a product is given: what conformance on one device cannot see.

#include "plugins/gpu/product_plan.hpp"

#include <gtest/gtest.h>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/kernel_files.hpp"

namespace fg::gpu {

std::span<const KernelFile> kernel_files() { return {}; }

namespace {

Features large_device() {
  Features f;
  f.compute_units = 132;
  f.local_bytes = 49152;
  return f;
}

// a and b row-major, or b as the transpose of a row-major matrix.
Product dense(fg_dtype dtype, std::int64_t m, std::int64_t n, std::int64_t k, bool b_transposed = false) {
  Product p;
  p.dtype = dtype;
  p.m = m;
  p.n = n;
  p.k = k;
  p.out = {{}, n, 1, 0};
  p.a = {{}, k, 1, 0};
  p.b = b_transposed ? Operand{{}, 1, k, 0} : Operand{{}, n, 1, 0};
  return p;
}

TEST(ProductPlan, SplitsCoverKOnce) {
  for (const std::int64_t m : {1, 3, 16, 17, 130}) {
    for (const std::int64_t k : {0, 1, 7, 4096, 70000}) {
      for (const bool transposed : {false, true}) {
        const ProductPlan plan = plan_product(dense(FG_F16, m, 33, k, transposed), large_device());
        EXPECT_GE(plan.splits * plan.split_k, k) << m << " rows, k " << k;
        EXPECT_TRUE(plan.splits == 1 || (plan.splits - 1) * plan.split_k < k) << m << " rows, k " << k;
      }
    }
  }
}

TEST(ProductPlan, FewColumnsBecomeFewRows) {
  const ProductPlan plan = plan_product(dense(FG_F32, 4096, 1, 512), large_device());
  EXPECT_TRUE(plan.by_rows);
  EXPECT_EQ(plan.p.m, 1);
  EXPECT_EQ(plan.p.n, 4096);
  EXPECT_TRUE(plan.b.along);  // Rows of a, which is streamed, are contiguous along k.
}

TEST(ProductPlan, SplitsDoNotDependOnWhereOperandsBegin) {
  for (const bool transposed : {false, true}) {
    Product p = dense(FG_F16, 2, 64, 8192, transposed);
    const ProductPlan whole = plan_product(p, large_device());
    p.a.at.byte_offset = p.b.at.byte_offset = 2;
    const ProductPlan odd = plan_product(p, large_device());
    EXPECT_GT(whole.b.vec, 1);
    EXPECT_EQ(odd.b.vec, 1);
    EXPECT_EQ(odd.splits, whole.splits);
  }
}

TEST(ProductPlan, LargestTileThatFillsTheDevice) {
  const TileShape large = plan_product(dense(FG_F16, 4096, 4096, 64), large_device()).tile;
  EXPECT_EQ(large.m, 128);
  const ProductPlan small = plan_product(dense(FG_F16, 512, 512, 4096), large_device());
  EXPECT_LT(small.tile.m, large.m);
  EXPECT_GT(small.splits, 1);  // 64 tiles for 132 compute units.
}

TEST(ProductPlan, SlicesFitIntoTheMemoryOfAGroup) {
  Features f = large_device();
  f.local_bytes = 16384;
  for (const fg_dtype dtype : {FG_F16, FG_F64}) {
    const ProductPlan plan = plan_product(dense(dtype, 4096, 4096, 64), f);
    const auto numbers = static_cast<std::uint64_t>(plan.tile.k * (plan.tile.m + plan.tile.n + 2 * kSlicePad));
    EXPECT_LE(numbers * static_cast<std::uint64_t>(dtype_bytes(sum_dtype(dtype))), f.local_bytes);
    EXPECT_GE(plan.tile.k, 4);
  }
}

TEST(ProductPlan, WideWhereAnIndexNeedsIt) {
  EXPECT_FALSE(plan_product(dense(FG_F16, 20000, 20000, 100), large_device()).wide);
  EXPECT_TRUE(plan_product(dense(FG_F16, 50000, 50000, 100), large_device()).wide);
}

}  // namespace
}  // namespace fg::gpu
