// SPDX-License-Identifier: Apache-2.0

#include "conformance/compare/error_map.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "conformance/compare/compare.hpp"

namespace fg::conformance {
namespace {

using reference::Output;
using reference::Real;
using reference::Type;

Output sums(const reference::Shape& shape) {
  Output o = reference::make_output(Type::f32, shape);
  for (std::int64_t i = 0; i < reference::numel(shape); ++i)
    reference::push(o, reference::widened(reference::exact(1, reference::Ct::f32), 0x1p-10L));
  return o;
}

TEST(ErrorMap, LettersTellLevels) {
  const Output want = sums({2, 3});
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const ErrorMap m = compare(want, {1, 1 + 0x1p-11L, 1 + 0x1p-10L, 1 + 0x1p-8L, nan, 1 - 0x1p-10L}, {}).worst.map;
  EXPECT_EQ(m.rows, 2);
  EXPECT_EQ(m.columns, 3);
  ASSERT_EQ(m.cells.size(), 6u);
  EXPECT_EQ(level_of(m.cells[0]), 0);
  EXPECT_EQ(level_of(m.cells[1]), kAllowed - 2);  // half of what is allowed
  EXPECT_EQ(level_of(m.cells[2]), kAllowed);
  EXPECT_NEAR(level_of(m.cells[3]), kAllowed + 4, 1);  // four times
  EXPECT_EQ(level_of(m.cells[4]), kSpecial);
}

TEST(ErrorMap, OnlyFailuresHaveOne) {
  const Output want = sums({2, 3});
  EXPECT_EQ(compare(want, std::vector<Real>(6, 1), {}).worst.map, ErrorMap{});
}

TEST(ErrorMap, LargeOutputsKeepTheWorstOfEachCell) {
  const Output want = sums({3, 100, 480});
  std::vector<Real> got(3 * 100 * 480, 1);
  got[299 * 480 + 479] = 2;
  got[7] = 2;
  const ErrorMap m = compare(want, got, {}).worst.map;
  EXPECT_EQ(m.rows, 48);
  EXPECT_EQ(m.columns, 48);
  ASSERT_EQ(m.cells.size(), 48u * 48u);
  EXPECT_GT(level_of(m.cells.front()), kAllowed);
  EXPECT_GT(level_of(m.cells.back()), kAllowed);
  EXPECT_EQ(std::count(m.cells.begin(), m.cells.end(), 'A'), 48 * 48 - 2);
}

TEST(ErrorMap, ScalarsAndEmptyOutputs) {
  const ErrorMap one = error_map(Type::f32, {}, sums({}).hard, {true}, {3});
  EXPECT_EQ(one.cells.size(), 1u);
  EXPECT_EQ(error_map(Type::f32, {0, 3}, {}, {}, {}), ErrorMap{});
}

}  // namespace
}  // namespace fg::conformance
