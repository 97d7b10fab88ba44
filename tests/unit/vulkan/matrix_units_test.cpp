// SPDX-License-Identifier: Apache-2.0
//
// Which products a device's matrix units are offered for.

#include "plugins/vulkan/matrix_units.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#include "plugins/gpu/product_plan.hpp"

namespace fg::vulkan {
namespace {

constexpr std::array<std::uint32_t, 1> kWords{};
const std::array<Module, 3> kBuilt{
    {{"product_khr_f16", kWords}, {"product_khr_bf16", kWords}, {"product_cm2_f16", kWords}}};

bool offers(std::span<const gpu::MatrixTile> tiles, fg_dtype dtype, std::string_view kernel) {
  return std::any_of(tiles.begin(), tiles.end(),
                     [&](const gpu::MatrixTile& t) { return t.dtype == dtype && t.kernel == kernel; });
}

TEST(MatrixUnits, AreOfferedWhereDeviceAndBuildHaveThem) {
  MatrixUnits u;
  EXPECT_TRUE(matrix_tiles(u, kBuilt).empty());
  u.subgroup = 32;
  u.subgroup_f16 = true;
  auto tiles = matrix_tiles(u, kBuilt);
  EXPECT_TRUE(offers(tiles, FG_F16, "product_khr"));
  EXPECT_FALSE(offers(tiles, FG_F16, "product_cm2"));
  EXPECT_FALSE(offers(tiles, FG_BF16, "product_khr"));
  u.subgroup_bf16 = u.group_f16 = u.group_bf16 = true;
  tiles = matrix_tiles(u, kBuilt);
  EXPECT_TRUE(offers(tiles, FG_F16, "product_cm2"));
  EXPECT_TRUE(offers(tiles, FG_BF16, "product_khr"));
  EXPECT_FALSE(offers(tiles, FG_BF16, "product_cm2"));  // not built
  EXPECT_TRUE(matrix_tiles(u, {}).empty());
}

// Tiles of few rows wait for memory; matrices of a group, where a product has a tile's rows, are faster.
TEST(MatrixUnits, FewRowsTakeTheTileThatHasThem) {
  const auto taken = [](bool group, std::int64_t rows) {
    MatrixUnits u;
    u.subgroup = 32;
    u.subgroup_f16 = true;
    u.group_f16 = group;
    gpu::Features f;
    f.compute_units = 132;
    f.local_bytes = 49152;
    f.matrix = matrix_tiles(u, kBuilt);
    gpu::Product p;
    p.dtype = FG_F16;
    p.m = rows, p.n = p.k = 4096;
    p.a = {{}, p.k, 1, 0};
    p.b = {{}, 1, p.k, 0};
    p.out = {{}, p.n, 1, 0};
    const gpu::MatrixTile* tile = gpu::plan_product(p, f, UINT32_MAX).matrix;
    return tile == nullptr ? "product_rows" : tile->kernel + (" " + std::to_string(tile->m));
  };
  EXPECT_EQ(taken(true, 1), "product_rows");
  EXPECT_EQ(taken(true, 4), "product_khr 16");
  EXPECT_EQ(taken(true, 8), "product_khr 16");
  EXPECT_EQ(taken(true, 16), "product_cm2 16");
  EXPECT_EQ(taken(true, 32), "product_cm2 32");
  EXPECT_EQ(taken(false, 8), "product_khr 16");
  EXPECT_EQ(taken(false, 16), "product_khr 16");
  EXPECT_EQ(taken(false, 32), "product_khr 32");
}

TEST(MatrixUnits, AreAskedForOneByOne) {
  MatrixUnits u;
  EXPECT_TRUE(u.extensions().empty());
  int behind = 0;
  EXPECT_EQ(WantedMatrixUnits(u, &behind).first, &behind);
  u.subgroup_f16 = true;
  EXPECT_EQ(u.extensions().size(), 1u);
  u.group_f16 = u.subgroup_bf16 = true;
  EXPECT_EQ(u.extensions().size(), 3u);
}

}  // namespace
}  // namespace fg::vulkan
