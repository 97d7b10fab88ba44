// SPDX-License-Identifier: Apache-2.0
//
// Points met, listed and set.

#include "plugins/gpu/tunables.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace fg::gpu {
namespace {

constexpr std::int64_t kTiles[] = {16, 32, 64}, kSplits[] = {1, 2};
constexpr fg_tune_param kParams[] = {{"tile", kTiles, 3, 1}, {"split", kSplits, 2, 0}};
const TunableKernel kKernel{"mm", 7, kParams};

}  // namespace

// The plugins' list is kernel_table.cpp's.
std::span<const TunableKernel* const> tunable_kernels() {
  static const TunableKernel* const kAll[] = {&kKernel};
  return kAll;
}

namespace {

std::map<std::string, std::uint64_t> listed(const Tunables& t) {
  std::map<std::string, std::uint64_t> found;
  t.points(
      [](void* ctx, const fg_tune_point* p) {
        (*static_cast<std::map<std::string, std::uint64_t>*>(ctx))[std::string(p->kernel) + " " + p->bucket] =
            p->launches;
      },
      &found);
  return found;
}

TEST(Tunables, ALaunchMeetsItsPointOnce) {
  Tunables t;
  int texts = 0;
  const auto text = [&] { return ++texts, std::string("small"); };
  for (int k = 0; k < 3; ++k) {
    const Tunables::Values v = t.choose(kKernel, 5, text);
    EXPECT_EQ(v[0], 32);
    EXPECT_EQ(v[1], 1);
  }
  EXPECT_EQ(texts, 1);
  EXPECT_EQ(listed(t), (std::map<std::string, std::uint64_t>{{"mm small", 3}}));
}

TEST(Tunables, WhatIsSetHoldsForItsBucket) {
  Tunables t;
  const std::int64_t best[] = {64, 2};
  ASSERT_TRUE(t.set("mm", 7, "large", best));
  EXPECT_TRUE(listed(t).empty()) << "no launch has met it";
  EXPECT_EQ(t.choose(kKernel, 1, [] { return std::string("large"); })[0], 64);
  EXPECT_EQ(t.choose(kKernel, 2, [] { return std::string("small"); })[0], 32);
  ASSERT_TRUE(t.set("mm", 7, "large", {}));
  EXPECT_EQ(t.choose(kKernel, 1, [] { return std::string("large"); })[0], 32) << "the plugin's own again";
  EXPECT_EQ(listed(t).size(), 2u);
}

TEST(Tunables, RefusesWhatItDoesNotKnow) {
  Tunables t;
  const std::int64_t good[] = {16, 1}, odd[] = {17, 1};
  EXPECT_EQ(t.set("bmm", 7, "x", good).error().status, FG_E_NOT_FOUND);
  EXPECT_EQ(t.set("mm", 8, "x", good).error().status, FG_E_NOT_FOUND);
  EXPECT_EQ(t.set("mm", 7, "x", std::span(good, 1)).error().status, FG_E_INVALID);
  const auto r = t.set("mm", 7, "x", odd);
  ASSERT_FALSE(r.has_value());
  EXPECT_NE(r.error().message.find("tile is 17, expected one of 16 32 64"), std::string::npos) << r.error().message;
  EXPECT_EQ(t.choose(kKernel, 1, [] { return std::string("x"); })[0], 32);
}

}  // namespace
}  // namespace fg::gpu
