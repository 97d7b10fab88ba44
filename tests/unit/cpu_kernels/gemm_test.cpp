// SPDX-License-Identifier: Apache-2.0
//
// Matrix products against three loops.  Small integers make every sum exact, so results are compared
// bit for bit, whatever the order of summation.

#include "plugins/cpu/kernels/gemm.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "plugins/cpu/kernels/gemm_dnnl.hpp"
#include "tests/unit/cpu_kernels/array.hpp"

namespace fg::cpu::testing {
namespace {

constexpr fg_dtype kReal[] = {FG_F64, FG_F32, FG_F16, FG_BF16, FG_I64, FG_I32, FG_I16, FG_I8, FG_U8};

Matrix as_matrix(Array& a) {
  const int n = a.ndim();
  return {a.data(), a.stride(n - 2), a.stride(n - 1), n == 3 ? a.stride(0) : 0};
}

double small(std::int64_t i, fg_dtype dtype) {
  return static_cast<double>((i * 7 + i / 5) % 7) - (dtype == FG_U8 ? 0 : 3);
}

GemmArgs args_of(Array& out, Array& a, Array& b) {
  GemmArgs g;
  const int n = out.ndim();
  g.dtype = out.dtype();
  g.batch = n == 3 ? out.size(0) : 1;
  g.m = out.size(n - 2);
  g.n = out.size(n - 1);
  g.k = a.size(n - 1);
  g.out = as_matrix(out);
  g.a = as_matrix(a);
  g.b = as_matrix(b);
  return g;
}

void run(const GemmArgs& g, int workers) {
  const Workspace ws(gemm_workspace(g, workers));
  gemm(g, ThreadsExec(workers), ws.get());
}

// What the dtype holds of the exact sum: integers wrap.
double wrapped(fg_dtype dtype, std::int64_t x) {
  switch (dtype) {
    case FG_I8: return static_cast<std::int8_t>(x);
    case FG_U8: return static_cast<std::uint8_t>(x);
    case FG_I16: return static_cast<std::int16_t>(x);
    case FG_I32: return static_cast<std::int32_t>(x);
    default: return stored(dtype, static_cast<double>(x));
  }
}

void check(fg_dtype dtype, std::int64_t m, std::int64_t n, std::int64_t k, Layout la, Layout lb, Layout lo,
           int workers) {
  Array a(dtype, {m, k}, la), b(dtype, {k, n}, lb), out(dtype, {m, n}, lo);
  a.fill([&](std::int64_t i) { return small(i, dtype); });
  b.fill([&](std::int64_t i) { return small(i + 3, dtype); });
  run(args_of(out, a, b), workers);
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      std::int64_t sum = 0;
      for (std::int64_t p = 0; p < k; ++p) sum += static_cast<std::int64_t>(a.get(i * k + p) * b.get(p * n + j));
      ASSERT_EQ(out.get(i * n + j), wrapped(dtype, sum)) << label(dtype, {m, n, k}) << " at " << i << "," << j;
    }
  }
  EXPECT_TRUE(out.gaps_untouched());
}

TEST(Gemm, EveryDtypeMultipliesExactly) {
  for (const fg_dtype dtype : kReal) check(dtype, 33, 45, 70, Layout::dense, Layout::dense, Layout::dense, 3);
}

TEST(Gemm, EveryLayoutOfEveryOperand) {
  for (const fg_dtype dtype : {FG_F32, FG_BF16, FG_F64, FG_I16}) {
    for (const Layout la : kLayouts) {
      for (const Layout lb : kLayouts) check(dtype, 21, 37, 19, la, lb, Layout::gaps, 2);
    }
    for (const Layout lo : kWritable) check(dtype, 21, 37, 19, Layout::dense, Layout::dense, lo, 2);
  }
}

TEST(Gemm, FewRowsAndFewColumns) {
  for (const fg_dtype dtype : {FG_F32, FG_F16, FG_BF16, FG_F64, FG_I32}) {
    for (const std::int64_t few : {1, 2, 3, 5, 16, 17}) {
      for (const Layout lb : kLayouts) {
        check(dtype, few, 131, 67, Layout::dense, lb, Layout::dense, 2);
        check(dtype, 131, few, 67, lb, Layout::dense, Layout::gaps, 2);
      }
    }
  }
}

TEST(Gemm, ManyRowsOf16BitFloats) {
  for (const fg_dtype dtype : {FG_F16, FG_BF16}) {
    for (const Layout l : {Layout::dense, Layout::transposed, Layout::gaps}) {
      check(dtype, 41, 700, 53, l, l, Layout::dense, 2);
      check(dtype, 48, 130, 129, l, l, Layout::dense, 3);
      check(dtype, 70, 90, 66, l, l, Layout::dense, 2);
    }
  }
}

TEST(Gemm, InnerProducts) {
  for (const fg_dtype dtype : kReal) {
    for (const Layout l : {Layout::dense, Layout::gaps, Layout::negative}) {
      check(dtype, 1, 1, 37, l, Layout::dense, Layout::dense, 1);
      check(dtype, 1, 1, 70001, Layout::dense, l, Layout::dense, 3);  // more than one part
    }
  }
}

