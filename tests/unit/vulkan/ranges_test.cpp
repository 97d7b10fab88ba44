// SPDX-License-Identifier: Apache-2.0
//
// The sub-allocator's book-keeping, without a device.

#include "plugins/vulkan/ranges.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace fg::vulkan {
namespace {

TEST(Ranges, TakesTheSmallestThatFits) {
  Ranges r(1024, 0);
  EXPECT_EQ(r.take(256, 1), 0u);
  EXPECT_EQ(r.take(128, 1), 256u);
  EXPECT_EQ(r.take(64, 1), 384u);
  r.give_back(256, 128);
  EXPECT_EQ(r.take(100, 1), 256u);  // not from the 576 bytes at the end
  EXPECT_EQ(r.take(577, 1), std::nullopt);
  EXPECT_EQ(r.take(576, 1), 448u);
  EXPECT_FALSE(r.all_free());
}

TEST(Ranges, AlignsAddressesNotOffsets) {
  Ranges r(4096, 64);
  const auto at = r.take(256, 256);
  EXPECT_EQ(at, 192u);
  EXPECT_EQ(r.take(192, 64), 0u);  // what was skipped is not lost
  EXPECT_EQ(r.take(4096, 4096), std::nullopt);
}

TEST(Ranges, JoinsNeighboursInAnyOrder) {
  const int orders[][3] = {{0, 1, 2}, {2, 1, 0}, {0, 2, 1}, {1, 0, 2}};
  for (const auto& order : orders) {
    Ranges r(300, 0);
    for (int k = 0; k < 3; ++k) ASSERT_TRUE(r.take(100, 1));
    for (const int k : order) r.give_back(static_cast<std::uint64_t>(100 * k), 100);
    EXPECT_TRUE(r.all_free());
    EXPECT_EQ(r.take(300, 1), 0u);
  }
}

// Against a map of bytes.
TEST(Ranges, NeverGivesAByteTwice) {
  constexpr std::uint64_t kBytes = 1 << 14;
  Ranges r(kBytes, 48);
  std::vector<bool> used(kBytes);
  struct Taken {
    std::uint64_t offset, bytes;
  };
  std::vector<Taken> taken;
  std::mt19937 random(7);
  const auto mark = [&](const Taken& t, bool value) {
    for (std::uint64_t k = t.offset; k < t.offset + t.bytes; ++k) {
      ASSERT_LT(k, kBytes);
      ASSERT_NE(used[k], value) << "byte " << k;
      used[k] = value;
    }
  };
  int refused = 0;
  for (int step = 0; step < 4000; ++step) {
    if (!taken.empty() && random() % 5 < 2) {
      const std::size_t k = random() % taken.size();
      mark(taken[k], false);
      r.give_back(taken[k].offset, taken[k].bytes);
      taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(k));
      continue;
    }
    const std::uint64_t bytes = 1 + random() % 700, align = 1u << random() % 9;
    const auto at = r.take(bytes, align);
    refused += at ? 0 : 1;
    if (!at) continue;
    EXPECT_EQ((*at + 48) % align, 0u);
    taken.push_back({*at, bytes});
    mark(taken.back(), true);
  }
  EXPECT_GT(refused, 0);
  for (const Taken& t : taken) r.give_back(t.offset, t.bytes);
  EXPECT_TRUE(r.all_free());
}

}  // namespace
}  // namespace fg::vulkan
