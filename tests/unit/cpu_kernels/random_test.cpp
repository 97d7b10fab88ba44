// SPDX-License-Identifier: Apache-2.0
//
// The random kernels against docs/random.md, written out again here.

#include "plugins/cpu/kernels/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "tests/unit/cpu_kernels/array.hpp"

namespace fg::cpu::testing {
namespace {

using Block = std::array<std::uint32_t, 4>;

Block philox(Block c, std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = 0xD2511F53ull * c[0], p1 = 0xCD9E8D57ull * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
  }
  return c;
}

Block block(std::uint64_t seed, std::uint64_t counter) {
  return philox({static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32), 0, 0},
                {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
}

// The number in [0, 1) before it is scaled.
double unit(fg_dtype dtype, std::uint64_t seed, std::uint64_t offset, std::uint64_t i) {
  if (dtype == FG_F64) {
    const Block b = block(seed, offset + i / 2);
    const std::uint64_t bits = b[i % 2 * 2] | static_cast<std::uint64_t>(b[i % 2 * 2 + 1]) << 32;
    return static_cast<double>(bits >> 11) * 0x1p-53;
  }
  return static_cast<double>(block(seed, offset + i / 4)[i % 4] >> 8) * 0x1p-24;
}

void fill(Array& self, double from, double to, std::uint64_t seed, std::uint64_t offset, int workers = 2) {
  RandomArgs a;
  a.dtype = self.dtype();
  a.self = self.data();
  for (int d = 0; d < self.ndim(); ++d) a.space.add(self.size(d), {self.stride(d)});
  a.space.coalesce();
  a.seed = seed;
  a.offset = offset;
  uniform(a, from, to, ThreadsExec(workers));
}

TEST(Philox, KnownAnswersOfRandom123) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Block{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (Block{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}));
  EXPECT_EQ(philox({0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}, {0xA4093822, 0x299F31D0}),
            (Block{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}));
}

TEST(Uniform, ZeroToOneIsTheWordsTopBits) {
  for (const fg_dtype dtype : {FG_F64, FG_F32}) {
    for (const std::uint64_t offset :
         {std::uint64_t{0}, std::uint64_t{5}, std::uint64_t{0xFFFFFFFE}, ~std::uint64_t{1}}) {
      Array self(dtype, {1003});
      fill(self, 0, 1, 0x123456789ABCDEFull, offset);
      for (std::uint64_t i = 0; i < 1003; ++i) {
        ASSERT_EQ(self.get(static_cast<std::int64_t>(i)), unit(dtype, 0x123456789ABCDEFull, offset, i)) << i;
      }
    }
  }
}

TEST(Uniform, ScaledInTheComputeTypeAndRoundedOnce) {
  Array f32(FG_F32, {500}), f64(FG_F64, {500}), bf16(FG_BF16, {500}), f16(FG_F16, {500});
  for (Array* a : {&f32, &f64, &bf16, &f16}) fill(*a, -2.5, 7.3, 42, 3);
  for (std::int64_t i = 0; i < 500; ++i) {
    const auto u = static_cast<float>(unit(FG_F32, 42, 3, static_cast<std::uint64_t>(i)));
    volatile float scaled = u * static_cast<float>(7.3 - -2.5);  // volatile: two roundings, no fused one
    const float x = -2.5f + scaled;
    ASSERT_EQ(f32.get(i), x);
    ASSERT_EQ(f16.get(i), std::min(stored(FG_F16, x), 7.296875));  // the greatest f16 below 7.3
    ASSERT_EQ(bf16.get(i), std::min(stored(FG_BF16, x), 7.28125));
    volatile double wide = unit(FG_F64, 42, 3, static_cast<std::uint64_t>(i)) * (7.3 - -2.5);
    ASSERT_EQ(f64.get(i), -2.5 + wide);
  }
}

TEST(Uniform, NeverTheUpperEndEvenAfterRounding) {
  for (const fg_dtype dtype : {FG_F64, FG_F32, FG_F16, FG_BF16}) {
    for (const auto& [from, to] : {std::pair{0.0, 1.0}, {-1.0, 0.0}, {100.0, 100.5}, {1.0, 1.0078125}, {-3.0, 5.0}}) {
      Array self(dtype, {20000});
      fill(self, from, to, 7, 0);
      for (const double x : self.values())
        ASSERT_TRUE(x >= from && x < to) << dtype_name(dtype) << " " << x << " of " << from << ", " << to;
    }
  }
}

TEST(Uniform, NoNumberInBetween) {
  Array self(FG_F32, {100});
  fill(self, 2, 2, 1, 1);
  for (const double x : self.values()) ASSERT_EQ(x, 2);
  fill(self, 0.1, 0.1 + 1e-12, 1, 1);
  for (const double x : self.values()) ASSERT_EQ(x, static_cast<double>(0.1f));  // 0.1f is above 0.1
}

TEST(Uniform, TheOrderIsRowMajorWhateverTheStridesAndThreads) {
  Array dense(FG_F32, {13, 7, 11});
  fill(dense, 0, 1, 99, 4, 1);
  for (const Layout layout : kWritable) {
    Array other(FG_F32, {13, 7, 11}, layout);
    fill(other, 0, 1, 99, 4, 4);
    EXPECT_EQ(other.values(), dense.values());
    EXPECT_TRUE(other.gaps_untouched());
  }
  Array big(FG_F32, {300000}), again(FG_F32, {300000});
  fill(big, 0, 1, 99, 4, 1);
  fill(again, 0, 1, 99, 4, 4);
  EXPECT_EQ(big.values(), again.values());
  for (std::int64_t i = 0; i < dense.count(); ++i) ASSERT_EQ(big.get(i), dense.get(i));
}

RandomArgs args_of(Array& self, std::uint64_t seed) {
  RandomArgs a;
  a.dtype = self.dtype();
  a.self = self.data();
  for (int d = 0; d < self.ndim(); ++d) a.space.add(self.size(d), {self.stride(d)});
  a.space.coalesce();
  a.seed = seed;
  return a;
}

// The examples of docs/random.md; every instruction set gives these bits.
TEST(Normal, GivesThePagesNumbers) {
  Array f32(FG_F32, {4}), f64(FG_F64, {4});
  normal(args_of(f32, 42), 0, 1, SerialExec());
  normal(args_of(f64, 42), 0, 1, SerialExec());
  const std::uint32_t narrow[] = {0xBF785E5B, 0x3E46ACEE, 0xBF9E28D3, 0x3FF6433B};
  const std::uint64_t wide[] = {0x3FE54AC03C1A032A, 0xBFF0938DB380D761, 0x3FF6F135C80FEFC9, 0xBFDB16FD5E6389DA};
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(static_cast<float>(f32.get(i))), narrow[i]) << i;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(f64.get(i)), wide[i]) << i;
  }
}

