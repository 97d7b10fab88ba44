// SPDX-License-Identifier: Apache-2.0
//
// Size classes of small blocks: multiples of 64 bytes up to 256, then four per doubling up to
// kMaxSmallBytes.  At most a quarter of a block is waste.

#ifndef FG_CORE_MEMORY_SIZE_CLASS_HPP_
#define FG_CORE_MEMORY_SIZE_CLASS_HPP_

#include <bit>
#include <cstdint>

#include "core/memory/allocator.hpp"

namespace fg::core {

// bytes in [1, kMaxSmallBytes].
constexpr std::uint32_t size_class(std::uint64_t bytes) {
  if (bytes <= 256) return static_cast<std::uint32_t>((bytes - 1) / 64);
  const int width = std::bit_width(bytes - 1);  // 2^(width-1) < bytes <= 2^width, width >= 9
  const auto quarter = static_cast<std::uint32_t>((bytes - 1) >> (width - 3)) & 3u;
  return static_cast<std::uint32_t>(width - 8) * 4 + quarter;
}
constexpr std::uint64_t class_bytes(std::uint32_t size_class) {
  if (size_class < 4) return (size_class + 1) * std::uint64_t{64};
  const std::uint32_t width = size_class / 4 + 8;
  return (std::uint64_t{5} + size_class % 4) << (width - 3);
}
constexpr std::uint64_t round_up(std::uint64_t n, std::uint64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

inline constexpr std::uint32_t kSmallClasses = size_class(kMaxSmallBytes) + 1;
inline constexpr std::uint32_t kMagazineClasses = size_class(kMaxMagazineBytes) + 1;
static_assert(class_bytes(size_class(kMaxSmallBytes)) == kMaxSmallBytes);
static_assert(class_bytes(size_class(257)) == 320 && class_bytes(size_class(256)) == 256);

}  // namespace fg::core

#endif  // FG_CORE_MEMORY_SIZE_CLASS_HPP_
