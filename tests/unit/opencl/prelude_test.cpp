// SPDX-License-Identifier: Apache-2.0
//
// The dialect's words on a device, against the SDK's conversions.

#include <array>
#include <bit>
#include <cmath>

#include "fg/sdk/dtype.hpp"
#include "tests/unit/opencl/support.hpp"

namespace fg::test {
namespace {

using OpenClPrelude = OpenClTest;

constexpr std::string_view kAt = "idx at = idx(GROUP_ID) * idx(GROUP_SIZE) + idx(LOCAL_ID);\n";

std::string text(std::string_view head, std::string_view body) {
  return std::string(head) + "//@main\n" + std::string(kAt) + std::string(body) + "\n";
}

bool same(float a, float b) { return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b); }

// Every pattern of a small float, read and written back.
template <class Small, class Bits>
void every_pattern(const std::vector<float>& got, std::size_t n) {
  for (std::size_t k = 0; k < n; ++k) {
    Small s;
    s.bits = static_cast<Bits>(k);
    const auto expected = static_cast<float>(s);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(got[k])) << k;
    } else {
      ASSERT_TRUE(same(got[k], expected)) << k << ": " << got[k] << " is not " << expected;
    }
  }
}

TEST_F(OpenClPrelude, SmallFloatsAreReadExactly) {
  if (!have_device()) return;
  const auto s = stream();
  const auto read_all = [&]<class Small, class Bits>(fg_dtype dtype, std::size_t n) {
    std::vector<Bits> bits(n);
    for (std::size_t k = 0; k < n; ++k) bits[k] = static_cast<Bits>(k);
    const auto x = buffer_of<Bits>(*s, bits);
    const auto y = buffer(n * 4);
    const std::array types{FG_F32, dtype};
    ASSERT_TRUE(
        run(*s, text("//@out y\n//@in x\n", "y_store(at, x_load(at));"), types, {y.get(), x.get()}, {}, n / 64));
    every_pattern<Small, Bits>(read<float>(*s, *y, n), n);
  };
  read_all.operator()<f16, std::uint16_t>(FG_F16, 65536);
  read_all.operator()<bf16, std::uint16_t>(FG_BF16, 65536);
  read_all.operator()<f8_e4m3fn, std::uint8_t>(FG_F8_E4M3FN, 256);
  read_all.operator()<f8_e5m2, std::uint8_t>(FG_F8_E5M2, 256);
}

// Floats around every boundary of the 16- and 8-bit types: each 2^12th pattern and its neighbours.
std::vector<float> boundary_values() {
  std::vector<float> v;
  for (std::uint64_t high = 0; high < (1u << 20); ++high) {
    for (const std::int64_t d : {-1, 0, 1}) {
      v.push_back(std::bit_cast<float>(static_cast<std::uint32_t>((high << 12) + static_cast<std::uint64_t>(d))));
    }
  }
  while (v.size() % 64 != 0) v.push_back(0);
  return v;
}

TEST_F(OpenClPrelude, SmallFloatsAreRoundedToNearestEven) {
  if (!have_device()) return;
  const auto s = stream();
  const std::vector<float> v = boundary_values();
  const auto x = buffer_of<float>(*s, v);
  const auto write_all = [&]<class Small, class Bits>(fg_dtype dtype) {
    const auto y = buffer(v.size() * sizeof(Bits));
    const std::array types{dtype, FG_F32};
    ASSERT_TRUE(
        run(*s, text("//@out y\n//@in x\n", "y_store(at, x_load(at));"), types, {y.get(), x.get()}, {}, v.size() / 64));
    const std::vector<Bits> got = read<Bits>(*s, *y, v.size());
    for (std::size_t k = 0; k < v.size(); ++k) {
      Small small;
      small.bits = got[k];
      if (std::isnan(v[k])) {
        ASSERT_TRUE(std::isnan(static_cast<float>(small))) << dtype_name(dtype) << " " << k;
      } else if (std::fpclassify(v[k]) != FP_SUBNORMAL || device().features().denormals) {
        ASSERT_EQ(got[k], Small(v[k]).bits) << dtype_name(dtype) << " of " << v[k];
      }
    }
  };
  write_all.operator()<f16, std::uint16_t>(FG_F16);
  write_all.operator()<bf16, std::uint16_t>(FG_BF16);
  write_all.operator()<f8_e4m3fn, std::uint8_t>(FG_F8_E4M3FN);
  write_all.operator()<f8_e5m2, std::uint8_t>(FG_F8_E5M2);
}

TEST_F(OpenClPrelude, GroupsReduceWhateverTheirSize) {
  if (!have_device()) return;
  const auto s = stream();
  constexpr std::array kI32{FG_I32};
  for (const std::uint32_t size : {1u, 2u, 3u, 63u, 64u, 65u, 256u}) {
    const auto y = buffer(2 * 256 * 4);
    ASSERT_TRUE(run(*s,
                    text("//@out y\n//@shared\ni32 part[GROUP_SIZE];\n",
                         "i32 v = i32(at);\nGROUP_REDUCE(part, v, ADD_I32);\nGROUP_REDUCE(part, v, MAX_I32);\n"
                         "y_store(at, v);"),
                    kI32, {y.get()}, {}, 2, size));
    const auto got = read<std::int32_t>(*s, *y, 2 * size);
    const auto n = static_cast<std::int32_t>(size);
    for (std::int32_t k = 0; k < n; ++k) {
      ASSERT_EQ(got[static_cast<std::size_t>(k)], n * (n - 1) / 2) << size;
      ASSERT_EQ(got[static_cast<std::size_t>(n + k)], n * (n - 1) / 2 + n * n) << size;
    }
  }
}

