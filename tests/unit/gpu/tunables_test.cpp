// SPDX-License-Identifier: Apache-2.0
//
// Points met, listed and set.

#include "plugins/gpu/tunables.hpp"

#include <gtest/gtest.h>

#include <map>
#include <span>
#include <string>
#include <vector>

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
  const auto text = [&] { return ++texts, TunablePoint{"small"}; };
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
  EXPECT_EQ(t.choose(kKernel, 1, [] { return TunablePoint{"large"}; })[0], 64);
  EXPECT_EQ(t.choose(kKernel, 2, [] { return TunablePoint{"small"}; })[0], 32);
  ASSERT_TRUE(t.set("mm", 7, "large", {}));
  EXPECT_EQ(t.choose(kKernel, 1, [] { return TunablePoint{"large"}; })[0], 32) << "the plugin's own again";
  EXPECT_EQ(listed(t).size(), 2u);
}

TEST(Tunables, AskingForTheWorkspaceIsNoLaunch) {
  Tunables t;
  const auto text = [] { return TunablePoint{"small"}; };
  t.choose(kKernel, 5, text, Tunables::Asks::workspace);
  EXPECT_TRUE(listed(t).empty());
  t.choose(kKernel, 5, text);
  t.choose(kKernel, 5, text, Tunables::Asks::workspace);
  EXPECT_EQ(listed(t), (std::map<std::string, std::uint64_t>{{"mm small", 1}}));
}

TEST(Tunables, APointMayHaveFewerCandidates) {
  Tunables t;
  using Lists = std::vector<std::vector<std::int64_t>>;
  t.choose(kKernel, 1, [] { return TunablePoint{"two", [] { return Lists{{32, 64}, {1}}; }}; });
  t.choose(kKernel, 2, [] { return TunablePoint{"one", [] { return Lists{{32}, {1}}; }}; });
  std::vector<std::string> seen;
  t.points(
      [](void* ctx, const fg_tune_point* p) {
        std::string text = p->bucket;
        for (const fg_tune_param& q : std::span(p->params, p->n_params)) {
          text += std::string(" ") + q.name + " " + std::to_string(q.n_values) + " " +
                  std::to_string(q.values[q.default_index]);
        }
        static_cast<std::vector<std::string>*>(ctx)->push_back(text);
      },
      &seen);
  EXPECT_EQ(seen, std::vector<std::string>{"two tile 2 32 split 1 1"}) << "a point without a choice is none";
  const std::int64_t tile16[] = {16, 1}, tile64[] = {64, 1};
  EXPECT_EQ(t.set("mm", 7, "two", tile16).error().status, FG_E_INVALID);
  EXPECT_TRUE(t.set("mm", 7, "two", tile64));
  EXPECT_TRUE(t.set("mm", 7, "three", tile16)) << "what runs there is not known yet";
}

TEST(Tunables, OnePointForAllOfItsNumbers) {
  Tunables t;
  for (std::uint64_t code = 0; code < 2000; ++code) t.choose(kKernel, code, [] { return TunablePoint{"x"}; });
  const std::int64_t best[] = {64, 2};
  ASSERT_TRUE(t.set("mm", 7, "x", best));
  for (std::uint64_t code = 0; code < 2000; ++code)
    EXPECT_EQ(t.choose(kKernel, code, [] { return TunablePoint{"y"}; })[0], 64) << code;
  EXPECT_EQ(listed(t), (std::map<std::string, std::uint64_t>{{"mm x", 4000}}));
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
  EXPECT_EQ(t.choose(kKernel, 1, [] { return TunablePoint{"x"}; })[0], 32);
}

}  // namespace
}  // namespace fg::gpu
