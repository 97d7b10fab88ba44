// SPDX-License-Identifier: Apache-2.0
//
// The parts of the controller that need no process: deadlines, narrowing down, shards.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "conformance/controller/confirm.hpp"
#include "conformance/controller/deadlines.hpp"
#include "conformance/journal/selection.hpp"

namespace fg::conformance {
namespace {

using Items = std::vector<std::size_t>;

Items first(std::size_t n) {
  Items items(n);
  for (std::size_t i = 0; i < n; ++i) items[i] = i;
  return items;
}

TEST(Deadlines, FollowTheMedianOfTheKindWithinLimits) {
  using std::chrono::milliseconds;
  Deadlines d;
  EXPECT_EQ(d.of("op.mm/a"), milliseconds(60'000)) << "nothing is known yet";
  for (const double ms : {1000.0, 5000.0, 900'000.0}) d.learn("op.mm/b", ms);
  EXPECT_EQ(d.of("op.mm/a"), milliseconds(100'000)) << "20 times the median";
  d.learn("op.add/a", 0.1);
  EXPECT_EQ(d.of("op.add/b"), milliseconds(60'000)) << "at least";
  for (int k = 0; k < 100; ++k) d.learn("op.mm/c", 1e6);
  EXPECT_EQ(d.of("op.mm/a"), milliseconds(600'000)) << "at most, and old times are forgotten";
  EXPECT_EQ(Deadlines().of("value.many_bytes"), milliseconds(600'000)) << "8.6 GB on a slow machine";
  EXPECT_EQ(Deadlines(milliseconds(250)).of("op.mm/a"), milliseconds(250));
}

TEST(ShortestFailing, FindsOneCulprit) {
  unsigned calls = 0;
  const auto fails = [&](const Items& items) {
    ++calls;
    return std::find(items.begin(), items.end(), 37u) != items.end();
  };
  EXPECT_EQ(shortest_failing(first(200), fails, 60), Items{37});
  EXPECT_LE(calls, 60u);
}

TEST(ShortestFailing, KeepsTwoThatFailTogether) {
  const auto fails = [](const Items& items) {
    return std::count(items.begin(), items.end(), 3u) == 1 && std::count(items.begin(), items.end(), 90u) == 1;
  };
  EXPECT_EQ(shortest_failing(first(100), fails, 1000), (Items{3, 90}));
}

TEST(ShortestFailing, StaysWithinItsBudget) {
  unsigned calls = 0;
  const auto fails = [&](const Items& items) {
    ++calls;
    return items.size() >= 60;
  };
  const Items found = shortest_failing(first(100), fails, 10);
  EXPECT_LE(calls, 10u);
  EXPECT_GE(found.size(), 60u) << "what it returns fails";
}

TEST(Shards, AreDisjointAndComplete) {
  std::vector<unsigned> owners(1000, 0);
  for (unsigned i = 1; i <= 7; ++i) {
    for (std::size_t k = 0; k < owners.size(); ++k)
      owners[k] += in_shard("op.case/" + std::to_string(k), {i, 7}) ? 1 : 0;
  }
  EXPECT_EQ(std::set<unsigned>(owners.begin(), owners.end()), std::set<unsigned>{1});
}

TEST(Shards, ReadsOnlyWhatIsAShard) {
  const auto shard = parse_shard("2/8");
  ASSERT_TRUE(shard);
  EXPECT_EQ(shard->number, 2u);
  EXPECT_EQ(shard->of, 8u);
  for (const char* wrong : {"", "2", "0/8", "9/8", "2/", "/8", "2/8x", "a/b", "-1/4", "1/0", "2/99999999999"})
    EXPECT_FALSE(parse_shard(wrong)) << wrong;
}

TEST(PlanRoot, DependsOnEveryNameAndItsPlace) {
  EXPECT_EQ(root_of({"a", "b"}), root_of({"a", "b"}));
  EXPECT_NE(root_of({"a", "b"}), root_of({"b", "a"}));
  EXPECT_NE(root_of({"a", "b"}), root_of({"a"}));
  EXPECT_NE(root_of({"ab"}), root_of({"a", "b"}));
}

}  // namespace
}  // namespace fg::conformance