TEST_F(OpenClPrelude, PiecesHoldElementsInOrder) {
  if (!have_device()) return;
  const auto s = stream();
  std::vector<std::uint8_t> data(256);
  for (std::size_t k = 0; k < data.size(); ++k) data[k] = static_cast<std::uint8_t>(k * 37);
  const auto x = buffer_of<std::uint8_t>(*s, data);
  // Reverses the elements of each piece.
  const auto reversed = [&](fg_dtype dtype, std::size_t piece) {
    const std::string n = std::to_string(piece);
    const auto y = buffer(256);
    ASSERT_TRUE(s->fill({y.get(), 0}, 256, 0));
    const std::array types{dtype, dtype};
    const std::string body = "PIECE" + n + " a = x_load" + n + "(at);\nPIECE" + n + " b = ZERO" + n +
                             ";\nconst i32 each = " + n + " / x_size;\nUNROLL\nfor (i32 j = 0; j < " + n +
                             " / x_size; ++j) y_put" + n + "(b, j, x_of" + n + "(a, each - 1 - j));\ny_store" + n +
                             "(at, b);";
    const std::uint32_t items = static_cast<std::uint32_t>(256 / piece);
    const auto ran = run(*s, text("//@out y\n//@in x\n", body), types, {y.get(), x.get()}, {}, 1, items);
    ASSERT_TRUE(ran) << ran.error().message;
    const auto got = read<std::uint8_t>(*s, *y, 256);
    const auto size = static_cast<std::size_t>(dtype_bytes(dtype)), each = piece / size;
    for (std::size_t k = 0; k < 256; ++k) {
      const std::size_t first = k / piece * piece, j = (k - first) / size;
      ASSERT_EQ(got[k], data[first + (each - 1 - j) * size + k % size])
          << dtype_name(dtype) << " " << piece << " " << k;
    }
  };
  for (const std::size_t piece : {16, 8, 4, 2}) {
    for (const fg_dtype dtype : {FG_F64, FG_I64, FG_F32, FG_BF16, FG_I8}) {
      const auto size = static_cast<std::size_t>(dtype_bytes(dtype));
      if (size <= piece && (dtype != FG_F64 || device().features().f64)) reversed(dtype, piece);
    }
  }
}

TEST_F(OpenClPrelude, AtomicsLoseNothingWhateverTheDtype) {
  if (!have_device()) return;
  const auto s = stream();
  const auto sum_of = [&]<class T>(fg_dtype dtype, std::string_view op, T start, std::string_view value) {
    const std::array types{dtype};
    const std::vector<T> zero(8, start);
    const auto y = buffer_of<T>(*s, zero);
    const auto ran = run(*s, text("//@inout y\n", "y_atomic_" + std::string(op) + "(3, " + std::string(value) + ");"),
                         types, {y.get()}, {}, 4, 16);
    EXPECT_TRUE(ran) << ran.error().message;
    const auto got = read<T>(*s, *y, 8);
    EXPECT_EQ(std::memcmp(&got[2], &start, sizeof(T)), 0) << "a neighbour changed";
    EXPECT_EQ(std::memcmp(&got[4], &start, sizeof(T)), 0) << "a neighbour changed";
    return got[3];
  };
  EXPECT_EQ(sum_of(FG_F32, "add", 0.0f, "0.5f"), 32.0f);
  EXPECT_EQ(static_cast<float>(sum_of(FG_F16, "add", f16(0), "0.5f")), 32.0f);
  EXPECT_EQ(static_cast<float>(sum_of(FG_BF16, "add", bf16(0), "0.5f")), 32.0f);
  EXPECT_EQ(sum_of(FG_I32, "max", -7, "i32(at)"), 63);
  EXPECT_EQ(sum_of(FG_I32, "min", 7, "-i32(at)"), -63);
  EXPECT_EQ(sum_of(FG_U8, "add", std::uint8_t{1}, "1"), 65);
  EXPECT_EQ(sum_of(FG_I16, "mul", std::int16_t{5}, "at == idx(9) ? 3 : 1"), 15);
  EXPECT_EQ(sum_of(FG_BOOL, "max", std::uint8_t{0}, "at == idx(5)"), 1);
  if (!device().facts().atomics64) return;
  EXPECT_EQ(sum_of(FG_I64, "add", std::int64_t{1} << 40, "i64(at)"), (std::int64_t{1} << 40) + 2016);
  if (!device().features().f64) return;
  EXPECT_EQ(sum_of(FG_F64, "add", 0.0, "f64(0.5f)"), 32.0);
}

}  // namespace
}  // namespace fg::test
