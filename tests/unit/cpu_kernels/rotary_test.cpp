// SPDX-License-Identifier: Apache-2.0
//
// apply_rotary_pos_emb against the formula in f64.

#include "plugins/cpu/kernels/rotary.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/cpu_kernels/array.hpp"

namespace fg::cpu::testing {
namespace {

RotaryArgs::Side side(Array& x, Array& y) {
  const int n = x.ndim();
  return {x.data(), y.data(), x.size(n - 2), x.stride(n - 2), x.stride(n - 1), y.stride(n - 2), y.stride(n - 1)};
}

void check_side(Array& x, Array& y, Array& cos, Array& sin, const std::function<std::int64_t(std::int64_t)>& position,
                bool interleaved) {
  const std::int64_t heads = x.size(x.ndim() - 2), d = x.size(x.ndim() - 1), half = d / 2;
  if (d == 0) return;
  const double eps = x.dtype() == FG_F64 ? 1e-12 : x.dtype() == FG_F32 ? 1e-6 : x.dtype() == FG_F16 ? 2e-3 : 1.6e-2;
  for (std::int64_t i = 0; i < x.count() / d; ++i) {
    const std::int64_t p = position(i / heads);
    for (std::int64_t j = 0; j < half; ++j) {
      const std::int64_t first = i * d + (interleaved ? 2 * j : j), second = interleaved ? first + 1 : first + half;
      const double c = cos.get(p * half + j), s = sin.get(p * half + j), a = x.get(first), b = x.get(second);
      ASSERT_NEAR(y.get(first), a * c - b * s, eps);
      ASSERT_NEAR(y.get(second), b * c + a * s, eps);
    }
  }
  EXPECT_TRUE(y.gaps_untouched());
}

void check(fg_dtype dtype, fg_dtype table, fg_dtype id_dtype, Layout lx, Layout ly, bool interleaved, bool with_ids,
           std::int64_t d) {
  constexpr std::int64_t kBatch = 2, kPositions = 9, kRows = 32;
  Array q(dtype, {kBatch, kPositions, 4, d}, lx), k(dtype, {kBatch, kPositions, 2, d}, lx), q_out(dtype, q.shape(), ly),
      k_out(dtype, k.shape(), ly);
  Array cos(table, {kRows, d / 2}, lx), sin(table, {kRows, d / 2}, lx), ids(id_dtype, {kBatch, kPositions}, lx);
  q.fill([](std::int64_t i) { return std::sin(static_cast<double>(i)); });
  k.fill([](std::int64_t i) { return std::cos(static_cast<double>(i) * 3); });
  cos.fill([](std::int64_t i) { return std::cos(static_cast<double>(i) * 0.1); });
  sin.fill([](std::int64_t i) { return std::sin(static_cast<double>(i) * 0.1); });
  ids.fill([](std::int64_t i) { return static_cast<double>(i * 5 % kRows); });
  RotaryArgs a;
  a.dtype = dtype;
  a.table_dtype = table;
  a.q = side(q, q_out);
  a.k = side(k, k_out);
  if (with_ids) a.ids = {ids.data(), ids.bytes()};
  for (int i = 0; i < 2; ++i) {
    a.space.add(q.size(i), {q.stride(i), q_out.stride(i), k.stride(i), k_out.stride(i),
                            with_ids ? ids.stride(i) : (i == 1 ? 1 : 0)});
  }
  a.space.coalesce();
  a.cos = cos.data();
  a.sin = sin.data();
  a.cos_row = cos.stride(0);
  a.cos_col = cos.stride(1);
  a.sin_row = sin.stride(0);
  a.sin_col = sin.stride(1);
  a.channels = d;
  a.interleaved = interleaved;
  const Workspace ws(rotary_workspace(a, 2));
  rotary(a, ThreadsExec(2), ws.get());
  const auto position = [&](std::int64_t i) {
    return with_ids ? static_cast<std::int64_t>(ids.get(i)) : i % kPositions;
  };
  check_side(q, q_out, cos, sin, position, interleaved);
  check_side(k, k_out, cos, sin, position, interleaved);
}

TEST(Rotary, EveryDtypeOfBoth) {
  for (const fg_dtype dtype : {FG_F64, FG_F32, FG_F16, FG_BF16}) {
    for (const fg_dtype table : {FG_F64, FG_F32, FG_F16, FG_BF16}) {
      for (const bool interleaved : {false, true}) {
        check(dtype, table, FG_I64, Layout::dense, Layout::dense, interleaved, true, 64);
        check(dtype, table, FG_I32, Layout::dense, Layout::dense, interleaved, false, 10);
      }
    }
  }
}

TEST(Rotary, EveryLayout) {
  for (const Layout lx : kLayouts) {
    for (const Layout ly : kWritable) {
      for (const bool interleaved : {false, true}) {
        check(FG_F32, FG_F32, FG_I32, lx, ly, interleaved, true, 34);
        check(FG_BF16, FG_F32, FG_I64, lx, ly, interleaved, false, 34);
      }
    }
  }
}

TEST(Rotary, NoChannels) { check(FG_F32, FG_F32, FG_I64, Layout::dense, Layout::dense, false, true, 0); }

}  // namespace
}  // namespace fg::cpu::testing
