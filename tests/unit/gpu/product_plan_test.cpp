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

TEST(ProductPlan, PartsAreAsShortAsLoopsMayBe) {
  Features f = large_device();
  f.software = true;
  f.most_rounds = 65535;
  for (const std::int64_t m : {1, 2, 40}) {
    const ProductPlan plan = plan_product(dense(FG_F32, m, 40, 300000), f);
    EXPECT_LE(2 * plan.split_k, f.most_rounds + 64) << m << " rows";
    EXPECT_GE(plan.splits * plan.split_k, 300000) << m << " rows";
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

TEST(ProductPlan, WhatIsChosenIsTaken) {
  const Features f = large_device();
  for (const Product& p : {dense(FG_F32, 3, 100, 5000), dense(FG_F32, 300, 200, 5000, true)}) {
    const std::vector<std::int64_t> kernels = kernels_for(begin_plan(p, f), f, 0);
    EXPECT_GE(kernels.size(), 3u);
    for (const std::int64_t kernel : kernels) {
      for (const std::int64_t parts : {0, 1, 3, 16, 1000000}) {
        const ProductPlan plan = plan_product(p, f, 0, {.kernel = kernel, .parts = parts});
        EXPECT_EQ(kernel_of(plan, f), kernel);
        EXPECT_GE(plan.splits * plan.split_k, p.k) << kernel << " in " << parts;
        EXPECT_LT((plan.splits - 1) * plan.split_k, p.k) << kernel << " in " << parts;
        if (parts == 1 || parts == 3) {
          EXPECT_EQ(plan.splits, parts) << kernel;
        }
      }
    }
  }
  const ProductPlan rows = plan_product(dense(FG_F16, 3, 100, 5000, true), f, 0, {.lanes = 16, .width = 2, .ahead = 8});
  EXPECT_EQ(rows.row.lanes_n, 16);
  EXPECT_EQ(rows.row.width, 2);
  EXPECT_EQ(rows.row.ahead, 8);
}

TEST(ProductPlan, WhatDoesNotSuitIsByRule) {
  const Features f = large_device();
  const Product p = dense(FG_F32, 300, 200, 5000);
  const std::int64_t own = kernel_of(plan_product(p, f), f);
  for (const std::int64_t kernel : {kRowsKernel, kMatrixKernel - 1, kMatrixKernel, kMostKernels - 1})
    EXPECT_EQ(kernel_of(plan_product(p, f, UINT32_MAX, {.kernel = kernel}), f), own) << kernel;
}

TEST(ProductPlan, InOnePartNoWorkspaceIsNeeded) {
  for (const std::int64_t m : {1, 16, 130})
    EXPECT_EQ(plan_product(dense(FG_F16, m, 64, 70000), large_device(), 0, {.parts = 1}).space, 0u) << m;
}

// --- matrix units ---

// Two tiles of f16.
const Features& matrix_device() {
  static const Features f = [] {
    Features made = large_device();
    made.matrix = {{FG_F16, "large", 128, 128, 32, 128, 2, 1600}, {FG_F16, "small", 64, 64, 32, 128, 4, 1000}};
    return made;
  }();
  return f;
}

ProductPlan on_matrix_units(const Product& p) { return plan_product(p, matrix_device(), 3); }

TEST(ProductPlan, TilesThatMustBeWholeAndLayoutsThatTheyLike) {
  Features f = matrix_device();
  f.matrix[0].whole = true;
  const auto taken = [&](const Product& p) { return plan_product(p, f, 3).matrix; };
  EXPECT_EQ(taken(dense(FG_F16, 4096, 4096, 4096)), &f.matrix[0]);
  EXPECT_EQ(taken(dense(FG_F16, 127, 4096, 4096)), &f.matrix[1]);
  EXPECT_EQ(taken(dense(FG_F16, 4096, 127, 4096)), &f.matrix[1]);
  f.matrix[1].whole = true;
  EXPECT_EQ(taken(dense(FG_F16, 63, 4096, 4096)), nullptr);
  EXPECT_TRUE(plan_product(dense(FG_F16, 12, 4096, 4096), f, 3).by_rows);
  f.matrix[1].whole = false;
  EXPECT_EQ(taken(dense(FG_F16, 12, 4096, 4096)), &f.matrix[1]);
  f.matrix[1].few_rows = false;
  EXPECT_TRUE(plan_product(dense(FG_F16, 12, 4096, 4096), f, 3).by_rows);
  EXPECT_EQ(taken(dense(FG_F16, 17, 4096, 4096)), &f.matrix[1]);
  // Far slower where b's lines run along k.
  f.matrix[0].speed_along = 100;
  EXPECT_EQ(taken(dense(FG_F16, 4096, 4096, 4096)), &f.matrix[0]);
  EXPECT_EQ(taken(dense(FG_F16, 4096, 4096, 4096, true)), &f.matrix[1]);
}

TEST(MatrixPlan, FewRowsAndColumnsBehindWholeTilesAreStripsWhereThatPays) {
  const auto strips = [](const Product& p, const ProductChoice& choice = {}) {
    const ProductPlan plan = plan_product(p, matrix_device(), 1, choice);
    EXPECT_EQ(plan.tiles_m, ceil_div(plan.main_m(), 128));
    EXPECT_EQ(plan.tiles_n, ceil_div(plan.main_n(), 128));
    EXPECT_TRUE(plan.splits == 1 || (plan.strip_m == 0 && plan.strip_n == 0));
    return std::pair(plan.strip_m, plan.strip_n);
  };
  using Strips = std::pair<std::int64_t, std::int64_t>;
  // 16 x 16 tiles are two for almost every unit; 17 x 16 are three for some.
  EXPECT_EQ(strips(dense(FG_F16, 2048, 2049, 2048)), Strips(0, 1));
  EXPECT_EQ(strips(dense(FG_F16, 2050, 2048, 2048)), Strips(2, 0));
  EXPECT_EQ(strips(dense(FG_F16, 2064, 2048, 2048)), Strips(0, 0)) << "product_rows takes longer";
  EXPECT_EQ(strips(dense(FG_F16, 2065, 2048, 2048)), Strips(0, 0)) << "more than product_rows has";
  EXPECT_EQ(strips(dense(FG_F16, 2047, 2048, 2048)), Strips(0, 0)) << "nothing behind";
  EXPECT_EQ(strips(dense(FG_F16, 2049, 2050, 2048)), Strips(1, 2));
  EXPECT_EQ(strips(dense(FG_F16, 257, 1024, 256)), Strips(0, 0)) << "a launch takes longer";
  EXPECT_EQ(strips(dense(FG_F16, 2048, 2049, 2048), {.strips = false}), Strips(0, 0));
  EXPECT_EQ(strips(dense(FG_F16, 2048, 2049, 2048), {.parts = 2}), Strips(0, 0));
}

TEST(MatrixPlan, SlightlyWiderTilesTakeColumnsBehindWholeOnes) {
  Features f = matrix_device();
  f.matrix[1] = {FG_F16, "wider", 128, 136, 32, 128, 2, 0, 1600};
  const auto columns = [&](const Product& p) { return plan_product(p, f, 3).matrix->n; };
  EXPECT_EQ(columns(dense(FG_F16, 2047, 2049, 2051)), 136);
  EXPECT_EQ(columns(dense(FG_F16, 2047, 2049, 2051, true)), 136);
  EXPECT_EQ(columns(dense(FG_F16, 4097, 4097, 4097)), 136);
  EXPECT_EQ(columns(dense(FG_F16, 2047, 2048, 2051, true)), 128);
  Product batch = dense(FG_F16, 1023, 1025, 1027);
  batch.batch = 16, batch.a.batch = 1023 * 1027, batch.b.batch = 1027 * 1025, batch.out.batch = 1023 * 1025;
  EXPECT_EQ(columns(batch), 136);
  // It reads lines along k alone.
  const Product across = dense(FG_F16, 2048, 2056, 2048);
  EXPECT_FALSE(plan_product(across, f, 3).side_b.along);
  EXPECT_EQ(columns(across), 128);
  EXPECT_EQ(kernels_for(begin_plan(across, f), f, 3), (std::vector<std::int64_t>{kMatrixKernel}));
  EXPECT_EQ(columns(dense(FG_F16, 2048, 2056, 2048, true)), 136);
}

TEST(MatrixPlan, TakesWhatHasRowsEnoughAndTheDtype) {
  EXPECT_NE(on_matrix_units(dense(FG_F16, 17, 24, 16)).matrix, nullptr);
  EXPECT_TRUE(on_matrix_units(dense(FG_F16, 1, 4096, 4096)).by_rows);
  EXPECT_TRUE(on_matrix_units(dense(FG_F16, 2, 64, 64)).by_rows) << "so few are streamed in no time";
  EXPECT_NE(on_matrix_units(dense(FG_F16, 4, 22016, 4096)).matrix, nullptr);
  EXPECT_NE(on_matrix_units(dense(FG_F16, 16, 4096, 4096)).matrix, nullptr);
  EXPECT_NE(on_matrix_units(dense(FG_F16, 4096, 16, 4096)).matrix, nullptr);
  EXPECT_TRUE(on_matrix_units(dense(FG_F16, 4096, 1, 4096)).by_rows);
  EXPECT_TRUE(on_matrix_units(dense(FG_F16, 16, 4097, 4096)).by_rows) << "b would have to be packed";
  for (const Product& p : {dense(FG_F16, 64, 64, 15), dense(FG_F32, 512, 512, 512), dense(FG_BF16, 512, 512, 512)}) {
    EXPECT_EQ(on_matrix_units(p).matrix, nullptr);
  }
  Features software = matrix_device();
  software.software = true;
  EXPECT_EQ(plan_product(dense(FG_F16, 512, 512, 512), software, 3).matrix, nullptr);
}

TEST(MatrixPlan, AChosenTileIsTakenWhateverItsTime) {
  const Features& f = matrix_device();
  for (const Product& p : {dense(FG_F16, 4, 4096, 4096), dense(FG_F16, 16, 4097, 4096), dense(FG_F16, 512, 512, 512)}) {
    for (const std::int64_t tile : {0, 1}) {
      const ProductPlan plan = plan_product(p, f, 3, {.kernel = kMatrixKernel + tile, .parts = 4});
      EXPECT_EQ(plan.matrix, &f.matrix[static_cast<std::size_t>(tile)]);
      EXPECT_EQ(plan.splits, 4);
      EXPECT_NE(plan_product(p, f, 2 - static_cast<std::uint32_t>(tile), {.kernel = kMatrixKernel + tile}).matrix,
                &f.matrix[static_cast<std::size_t>(tile)])
          << "it was found wrong";
    }
  }
  EXPECT_EQ(kernels_for(begin_plan(dense(FG_F16, 4, 4096, 4096), f), f, 3),
            (std::vector<std::int64_t>{kRowsKernel, kMatrixKernel, kMatrixKernel + 1}));
}

TEST(MatrixPlan, TilesFoundWrongAreNotTaken) {
  const Product p = dense(FG_F16, 4096, 4096, 4096);
  EXPECT_EQ(on_matrix_units(p).matrix, &matrix_device().matrix[0]);
  EXPECT_EQ(plan_product(p, matrix_device(), 2).matrix, &matrix_device().matrix[1]);
  EXPECT_EQ(plan_product(p, matrix_device()).matrix, nullptr);
}

TEST(MatrixPlan, WholePiecesAreReadWhereTheyAre) {
  ProductPlan plan = on_matrix_units(dense(FG_F16, 256, 264, 512));
  EXPECT_TRUE(plan.side_a.along && !plan.side_a.packed);
  EXPECT_TRUE(!plan.side_b.along && !plan.side_b.packed);
  EXPECT_EQ(plan.side_a.read_line(), 512);
  EXPECT_EQ(plan.side_b.read_line(), 264);
  EXPECT_EQ(plan.space, 0u);
  plan = on_matrix_units(dense(FG_F16, 256, 264, 512, true));
  EXPECT_TRUE(plan.side_b.along && !plan.side_b.packed);
  EXPECT_EQ(plan.side_b.read_line(), 512);
}

TEST(MatrixPlan, OtherOperandsArePackedIntoLinesOfWholePieces) {
  Product p = dense(FG_F16, 256, 259, 513);  // Rows of a begin anywhere, and so do those of b.
  p.batch = 3;
  p.a.batch = p.m * p.k;
  p.b.batch = 0;  // One b for all.
  p.out.batch = p.m * p.n;
  const ProductPlan plan = on_matrix_units(p);
  ASSERT_NE(plan.matrix, nullptr);
  EXPECT_TRUE(plan.side_a.packed && plan.side_b.packed);
  EXPECT_EQ(plan.side_a.read_line(), 576);
  EXPECT_EQ(plan.side_a.read_batch(), 256 * 576);
  EXPECT_TRUE(plan.side_b.turned && plan.side_b.along) << "its rows lie across k";
  EXPECT_FALSE(plan.side_a.turned);
  EXPECT_EQ(plan.side_b.read_line(), 576);
  EXPECT_EQ(plan.side_b.read_batch(), 0);
  EXPECT_GE(plan.b_at, 2u * 3 * 256 * 576);
  EXPECT_GE(plan.space, plan.b_at + 2u * 259 * 576);
  EXPECT_EQ(plan.b_at % kWorkspaceAlign, 0u);
}

TEST(MatrixPlan, PartsLieBehindPackedOperands) {
  const ProductPlan plan = on_matrix_units(dense(FG_F16, 65, 65, 8191));
  ASSERT_GT(plan.splits, 1);
  EXPECT_GE(plan.parts_at, plan.b_at + plan.side_b.bytes());
  EXPECT_GE(plan.space, plan.parts_at + 4u * static_cast<std::uint64_t>(plan.splits * plan.results()));
}

TEST(MatrixPlan, PackingMustPay) {
  EXPECT_EQ(on_matrix_units(dense(FG_F16, 33, 33, 33)).matrix, nullptr);
  EXPECT_NE(on_matrix_units(dense(FG_F16, 40, 40, 40)).matrix, nullptr);
}

TEST(MatrixPlan, SumsDoNotDependOnWhereOperandsBegin) {
  for (const std::int64_t size : {40, 256, 1024}) {
    Product p = dense(FG_F16, size, size, size);
    const ProductPlan whole = on_matrix_units(p);
    p.a.at.byte_offset = p.b.at.byte_offset = 2;
    const ProductPlan odd = on_matrix_units(p);
    EXPECT_FALSE(whole.side_a.packed || whole.side_b.packed);
    EXPECT_TRUE(odd.side_a.packed && odd.side_b.packed);
    EXPECT_EQ(odd.side_b.along, whole.side_b.along);
    EXPECT_EQ(odd.matrix, whole.matrix);
    EXPECT_EQ(odd.split_k, whole.split_k);
  }
}

TEST(MatrixPlan, SplitsCoverKOnceInWholeSlices) {
  for (const std::int64_t m : {17, 130, 1000}) {
    for (const std::int64_t k : {16, 33, 4096, 70000}) {
      const ProductPlan plan = on_matrix_units(dense(FG_F16, m, 256, k));
      if (plan.matrix == nullptr) continue;
      EXPECT_GE(plan.splits * plan.split_k, k) << m << " rows, k " << k;
      EXPECT_TRUE(plan.splits == 1 || (plan.splits - 1) * plan.split_k < k) << m << " rows, k " << k;
      EXPECT_EQ(plan.split_k % plan.matrix->k, 0);
    }
  }
}

TEST(MatrixPlan, FewTilesAreMadeSmallerOrSplit) {
  const ProductPlan large = on_matrix_units(dense(FG_F16, 4096, 4096, 4096));
  EXPECT_EQ(large.matrix, &matrix_device().matrix[0]);
  EXPECT_EQ(large.splits, 1);
  const ProductPlan few = on_matrix_units(dense(FG_F16, 256, 256, 4096));
  EXPECT_GE(few.groups(), 64) << "for 132 compute units";
}

TEST(MatrixPlan, NeighboursOfOutAreWrittenTogether) {
  Product p = dense(FG_F16, 512, 256, 128);
  p.out = {{}, 1, 512, 0};
  const ProductPlan plan = on_matrix_units(p);
  ASSERT_NE(plan.matrix, nullptr);
  EXPECT_EQ(plan.p.m, 256);
  EXPECT_EQ(plan.p.out.col, 1);
  EXPECT_FALSE(plan.side_a.along);  // b's rows, contiguous along n, are a's now.
}

TEST(ProductPlan, WideWhereAnIndexNeedsIt) {
  EXPECT_FALSE(plan_product(dense(FG_F16, 20000, 20000, 100), large_device()).wide);
  EXPECT_TRUE(plan_product(dense(FG_F16, 50000, 50000, 100), large_device()).wide);
}

}  // namespace
}  // namespace fg::gpu
