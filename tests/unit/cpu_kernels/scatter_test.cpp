// SPDX-License-Identifier: Apache-2.0
//
// scatter, positions and masks against plain loops: layouts, threads that must not change the result,
// places that many elements share.

#include "plugins/cpu/kernels/scatter.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "plugins/cpu/kernels/masked.hpp"
#include "plugins/cpu/kernels/nonzero.hpp"
#include "plugins/cpu/kernels/positions.hpp"
#include "tests/unit/cpu_kernels/array.hpp"

namespace fg::cpu::testing {
namespace {

// Small whole numbers, so that every order of adding is exact.
double number(std::int64_t i) { return static_cast<double>(i * 37 % 11 - 5); }

double combine(Combine how, double a, double x) {
  switch (how) {
    case Combine::assign: return x;
    case Combine::amax: return std::max(a, x);
    case Combine::amin: return std::min(a, x);
    default: return a + x;
  }
}

ScatterArgs args_of(Array& out, Array& index, Array& src, int dim, Combine how) {
  ScatterArgs a;
  a.dtype = out.dtype();
  a.combine = how;
  a.out = out.data();
  a.src = src.data();
  a.indices = {index.data(), index.bytes()};
  a.length = index.size(dim);
  a.bound = out.size(dim);
  a.index_step = index.stride(dim);
  a.out_step = out.stride(dim);
  a.src_step = src.stride(dim);
  for (int d = 0; d < out.ndim(); ++d) {
    if (d != dim) a.lines.add(index.size(d), {index.stride(d), out.stride(d), src.stride(d)});
  }
  a.lines.coalesce();
  return a;
}

void run(const ScatterArgs& a, const Exec& exec) {
  std::vector<std::byte> ws(scatter_workspace(a, exec.workers()) + 64);
  const auto address = (reinterpret_cast<std::uintptr_t>(ws.data()) + 63) / 64 * 64;
  scatter(a, exec, reinterpret_cast<void*>(address));
}

TEST(Scatter, EveryDimLayoutAndCombination) {
  for (const fg_dtype dtype : {FG_F32, FG_BF16, FG_I64, FG_I8}) {
    for (const Combine how : {Combine::assign, Combine::sum, Combine::amax, Combine::amin}) {
      for (const Layout lo : kWritable) {
        for (const Layout li : kLayouts) {
          for (int dim = 0; dim < 2; ++dim) {
            Array out(dtype, {9, 40}, lo), src(dtype, {9, 40}, li), index(FG_I32, {9, 40}, li);
            out.fill(number);
            src.fill([](std::int64_t i) { return number(i + 3); });
            index.fill([&](std::int64_t i) { return static_cast<double>(i * i % out.size(dim)); });
            std::vector<double> want = out.values();
            for (std::int64_t i = 0; i < index.count(); ++i) {
              const auto to = static_cast<std::int64_t>(index.get(i));
              double& place = want[static_cast<std::size_t>(dim == 0 ? to * 40 + i % 40 : i / 40 * 40 + to)];
              place = combine(how, place, src.get(i));
            }
            run(args_of(out, index, src, dim, how), ThreadsExec(3));
            ASSERT_EQ(out.values(), want);
            ASSERT_TRUE(out.gaps_untouched());
          }
        }
      }
    }
  }
}

// Fractions, so that another order of adding gives other bits; `spread` destinations share the index.
void check_rows(const Exec& exec, std::int64_t spread, bool given) {
  constexpr std::int64_t kBound = 40, kLength = 90, kColumns = 1100;
  const auto fraction = [](std::int64_t i) { return 1.0 / static_cast<double>(i % 1013 + 3); };
  Array out(FG_F32, {kBound, kColumns}), self(FG_F32, {kBound, kColumns}), src(FG_F32, {kLength, kColumns});
  Array index(FG_I64, {kLength});
  self.fill(fraction);
  out.fill([&](std::int64_t i) { return given ? 7.0 : fraction(i); });
  src.fill([&](std::int64_t i) { return fraction(i * 31); });
  index.fill([&](std::int64_t i) { return static_cast<double>(i * i % spread - (i % 2 == 0 ? kBound : 0)); });
  std::vector<double> want = self.values();
  for (std::int64_t i = 0; i < kLength; ++i) {
    const std::int64_t row = (static_cast<std::int64_t>(index.get(i)) + kBound) % kBound;
    for (std::int64_t c = 0; c < kColumns; ++c) {
      double& place = want[static_cast<std::size_t>(row * kColumns + c)];
      place = static_cast<float>(place) + static_cast<float>(src.get(i * kColumns + c));
    }
  }
  ScatterArgs a;
  a.combine = Combine::sum;
  a.out = out.data();
  a.src = src.data();
  a.indices = {index.data(), index.bytes()};
  a.length = kLength;
  a.bound = kBound;
  a.index_step = 1;
  a.out_step = a.src_step = a.self_step = kColumns;
  a.lines.add(kColumns, {0, 1, 1, 1});
  ASSERT_TRUE(fills_lines(a));
  if (given) a.self = self.data();
  run(a, exec);
  EXPECT_EQ(out.values(), want);
}

TEST(Scatter, RowsAreJoinedInIndexOrder) {
  for (const bool given : {false, true}) {
    check_rows(SerialExec(), 40, given);
    check_rows(ThreadsExec(3), 40, given);
    check_rows(ThreadsExec(3), 2, given);  // Few rows that many join.
  }
}

TEST(Scatter, OneLongLineIsCutByDestination) {
  constexpr std::int64_t kLength = 200000, kBound = 5000;
  for (const Combine how : {Combine::assign, Combine::sum}) {
    for (const fg_dtype dtype : {FG_F32, FG_BF16}) {
      Array serial(dtype, {kBound}), threaded(dtype, {kBound}), src(dtype, {kLength}), index(FG_I64, {kLength});
      serial.fill(number);
      threaded.fill(number);
      src.fill(number);
      index.fill([](std::int64_t i) { return static_cast<double>(i * 7919 % kBound); });
      run(args_of(serial, index, src, 0, how), SerialExec());
      run(args_of(threaded, index, src, 0, how), ThreadsExec(3));
      EXPECT_EQ(serial.values(), threaded.values());
    }
  }
}

TEST(Positions, WritesStayInOrder) {
  constexpr std::int64_t kCount = 100000;
  Array indexed(FG_F32, {70, 30}, Layout::transposed), values(FG_F32, {kCount});
  Array rows(FG_I64, {kCount}), columns(FG_I32, {kCount});
  values.fill([](std::int64_t i) { return static_cast<double>(i); });
  rows.fill([](std::int64_t i) { return static_cast<double>(i % 97 % 70 - (i % 3 == 0 ? 70 : 0)); });
  columns.fill([](std::int64_t i) { return static_cast<double>(i % 30); });
  std::vector<double> want(70 * 30, 0);
  indexed.fill([](std::int64_t) { return 0; });
  PositionArgs a;
  a.count = kCount;
  Array* const given[] = {&rows, &columns};
  for (int d = 0; d < 2; ++d) {
    Coordinate c;
    c.indices = {given[d]->data(), given[d]->bytes()};
    c.space.add(kCount, {1});
    c.bound = indexed.size(d);
    c.stride = indexed.stride(d);
    a.coordinates.push_back(c);
  }
  a.other.add(kCount, {0, 1});
  a.indexed = indexed.data();
  a.values = values.data();
  for (std::int64_t i = 0; i < kCount; ++i) {
    const auto r = (static_cast<std::int64_t>(rows.get(i)) + 70) % 70;
    want[static_cast<std::size_t>(r * 30 + i % 30)] = static_cast<double>(i);
  }
  write_positions(a, {FG_F32, false}, ThreadsExec(3));
  EXPECT_EQ(indexed.values(), want);
}

TEST(Masked, SelectAndScatterAreInverse) {
  constexpr std::int64_t kCount = 100003;
  for (const int period : {1, 2, 3, 50}) {
    Array self(FG_F32, {kCount}), mask(FG_BOOL, {kCount}), chosen(FG_F32, {kCount}), back(FG_F32, {kCount});
    self.fill([](std::int64_t i) { return static_cast<double>(i); });
    mask.fill([&](std::int64_t i) { return i * i % period == 0 ? 1 : 0; });
    MaskedArgs a;
    a.self = self.data();
    a.mask = static_cast<const std::uint8_t*>(mask.data());
    a.out = chosen.data();
    a.space.add(kCount, {1, 1, 1});
    std::vector<std::byte> ws(masked_workspace());
    const std::int64_t n = masked_select(a, ThreadsExec(3), ws.data());
    std::int64_t k = 0;
    for (std::int64_t i = 0; i < kCount; ++i) {
      if (i * i % period == 0) {
        ASSERT_EQ(chosen.get(k++), static_cast<double>(i));
      }
    }
    ASSERT_EQ(n, k);
    a.source = chosen.data();
    a.source_count = n;
    a.out = back.data();
    EXPECT_EQ(masked_scatter(a, ThreadsExec(3), ws.data()), n);
    EXPECT_EQ(back.values(), self.values());
  }
}

}  // namespace
}  // namespace fg::cpu::testing
