// SPDX-License-Identifier: Apache-2.0
//
// Scans: every monoid, rows and columns, long rows in chunks, in place, NaN.

#include <cmath>
#include <limits>

#include "fg/sdk/dtype.hpp"
#include "tests/unit/cpu/support.hpp"

namespace fg::test {
namespace {

using Dims = std::vector<std::int64_t>;

constexpr std::uint32_t kMonoids[] = {FG_MONOID_SUM,     FG_MONOID_PROD,    FG_MONOID_MAX,      FG_MONOID_MIN,
                                      FG_MONOID_LASTMAX, FG_MONOID_LASTMIN, FG_MONOID_LOGSUMEXP};

fg_dtype native(std::uint16_t type) {
  const fg_dtype d[] = {FG_BOOL, FG_I32, FG_I64, FG_F32, FG_F64};
  return d[type];
}

struct Running {
  long double value = 0, magnitude = 0;
  std::int64_t integer = 0, index = -1;
};

void advance(Running& r, std::uint32_t m, bool f, Value v, std::int64_t i) {
  const bool first = i == 0, max = m == FG_MONOID_MAX || m == FG_MONOID_LASTMAX;
  const auto u = static_cast<std::uint64_t>(r.integer), w = static_cast<std::uint64_t>(v.i);
  r.magnitude += std::fabs(static_cast<long double>(v.f));
  if (m == FG_MONOID_SUM) {
    r.value += static_cast<long double>(v.f), r.integer = static_cast<std::int64_t>(u + w);
  } else if (m == FG_MONOID_PROD) {
    r.value = first ? static_cast<long double>(v.f) : r.value * static_cast<long double>(v.f);
    r.integer = first ? v.i : static_cast<std::int64_t>(u * w);
  } else if (m == FG_MONOID_LOGSUMEXP) {  // value is the logarithm itself
    const long double x = v.f, top = std::max(r.value, x);
    if (first)
      r.value = x;
    else if (std::isnan(x) || std::isnan(r.value))
      r.value = NAN;
    else
      r.value = std::isinf(top) ? top : top + std::log(std::exp(r.value - top) + std::exp(x - top));
  } else {
    bool take = first;
    if (f)
      take =
          take || (std::isnan(r.value) ? std::isnan(v.f) : std::isnan(v.f) || (max ? v.f >= r.value : v.f <= r.value));
    else
      take = take || (max ? v.i >= r.integer : v.i <= r.integer);
    if (take) r.value = static_cast<long double>(v.f), r.integer = v.i, r.index = i;
  }
}

void check_scan(Plugin& plugin, std::uint32_t m, Array& x, Array* in_place = nullptr) {
  const std::uint16_t type = compute_type(x.dtype);
  const bool f = type == FG_CT_F32 || type == FG_CT_F64, last = m >= FG_MONOID_LASTMAX, lse = m == FG_MONOID_LOGSUMEXP;
  ExprBuilder prologue, epilogue;
  prologue.out(prologue.input(0, type));
  auto acc = epilogue.input(0, type);
  if (lse) acc = epilogue.op(FG_EX_ADD, type, acc, epilogue.op(FG_EX_LOG, type, epilogue.input(1, type)));
  epilogue.out(acc);
  Array value(native(type), x.shape), index(FG_I64, x.shape);
  std::vector<Array*> out{in_place != nullptr ? in_place : &value};
  if (last) {
    epilogue.out(epilogue.input(1, FG_CT_I64));
    out.push_back(&index);
  }
  std::vector<Value> input;
  for (std::int64_t k = 0; k < x.count(); ++k) input.push_back(x.get(k));
  ASSERT_EQ(plugin.scan(prologue, m, epilogue, out, {&x}), FG_OK) << plugin.error.message;
  const std::int64_t length = x.shape.empty() ? 1 : x.shape.back();
  Running r;
  for (std::int64_t k = 0; k < x.count(); ++k) {
    const std::int64_t i = k % length;
    if (i == 0) r = Running{};
    advance(r, m, f, input[static_cast<std::size_t>(k)], i);
    const Value got = out[0]->get(k);
    if (!f) {
      ASSERT_EQ(got.i, type == FG_CT_I32 ? static_cast<std::int32_t>(r.integer) : r.integer) << k;
    } else if (std::isnan(r.value)) {
      ASSERT_TRUE(std::isnan(got.f)) << k;
    } else if (std::isinf(r.value)) {
      ASSERT_EQ(got.f, static_cast<double>(r.value)) << k;
    } else {
      const long double scale = m == FG_MONOID_SUM ? r.magnitude
                                : lse              ? std::max(1.0L, std::fabs(r.value))
                                                   : std::fabs(r.value);
      const double eps = out[0]->dtype == FG_F64 ? 0x1p-46 : out[0]->dtype == FG_F32 ? 0x1p-22 : 0x1p-8;
      ASSERT_NEAR(got.f, static_cast<double>(r.value),
                  static_cast<double>(scale) * eps + (out[0]->dtype == FG_F64 ? 1e-300 : 2e-45))
          << k;
    }
    if (last) {
      ASSERT_EQ(index.get(k).i, r.index) << k;
    }
  }
}

void prepare(Array& x, std::uint32_t monoid) {
  x.fill(monoid);
  if (monoid != FG_MONOID_PROD) return;
  for (std::int64_t k = 0; k < x.count(); ++k) {
    const double v = x.get(k).f;
    x.set(k, Value{v < 0 ? -1.0 : v > 5 ? 2.0 : v > 2 ? 0.5 : 1.0, x.get(k).i | 1});
  }
}

TEST(CpuScan, EveryMonoidTypeAndLayout) {
  Plugin plugin;
  const std::pair<Dims, Dims> layouts[] = {{{}, {}},
                                           {{1}, {1}},
                                           {{2500}, {1}},
                                           {{2500}, {-1}},
                                           {{7, 300}, {300, 1}},
                                           {{300, 40}, {1, 300}},
                                           {{5, 40}, {1, 5}},
                                           {{3, 270, 11}, {2970, 1, 270}},
                                           {{4, 3, 50}, {0, 50, 1}},
                                           {{0, 3}, {3, 1}},
                                           {{3, 0}, {1, 1}}};
  for (fg_dtype d : {FG_F32, FG_F64, FG_F16, FG_I64, FG_I32, FG_I8}) {
    for (std::uint32_t m : kMonoids) {
      if (m == FG_MONOID_LOGSUMEXP && !is_float(d)) continue;
      for (const auto& [shape, stride] : layouts) {
        SCOPED_TRACE(std::string(dtype_name(d)) + " monoid " + std::to_string(m) + " layout " +
                     std::to_string(&shape - &layouts[0].first));
        Array x(d, shape, stride);
        prepare(x, m);
        check_scan(plugin, m, x);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(CpuScan, LongRowsInChunks) {
  Plugin plugin;
  for (std::uint32_t m : kMonoids) {
    SCOPED_TRACE(m);
    Array x(FG_F32, {2, 140000});
    prepare(x, m);
    check_scan(plugin, m, x);
  }
}

TEST(CpuScan, InPlace) {
  Plugin plugin;
  for (const Dims& stride : {Dims{500, 1}, Dims{1, 300}}) {
    Array x(FG_F32, {300, 500}, stride);
    x.fill(1);
    check_scan(plugin, FG_MONOID_SUM, x, &x);
  }
}

TEST(CpuScan, NanAndInfinity) {
  Plugin plugin;
  for (std::uint32_t m : kMonoids) {
    if (m == FG_MONOID_PROD) continue;
    SCOPED_TRACE(m);
    for (const Dims& stride : {Dims{40, 1}, Dims{1, 20}}) {
      Array x(FG_F32, {20, 40}, stride);
      x.fill(3);
      for (std::int64_t k = 0; k < 40; ++k) x.set(40 + k, Value{-INFINITY, 0});
      x.set(5, Value{NAN, 0}), x.set(9, Value{NAN, 0}), x.set(80 + 7, Value{m == FG_MONOID_SUM ? 1.0 : INFINITY, 0});
      check_scan(plugin, m, x);
    }
  }
}

TEST(CpuScan, RefusesMonoidsWithoutAScan) {
  Plugin plugin;
  ExprBuilder e, f;
  e.out(e.input(0, FG_CT_F32)), f.out(f.input(0, FG_CT_F32));
  Array x(FG_F32, {4}), r(FG_F32, {4});
  EXPECT_EQ(plugin.scan(e, FG_MONOID_WELFORD, f, {&r}, {&x}), FG_E_UNSUPPORTED);
  EXPECT_EQ(plugin.scan(e, FG_MONOID_ARGMAX, f, {&r}, {&x}), FG_E_UNSUPPORTED);
}

}  // namespace
}  // namespace fg::test