TEST(Gemm, SumsLongerThanEveryBlock) {
  check(FG_F32, 40, 70, 5000, Layout::dense, Layout::negative, Layout::dense, 2);
  check(FG_F64, 20, 20, 4500, Layout::gaps, Layout::transposed, Layout::dense, 2);
  check(FG_I32, 20, 20, 9000, Layout::dense, Layout::dense, Layout::dense, 2);
}

TEST(Gemm, OneOfEachAndNothing) {
  check(FG_F32, 1, 1, 1, Layout::dense, Layout::dense, Layout::dense, 1);
  for (const fg_dtype dtype : kReal) check(dtype, 3, 4, 0, Layout::dense, Layout::dense, Layout::dense, 2);  // zeros
  check(FG_F32, 0, 4, 3, Layout::dense, Layout::dense, Layout::dense, 2);
  check(FG_F32, 4, 0, 3, Layout::dense, Layout::dense, Layout::dense, 2);
  check(FG_F32, 1, 40, 0, Layout::dense, Layout::dense, Layout::dense, 2);
}

TEST(Gemm, LargeEnoughForOneDnn) {
  for (const Layout l : {Layout::dense, Layout::transposed}) {
    for (const Layout r : {Layout::dense, Layout::transposed}) {
      check(FG_F32, 190, 300, 65, l, r, Layout::dense, 2);
      check(FG_BF16, 190, 300, 65, l, r, Layout::dense, 2);
    }
  }
  Array a(FG_F32, {64, 64}), out(FG_F32, {64, 64});
  EXPECT_TRUE(dnnl_suits(args_of(out, a, a)));
}

TEST(Gemm, IntegersWrap) {
  Array a(FG_I64, {1, 2}), b(FG_I64, {2, 1}), out(FG_I64, {1, 1});
  const std::int64_t big[] = {std::numeric_limits<std::int64_t>::max(), 3};
  std::memcpy(a.data(), big, sizeof big);
  std::memcpy(b.data(), big, sizeof big);
  run(args_of(out, a, b), 1);
  std::int64_t got = 0;
  std::memcpy(&got, out.data(), sizeof got);
  EXPECT_EQ(got, 1 + 9);  // (2^63 - 1)^2 = 1 modulo 2^64
}

TEST(Gemm, Batches) {
  for (const fg_dtype dtype : {FG_F32, FG_BF16, FG_I8}) {
    for (const Layout l : kLayouts) {
      for (const Dims& s : {Dims{9, 6, 7, 5}, Dims{2, 70, 40, 30}, Dims{0, 3, 4, 5}, Dims{3, 50, 2, 40}}) {
        Array a(dtype, {s[0], s[1], s[3]}, l), b(dtype, {s[0], s[3], s[2]}, l),
            out(dtype, {s[0], s[1], s[2]}, Layout::gaps);
        a.fill([&](std::int64_t i) { return small(i, dtype); });
        b.fill([&](std::int64_t i) { return small(i * 3, dtype); });
        run(args_of(out, a, b), 2);
        for (std::int64_t i = 0; i < out.count(); ++i) {
          const std::int64_t batch = i / (s[1] * s[2]), row = i / s[2] % s[1], col = i % s[2];
          std::int64_t sum = 0;
          for (std::int64_t p = 0; p < s[3]; ++p) {
            sum += static_cast<std::int64_t>(a.get((batch * s[1] + row) * s[3] + p) *
                                             b.get((batch * s[3] + p) * s[2] + col));
          }
          ASSERT_EQ(out.get(i), wrapped(dtype, sum)) << label(dtype, s) << " element " << i;
        }
      }
    }
  }
}

void check_addmm(fg_dtype dtype, std::int64_t m, std::int64_t n, std::int64_t k, Layout ls, double alpha, double beta) {
  Array a(dtype, {m, k}), b(dtype, {k, n}), self(dtype, {m, n}, ls), out(dtype, {m, n});
  a.fill([&](std::int64_t i) { return small(i, dtype); });
  b.fill([&](std::int64_t i) { return small(i + 3, dtype); });
  self.fill([&](std::int64_t i) { return small(ls == Layout::repeated ? i % n : i, dtype); });
  GemmArgs g = args_of(out, a, b);
  g.alpha = alpha;
  g.beta = beta;
  g.int_alpha = static_cast<std::int64_t>(alpha);
  g.int_beta = static_cast<std::int64_t>(beta);
  if (beta != 0) g.self = as_matrix(self);
  run(g, 2);
  for (std::int64_t i = 0; i < m * n; ++i) {
    double sum = 0;
    for (std::int64_t p = 0; p < k; ++p) sum += a.get(i / n * k + p) * b.get(p * n + i % n);
    const double want = alpha * sum + (beta != 0 ? beta * self.get(i) : 0);
    ASSERT_EQ(out.get(i), is_float(dtype) ? stored(dtype, want) : wrapped(dtype, static_cast<std::int64_t>(want)))
        << label(dtype, {m, n, k}) << " element " << i;
  }
}

