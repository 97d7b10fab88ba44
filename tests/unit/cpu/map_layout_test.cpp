// SPDX-License-Identifier: Apache-2.0
//
// Maps over every kind of layout: broadcast, negative, transposed, sliced, empty, rank 0 to 8.

#include <random>

#include "fg/abi/ops.h"
#include "fg/sdk/dtype.hpp"
#include "tests/unit/cpu/support.hpp"

namespace fg::test {
namespace {

using Dims = std::vector<std::int64_t>;

ExprBuilder axpy(std::uint16_t type) {
  ExprBuilder e;
  const auto a = e.input(0, type), b = e.input(1, type), s = e.scalar(0, type);
  e.out(e.op(FG_EX_ADD, type, a, e.op(FG_EX_MUL, type, s, b)));
  return e;
}

void check_layout(Plugin& plugin, fg_dtype dtype, const Dims& shape, const Dims& out, const Dims& a, const Dims& b) {
  ExprBuilder e = axpy(compute_type(dtype));
  Array x(dtype, shape, a), y(dtype, shape, b), r(dtype, shape, out);
  x.fill(1), y.fill(2);
  check_map(plugin, e, {&r}, {&x, &y}, {number(2)});
}

TEST(CpuMapLayout, NamedLayouts) {
  Plugin plugin;
  for (fg_dtype d : {FG_F32, FG_F64, FG_F16, FG_I8, FG_I16}) {
    SCOPED_TRACE(dtype_name(d));
    check_layout(plugin, d, {}, {}, {}, {});
    check_layout(plugin, d, {0}, {1}, {1}, {1});
    check_layout(plugin, d, {3, 0, 2}, {0, 2, 1}, {0, 2, 1}, {0, 0, 0});
    check_layout(plugin, d, {7, 300}, {300, 1}, {0, 1}, {1, 0});  // row and column broadcast
    check_layout(plugin, d, {300, 7}, {7, 1}, {0, 1}, {1, 0});
    check_layout(plugin, d, {50, 60}, {60, 1}, {1, 50}, {60, 1});  // transposed input
    check_layout(plugin, d, {50, 60}, {1, 50}, {60, 1}, {60, 1});  // transposed output
    check_layout(plugin, d, {5, 70, 90}, {6300, 90, 1}, {1, 5, 350}, {0, 1, 70});
    check_layout(plugin, d, {70, 5, 90}, {450, 90, 1}, {1, 6300, 70}, {450, 90, 1});
    check_layout(plugin, d, {1000}, {1}, {-1}, {3});  // reversed and stepped
    check_layout(plugin, d, {40, 33}, {-33, -1}, {33, -1}, {-66, 2});
    check_layout(plugin, d, {3000}, {2}, {0}, {1});
    check_layout(plugin, d, {20, 1, 300}, {300, 17, 1}, {600, 0, 2}, {300, -5, 1});
    check_layout(plugin, d, {2, 3, 2, 3, 2, 3, 2, 3}, {648, 216, 108, 36, 18, 6, 3, 1}, {1, 2, 6, 12, 36, 72, 216, 432},
                 {0, 1, 0, 3, 0, 9, 0, 27});
  }
}

TEST(CpuMapLayout, RandomLayouts) {
  Plugin plugin;
  std::mt19937 random(7);
  for (int trial = 0; trial < 150; ++trial) {
    const int ndim = static_cast<int>(random() % 6);
    Dims shape;
    std::int64_t n = 1;
    for (int d = 0; d < ndim; ++d) {
      const std::int64_t limits[] = {1, 2, 5, 17, 40, 300};
      shape.push_back(1 + static_cast<std::int64_t>(random() % static_cast<unsigned>(limits[random() % 6])));
      if (n * shape.back() > 30000) shape.back() = 1;
      n *= shape.back();
    }
    const auto layout = [&](bool output) {
      Dims order, stride(shape.size());
      for (std::size_t d = 0; d < shape.size(); ++d) order.push_back(static_cast<std::int64_t>(d));
      if (random() % 2 == 0) std::shuffle(order.begin(), order.end(), random);
      std::int64_t step = 1 + static_cast<std::int64_t>(random() % 3) / 2;
      for (std::size_t k = order.size(); k-- > 0;) {
        const auto d = static_cast<std::size_t>(order[k]);
        stride[d] = step * (random() % 5 == 0 ? -1 : 1);
        step *= shape[d];
        if (!output && random() % 5 == 0) stride[d] = 0;
      }
      return stride;
    };
    const fg_dtype dtypes[] = {FG_F32, FG_F64, FG_BF16, FG_U8, FG_I32};
    const fg_dtype d = dtypes[random() % 5];
    SCOPED_TRACE("trial " + std::to_string(trial));
    check_layout(plugin, d, shape, layout(true), layout(false), layout(false));
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(CpuMapLayout, InPlaceOnAnyLayout) {
  Plugin plugin;
  for (const Dims& stride : {Dims{70, 1}, Dims{1, 60}, Dims{-70, -1}, Dims{140, 2}}) {
    ExprBuilder e = axpy(FG_CT_F32);
    Array x(FG_F32, {60, 70}, stride), y(FG_F32, {60, 70}, {1, 60});
    x.fill(1), y.fill(2);
    check_map(plugin, e, {&x}, {&x, &y}, {number(3)});
  }
}

TEST(CpuMapLayout, IndexGivesPositions) {
  Plugin plugin;
  ExprBuilder e;  // 100 * i + j, as arange and tril need it
  const auto i = e.index(0), j = e.index(1);
  e.out(e.op(FG_EX_ADD, FG_CT_I64, e.op(FG_EX_MUL, FG_CT_I64, i, e.constant(100, FG_CT_I64)), j));
  for (const Dims& stride : {Dims{1, 0}, Dims{0, 0}}) {
    (void)stride;
    Array dense(FG_I64, {40, 57}), strided(FG_F32, {40, 57}, {1, 40}), one(FG_I32, {1, 1});
    check_map(plugin, e, {&dense}, {});
    check_map(plugin, e, {&strided}, {});
    check_map(plugin, e, {&one}, {});
  }
  ExprBuilder tril;
  const auto x = tril.input(0, FG_CT_F32);
  tril.out(tril.op(FG_EX_WHERE, FG_CT_F32, tril.op(FG_EX_LE, FG_CT_BOOL, tril.index(1), tril.index(0)), x,
                   tril.constant(0, FG_CT_F32)));
  Array a(FG_F32, {300, 300}), r(FG_F32, {300, 300});
  a.fill(1);
  check_map(plugin, tril, {&r}, {&a});
}

TEST(CpuMapLayout, LargeOutputsPassTheCache) {
  Plugin plugin;
  ExprBuilder e = axpy(FG_CT_F32);
  for (std::int64_t n : {(std::int64_t{8} << 20) / 4, (std::int64_t{8} << 20) / 4 + 13}) {
    Array x(FG_F32, {n}), y(FG_F32, {n}), r(FG_F32, {n});
    x.fill(1), y.fill(2);
    ASSERT_EQ(plugin.map(e, {&r}, {&x, &y}, {number(2)}), FG_OK);
    for (std::int64_t k = 0; k < n; ++k) ASSERT_EQ(r.get(k).f, x.get(k).f + 2 * y.get(k).f) << k;
  }
}

TEST(CpuMapLayout, LargeTransposesPassTheCache) {
  Plugin plugin;
  ExprBuilder e;
  e.out(e.input(0, FG_CT_F32));
  const std::int64_t rows = 1449, cols = 1451;  // no multiple of a tile; just above the limit
  Array x(FG_F32, {rows, cols}, {1, rows}), r(FG_F32, {rows, cols});
  x.fill(1);
  ASSERT_EQ(plugin.map(e, {&r}, {&x}), FG_OK);
  for (std::int64_t k = 0; k < x.count(); ++k) ASSERT_EQ(r.get(k).f, x.get(k).f) << k;
}

TEST(CpuMapLayout, RefusesOtherShapesAndPrograms) {
  Plugin plugin;
  ExprBuilder e = axpy(FG_CT_F32);
  Array x(FG_F32, {4}), y(FG_F32, {5}), r(FG_F32, {4});
  EXPECT_EQ(plugin.map(e, {&r}, {&x, &y}, {number(1)}), FG_E_INVALID);
  EXPECT_EQ(plugin.error.reason, FG_R_SHAPE);
  EXPECT_STREQ(plugin.error.message, "fg.map/1: tensor 2 has shape [5], output 0 has [4]");
}

}  // namespace
}  // namespace fg::test
