// SPDX-License-Identifier: Apache-2.0
//
// A storage: counted ownership of a range of device memory, shared by the views of one tensor.
// It remembers the stream that used it last, which orders every later use, reuse and free.

#ifndef FG_CORE_MEMORY_STORAGE_HPP_
#define FG_CORE_MEMORY_STORAGE_HPP_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/registry/device.hpp"
#include "fg/sdk/result.hpp"

namespace fg::core {

class Stream;
class DeviceMemory;
struct Slab;

// Called once when foreign memory is no longer used by any tensor or any device work.
using ForeignDeleter = void (*)(void* ctx) noexcept;

// Where a storage's memory came from, and so where it goes.
enum class Origin : std::uint8_t { none, small, large, foreign };

class Storage {
 public:
  Device* device = nullptr;
  fg_buffer* buffer = nullptr;      // nullptr only for storages of 0 bytes.
  std::uint64_t buffer_offset = 0;  // Of the storage's first byte from the start of `buffer`.
  std::byte* ptr = nullptr;         // Flat address of the first byte; nullptr if memory is not flat.
  std::uint64_t bytes = 0;          // As asked for; the bounds of every view.
  bool read_only = false;           // Foreign memory that must not be written.

  Storage() = default;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  void retain() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  // At 0 the memory goes back to its allocator, its deleter is called, or a free is enqueued.
  void release() noexcept {
    // A sole owner needs no atomic subtraction: nobody else can take a reference.
    if (refs_.load(std::memory_order_acquire) == 1 || refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) recycle();
  }
  std::uint32_t use_count() const noexcept { return refs_.load(std::memory_order_relaxed); }

  // Blocks until all device work on this memory is done.  No-op on a synchronous device.
  Result<void> wait_idle();

 private:
  friend class DeviceMemory;
  friend class Submission;
  friend class LargeCache;
  friend class SmallCache;
  friend struct Magazine;
  friend Result<class StorageRef> import_storage(Device*, void*, std::uint64_t, bool, ForeignDeleter, void*);
  friend Storage* try_allocate(Device*, std::uint64_t) noexcept;

  void recycle() noexcept;

  std::atomic<std::uint32_t> refs_{0};
  Origin origin_ = Origin::none;
  std::uint8_t size_class_ = 0;
  bool free_ = false;           // large: in the cache
  std::uint64_t capacity_ = 0;  // Bytes really held.
  // Last use, on devices that are not synchronous; guarded by the device's order lock.
  Stream* last_stream_ = nullptr;
  std::uint64_t last_value_ = 0;
  Storage* next_ = nullptr;       // small: free list; large: right neighbour in the segment
  Storage* prev_ = nullptr;       // large: left neighbour in the segment
  Storage* free_next_ = nullptr;  // large: free list
  Storage* free_prev_ = nullptr;
  Slab* slab_ = nullptr;  // small
  ForeignDeleter deleter_ = nullptr;
  void* deleter_ctx_ = nullptr;
};

// Owns one reference to a Storage.
class StorageRef {
 public:
  StorageRef() = default;
  static StorageRef adopt(Storage* s) noexcept {
    StorageRef r;
    r.s_ = s;
    return r;
  }
  static StorageRef share(Storage* s) noexcept {
    if (s != nullptr) s->retain();
    return adopt(s);
  }
  StorageRef(const StorageRef& o) noexcept : s_(o.s_) {
    if (s_ != nullptr) s_->retain();
  }
  StorageRef(StorageRef&& o) noexcept : s_(std::exchange(o.s_, nullptr)) {}
  StorageRef& operator=(StorageRef o) noexcept {
    std::swap(s_, o.s_);
    return *this;
  }
  ~StorageRef() {
    if (s_ != nullptr) s_->release();
  }

  explicit operator bool() const noexcept { return s_ != nullptr; }
  Storage* get() const noexcept { return s_; }
  Storage* operator->() const noexcept { return s_; }
  Storage* leak() noexcept { return std::exchange(s_, nullptr); }

 private:
  Storage* s_ = nullptr;
};

// Memory that somebody else owns, as a storage of `device`: host memory on a host-visible device, a
// device address on a flat one.  `deleter` (may be nullptr) is called exactly once, when the last use
// is over; on failure it is not called and the memory stays the caller's.  FG_E_UNSUPPORTED when the
// plugin cannot borrow memory (no "fg.memory/1"); the caller then copies.  [any-thread]
Result<StorageRef> import_storage(Device* device, void* address, std::uint64_t bytes, bool read_only,
                                  ForeignDeleter deleter, void* ctx);

}  // namespace fg::core

#endif  // FG_CORE_MEMORY_STORAGE_HPP_