TEST(Gemm, AlphaAndBeta) {
  for (const fg_dtype dtype : kReal) {
    for (const Layout ls : kLayouts) {
      check_addmm(dtype, 5, 9, 4, ls, 2, 3);
      check_addmm(dtype, 40, 40, 40, ls, 1, 1);
      check_addmm(dtype, 40, 40, 0, ls, 2, -1);
    }
  }
  check_addmm(FG_F32, 60, 70, 80, Layout::dense, 0.5, 0.25);
  check_addmm(FG_F32, 60, 70, 80, Layout::dense, 2, 0);
}

TEST(Gemm, SelfMayBeTheOutput) {
  Array a(FG_F32, {64, 64}), out(FG_F32, {64, 64});
  a.fill([](std::int64_t i) { return i % 65 == 0 ? 1 : 0; });  // identity
  out.fill([](std::int64_t i) { return static_cast<double>(i % 11); });
  GemmArgs g = args_of(out, a, a);
  g.self = g.out;
  g.beta = 2;
  run(g, 2);
  for (std::int64_t i = 0; i < out.count(); ++i)
    ASSERT_EQ(out.get(i), (i % 65 == 0 ? 1 : 0) + 2 * static_cast<double>(i % 11));
}

TEST(Gemm, NanAndInfinityReachTheirRowAndColumn) {
  for (const std::int64_t size : {8, 64}) {
    Array a(FG_F32, {size, size}), b(FG_F32, {size, size}), out(FG_F32, {size, size});
    a.fill([](std::int64_t) { return 1; });
    b.fill([](std::int64_t) { return 1; });
    a.set(2 * size + 1, std::numeric_limits<double>::quiet_NaN());
    b.set(3 * size + 5, std::numeric_limits<double>::infinity());
    run(args_of(out, a, b), 1);
    for (std::int64_t i = 0; i < size * size; ++i) {
      if (i / size == 2) {
        EXPECT_TRUE(std::isnan(out.get(i)));
      } else {
        EXPECT_EQ(out.get(i), i % size == 5 ? std::numeric_limits<double>::infinity() : static_cast<double>(size));
      }
    }
  }
}

// The instructions that multiply pairs of bf16 take subnormal numbers for zero.
TEST(Gemm, SubnormalBf16NumbersAreNotZero) {
  constexpr std::int64_t kSize = 64;
  const double tiny = std::ldexp(1.0, -130);
  Array a(FG_BF16, {kSize, kSize}), b(FG_BF16, {kSize, kSize}), out(FG_BF16, {kSize, kSize});
  a.fill([](std::int64_t) { return 1; });
  b.fill([](std::int64_t) { return 1; });
  a.set(2 * kSize + 1, tiny);
  b.set(1 * kSize + 5, std::numeric_limits<double>::infinity());
  run(args_of(out, a, b), 1);
  EXPECT_EQ(out.get(2 * kSize + 5), std::numeric_limits<double>::infinity());
  a.fill([&](std::int64_t) { return tiny; });
  b.fill([](std::int64_t) { return 0x1p+100; });
  run(args_of(out, a, b), 1);
  EXPECT_EQ(out.get(0), std::ldexp(1.0, -24));
}

// ... and flush small products.
TEST(Gemm, SmallBf16ProductsAreNotLost) {
  constexpr std::int64_t kSize = 64;
  Array a(FG_BF16, {kSize, kSize}), b(FG_BF16, {kSize, kSize}), out(FG_BF16, {kSize, kSize});
  a.fill([](std::int64_t) { return 0x1p-66; });
  b.fill([](std::int64_t) { return 0x1p-66; });
  run(args_of(out, a, b), 1);
  EXPECT_EQ(out.get(0), std::ldexp(1.0, -126));
}

TEST(Gemm, SumsOf16BitNumbersAreKeptInF32) {
  Array a(FG_BF16, {20, 4096}), b(FG_BF16, {4096, 20}), out(FG_BF16, {20, 20});
  a.fill([](std::int64_t) { return 1; });
  b.fill([](std::int64_t) { return 1; });
  run(args_of(out, a, b), 1);
  for (const double x : out.values()) EXPECT_EQ(x, 4096);  // bf16 sums would stop at 256
}

TEST(Gemm, TheSameBitsEveryTime) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  for (const fg_dtype dtype : {FG_F32, FG_BF16, FG_F64}) {
    Array a(dtype, {150, 200}), b(dtype, {200, 130}), first(dtype, {150, 130}), again(dtype, {150, 130});
    a.fill([&](std::int64_t) { return normal(random); });
    b.fill([&](std::int64_t) { return normal(random); });
    run(args_of(first, a, b), 3);
    for (int i = 0; i < 5; ++i) {
      run(args_of(again, a, b), 3);
      ASSERT_EQ(first.values(), again.values());
    }
  }
}

}  // namespace
}  // namespace fg::cpu::testing
