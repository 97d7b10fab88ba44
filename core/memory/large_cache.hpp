// SPDX-License-Identifier: Apache-2.0
//
// Blocks above kMaxSmallBytes of one device: raw segments, split on demand, merged with their free
// neighbours when they come back, chosen by best fit.

#ifndef FG_CORE_MEMORY_LARGE_CACHE_HPP_
#define FG_CORE_MEMORY_LARGE_CACHE_HPP_

#include <cstdint>
#include <mutex>

#include "core/memory/storage.hpp"

namespace fg::core {

class LargeCache {
 public:
  explicit LargeCache(DeviceMemory& memory) : memory_(memory) {}

  // A cached block of at least `bytes` (a multiple of kGrain), or nullptr.
  Storage* take(std::uint64_t bytes) noexcept;
  // A block of a new segment.
  Result<Storage*> grow(std::uint64_t bytes);
  void give(Storage* block) noexcept;
  // Frees the segments that are wholly cached.
  void trim() noexcept;

  static constexpr std::uint64_t kGrain = std::uint64_t{512} << 10;
  // A request below kSegment / 2 gets a segment that others can share.
  static constexpr std::uint64_t kSegment = std::uint64_t{16} << 20;
  // What is left of a block is split off from this size on.
  static constexpr std::uint64_t kMinRest = std::uint64_t{1} << 20;
  // A block above this size is kept whole for requests of at least half of it.
  static constexpr std::uint64_t kSplitLimit = std::uint64_t{256} << 20;

 private:
  static constexpr std::uint32_t kBins = 4 * 44;  // Four per doubling, from kGrain on.

  static std::uint32_t bin_of(std::uint64_t bytes) noexcept;
  void insert(Storage* block) noexcept;
  void remove(Storage* block) noexcept;
  Storage* best_fit(std::uint64_t bytes) noexcept;
  void split(Storage* block, std::uint64_t bytes) noexcept;
  static bool mergeable(const Storage* left, const Storage* right) noexcept;
  static void merge(Storage* left, Storage* right) noexcept;
  bool gather_segment(Storage* first) noexcept;

  DeviceMemory& memory_;
  std::mutex mutex_;
  Storage* free_[kBins] = {};
};

}  // namespace fg::core

#endif  // FG_CORE_MEMORY_LARGE_CACHE_HPP_
