// SPDX-License-Identifier: Apache-2.0
//
// All memory state of one device: raw allocation with its accounts, the caches, the streams and the
// lock that orders work on them.  Made at first use and kept for the life of the process.

#ifndef FG_CORE_MEMORY_DEVICE_MEMORY_HPP_
#define FG_CORE_MEMORY_DEVICE_MEMORY_HPP_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/memory/allocator.hpp"
#include "core/memory/large_cache.hpp"
#include "core/memory/small_cache.hpp"
#include "core/memory/stream.hpp"

namespace fg::core {

struct ThreadDevice;

class DeviceMemory {
 public:
  static DeviceMemory& of(Device* device);
  static DeviceMemory* find(const Device* device) noexcept;  // nullptr before its first use

  Device* const device;
  const std::uint64_t align;  // Of every storage.
  SmallCache small;
  LargeCache large;
  Storage empty;  // The storage of every tensor without elements.

  // Raised by empty_cache(): thread caches of an older generation are given back.
  std::atomic<std::uint64_t> generation{0};

  // --- raw memory ---
  Result<Storage*> allocate_slow(std::uint64_t bytes);
  Result<fg_buffer*> raw_allocate(std::uint64_t bytes, void** ptr);
  // Frees once the stream (may be nullptr) has passed `value`.
  void raw_free_after(fg_buffer* buffer, std::uint64_t bytes, Stream* stream, std::uint64_t value) noexcept;
  void trim() noexcept;
  void recycle_large(Storage* s) noexcept;
  void recycle_foreign(Storage* s) noexcept;
  static void recycle_small(Storage* s) noexcept;

  // --- accounts ---
  void add_current(std::int64_t delta) noexcept;
  void add_foreign(std::int64_t delta) noexcept { foreign_.fetch_add(delta, std::memory_order_relaxed); }
  MemoryStats stats();
  void reset_peak() noexcept;
  void attach(ThreadDevice* td);
  void detach(ThreadDevice* td) noexcept;

  // --- streams ---
  // Recursive: releasing a tensor inside a Submission may free device memory.
  std::recursive_mutex order;
  Result<Stream*> acquire_stream();
  void retire_stream(Stream* stream) noexcept;
  // Makes the timeline reach `value` without further submissions.  Holds the order lock.
  fg_status ensure_signalled(Stream& stream, std::uint64_t value) noexcept;
  Result<void> wait(Stream& stream, std::uint64_t value);
  void wait_quietly(Stream& stream, std::uint64_t value) noexcept;
  Result<void> wait_all();
  // Value at which all that was submitted to the stream so far is done.
  static std::uint64_t pending_value(const Stream& stream) noexcept {
    return stream.signalled_ + (stream.dirty_ ? 1u : 0u);
  }
  // Value at which the work of an open Submission is done.
  static std::uint64_t open_value(const Stream& stream) noexcept { return stream.signalled_ + 1; }
  static StorageRef& workspace_of(Stream& stream) noexcept { return stream.workspace_; }
  static Staging& staging_of(Stream& stream) noexcept { return stream.staging_; }
  struct LastUse {
    Stream* stream = nullptr;
    std::uint64_t value = 0;
  };
  LastUse last_use(const Storage* s) noexcept;

 private:
  explicit DeviceMemory(Device* d);
  Result<Storage*> allocate_small(std::uint64_t bytes, ThreadDevice* td, bool* cached);
  Result<Storage*> allocate_large(std::uint64_t bytes, bool* cached);

  std::atomic<std::int64_t> current_{0}, peak_{0}, reserved_{0}, peak_reserved_{0}, foreign_{0};
  std::atomic<std::uint64_t> raw_allocations_{0}, out_of_memory_{0};
  std::atomic<std::uint64_t> allocations_{0}, cache_hits_{0};  // Of ended threads and of no thread's cache.
  std::mutex threads_mutex_;
  std::vector<ThreadDevice*> threads_;
  std::vector<std::unique_ptr<Stream>> streams_;  // Guarded by `order`.
};

}  // namespace fg::core

#endif  // FG_CORE_MEMORY_DEVICE_MEMORY_HPP_
