// SPDX-License-Identifier: Apache-2.0
//
// sort against std::stable_sort.

#include "plugins/cpu/kernels/sort.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tests/unit/cpu_kernels/array.hpp"

namespace fg::cpu::testing {
namespace {

constexpr fg_dtype kAll[] = {FG_F64, FG_F32, FG_F16, FG_BF16, FG_I64, FG_I32, FG_I16, FG_I8, FG_U8, FG_BOOL};
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool less(double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; }

void run(Array& self, Array& values, Array& indices, int dim, bool descending) {
  SortArgs a;
  a.dtype = self.dtype();
  a.rows.x = self.data();
  a.rows.y = values.data();
  a.rows.element_bytes = self.bytes();
  for (int d = 0; d < self.ndim(); ++d)
    (d == dim ? a.rows.row : a.rows.outer).add(self.size(d), {self.stride(d), values.stride(d), indices.stride(d)});
  a.rows.outer.coalesce();
  a.indices = static_cast<std::int64_t*>(indices.data());
  a.descending = descending;
  const Workspace ws(sort_workspace(a, 2));
  sort(a, ThreadsExec(2), ws.get());
}

void check(Array& self, int dim, bool descending, Layout lv) {
  Array values(self.dtype(), self.shape(), lv), indices(FG_I64, self.shape(), lv);
  const std::vector<double> before = self.values();
  run(self, values, indices, dim, descending);
  const std::int64_t n = self.ndim() == 0 ? 1 : self.size(dim);
  std::int64_t inner = 1;
  for (int d = dim + 1; d < self.ndim(); ++d) inner *= self.size(d);
  for (std::int64_t row = 0; n > 0 && row < self.count() / n; ++row) {
    const std::int64_t first = row / inner * n * inner + row % inner;
    const auto at = [&](std::int64_t i) { return before[static_cast<std::size_t>(first + i * inner)]; };
    std::vector<std::int64_t> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return descending ? less(at(b), at(a)) : less(at(a), at(b));
    });
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t want = order[static_cast<std::size_t>(i)];
      ASSERT_EQ(indices.get(first + i * inner), static_cast<double>(want))
          << label(self.dtype(), self.shape()) << " row " << row << " place " << i;
      const double value = values.get(first + i * inner);
      ASSERT_TRUE(value == at(want) || (std::isnan(value) && std::isnan(at(want))));
      ASSERT_EQ(std::signbit(value), std::signbit(at(want)));
    }
  }
  EXPECT_TRUE(values.gaps_untouched() && indices.gaps_untouched());
}

// Few different values, so that ties abound.
double value_at(fg_dtype dtype, std::mt19937& random) {
  const auto r = static_cast<int>(random() % 23);
  if (dtype == FG_BOOL) return r % 2;
  if (dtype == FG_U8) return r * 11;
  if (!is_float(dtype)) return r - 11;
  const double special[] = {
      kNan, -kNan, 0.0, -0.0, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(), 1e-7};
  return r < 7 ? special[r] : (r - 14) * 0.5;
}

TEST(Sort, EveryDtypeLengthAndDirection) {
  for (const fg_dtype dtype : kAll) {
    std::mt19937 random(5);
    for (const std::int64_t n : {1, 2, 17, 511, 512, 3000}) {
      Array self(dtype, {3, n});
      self.fill([&](std::int64_t) { return value_at(dtype, random); });
      check(self, 1, false, Layout::dense);
      check(self, 1, true, Layout::dense);
    }
  }
}

TEST(Sort, EveryDimAndLayout) {
  for (const fg_dtype dtype : {FG_F32, FG_I64, FG_F16}) {
    std::mt19937 random(6);
    for (const Layout ls : kLayouts) {
      for (const Layout lv : kWritable) {
        for (int dim = 0; dim < 3; ++dim) {
          Array self(dtype, {5, 19, 7}, ls);
          self.fill([&](std::int64_t) { return value_at(dtype, random); });
          check(self, dim, dim == 1, lv);
        }
      }
    }
  }
}

TEST(Sort, LongKeysOfManyBytes) {
  std::mt19937_64 random(9);
  Array self(FG_F64, {5000});
  self.fill([&](std::int64_t) {
    return std::ldexp(static_cast<double>(random()) - 0x1p63, static_cast<int>(random() % 200) - 100);
  });
  check(self, 0, false, Layout::dense);
  check(self, 0, true, Layout::gaps);
}

// Rows that all threads sort together, in both widths of entries.
TEST(Sort, OneLongRowByAllThreads) {
  for (const fg_dtype dtype : {FG_F32, FG_F64, FG_I16, FG_U8}) {
    std::mt19937 random(11);
    Array self(dtype, {70001}, Layout::gaps);
    self.fill([&](std::int64_t) { return value_at(dtype, random); });
    check(self, 0, false, Layout::dense);
    check(self, 0, true, Layout::gaps);
  }
  std::mt19937_64 random(12);
  Array all(FG_I32, {100000}), same(FG_F32, {70000});
  all.fill([&](std::int64_t) { return static_cast<double>(static_cast<std::int32_t>(random())); });
  same.fill([](std::int64_t) { return 3; });
  check(all, 0, true, Layout::dense);
  check(same, 0, false, Layout::dense);
}

TEST(Sort, NoDimensionsAndNoElements) {
  for (const Dims& shape : {Dims{}, Dims{0}, Dims{3, 0}, Dims{0, 3}}) {
    Array self(FG_F32, shape);
    self.fill([](std::int64_t) { return 1; });
    check(self, 0, false, Layout::dense);
  }
}

TEST(Sort, OutputsMayBeTheInput) {
  for (const std::int64_t n : {100, 2000}) {
    Array self(FG_I64, {n}), other(FG_I64, {n}), want(FG_I64, {n}), want_at(FG_I64, {n});
    const auto number = [](std::int64_t i) { return static_cast<double>(i * 7919 % 1009); };
    self.fill(number);
    run(self, want, want_at, 0, false);
    run(self, self, other, 0, false);  // values in place
    EXPECT_EQ(self.values(), want.values());
    EXPECT_EQ(other.values(), want_at.values());
    self.fill(number);
    run(self, other, self, 0, false);  // indices in place
    EXPECT_EQ(other.values(), want.values());
    EXPECT_EQ(self.values(), want_at.values());
  }
}

}  // namespace
}  // namespace fg::cpu::testing
