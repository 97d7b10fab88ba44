// SPDX-License-Identifier: Apache-2.0
//
// Small blocks of one device: carved from slabs, kept in one free list per size class.  Threads
// take and return them in batches (thread_cache.hpp).

#ifndef FG_CORE_MEMORY_SMALL_CACHE_HPP_
#define FG_CORE_MEMORY_SMALL_CACHE_HPP_

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/memory/size_class.hpp"
#include "core/memory/storage.hpp"

namespace fg::core {

// One raw allocation, divided into blocks of one class.
struct Slab {
  fg_buffer* buffer = nullptr;
  std::uint64_t bytes = 0;
  std::uint32_t blocks = 0;
  std::uint32_t cached = 0;  // Blocks in the shared free list.
  std::unique_ptr<Storage[]> block;
};

class SmallCache {
 public:
  explicit SmallCache(DeviceMemory& memory) : memory_(memory) {}

  // A chain of 1 to `count` blocks through Storage::next_, made from a new slab if none is cached.
  Result<Storage*> take(std::uint32_t size_class, std::uint32_t count, bool* from_cache);
  // Takes a chain back.  Never fails, allocates nothing.
  void give(Storage* chain) noexcept;
  // Frees the slabs that are wholly cached.
  void trim() noexcept;

 private:
  Result<Storage*> grow(std::uint32_t size_class);
  void free_slab(Slab& slab) noexcept;

  DeviceMemory& memory_;
  std::mutex mutex_;
  Storage* free_[kSmallClasses] = {};
  std::vector<std::unique_ptr<Slab>> slabs_;
};

}  // namespace fg::core

#endif  // FG_CORE_MEMORY_SMALL_CACHE_HPP_
