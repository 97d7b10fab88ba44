// SPDX-License-Identifier: Apache-2.0

#include "core/memory/small_cache.hpp"

#include <algorithm>
#include <new>

#include "core/memory/device_memory.hpp"

namespace fg::core {
namespace {

// Blocks of a new slab: about 256 KiB, at least one, at most 128.
std::uint32_t slab_blocks(std::uint64_t block_bytes) {
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>((std::uint64_t{256} << 10) / block_bytes, 1, 128));
}

}  // namespace

Result<Storage*> SmallCache::take(std::uint32_t size_class, std::uint32_t count, bool* from_cache) {
  const std::scoped_lock lock(mutex_);
  *from_cache = free_[size_class] != nullptr;
  if (!*from_cache) FG_TRY(grow(size_class));
  Storage* const first = free_[size_class];
  Storage* last = first;
  --last->slab_->cached;
  for (std::uint32_t n = 1; n < count && last->next_ != nullptr; ++n) {
    last = last->next_;
    --last->slab_->cached;
  }
  free_[size_class] = std::exchange(last->next_, nullptr);
  return first;
}

Result<Storage*> SmallCache::grow(std::uint32_t size_class) {
  const std::uint64_t block_bytes = round_up(class_bytes(size_class), memory_.align);
  const std::uint32_t n = slab_blocks(block_bytes);
  auto slab = std::make_unique<Slab>();
  slab->block = std::make_unique<Storage[]>(n);
  slab->bytes = n * block_bytes;
  slab->blocks = n;
  slabs_.reserve(slabs_.size() + 1);
  void* ptr = nullptr;
  FG_TRY_ASSIGN(slab->buffer, memory_.raw_allocate(slab->bytes, &ptr));
  for (std::uint32_t i = n; i-- > 0;) {
    Storage& s = slab->block[i];
    s.device = memory_.device;
    s.buffer = slab->buffer;
    s.buffer_offset = i * block_bytes;
    s.ptr = ptr == nullptr ? nullptr : static_cast<std::byte*>(ptr) + s.buffer_offset;
    s.origin_ = Origin::small;
    s.size_class_ = static_cast<std::uint8_t>(size_class);
    s.capacity_ = block_bytes;
    s.slab_ = slab.get();
    s.next_ = std::exchange(free_[size_class], &s);
  }
  slab->cached = n;
  slabs_.push_back(std::move(slab));
  return free_[size_class];
}

void SmallCache::give(Storage* chain) noexcept {
  const std::scoped_lock lock(mutex_);
  while (chain != nullptr) {
    Storage* const s = std::exchange(chain, chain->next_);
    s->next_ = std::exchange(free_[s->size_class_], s);
    ++s->slab_->cached;
  }
}

void SmallCache::trim() noexcept {
  const std::scoped_lock lock(mutex_);
  for (Storage*& head : free_) {
    for (Storage** link = &head; *link != nullptr;) {
      const Slab& slab = *(*link)->slab_;
      if (slab.cached == slab.blocks)
        *link = (*link)->next_;
      else
        link = &(*link)->next_;
    }
  }
  for (auto& slab : slabs_) {
    if (slab->cached == slab->blocks) {
      free_slab(*slab);
      slab.reset();
    }
  }
  std::erase(slabs_, nullptr);
}

// A free waits for one timeline value: the blocks of a slab may have been used by several streams,
// so all but one of those are waited for here.
void SmallCache::free_slab(Slab& slab) noexcept {
  DeviceMemory::LastUse last;
  for (std::uint32_t i = 0; i < slab.blocks; ++i) {
    const DeviceMemory::LastUse use = memory_.last_use(&slab.block[i]);
    if (use.stream == nullptr) continue;
    if (last.stream != nullptr && last.stream != use.stream) memory_.wait_quietly(*last.stream, last.value);
    if (last.stream == use.stream && last.value > use.value) continue;
    last = use;
  }
  memory_.raw_free_after(slab.buffer, slab.bytes, last.stream, last.value);
}

}  // namespace fg::core
