// SPDX-License-Identifier: Apache-2.0
//
// Rounding and storage of the oracle against values known from the formats' definitions.

#include "conformance/reference/types.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace fg::reference {
namespace {

TEST(OracleTypes, RoundsHalfToEven) {
  EXPECT_EQ(round_to(Type::bf16, 1 + std::ldexp(1.0L, -8)), 1);                             // tie to even
  EXPECT_EQ(round_to(Type::bf16, 1 + 3 * std::ldexp(1.0L, -8)), 1 + std::ldexp(1.0L, -6));  // tie to even, up
  EXPECT_EQ(round_to(Type::f16, 2049), 2048);
  EXPECT_EQ(round_to(Type::f16, 2051), 2052);
  EXPECT_EQ(round_to(Type::f32, 16777217), 16777216);
}

TEST(OracleTypes, OverflowsWhereTheFormatEnds) {
  EXPECT_EQ(round_to(Type::f16, 65519.99L), 65504);
  EXPECT_TRUE(std::isinf(round_to(Type::f16, 65520)));
  EXPECT_TRUE(std::isinf(round_to(Type::bf16, 3.4e38L * 1.01L)));
  EXPECT_EQ(round_to(Type::f8_e4m3fn, 448), 448);
  EXPECT_EQ(round_to(Type::f8_e4m3fn, 463), 448);
  EXPECT_TRUE(std::isnan(round_to(Type::f8_e4m3fn, 480)));
  EXPECT_EQ(format(Type::f8_e5m2).max, 57344);
  EXPECT_EQ(format(Type::f16).max, 65504);
}

TEST(OracleTypes, KeepsSubnormals) {
  EXPECT_EQ(round_to(Type::f16, std::ldexp(1.0L, -24)), std::ldexp(1.0L, -24));
  EXPECT_EQ(round_to(Type::f16, std::ldexp(1.0L, -25)), 0);  // tie to even
  EXPECT_EQ(round_to(Type::f16, std::ldexp(1.1L, -25)), std::ldexp(1.0L, -24));
  EXPECT_EQ(ulp(Type::f32, 0), std::ldexp(1.0L, -149));
}

TEST(OracleTypes, EveryPatternOfTheSmallFloatsComesBack) {
  for (const Type type : {Type::f16, Type::bf16, Type::f8_e4m3fn, Type::f8_e5m2}) {
    const unsigned patterns = bytes(type) == 2 ? 65536 : 256;
    for (unsigned p = 0; p < patterns; ++p) {
      const std::byte in[2] = {static_cast<std::byte>(p & 0xFF), static_cast<std::byte>(p >> 8)};
      const Real x = load(type, in);
      if (std::isnan(x)) continue;
      std::byte out[2] = {};
      ASSERT_EQ(round_to(type, x), x) << p;
      save(type, x, out);
      ASSERT_EQ(out[0], in[0]) << name(type) << ' ' << p;
      if (bytes(type) == 2) {
        ASSERT_EQ(out[1], in[1]) << name(type) << ' ' << p;
      }
    }
  }
}

TEST(OracleTypes, KnownPatterns) {
  const std::byte one_f16[2] = {std::byte{0x00}, std::byte{0x3C}};
  const std::byte pi_bf16[2] = {std::byte{0x49}, std::byte{0x40}};
  EXPECT_EQ(load(Type::f16, one_f16), 1);
  EXPECT_EQ(load(Type::bf16, pi_bf16), 3.140625L);
}

TEST(OracleTypes, IntegersWrapAndSaturate) {
  EXPECT_EQ(wrap(Type::i8, 128), -128);
  EXPECT_EQ(wrap(Type::i8, -129), 127);
  EXPECT_EQ(wrap(Type::u8, -1), 255);
  EXPECT_EQ(wrap(Type::i64, std::ldexp(1.0L, 63)), -std::ldexp(1.0L, 63));
  EXPECT_EQ(saturate(Type::i8, 300.7L), 127);
  EXPECT_EQ(saturate(Type::i32, -1e30L), -2147483648.0L);
  EXPECT_EQ(saturate(Type::u8, -3), 0);
  EXPECT_EQ(saturate(Type::i64, NAN), 0);
  EXPECT_EQ(saturate(Type::i32, -2.9L), -2);
}

TEST(OracleTypes, StoresSaturateFloatsAndWrapIntegers) {
  EXPECT_EQ(store(Type::i8, 300, true), 127);
  EXPECT_EQ(store(Type::i8, 300, false), 44);
  EXPECT_EQ(store(Type::u8, -5, true), 0);
  EXPECT_EQ(store(Type::u8, -5, false), 251);
  EXPECT_EQ(store(Type::i16, -INFINITY, true), -32768);
  EXPECT_EQ(store(Type::u8, NAN, true), 0);
  EXPECT_EQ(store(Type::boolean, 0.25L, true), 1);
}

TEST(OracleTypes, Int64IsExactInTheWideType) {
  const std::int64_t x = 9007199254740993;  // 2^53 + 1
  std::byte memory[8];
  save(Type::i64, static_cast<Real>(x), memory);
  EXPECT_EQ(static_cast<std::int64_t>(load(Type::i64, memory)), x);
}

}  // namespace
}  // namespace fg::reference
