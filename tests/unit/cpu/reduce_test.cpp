// SPDX-License-Identifier: Apache-2.0
//
// Reductions: every monoid and type, every arrangement of kept and reduced dimensions, NaN, ties,
// nothing to reduce, and results that do not depend on the number of threads.

#include <cmath>
#include <cstring>
#include <random>

#include "fg/sdk/dtype.hpp"
#include "tests/unit/cpu/support.hpp"

namespace fg::test {
namespace {

using Dims = std::vector<std::int64_t>;

// The monoid's states of one kept element, slow and wide.
struct Wide {
  long double value = 0, second = 0;
  std::int64_t integer = 0, index = -1, count = 0;
};

bool is_float_type(std::uint16_t t) { return t == FG_CT_F32 || t == FG_CT_F64; }

Wide reduce_slowly(std::uint32_t monoid, std::uint16_t type, const std::vector<Value>& x) {
  Wide w;
  const bool f = is_float_type(type);
  const bool max = monoid == FG_MONOID_MAX || monoid == FG_MONOID_ARGMAX || monoid == FG_MONOID_LASTMAX;
  const bool last = monoid == FG_MONOID_LASTMAX || monoid == FG_MONOID_LASTMIN;
  w.count = static_cast<std::int64_t>(x.size());
  switch (monoid) {
    case FG_MONOID_SUM:
      for (const Value& v : x)
        w.value += static_cast<long double>(v.f),
            w.integer = type == FG_CT_BOOL ? (w.integer | v.i)
                                           : static_cast<std::int64_t>(static_cast<std::uint64_t>(w.integer) +
                                                                       static_cast<std::uint64_t>(v.i));
      break;
    case FG_MONOID_PROD:
      w.value = 1, w.integer = 1;
      for (const Value& v : x)
        w.value *= static_cast<long double>(v.f),
            w.integer =
                static_cast<std::int64_t>(static_cast<std::uint64_t>(w.integer) * static_cast<std::uint64_t>(v.i));
      break;
    case FG_MONOID_AND:
      w.integer = 1;
      for (const Value& v : x) w.integer &= v.i;
      break;
    case FG_MONOID_OR:
      for (const Value& v : x) w.integer |= v.i;
      break;
    case FG_MONOID_WELFORD:
      for (const Value& v : x) w.value += static_cast<long double>(v.f);
      if (!x.empty()) w.value /= static_cast<long double>(x.size());
      for (const Value& v : x)
        w.second += (static_cast<long double>(v.f) - w.value) * (static_cast<long double>(v.f) - w.value);
      break;
    case FG_MONOID_LOGSUMEXP: {
      w.value = -INFINITY;
      for (const Value& v : x)
        w.value = std::isnan(v.f) || std::isnan(w.value) ? NAN : std::max(w.value, static_cast<long double>(v.f));
      for (const Value& v : x)
        w.second += std::isinf(w.value) ? static_cast<long double>(w.value > 0 && v.f == w.value)
                                        : std::exp(static_cast<long double>(v.f) - w.value);
      break;
    }
    default:
      w.value = max ? -INFINITY : INFINITY;
      for (std::size_t k = 0; k < x.size(); ++k) {
        const Value& v = x[k];
        bool better = w.index < 0;
        if (!better && f) better = !std::isnan(w.value) && (std::isnan(v.f) || (max ? v.f > w.value : v.f < w.value));
        if (!better && !f) better = max ? v.i > w.integer : v.i < w.integer;
        const bool tie = f ? (v.f == w.value || (std::isnan(v.f) && std::isnan(w.value))) : v.i == w.integer;
        if (better || (last && tie))
          w.value = static_cast<long double>(v.f), w.integer = v.i, w.index = static_cast<std::int64_t>(k);
      }
  }
  return w;
}

ExprBuilder identity(std::uint16_t type) {
  ExprBuilder e;
  e.out(e.input(0, type));
  return e;
}

// An epilogue that yields all states and n, and the outputs for it.
struct AllStates {
  ExprBuilder epilogue;
  std::vector<std::unique_ptr<Array>> out;
  std::vector<Array*> pointers;
  void add(std::uint32_t k, std::uint16_t type, fg_dtype dtype, const Dims& shape) {
    epilogue.out(epilogue.input(k, type));
    out.push_back(std::make_unique<Array>(dtype, shape));
    pointers.push_back(out.back().get());
  }
};

fg_dtype native(std::uint16_t type) {
  const fg_dtype d[] = {FG_BOOL, FG_I32, FG_I64, FG_F32, FG_F64};
  return d[type];
}

void check_reduce(Plugin& plugin, std::uint32_t monoid, Array& x, int n_reduced, double ulp = 1) {
  const std::uint16_t type = compute_type(x.dtype);
  const Dims kept(x.shape.begin(), x.shape.end() - n_reduced);
  const Dims reduced(x.shape.end() - n_reduced, x.shape.end());
  AllStates s;
  const bool arg = monoid == FG_MONOID_ARGMAX || monoid == FG_MONOID_ARGMIN || monoid >= FG_MONOID_LASTMAX;
  std::uint32_t k = 0;
  s.add(k++, type, native(type), kept);
  if (arg) s.add(k++, FG_CT_I64, FG_I64, kept);
  if (monoid == FG_MONOID_WELFORD || monoid == FG_MONOID_LOGSUMEXP) s.add(k++, type, native(type), kept);
  if (monoid == FG_MONOID_WELFORD) s.add(k++, type, native(type), kept);
  s.add(k, FG_CT_I64, FG_I64, kept);
  ExprBuilder prologue = identity(type);
  ASSERT_EQ(plugin.reduce(prologue, monoid, s.epilogue, n_reduced, s.pointers, {&x}), FG_OK) << plugin.error.message;
  std::int64_t n_kept = 1, n = 1;
  for (std::int64_t d : kept) n_kept *= d;
  for (std::int64_t d : reduced) n *= d;
  for (std::int64_t o = 0; o < n_kept; ++o) {
    std::vector<Value> values;
    long double magnitude = 0;
    for (std::int64_t r = 0; r < n; ++r) {
      values.push_back(x.get(o * n + r));
      magnitude += std::fabs(static_cast<long double>(values.back().f));
    }
    const Wide w = reduce_slowly(monoid, type, values);
    SCOPED_TRACE("monoid " + std::to_string(monoid) + " kept element " + std::to_string(o) + " of " +
                 std::to_string(n_kept) + ", n " + std::to_string(n));
    if (is_float_type(type)) {
      const double got = s.out[0]->get(o).f, want = static_cast<double>(w.value);
      if (monoid == FG_MONOID_SUM || monoid == FG_MONOID_WELFORD) {
        // Cancellation: the error is measured against the sum of magnitudes.
        const long double scale =
            monoid == FG_MONOID_SUM ? magnitude : magnitude / static_cast<long double>(std::max<std::int64_t>(n, 1));
        const double eps = native(type) == FG_F32 ? 0x1p-23 : 0x1p-51;
        ASSERT_LE(std::fabs(got - want), static_cast<double>(scale) * eps + 1e-300);
      } else {
        ASSERT_LE(
            ulp_distance(got, static_cast<double>(type == FG_CT_F32 ? static_cast<float>(want) : want), native(type)),
            ulp)
            << got << " " << want;
      }
    } else {
      ASSERT_EQ(s.out[0]->get(o).i, type == FG_CT_I32 ? static_cast<std::int32_t>(w.integer) : w.integer);
    }
    std::size_t at = 1;
    if (arg) {
      ASSERT_EQ(s.out[at++]->get(o).i, std::max<std::int64_t>(w.index, 0));
    }
    if (monoid == FG_MONOID_WELFORD || monoid == FG_MONOID_LOGSUMEXP) {
      const double got = s.out[at++]->get(o).f, want = static_cast<double>(w.second);
      if (std::isnan(w.value)) {
        ASSERT_TRUE(std::isnan(got));
      } else if (monoid == FG_MONOID_LOGSUMEXP && std::isinf(w.value)) {
        // Beside an infinite peak any total will do that leaves peak + log(total) what it is.
        ASSERT_EQ(static_cast<double>(w.value) + std::log(got), static_cast<double>(w.value)) << got;
      } else {
        // Sums of n terms that are not negative, in any order; a term has two roundings of its own.
        const double unit = type == FG_CT_F32 ? 0x1p-24 : 0x1p-53;
        ASSERT_NEAR(got, want, std::fabs(want) * unit * static_cast<double>(n + 2) + 1e-30);
      }
    }
    if (monoid == FG_MONOID_WELFORD) {
      ASSERT_EQ(s.out[at++]->get(o).f, static_cast<double>(n));
    }
    ASSERT_EQ(s.out[at]->get(o).i, n);
  }
}

std::vector<std::uint32_t> monoids_of(std::uint16_t type) {
  if (type == FG_CT_BOOL) return {FG_MONOID_AND, FG_MONOID_OR, FG_MONOID_SUM};
  std::vector<std::uint32_t> m{FG_MONOID_SUM,    FG_MONOID_PROD,   FG_MONOID_MAX,     FG_MONOID_MIN,
                               FG_MONOID_ARGMAX, FG_MONOID_ARGMIN, FG_MONOID_LASTMAX, FG_MONOID_LASTMIN};
  if (is_float_type(type)) m.insert(m.end(), {FG_MONOID_WELFORD, FG_MONOID_LOGSUMEXP});
  return m;
}

// A product that neither overflows nor vanishes.
void prepare(Array& x, std::uint32_t monoid, std::uint64_t seed) {
  x.fill(seed);
  if (monoid != FG_MONOID_PROD) return;
  for (std::int64_t k = 0; k < x.count(); ++k) {
    const double v = x.get(k).f;
    x.set(k, Value{v < 0 ? -1.0 : v > 5 ? 2.0 : v > 2 ? 0.5 : 1.0, x.get(k).i | 1});
  }
}

TEST(CpuReduce, EveryMonoidTypeAndArrangement) {
  Plugin plugin;
  struct Case {
    Dims shape, stride;
    int n_reduced;
  };
  const Case cases[] = {
      {{7}, {1}, 1},
      {{1}, {1}, 1},
      {{3000}, {1}, 1},
      {{5, 1000}, {1000, 1}, 1},  // rows
      {{300, 5}, {1, 300}, 1},    // columns
      {{300, 70}, {1, 300}, 1},
      {{5, 200}, {1, 5}, 1},  // few columns
      {{3, 4, 5, 6}, {120, 30, 6, 1}, 2},
      {{3, 5, 4, 6}, {120, 6, 30, 1}, 2},  // interleaved dimensions
      {{4, 6, 3, 5}, {30, 1, 120, 6}, 2},
      {{300, 9}, {9, 1}, 1},  // short rows
      {{40, 33}, {-33, -1}, 1},
      {{10, 50}, {0, 1}, 1},
      {{10, 50}, {1, 0}, 1},
      {{10, 20}, {20, 1}, 0},  // nothing reduced
      {{2, 3, 2, 3, 2, 3, 2, 3}, {1, 2, 6, 12, 36, 72, 216, 432}, 4},
  };
  for (fg_dtype d : {FG_F32, FG_F64, FG_F16, FG_BF16, FG_I64, FG_I32, FG_U8, FG_BOOL}) {
    for (std::uint32_t m : monoids_of(compute_type(d))) {
      for (const Case& c : cases) {
        SCOPED_TRACE(std::string(dtype_name(d)) + " monoid " + std::to_string(m) + " case " +
                     std::to_string(&c - cases));
        Array x(d, c.shape, c.stride);
        prepare(x, m, static_cast<std::uint64_t>(&c - cases) + 1);
        check_reduce(plugin, m, x, c.n_reduced);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(CpuReduce, LargeReductionsInChunks) {
  Plugin plugin;
  for (std::uint32_t m : monoids_of(FG_CT_F32)) {
    SCOPED_TRACE(m);
    Array flat(FG_F32, {150001}), columns(FG_F32, {3, 70000}, {1, 3});
    for (Array* x : {&flat, &columns}) {
      prepare(*x, m, 5);
      check_reduce(plugin, m, *x, 1);
    }
  }
  Array many(FG_F32, {64, 66000}, {1, 64});
  many.fill(6);
  for (std::uint32_t m : {FG_MONOID_SUM, FG_MONOID_ARGMAX}) check_reduce(plugin, m, many, 1);
}

TEST(CpuReduce, NanAndInfinity) {
  Plugin plugin;
  for (fg_dtype d : {FG_F32, FG_F64, FG_BF16}) {
    for (std::uint32_t m : {FG_MONOID_MAX, FG_MONOID_MIN, FG_MONOID_ARGMAX, FG_MONOID_ARGMIN, FG_MONOID_LASTMAX,
                            FG_MONOID_LASTMIN, FG_MONOID_LOGSUMEXP}) {
      for (std::int64_t at : {0, 1, 16, 33, 99}) {
        for (bool columns : {false, true}) {
          Array x(d, {4, 100}, columns ? Dims{1, 4} : Dims{100, 1});
          x.fill(1);
          x.set(at, Value{NAN, 0});                                                    // row 0: one NaN
          x.set(100 + at, Value{INFINITY, 0});                                         // row 1
          for (std::int64_t k = 0; k < 100; ++k) x.set(200 + k, Value{-INFINITY, 0});  // row 2
          x.set(300 + at, Value{NAN, 0}), x.set(399, Value{NAN, 0});                   // row 3: two NaN
          check_reduce(plugin, m, x, 1);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(CpuReduce, TiesGoToTheFirstIndex) {
  Plugin plugin;
  for (bool columns : {false, true}) {
    Array x(FG_I32, {3, 5000}, columns ? Dims{1, 3} : Dims{5000, 1});
    for (std::int64_t k = 0; k < x.count(); ++k) x.set(k, Value{0, k % 5000 == 4000 || k % 5000 == 1234 ? 7 : 3});
    for (std::uint32_t m : {FG_MONOID_ARGMAX, FG_MONOID_LASTMAX, FG_MONOID_ARGMIN, FG_MONOID_LASTMIN})
      check_reduce(plugin, m, x, 1);
  }
}

TEST(CpuReduce, NothingGivesTheIdentity) {
  Plugin plugin;
  for (fg_dtype d : {FG_F32, FG_I64, FG_BOOL}) {
    for (std::uint32_t m : monoids_of(compute_type(d))) {
      if (d == FG_I64 && m != FG_MONOID_SUM && m != FG_MONOID_PROD) continue;
      SCOPED_TRACE(std::string(dtype_name(d)) + std::to_string(m));
      Array x(d, {3, 0});
      check_reduce(plugin, m, x, 1);
      Array none(d, {0, 3});
      check_reduce(plugin, m, none, 1);
    }
  }
}

TEST(CpuReduce, ProloguesEpiloguesAndPositions) {
  Plugin plugin;
  // mean of (x * y + i) over the last of two dimensions
  ExprBuilder prologue, epilogue;
  const auto x = prologue.input(0, FG_CT_F32), y = prologue.input(1, FG_CT_F32);
  const auto i = prologue.op(FG_EX_CAST, FG_CT_F32, prologue.index(1));
  prologue.out(prologue.op(FG_EX_ADD, FG_CT_F32, prologue.op(FG_EX_MUL, FG_CT_F32, x, y), i));
  const auto acc = epilogue.input(0, FG_CT_F32), n = epilogue.op(FG_EX_CAST, FG_CT_F32, epilogue.input(1, FG_CT_I64));
  epilogue.out(
      epilogue.op(FG_EX_MUL, FG_CT_F32, epilogue.op(FG_EX_DIV, FG_CT_F32, acc, n), epilogue.scalar(0, FG_CT_F32)));
  for (const auto& [sx, sy] :
       {std::pair{Dims{100, 1}, Dims{0, 1}}, {Dims{1, 50}, Dims{1, 0}}, {Dims{100, 1}, Dims{1, 50}}}) {
    Array a(FG_F16, {50, 100}, sx), b(FG_F32, {50, 100}, sy), r(FG_F32, {50});
    a.fill(1), b.fill(2);
    ASSERT_EQ(plugin.reduce(prologue, FG_MONOID_SUM, epilogue, 1, {&r}, {&a, &b}, {number(2)}), FG_OK)
        << plugin.error.message;
    for (std::int64_t k = 0; k < 50; ++k) {
      double sum = 0;
      for (std::int64_t j = 0; j < 100; ++j)
        sum += a.get(k * 100 + j).f * b.get(k * 100 + j).f + static_cast<double>(j);
      ASSERT_NEAR(r.get(k).f, sum / 100 * 2, 1e-4) << k;
    }
  }
}

TEST(CpuReduce, F32SumOf16MillionValuesStaysAccurate) {
  Plugin plugin;
  Array x(FG_F32, {std::int64_t{1} << 24}), r(FG_F32, {});
  auto* p = reinterpret_cast<float*>(x.raw());
  long double want = 0;
  std::mt19937 random(1);
  for (std::int64_t k = 0; k < x.count(); ++k) {
    p[k] = 0.1f + static_cast<float>(random() % 1000) * 1e-4f;
    want += static_cast<long double>(p[k]);
  }
  ExprBuilder prologue = identity(FG_CT_F32), epilogue = identity(FG_CT_F32);
  ASSERT_EQ(plugin.reduce(prologue, FG_MONOID_SUM, epilogue, 1, {&r}, {&x}), FG_OK);
  EXPECT_LE(ulp_distance(r.get(0).f, static_cast<double>(want), FG_F32), 1);
}

TEST(CpuReduce, ResultsDoNotDependOnTheNumberOfThreads) {
  Array row(FG_F32, {2, 200000}), column(FG_F32, {500, 700}, {1, 500});
  row.fill(1), column.fill(2);
  for (std::uint32_t m : {FG_MONOID_SUM, FG_MONOID_WELFORD, FG_MONOID_LOGSUMEXP}) {
    for (Array* x : {&row, &column}) {
      std::vector<std::byte> first;
      for (const char* threads : {"1", "2", "5"}) {
        Plugin plugin(threads);
        ExprBuilder prologue = identity(FG_CT_F32), epilogue = identity(FG_CT_F32);
        Array r(FG_F32, {x->shape[0]});
        ASSERT_EQ(plugin.reduce(prologue, m, epilogue, 1, {&r}, {x}), FG_OK);
        const std::vector<std::byte> bytes(r.raw(), r.raw() + r.raw_bytes());
        if (first.empty()) first = bytes;
        EXPECT_EQ(first, bytes) << "monoid " << m << " threads " << threads;
      }
    }
  }
}

TEST(CpuReduce, RefusesWrongShapesAndMonoids) {
  Plugin plugin;
  ExprBuilder prologue = identity(FG_CT_F32), epilogue = identity(FG_CT_F32), ints = identity(FG_CT_I32);
  Array x(FG_F32, {3, 4}), r(FG_F32, {4}), i(FG_I32, {3, 4}), q(FG_I32, {3});
  EXPECT_EQ(plugin.reduce(prologue, FG_MONOID_SUM, epilogue, 1, {&r}, {&x}), FG_E_INVALID);
  EXPECT_EQ(plugin.error.reason, FG_R_SHAPE);
  EXPECT_EQ(plugin.reduce(prologue, 99, epilogue, 1, {&r}, {&x}), FG_E_UNSUPPORTED);
  EXPECT_EQ(plugin.reduce(ints, FG_MONOID_WELFORD, ints, 1, {&q}, {&i}), FG_E_UNSUPPORTED);
  EXPECT_EQ(plugin.reduce(prologue, FG_MONOID_AND, epilogue, 1, {&r}, {&x}), FG_E_UNSUPPORTED);
}

}  // namespace
}  // namespace fg::test