TEST(Exponential, GivesThePagesNumbers) {
  Array f32(FG_F32, {4}), f64(FG_F64, {4});
  exponential(args_of(f32, 42), 1, SerialExec());
  exponential(args_of(f64, 42), 1, SerialExec());
  const std::uint32_t narrow[] = {0x3EFA99F4, 0x3F420E8D, 0x40274DD9, 0x3F89C382};
  const std::uint64_t wide[] = {0x3FE841D19DE878E5, 0x3FF1387038AE67DD, 0x3FF1E1B1E6BDBB4A, 0x3FE93F2FADA14170};
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(static_cast<float>(f32.get(i))), narrow[i]) << i;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(f64.get(i)), wide[i]) << i;
  }
}

// The page promises ln within an ulp; the quotient by a rate of 1 adds nothing.
TEST(Exponential, TheLogarithmIsAccurate) {
  Array self(FG_F32, {100000}), wide(FG_F64, {100000});
  exponential(args_of(self, 3), 1, ThreadsExec(2));
  exponential(args_of(wide, 3), 1, ThreadsExec(2));
  for (std::int64_t i = 0; i < self.count(); ++i) {
    const std::uint32_t w = block(3, static_cast<std::uint64_t>(i) / 4)[static_cast<std::size_t>(i % 4)];
    const float v = std::min(static_cast<float>(w + 0.5) * 0x1p-32f, 1 - 0x1p-24f);
    const double want = -std::log(static_cast<double>(v));
    const double ulp = std::ldexp(1.0, std::ilogb(want) - 23);
    ASSERT_LE(std::abs(self.get(i) - want), ulp) << i;
    const Block b = block(3, static_cast<std::uint64_t>(i) / 2);
    const std::uint64_t bits =
        b[static_cast<std::size_t>(i % 2 * 2)] | std::uint64_t{b[static_cast<std::size_t>(i % 2 * 2 + 1)]} << 32;
    const long double x = (static_cast<long double>(bits >> 12) + 0.5L) * 0x1p-52L;
    const auto exact = static_cast<double>(-std::log(x));
    ASSERT_LE(std::abs(wide.get(i) - exact), std::ldexp(1.0, std::ilogb(exact) - 52)) << i;
  }
}

TEST(Normal, TheOrderIsRowMajorWhateverTheStridesAndThreads) {
  for (const fg_dtype dtype : {FG_F64, FG_F32, FG_F16, FG_BF16}) {
    Array dense(dtype, {13, 7, 31});
    normal(args_of(dense, 9), 1, 2, SerialExec());
    for (const Layout layout : kWritable) {
      Array other(dtype, {13, 7, 31}, layout);
      normal(args_of(other, 9), 1, 2, ThreadsExec(3));
      EXPECT_EQ(other.values(), dense.values());
      EXPECT_TRUE(other.gaps_untouched());
    }
  }
}

TEST(Uniform, NoElementsAndNoDimensions) {
  Array none(FG_F32, {0}), one(FG_F32, {});
  fill(none, 0, 1, 1, 0);
  fill(one, 0, 1, 1, 0);
  EXPECT_EQ(one.get(0), unit(FG_F32, 1, 0, 0));
}

}  // namespace
}  // namespace fg::cpu::testing
