// SPDX-License-Identifier: Apache-2.0
//
// The caching allocator over the plugins' raw allocation: size classes with a magazine per thread
// up to kMaxMagazineBytes, shared size classes up to kMaxSmallBytes, best fit with splitting above.
// Memory in the cache keeps its last use, so reuse on another stream is ordered by the device and
// the host never waits.

#ifndef FG_CORE_MEMORY_ALLOCATOR_HPP_
#define FG_CORE_MEMORY_ALLOCATOR_HPP_

#include <cstdint>

#include "core/memory/storage.hpp"

namespace fg::core {

inline constexpr std::uint64_t kMinAlignment = 64;  // Of every storage, bytes; the device's if it is larger.
inline constexpr std::uint64_t kMaxMagazineBytes = 128 << 10;
inline constexpr std::uint64_t kMaxSmallBytes = 1 << 20;

// Uninitialised memory of `bytes` (0 allowed).  When the device is out of memory the caches are
// emptied and the allocation tried once more; then FG_E_OOM_DEVICE or FG_E_OOM_HOST with the
// numbers.  [any-thread]
Result<StorageRef> allocate(Device* device, std::uint64_t bytes);

// The hot form: nullptr where allocate() would fail.
Storage* try_allocate(Device* device, std::uint64_t bytes) noexcept;

struct MemoryStats {
  std::uint64_t current = 0;   // Bytes in use by storages, rounded up as allocated.
  std::uint64_t peak = 0;      // Greatest `current`; exact to 256 KiB a thread.
  std::uint64_t reserved = 0;  // Bytes held from the plugin: in use and cached.
  std::uint64_t peak_reserved = 0;
  std::uint64_t foreign = 0;      // Bytes borrowed by import_storage.
  std::uint64_t allocations = 0;  // Since the process began.
  std::uint64_t cache_hits = 0;   // Allocations served without the plugin.
  std::uint64_t raw_allocations = 0;
  std::uint64_t out_of_memory = 0;  // Times the plugin had none, recovered or not.
};
MemoryStats memory_stats(Device* device);  // [any-thread]
void reset_peak(Device* device);           // [any-thread]

// Gives cached memory back to the plugin: all of the calling thread's and the shared caches'; other
// threads give theirs back at their next allocation.  [any-thread]
void empty_cache(Device* device);

}  // namespace fg::core

#endif  // FG_CORE_MEMORY_ALLOCATOR_HPP_
