// SPDX-License-Identifier: Apache-2.0
//
// Attention against the matrix of scores in f64.

#include "plugins/cpu/kernels/attention.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/cpu_kernels/array.hpp"

namespace fg::cpu::testing {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

struct Case {
  fg_dtype dtype = FG_F32;
  std::int64_t batch = 2, heads = 4, key_heads = 4, queries = 5, keys = 7, channels = 8, value_channels = 8;
  bool causal = false;
  int mask = 0;  // 0 none, 1 bool, 2 float
  Layout layout = Layout::dense, mask_layout = Layout::dense;
};

struct Tensors {
  explicit Tensors(const Case& c)
      : q(c.dtype, {c.batch, c.heads, c.queries, c.channels}, c.layout),
        k(c.dtype, {c.batch, c.key_heads, c.keys, c.channels}, c.layout),
        v(c.dtype, {c.batch, c.key_heads, c.keys, c.value_channels}, c.layout),
        mask(c.mask == 1 ? FG_BOOL : c.dtype, {c.batch, c.heads, c.queries, c.keys}, c.mask_layout),
        out(c.dtype, {c.batch, c.heads, c.queries, c.value_channels},
            c.layout == Layout::repeated ? Layout::gaps : c.layout) {
    std::mt19937 random(static_cast<unsigned>(c.keys * 31 + c.channels));
    std::normal_distribution<double> normal;
    for (Array* a : {&q, &k, &v}) a->fill([&](std::int64_t) { return normal(random); });
    mask.fill([&](std::int64_t) { return c.mask == 1 ? static_cast<double>(random() % 3 != 0) : normal(random); });
  }
  Array q, k, v, mask, out;
};

AttentionArgs args_of(const Case& c, Tensors& t) {
  AttentionArgs a;
  const std::int64_t group = c.key_heads == 0 ? 0 : c.heads / c.key_heads;
  a.dtype = c.dtype;
  a.query = t.q.data();
  a.key = t.k.data();
  a.value = t.v.data();
  a.out = t.out.data();
  a.mask = c.mask != 0 ? t.mask.data() : nullptr;
  a.mask_is_bool = c.mask == 1;
  a.heads.add(c.batch, {t.q.stride(0), t.k.stride(0), t.v.stride(0), t.out.stride(0), t.mask.stride(0)});
  a.heads.add(c.key_heads,
              {t.q.stride(1) * group, t.k.stride(1), t.v.stride(1), t.out.stride(1) * group, t.mask.stride(1) * group});
  a.group = group;
  a.queries = c.queries;
  a.keys = c.keys;
  a.channels = c.channels;
  a.value_channels = c.value_channels;
  a.q = {t.q.stride(1), t.q.stride(2), t.q.stride(3)};
  a.k = {0, t.k.stride(2), t.k.stride(3)};
  a.v = {0, t.v.stride(2), t.v.stride(3)};
  a.o = {t.out.stride(1), t.out.stride(2), t.out.stride(3)};
  a.m = {t.mask.stride(1), t.mask.stride(2), t.mask.stride(3)};
  a.causal = c.causal;
  a.scale = 1 / std::sqrt(static_cast<double>(c.channels));
  return a;
}

void run(const AttentionArgs& a, int workers) {
  const Workspace ws(attention_workspace(a, workers));
  attention(a, ThreadsExec(workers), ws.get());
}

double score(const Case& c, Tensors& t, std::int64_t bh, std::int64_t i, std::int64_t j) {
  const std::int64_t kh = bh / c.heads * c.key_heads + bh % c.heads / (c.heads / c.key_heads);
  double s = 0;
  for (std::int64_t d = 0; d < c.channels; ++d)
    s += t.q.get((bh * c.queries + i) * c.channels + d) * t.k.get((kh * c.keys + j) * c.channels + d);
  if (c.channels != 0) s /= std::sqrt(static_cast<double>(c.channels));
  const double m = c.mask == 0 ? 0 : t.mask.get((bh * c.queries + i) * c.keys + j);
  if ((c.causal && j > i) || (c.mask == 1 && m == 0)) return -kInf;
  return c.mask == 2 ? s + m : s;
}

void check(const Case& c, int workers = 3) {
  Tensors t(c);
  run(args_of(c, t), workers);
  const double eps = c.dtype == FG_F64 ? 1e-13 : c.dtype == FG_F32 ? 2e-6 : c.dtype == FG_F16 ? 1e-3 : 8e-3;
  for (std::int64_t bh = 0; bh < c.batch * c.heads; ++bh) {
    const std::int64_t kh = bh / c.heads * c.key_heads + bh % c.heads / (c.heads / c.key_heads);
    for (std::int64_t i = 0; i < c.queries; ++i) {
      std::vector<double> p(static_cast<std::size_t>(c.keys));
      double max = -kInf, sum = 0;
      for (std::int64_t j = 0; j < c.keys; ++j)
        max = std::max(max, p[static_cast<std::size_t>(j)] = score(c, t, bh, i, j));
      for (double& x : p) sum += x = max == -kInf ? 0 : std::exp(x - max);
      for (std::int64_t d = 0; d < c.value_channels; ++d) {
        double want = 0;
        for (std::int64_t j = 0; j < c.keys; ++j)
          want += p[static_cast<std::size_t>(j)] * t.v.get((kh * c.keys + j) * c.value_channels + d);
        want = sum == 0 ? 0 : want / sum;
        ASSERT_NEAR(t.out.get((bh * c.queries + i) * c.value_channels + d), want, eps * (1 + std::abs(want)))
            << dtype_name(c.dtype) << " head " << bh << " query " << i << " channel " << d;
      }
    }
  }
  EXPECT_TRUE(t.out.gaps_untouched());
}

TEST(Attention, EveryDtypeManyAndFewQueries) {
  for (const fg_dtype dtype : {FG_F64, FG_F32, FG_F16, FG_BF16}) {
    for (const std::int64_t queries : {1, 3, 16, 17, 70}) {
      check({.dtype = dtype, .queries = queries, .keys = 33});
      check({.dtype = dtype, .queries = queries, .keys = 33, .causal = true});
    }
  }
}

TEST(Attention, EveryMaskAndLayout) {
  for (const Layout layout : kLayouts) {
    for (const Layout mask_layout : kLayouts) {
      for (const int mask : {1, 2}) {
        check({.queries = 19, .keys = 21, .mask = mask, .layout = layout, .mask_layout = mask_layout});
        check({.dtype = FG_BF16, .queries = 2, .keys = 21, .mask = mask, .layout = layout, .mask_layout = mask_layout});
      }
    }
  }
}

TEST(Attention, GroupedQueries) {
  for (const std::int64_t queries : {1, 2, 40}) {
    for (const std::int64_t key_heads : {1, 2}) {
      check({.heads = 6, .key_heads = key_heads, .queries = queries, .keys = 12, .mask = 1});
      check({.dtype = FG_F16, .heads = 6, .key_heads = key_heads, .queries = queries, .keys = 12, .causal = true});
    }
  }
}

TEST(Attention, HeadSizesThatFitNoVector) {
  for (const std::int64_t channels : {1, 5, 64, 130}) {
    check({.queries = 20, .channels = channels, .value_channels = 3});
    check({.queries = 1, .channels = channels, .value_channels = 67});
  }
}

TEST(Attention, ManyBlocksOfKeys) {
  check({.batch = 1, .heads = 1, .key_heads = 1, .queries = 300, .keys = 700});
  check({.batch = 1, .heads = 1, .key_heads = 1, .queries = 600, .keys = 600, .causal = true});
  check({.batch = 1, .heads = 2, .key_heads = 1, .queries = 2, .keys = 2500, .mask = 1});
}

TEST(Attention, NothingToSeeGivesZeros) {
  for (const std::int64_t queries : {2, 30}) {
    Case c{.queries = queries, .mask = 1};
    Tensors t(c);
    t.mask.fill([](std::int64_t) { return 0; });
    run(args_of(c, t), 2);
    for (const double x : t.out.values()) ASSERT_EQ(x, 0);
    check({.queries = queries, .keys = 0});
  }
}

TEST(Attention, NoElements) {
  check({.batch = 0});
  check({.queries = 0});
  check({.value_channels = 0});
  check({.queries = 3, .channels = 0});
  check({.queries = 30, .channels = 0});
}

TEST(Attention, NanReachesItsQueryAlone) {
  for (const std::int64_t queries : {4, 40}) {
    Case c{.batch = 1, .heads = 1, .key_heads = 1, .queries = queries, .keys = 9};
    Tensors t(c);
    t.q.set(2 * c.channels, std::numeric_limits<double>::quiet_NaN());
    run(args_of(c, t), 1);
    for (std::int64_t i = 0; i < t.out.count(); ++i)
      ASSERT_EQ(std::isnan(t.out.get(i)), i / c.value_channels == 2) << i;
  }
}

TEST(Attention, TheSameBitsEveryTime) {
  Case c{.queries = 90, .keys = 300};
  Tensors t(c);
  run(args_of(c, t), 4);
  const std::vector<double> first = t.out.values();
  for (int i = 0; i < 3; ++i) {
    run(args_of(c, t), 4);
    ASSERT_EQ(t.out.values(), first);
  }
}

}  // namespace
}  // namespace fg::cpu::testing
