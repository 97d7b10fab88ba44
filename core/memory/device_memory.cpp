// SPDX-License-Identifier: Apache-2.0

#include "core/memory/device_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/memory/plugin_error.hpp"
#include "core/memory/thread_cache.hpp"
#include "core/trace/log.hpp"

namespace fg::core {
namespace {

std::array<std::atomic<DeviceMemory*>, kMaxDevices> g_memory{};
std::mutex g_memory_mutex;

void raise_to(std::atomic<std::int64_t>& peak, std::int64_t value) noexcept {
  std::int64_t seen = peak.load(std::memory_order_relaxed);
  while (seen < value && !peak.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

bool out_of_memory(const Error& e) { return e.status == FG_E_OOM_DEVICE || e.status == FG_E_OOM_HOST; }

}  // namespace

DeviceMemory::DeviceMemory(Device* d)
    : device(d), align(std::max<std::uint64_t>(kMinAlignment, d->info.alloc_align)), small(*this), large(*this) {
  empty.device = d;
  empty.refs_.store(1, std::memory_order_relaxed);  // Never recycled.
}

DeviceMemory* DeviceMemory::find(const Device* device) noexcept {
  return g_memory[device->index].load(std::memory_order_acquire);
}

DeviceMemory& DeviceMemory::of(Device* device) {
  if (DeviceMemory* m = find(device)) return *m;
  const std::scoped_lock lock(g_memory_mutex);
  if (DeviceMemory* m = find(device)) return *m;
  auto* const made = new DeviceMemory(device);  // Kept for the life of the process.
  g_memory[device->index].store(made, std::memory_order_release);
  return *made;
}

Result<fg_buffer*> DeviceMemory::raw_allocate(std::uint64_t bytes, void** ptr) {
  fg_buffer* buffer = nullptr;
  PluginError error;
  *ptr = nullptr;
  const fg_status status =
      device->api->mem_alloc(device->instance, device->ordinal, FG_MEM_DEVICE, bytes, align, &buffer, ptr, error);
  if (status < 0) return error.fail(*device, fmt::format("allocate {} bytes", bytes), status);
  raw_allocations_.fetch_add(1, std::memory_order_relaxed);
  const auto size = static_cast<std::int64_t>(bytes);
  raise_to(peak_reserved_, reserved_.fetch_add(size, std::memory_order_relaxed) + size);
  return buffer;
}

void DeviceMemory::raw_free_after(fg_buffer* buffer, std::uint64_t bytes, Stream* stream,
                                  std::uint64_t value) noexcept {
  reserved_.fetch_sub(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
  fg_timeline* after = nullptr;
  if (stream != nullptr) {
    ensure_signalled(*stream, value);
    after = stream->timeline_;
  }
  const fg_status status = device->api->mem_free(device->instance, buffer, after, after != nullptr ? value : 0);
  if (status < 0) FG_LOG(error, "{}: freeing {} bytes failed with status {}", device->name, bytes, status);
}

Result<Storage*> DeviceMemory::allocate_small(std::uint64_t bytes, ThreadDevice* td, bool* cached) {
  const std::uint32_t cls = size_class(bytes);
  const std::uint32_t batch = td != nullptr && cls < kMagazineClasses ? std::max(1u, Magazine::capacity(cls) / 2) : 1u;
  FG_TRY_ASSIGN(Storage * first, small.take(cls, batch, cached));
  for (Storage* rest = std::exchange(first->next_, nullptr); rest != nullptr;) {
    Storage* const s = std::exchange(rest, rest->next_);
    td->magazine[cls].push(s);
  }
  return first;
}

Result<Storage*> DeviceMemory::allocate_large(std::uint64_t bytes, bool* cached) {
  const std::uint64_t rounded = round_up(bytes, LargeCache::kGrain);
  Storage* const s = large.take(rounded);
  *cached = s != nullptr;
  if (s != nullptr) return s;
  return large.grow(rounded);
}

Result<Storage*> DeviceMemory::allocate_slow(std::uint64_t bytes) {
  if (bytes == 0) {
    empty.retain();
    return &empty;
  }
  if (bytes > (std::uint64_t{1} << 62)) {
    return fail(FG_E_OOM_DEVICE, fmt::format("{}: {} bytes are more than any device has", device->name, bytes),
                FG_R_LIMIT);
  }
  ThreadDevice* const td = thread_device(device);
  if (td != nullptr) {
    const std::uint64_t now = generation.load(std::memory_order_relaxed);
    if (td->generation != now) {
      td->give_back();
      td->generation = now;
    }
  }
  const auto attempt = [&](bool* cached) {
    return bytes <= kMaxSmallBytes ? allocate_small(bytes, td, cached) : allocate_large(bytes, cached);
  };
  bool cached = false;
  auto got = attempt(&cached);
  if (!got && out_of_memory(got.error())) {
    out_of_memory_.fetch_add(1, std::memory_order_relaxed);
    if (td != nullptr) td->give_back();
    trim();
    got = attempt(&cached);
    if (!got) {
      const MemoryStats s = stats();
      got.error().message += fmt::format(" ({} bytes in use, {} held)", s.current, s.reserved);
    }
  }
  if (!got) return got;
  Storage* const s = *got;
  s->bytes = bytes;
  s->refs_.store(1, std::memory_order_relaxed);
  if (td != nullptr) {
    td->count(td->allocations);
    if (cached) td->count(td->cache_hits);
    td->account(static_cast<std::int64_t>(s->capacity_));
  } else {
    allocations_.fetch_add(1, std::memory_order_relaxed);
    if (cached) cache_hits_.fetch_add(1, std::memory_order_relaxed);
    add_current(static_cast<std::int64_t>(s->capacity_));
  }
  return s;
}

void DeviceMemory::trim() noexcept {
  generation.fetch_add(1, std::memory_order_relaxed);
  small.trim();
  large.trim();
}

void DeviceMemory::recycle_large(Storage* s) noexcept {
  if (ThreadDevice* td = thread_device(device))
    td->account(-static_cast<std::int64_t>(s->capacity_));
  else
    add_current(-static_cast<std::int64_t>(s->capacity_));
  large.give(s);
}

// The deleter may only run when no device work reads the memory any more, and host code cannot be
// stream-ordered: this waits.
void DeviceMemory::recycle_foreign(Storage* s) noexcept {
  const LastUse use = last_use(s);
  if (use.stream != nullptr) wait_quietly(*use.stream, use.value);
  if (s->buffer != nullptr) device->api->mem_free(device->instance, s->buffer, nullptr, 0);
  add_foreign(-static_cast<std::int64_t>(s->bytes));
  if (s->deleter_ != nullptr) s->deleter_(s->deleter_ctx_);
  delete s;
}

void DeviceMemory::add_current(std::int64_t delta) noexcept {
  const std::int64_t now = current_.fetch_add(delta, std::memory_order_relaxed) + delta;
  if (delta > 0) raise_to(peak_, now);
}

MemoryStats DeviceMemory::stats() {
  const auto positive = [](std::int64_t v) { return static_cast<std::uint64_t>(std::max<std::int64_t>(v, 0)); };
  std::int64_t current = current_.load(std::memory_order_relaxed);
  MemoryStats s;
  s.allocations = allocations_.load(std::memory_order_relaxed);
  s.cache_hits = cache_hits_.load(std::memory_order_relaxed);
  {
    const std::scoped_lock lock(threads_mutex_);
    for (const ThreadDevice* td : threads_) {
      current += td->unflushed.load(std::memory_order_relaxed);
      s.allocations += td->allocations.load(std::memory_order_relaxed);
      s.cache_hits += td->cache_hits.load(std::memory_order_relaxed);
    }
  }
  raise_to(peak_, current);
  s.current = positive(current);
  s.peak = positive(peak_.load(std::memory_order_relaxed));
  s.reserved = positive(reserved_.load(std::memory_order_relaxed));
  s.peak_reserved = positive(peak_reserved_.load(std::memory_order_relaxed));
  s.foreign = positive(foreign_.load(std::memory_order_relaxed));
  s.raw_allocations = raw_allocations_.load(std::memory_order_relaxed);
  s.out_of_memory = out_of_memory_.load(std::memory_order_relaxed);
  return s;
}

void DeviceMemory::reset_peak() noexcept {
  peak_.store(0, std::memory_order_relaxed);  // stats() raises it to what is in use.
  raise_to(peak_, current_.load(std::memory_order_relaxed));
  peak_reserved_.store(reserved_.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

void DeviceMemory::attach(ThreadDevice* td) {
  const std::scoped_lock lock(threads_mutex_);
  threads_.push_back(td);
}

void DeviceMemory::detach(ThreadDevice* td) noexcept {
  const std::scoped_lock lock(threads_mutex_);
  allocations_.fetch_add(td->allocations.load(std::memory_order_relaxed), std::memory_order_relaxed);
  cache_hits_.fetch_add(td->cache_hits.load(std::memory_order_relaxed), std::memory_order_relaxed);
  std::erase(threads_, td);
}

}  // namespace fg::core
