// SPDX-License-Identifier: Apache-2.0

#include "core/memory/thread_cache.hpp"

#include <memory>
#include <new>

namespace fg::core {

constinit thread_local ThreadCache* t_cache [[gnu::tls_model("initial-exec")]] = nullptr;

namespace {

// Set when the thread's cache is gone: storages released later go to the shared caches.
constinit thread_local bool t_ending = false;

void close_device(ThreadDevice* td) noexcept {
  td->give_back();
  td->flush_account();
  if (td->stream != nullptr) td->memory->retire_stream(td->stream);
  td->memory->detach(td);
  delete td;
}

struct AtThreadEnd {
  ~AtThreadEnd() {
    t_ending = true;
    ThreadCache* const cache = std::exchange(t_cache, nullptr);
    if (cache == nullptr) return;
    if (cache->free_tensors != nullptr) cache->free_tensors(*cache);
    for (ThreadDevice* td : cache->device) {
      if (td != nullptr) close_device(td);
    }
    delete cache;
  }
};

}  // namespace

void ThreadDevice::flush_account() noexcept { memory->add_current(unflushed.exchange(0, std::memory_order_relaxed)); }

void ThreadDevice::give_back() noexcept {
  for (Magazine& m : magazine) {
    if (m.head != nullptr) memory->small.give(m.head);
    m = {};
  }
}

ThreadCache* make_thread_cache() noexcept {
  if (t_ending) return nullptr;
  static thread_local AtThreadEnd at_thread_end;
  (void)at_thread_end;
  t_cache = new (std::nothrow) ThreadCache;
  return t_cache;
}

ThreadDevice* make_thread_device(Device* device) noexcept {
  ThreadCache* const cache = thread_cache();
  if (cache == nullptr) return nullptr;
  ThreadDevice*& slot = cache->device[device->index];
  if (slot != nullptr) return slot;
  try {
    auto td = std::make_unique<ThreadDevice>();
    td->memory = &DeviceMemory::of(device);
    td->generation = td->memory->generation.load(std::memory_order_relaxed);
    td->memory->attach(td.get());
    slot = td.release();
  } catch (...) {  // No memory: the caller uses the shared caches.
  }
  return slot;
}

}  // namespace fg::core
