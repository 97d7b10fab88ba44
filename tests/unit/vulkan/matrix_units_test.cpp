// SPDX-License-Identifier: Apache-2.0
//
// Which products a device's matrix units are offered for.

#include "plugins/vulkan/matrix_units.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

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
