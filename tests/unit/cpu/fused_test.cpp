// SPDX-License-Identifier: Apache-2.0
//
// The generated loops: lengths, alignments, streaming stores, and which programs they serve.

#include "plugins/cpu/engine/fused.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

#include "fg/sdk/dtype.hpp"

namespace fg::cpu {
namespace {

TEST(Fused, EveryEntryHasItsLoops) {
  std::set<std::array<std::uint64_t, 2>> seen;
  for (std::size_t i = 0; i < fused_entries().size(); ++i) {
    const FusedEntry& e = fused_entries()[i];
    EXPECT_TRUE(seen.insert(e.hash).second) << i;
    EXPECT_LE(e.n_in + e.n_out, static_cast<int>(kFusedOperands)) << i;
    EXPECT_LE(e.n_scalar, kFusedScalars) << i;
    EXPECT_GT(e.cost, 0) << i;
    EXPECT_EQ(fused_loop(i, FG_I32), nullptr) << i;
  }
}

// Every length and misalignment around a chunk, beside what the same loop makes of one element at a
// time; nothing outside is touched.
template <class T>
void check_lengths(fg_dtype storage) {
  for (std::size_t i = 0; i < fused_entries().size(); ++i) {
    const FusedEntry& e = fused_entries()[i];
    const FusedLoop loop = fused_loop(i, storage);
    if (loop == nullptr) continue;
    constexpr std::size_t kMost = 200, kGuard = 0xA5;
    alignas(64) T in[4][kMost + 64];
    alignas(64) unsigned char out[2][2][(kMost + 64) * sizeof(T)];
    const float scalar[kFusedScalars] = {0.75f, 1.25f, -0.5f, 2.0f};
    for (std::size_t k = 0; k < 4; ++k) {
      for (std::size_t x = 0; x < kMost + 64; ++x) {
        if ((e.bool_in >> k & 1u) != 0)
          reinterpret_cast<unsigned char*>(in[k])[x] = static_cast<unsigned char>((x * 7 + k) % 3 == 0);
        else
          in[k][x] = T(static_cast<float>((static_cast<double>(x * (k + 3) % 41) - 20) / 4));
      }
    }
    for (const std::size_t n : {1u, 7u, 31u, 32u, 33u, 64u, 199u}) {
      for (const std::size_t shift : {0u, 1u, 5u}) {
        for (const bool stream : {false, true}) {
          std::memset(out, static_cast<int>(kGuard), sizeof out);
          const auto bytes_out = [&](std::size_t j) { return (e.bool_out >> j & 1u) != 0 ? 1 : sizeof(T); };
          const auto run = [&](std::size_t first, std::size_t count, int side, bool streams) {
            FusedRun r{.stream = streams, .scalar = scalar};
            for (std::size_t k = 0; k < e.n_in; ++k) {
              const std::size_t bytes = (e.bool_in >> k & 1u) != 0 ? 1 : sizeof(T);
              r.in[k] = reinterpret_cast<const unsigned char*>(in[k]) + first * bytes;
            }
            for (std::size_t j = 0; j < e.n_out; ++j) r.out[j] = out[side][j] + (first + shift) * bytes_out(j);
            loop(r, count);
          };
          run(0, n, 0, stream);
          for (std::size_t x = 0; x < n; ++x) run(x, 1, 1, false);
          ASSERT_EQ(std::memcmp(out[0], out[1], sizeof out[0]), 0) << "entry " << i << " n " << n << " shift " << shift;
          for (std::size_t j = 0; j < e.n_out; ++j) {
            EXPECT_EQ(out[0][j][(n + shift) * bytes_out(j)], kGuard);
            EXPECT_TRUE(shift == 0 || out[0][j][shift * bytes_out(j) - 1] == kGuard);
          }
        }
      }
    }
  }
}

TEST(Fused, LengthsAndAlignmentsF32) { check_lengths<float>(FG_F32); }
TEST(Fused, LengthsAndAlignmentsF16) { check_lengths<f16>(FG_F16); }
TEST(Fused, LengthsAndAlignmentsBf16) { check_lengths<bf16>(FG_BF16); }

TEST(Fused, UnknownProgramsAndMixedTypesHaveNone) {
  const FusedEntry& e = fused_entries()[0];
  fg_expr program{};
  program.hash[0] = e.hash[0] ^ 1u;
  program.hash[1] = e.hash[1];
  program.n_scalar = e.n_scalar;
  std::vector<fg_dtype> in(e.n_in, FG_F32), out(e.n_out, FG_F32);
  EXPECT_EQ(find_fused(program, in, out).loop, nullptr);
  program.hash[0] = e.hash[0];
  EXPECT_EQ(find_fused(program, in, out).entry, &e);
  in.back() = FG_BF16;
  EXPECT_EQ(find_fused(program, in, out).loop, nullptr);
}

}  // namespace
}  // namespace fg::cpu
