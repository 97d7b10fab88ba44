// SPDX-License-Identifier: Apache-2.0
//
// embedding, gather, copies and nonzero against plain loops.

#include "plugins/cpu/kernels/index.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "plugins/cpu/engine/streaming.hpp"
#include "plugins/cpu/kernels/copy.hpp"
#include "plugins/cpu/kernels/nonzero.hpp"
#include "tests/unit/cpu_kernels/array.hpp"

namespace fg::cpu::testing {
namespace {

constexpr fg_dtype kSizes[] = {FG_F64, FG_F32, FG_F16, FG_U8};

TEST(Embedding, EveryLayout) {
  for (const fg_dtype dtype : kSizes) {
    for (const fg_dtype index_dtype : {FG_I64, FG_I32}) {
      for (const Layout lw : kLayouts) {
        for (const Layout li : kLayouts) {
          for (const Layout lo : kWritable) {
            Array weight(dtype, {11, 5}, lw), indices(index_dtype, {3, 4}, li), out(dtype, {3, 4, 5}, lo);
            weight.fill([](std::int64_t i) { return static_cast<double>(i % 100); });
            indices.fill([](std::int64_t i) { return static_cast<double>(i * 7 % 11); });
            EmbeddingArgs a;
            a.element_bytes = weight.bytes();
            a.weight = weight.data();
            a.weight_row = weight.stride(0);
            a.weight_col = weight.stride(1);
            a.width = 5;
            a.indices = {indices.data(), indices.bytes()};
            a.out = out.data();
            a.out_col = out.stride(2);
            for (int d = 0; d < 2; ++d) a.space.add(indices.size(d), {indices.stride(d), out.stride(d)});
            a.space.coalesce();
            embedding(a, ThreadsExec(2));
            for (std::int64_t i = 0; i < out.count(); ++i) {
              ASSERT_EQ(out.get(i), weight.get(static_cast<std::int64_t>(indices.get(i / 5)) * 5 + i % 5));
            }
            ASSERT_TRUE(out.gaps_untouched());
          }
        }
      }
    }
  }
}

TEST(Indices, TheFirstBadOneIsFound) {
  for (const Layout layout : kWritable) {
    Array indices(FG_I64, {300, 400}, layout);
    indices.fill([](std::int64_t i) { return static_cast<double>(i % 5); });
    Space s;
    for (int d = 0; d < 2; ++d) s.add(indices.size(d), {indices.stride(d)});
    s.coalesce();
    const Indices seen{indices.data(), 8};
    EXPECT_FALSE(find_bad_index(seen, s, 0, 0, 5, ThreadsExec(3)));
    indices.set(100000, -1);
    indices.set(77777, 5);
    indices.set(99999, 1e15);
    const auto bad = find_bad_index(seen, s, 0, 0, 5, ThreadsExec(3));
    ASSERT_TRUE(bad);
    EXPECT_EQ(bad->position, 77777);
    EXPECT_EQ(bad->value, 5);
    EXPECT_EQ(find_bad_index(seen, s, 0, 0, 0, SerialExec())->position, 0);
  }
}

TEST(Gather, EveryDimAndLayout) {
  const Dims big{5, 6, 7}, small{4, 3, 5};
  for (const fg_dtype dtype : kSizes) {
    for (int dim = 0; dim < 3; ++dim) {
      for (const Layout ls : kLayouts) {
        for (const Layout lo : kWritable) {
          Array self(dtype, big, ls), index(FG_I64, small, ls), out(dtype, small, lo);
          self.fill([](std::int64_t i) { return static_cast<double>(i % 120); });
          index.fill([&](std::int64_t i) { return static_cast<double>(i * 3 % big[static_cast<std::size_t>(dim)]); });
          GatherArgs a;
          a.element_bytes = self.bytes();
          a.self = self.data();
          a.indices = {index.data(), 8};
          a.out = out.data();
          a.self_dim = self.stride(dim);
          for (int d = 0; d < 3; ++d)
            a.space.add(small[static_cast<std::size_t>(d)],
                        {index.stride(d), out.stride(d), d == dim ? 0 : self.stride(d)});
          a.space.coalesce();
          gather_elements(a, ThreadsExec(2));
          for (std::int64_t i = 0; i < out.count(); ++i) {
            std::int64_t at[] = {i / 15, i / 5 % 3, i % 5};
            at[dim] = static_cast<std::int64_t>(index.get(i));
            ASSERT_EQ(out.get(i), self.get((at[0] * 6 + at[1]) * 7 + at[2]));
          }
          ASSERT_TRUE(out.gaps_untouched());
        }
      }
    }
  }
}

TEST(Copy, EveryPairOfLayouts) {
  for (const fg_dtype dtype : kSizes) {
    for (const Dims& shape : {Dims{}, Dims{7}, Dims{70, 90}, Dims{3, 40, 50}, Dims{2, 0, 3}, Dims{2, 1, 9, 1}}) {
      for (const Layout ls : kLayouts) {
        for (const Layout ld : kWritable) {
          Array src(dtype, shape, ls), dst(dtype, shape, ld);
          src.fill([](std::int64_t i) { return static_cast<double>(i % 127); });
          Space s;
          for (int d = 0; d < src.ndim(); ++d) s.add(src.size(d), {src.stride(d), dst.stride(d)});
          s.coalesce();
          copy_elements(src.data(), dst.data(), s, src.bytes(), ThreadsExec(3));
          ASSERT_EQ(src.values(), dst.values()) << label(dtype, shape);
          ASSERT_TRUE(dst.gaps_untouched());
        }
      }
    }
  }
}

TEST(Copy, LinesBecomeTheColumnsOfAMatrix) {
  for (const fg_dtype dtype : kSizes) {
    for (const std::int64_t columns : {2, 3, 4, 5}) {
      for (const std::int64_t rows : {1, 37, 70001}) {
        Array src(dtype, {columns, rows}), out(dtype, {rows, columns});
        src.fill([](std::int64_t i) { return static_cast<double>(i % 101); });
        std::vector<CopyPart> parts;
        for (std::int64_t k = 0; k < columns; ++k) {
          CopyPart p{static_cast<std::byte*>(src.data()) + k * rows * src.bytes(),
                     static_cast<std::byte*>(out.data()) + k * src.bytes(),
                     {}};
          p.space.add(rows, {1, columns});
          parts.push_back(p);
        }
        copy_all(parts, src.bytes(), true, ThreadsExec(2));
        for (std::int64_t i = 0; i < out.count(); ++i)
          ASSERT_EQ(out.get(i), src.get(i % columns * rows + i / columns)) << columns << " columns, element " << i;
      }
    }
  }
}

TEST(Copy, LargeResultsGoPastTheCache) {
  const std::int64_t least = last_level_bytes() * 3 / 8 / 4;
  for (const Dims& shape : {Dims{least / 2100, 2100}, Dims{3, (least / 3) | 1}}) {
    for (const Layout ls : kLayouts) {
      Array src(FG_F32, shape, ls), dst(FG_F32, shape, Layout::dense);
      ASSERT_TRUE(worth_streaming(dst.count() * dst.bytes(), dst.count() * dst.bytes()));
      src.fill([](std::int64_t i) { return static_cast<double>(i % 8191); });
      Space s;
      for (int d = 0; d < src.ndim(); ++d) s.add(src.size(d), {src.stride(d), dst.stride(d)});
      s.coalesce();
      copy_elements(src.data(), dst.data(), s, src.bytes(), ThreadsExec(2));
      ASSERT_EQ(src.values(), dst.values());
    }
  }
}

void check_nonzero(Array& self, Layout lo, int workers) {
  Array out(FG_I64, {self.count(), self.ndim()}, lo);
  const NonzeroArgs a{self.dtype(),        self.data(),          self.ndim(),
                      self.shape().data(), self.stride().data(), static_cast<std::int64_t*>(out.data()),
                      out.stride(0),       out.stride(1)};
  const Workspace ws(nonzero_workspace(a));
  const std::int64_t found = nonzero(a, ThreadsExec(workers), ws.get());
  std::int64_t row = 0;
  for (std::int64_t i = 0; i < self.count(); ++i) {
    if (self.get(i) == 0) continue;
    std::int64_t rest = i;
    for (int d = self.ndim() - 1; d >= 0; --d) {
      ASSERT_EQ(out.get(row * self.ndim() + d), static_cast<double>(rest % self.size(d)));
      rest /= self.size(d);
    }
    ++row;
  }
  EXPECT_EQ(found, row);
  EXPECT_TRUE(out.gaps_untouched());
}

TEST(Nonzero, EveryDtypeAndLayout) {
  for (const fg_dtype dtype : {FG_F64, FG_F32, FG_F16, FG_BF16, FG_I64, FG_I32, FG_I16, FG_I8, FG_U8, FG_BOOL}) {
    for (const Layout l : kLayouts) {
      for (const Dims& shape : {Dims{}, Dims{9}, Dims{4, 5, 6}, Dims{3, 0}, Dims{1, 7, 1}}) {
        Array self(dtype, shape, l);
        self.fill([](std::int64_t i) { return static_cast<double>(i % 3 == 0); });
        for (const Layout lo : kWritable) check_nonzero(self, lo, 2);
      }
    }
  }
}

TEST(Nonzero, ManyParts) {
  for (const Layout l : {Layout::dense, Layout::transposed}) {
    Array self(FG_F32, {300, 401}, l);
    self.fill([](std::int64_t i) { return static_cast<double>(i * 7 % 5 == 0); });
    check_nonzero(self, Layout::dense, 4);
  }
}

TEST(Nonzero, SpecialValues) {
  Array self(FG_F32, {5}), out(FG_I64, {5, 1});
  const double values[] = {-0.0, std::numeric_limits<double>::quiet_NaN(), 0.0, 1e-45,
                           -std::numeric_limits<double>::infinity()};
  self.fill([&](std::int64_t i) { return values[i]; });
  const NonzeroArgs a{
      FG_F32, self.data(), 1, self.shape().data(), self.stride().data(), static_cast<std::int64_t*>(out.data()), 1, 1};
  const Workspace ws(nonzero_workspace(a));
  ASSERT_EQ(nonzero(a, SerialExec(), ws.get()), 3);
  EXPECT_EQ(out.get(0), 1);
  EXPECT_EQ(out.get(1), 3);
  EXPECT_EQ(out.get(2), 4);
}

}  // namespace
}  // namespace fg::cpu::testing
