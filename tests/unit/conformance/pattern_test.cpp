// SPDX-License-Identifier: Apache-2.0
//
// Hints at the kind of mistake.

#include <gtest/gtest.h>

#include <cmath>

#include "conformance/compare/compare.hpp"

namespace fg::conformance {
namespace {

using reference::Real;
using reference::Shape;

// 1, 2, 3, ... with `spoil` applied where `wrong` holds.
template <class Wrong, class Spoil>
std::string hint(const Shape& shape, Wrong&& wrong, Spoil&& spoil) {
  const auto n = static_cast<std::size_t>(reference::numel(shape));
  std::vector<bool> bad(n);
  std::vector<Real> want(n);
  std::vector<Real> got(n);
  for (std::size_t i = 0; i < n; ++i) {
    want[i] = static_cast<Real>(i + 1);
    bad[i] = wrong(i);
    got[i] = bad[i] ? spoil(want[i]) : want[i];
  }
  return describe_pattern(shape, bad, got, want);
}

Real off(Real x) { return x * 1.25L + 3; }

TEST(Pattern, Columns) {
  EXPECT_EQ(hint(
                {4, 33}, [](std::size_t i) { return i % 33 == 32; }, off),
            "only the last column of each row (33 columns: check the tail)");
  EXPECT_EQ(hint(
                {4, 10}, [](std::size_t i) { return i % 10 >= 8; }, off),
            "only the last 2 columns of each row (10 columns: check the tail)");
  EXPECT_EQ(hint(
                {4, 10}, [](std::size_t i) { return i % 10 == 3; }, off),
            "only column 3 of each row");
}

TEST(Pattern, Rows) {
  EXPECT_EQ(hint(
                {8, 5}, [](std::size_t i) { return i / 5 == 7; }, off),
            "only in the last row");
  EXPECT_EQ(hint(
                {8, 5}, [](std::size_t i) { return i / 5 % 4 == 0; }, off),
            "only in every 4th row");
}

TEST(Pattern, Elements) {
  EXPECT_EQ(hint(
                {100}, [](std::size_t i) { return i % 16 == 0; }, off),
            "every 16th element");
  EXPECT_EQ(hint(
                {100}, [](std::size_t i) { return i >= 96; }, off),
            "elements 96 to 99 in row-major order");
  EXPECT_EQ(hint(
                {100}, [](std::size_t i) { return i == 99; }, off),
            "only the last element");
  EXPECT_EQ(hint(
                {9}, [](std::size_t) { return true; }, off),
            "all elements");
}

TEST(Pattern, Faults) {
  const auto all = [](std::size_t) { return true; };
  EXPECT_EQ(hint({9}, all, [](Real) { return Real(NAN); }), "all elements; NaN instead of a number");
  EXPECT_EQ(hint({9}, all, [](Real) { return Real{0}; }), "all elements; zero: never written, or flushed");
  EXPECT_EQ(hint({9}, all, [](Real x) { return -x; }), "all elements; the sign is wrong");
  EXPECT_EQ(hint({9}, all, [](Real x) { return 2 * x; }), "all elements; twice the right value");
}

TEST(Pattern, Transposed) {
  const std::vector<Real> want{1, 2, 3, 4};
  EXPECT_EQ(describe_pattern({2, 2}, {true, true, true, true}, {1, 3, 2, 4}, want),
            "all elements: the result is transposed");
}

}  // namespace
}  // namespace fg::conformance
