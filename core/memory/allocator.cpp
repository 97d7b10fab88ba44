// SPDX-License-Identifier: Apache-2.0

#include "core/memory/allocator.hpp"

#include "core/memory/thread_cache.hpp"

namespace fg::core {
namespace {

// A block of the calling thread's magazine, or nullptr.
inline ThreadDevice* magazine_owner(const Device* device) noexcept {
  return t_cache != nullptr ? t_cache->device[device->index] : nullptr;
}

}  // namespace

Storage* try_allocate(Device* device, std::uint64_t bytes) noexcept {
  if (bytes - 1 < kMaxMagazineBytes) [[likely]] {  // 0 wraps and takes the slow way.
    ThreadDevice* const td = magazine_owner(device);
    if (td != nullptr && td->generation == td->memory->generation.load(std::memory_order_relaxed)) [[likely]] {
      if (Storage* const s = td->magazine[size_class(bytes)].pop()) [[likely]] {
        s->bytes = bytes;
        s->refs_.store(1, std::memory_order_relaxed);
        td->count(td->allocations);
        td->count(td->cache_hits);
        td->account(static_cast<std::int64_t>(s->capacity_));
        return s;
      }
    }
  }
  try {
    auto slow = DeviceMemory::of(device).allocate_slow(bytes);
    return slow ? *slow : nullptr;
  } catch (...) {  // No host memory for the allocator's own lists.
    return nullptr;
  }
}

Result<StorageRef> allocate(Device* device, std::uint64_t bytes) {
  if (bytes - 1 < kMaxMagazineBytes) {
    if (Storage* const s = try_allocate(device, bytes)) return StorageRef::adopt(s);
  }
  FG_TRY_ASSIGN(Storage * s, DeviceMemory::of(device).allocate_slow(bytes));
  return StorageRef::adopt(s);
}

void DeviceMemory::recycle_small(Storage* s) noexcept {
  ThreadDevice* const td = thread_device(s->device);
  if (td == nullptr) {
    DeviceMemory::find(s->device)->add_current(-static_cast<std::int64_t>(s->capacity_));
    s->next_ = nullptr;
    DeviceMemory::find(s->device)->small.give(s);
    return;
  }
  td->account(-static_cast<std::int64_t>(s->capacity_));
  const std::uint32_t cls = s->size_class_;
  if (cls < kMagazineClasses && td->magazine[cls].count < Magazine::capacity(cls)) [[likely]] {
    td->magazine[cls].push(s);
  } else {
    s->next_ = nullptr;
    td->memory->small.give(s);
  }
}

void Storage::recycle() noexcept {
  switch (origin_) {
    case Origin::small: DeviceMemory::recycle_small(this); return;
    case Origin::large: DeviceMemory::find(device)->recycle_large(this); return;
    case Origin::foreign: DeviceMemory::find(device)->recycle_foreign(this); return;
    case Origin::none: return;
  }
}

MemoryStats memory_stats(Device* device) { return DeviceMemory::of(device).stats(); }
void reset_peak(Device* device) { DeviceMemory::of(device).reset_peak(); }

void empty_cache(Device* device) {
  if (ThreadDevice* td = thread_device(device)) td->give_back();
  DeviceMemory::of(device).trim();
}

}  // namespace fg::core
