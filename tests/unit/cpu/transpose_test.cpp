// SPDX-License-Identifier: Apache-2.0
//
// Transposition: every element size, sizes around a tile, padded and unaligned rows.

#include "plugins/cpu/engine/transpose.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace fg::cpu {
namespace {

void check(std::uint32_t bytes, std::int64_t rows, std::int64_t cols, std::int64_t pad, bool stream) {
  const std::int64_t dst_stride = cols * bytes + pad, src_stride = rows * bytes + pad;
  std::vector<std::byte> src(static_cast<std::size_t>(cols * src_stride + 64)),
      dst(static_cast<std::size_t>(rows * dst_stride + 128), std::byte{0xA5});
  for (std::size_t i = 0; i < src.size(); ++i) src[i] = static_cast<std::byte>(i * 167 + i / 256);
  std::byte* to = dst.data() + (64 - reinterpret_cast<std::uintptr_t>(dst.data()) % 64) % 64;
  transpose({to, src.data(), dst_stride, src_stride, rows, cols, bytes, stream});
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) {
      ASSERT_EQ(std::memcmp(to + r * dst_stride + c * bytes, src.data() + c * src_stride + r * bytes, bytes), 0)
          << bytes << " bytes, " << rows << " x " << cols << ", row " << r << " column " << c;
    }
    for (std::int64_t i = 0; i < pad; ++i) ASSERT_EQ(to[r * dst_stride + cols * bytes + i], std::byte{0xA5});
  }
}

TEST(Transpose, AllSizes) {
  for (const std::uint32_t bytes : {1u, 2u, 4u, 8u}) {
    for (const std::int64_t rows : {1, 15, 16, 32, 64, 67, 130}) {
      for (const std::int64_t cols : {1, 8, 16, 33, 64, 128, 131}) {
        for (const std::int64_t pad : {0, 64}) {
          check(bytes, rows, cols, pad * bytes / 8, false);
          check(bytes, rows, cols, pad * bytes, true);
        }
      }
    }
  }
}

}  // namespace
}  // namespace fg::cpu
