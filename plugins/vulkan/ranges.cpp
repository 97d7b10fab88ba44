// SPDX-License-Identifier: Apache-2.0

#include "plugins/vulkan/ranges.hpp"

#include <iterator>

namespace fg::vulkan {

Ranges::Ranges(std::uint64_t bytes, std::uint64_t base) : bytes_(bytes), base_(base), free_{{0, bytes}} {}

std::optional<std::uint64_t> Ranges::take(std::uint64_t bytes, std::uint64_t align) {
  auto best = free_.end();
  std::uint64_t best_at = 0;
  for (auto it = free_.begin(); it != free_.end(); ++it) {
    const auto [offset, length] = *it;
    const std::uint64_t at = (base_ + offset + align - 1) / align * align - base_;
    if (at - offset > length || length - (at - offset) < bytes) continue;
    if (best != free_.end() && best->second <= length) continue;
    best = it;
    best_at = at;
  }
  if (best == free_.end()) return std::nullopt;
  const auto [offset, length] = *best;
  free_.erase(best);
  if (best_at > offset) free_[offset] = best_at - offset;
  if (const std::uint64_t end = best_at + bytes; end < offset + length) free_[end] = offset + length - end;
  return best_at;
}

void Ranges::give_back(std::uint64_t offset, std::uint64_t bytes) {
  auto next = free_.lower_bound(offset);
  if (next != free_.end() && offset + bytes == next->first) {
    bytes += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == offset) {
      before->second += bytes;
      return;
    }
  }
  free_[offset] = bytes;
}

}  // namespace fg::vulkan
