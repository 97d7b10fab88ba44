// SPDX-License-Identifier: Apache-2.0
//
// What each thread keeps for itself, so that the hot path takes no lock and shares no cache line:
// magazines of small blocks, counters and the stream of every device, and tensor objects.

#ifndef FG_CORE_MEMORY_THREAD_CACHE_HPP_
#define FG_CORE_MEMORY_THREAD_CACHE_HPP_

#include <atomic>
#include <cstdint>

#include "core/memory/device_memory.hpp"
#include "core/memory/size_class.hpp"

struct fg_tensor_object;

namespace fg::core {

inline constexpr std::uint32_t kMaxDevices = 1024;  // Device::index

// Free blocks of one size class, newest first.
struct Magazine {
  Storage* head = nullptr;
  std::uint32_t count = 0;

  static constexpr std::uint32_t capacity(std::uint32_t size_class) {
    const std::uint64_t fit = (std::uint64_t{256} << 10) / class_bytes(size_class);
    return static_cast<std::uint32_t>(fit < 2 ? 2 : fit > 64 ? 64 : fit);
  }
  Storage* pop() noexcept {
    Storage* s = head;
    if (s != nullptr) {
      head = s->next_;
      --count;
    }
    return s;
  }
  void push(Storage* s) noexcept {
    s->next_ = head;
    head = s;
    ++count;
  }
};

// One thread's part of one device.  Counters are written by the thread and read by anyone.
struct ThreadDevice {
  DeviceMemory* memory = nullptr;
  std::uint64_t generation = 0;
  Stream* stream = nullptr;
  std::atomic<std::int64_t> unflushed{0};  // Bytes not yet added to the device's `current`.
  std::atomic<std::uint64_t> allocations{0}, cache_hits{0};
  Magazine magazine[kMagazineClasses];

  void count(std::atomic<std::uint64_t>& counter) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  void account(std::int64_t delta) noexcept {
    constexpr std::int64_t kFlush = 256 << 10;
    const std::int64_t sum = unflushed.load(std::memory_order_relaxed) + delta;
    unflushed.store(sum, std::memory_order_relaxed);
    if (sum >= kFlush || sum <= -kFlush) flush_account();
  }
  void flush_account() noexcept;
  void give_back() noexcept;  // All magazines to the shared cache.
};

struct ThreadCache {
  ThreadDevice* device[kMaxDevices] = {};
  fg_tensor_object* tensors = nullptr;  // Free tensor objects, linked by their owner (tensor.cpp).
  std::uint32_t tensor_count = 0;
  void (*free_tensors)(ThreadCache&) noexcept = nullptr;
};

// initial-exec: one load instead of a call; the library uses 8 bytes of the static TLS reserve.
extern constinit thread_local ThreadCache* t_cache [[gnu::tls_model("initial-exec")]];

// The calling thread's cache; nullptr when the thread is ending or there is no memory.
ThreadCache* make_thread_cache() noexcept;
inline ThreadCache* thread_cache() noexcept { return t_cache != nullptr ? t_cache : make_thread_cache(); }

// This thread's part of `device`; nullptr in the same cases.
ThreadDevice* make_thread_device(Device* device) noexcept;
inline ThreadDevice* thread_device(Device* device) noexcept {
  ThreadCache* cache = t_cache;
  if (cache != nullptr && cache->device[device->index] != nullptr) [[likely]]
    return cache->device[device->index];
  return make_thread_device(device);
}

}  // namespace fg::core

#endif  // FG_CORE_MEMORY_THREAD_CACHE_HPP_
