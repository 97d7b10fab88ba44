// SPDX-License-Identifier: Apache-2.0

#include "tests/unit/memory/fake_device.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>

#include "fg/abi/ext/memory.h"
#include "fg/sdk/guard.hpp"

struct fg_instance {
  fg::test::FakeOptions options;
  std::atomic<std::int64_t> buffers{0}, bytes{0}, streams{0}, copies{0};
  std::atomic<bool> fail_copies{false};
};

struct fg_buffer {
  std::byte* data = nullptr;
  std::uint64_t bytes = 0;
  bool borrowed = false;
};

struct fg_timeline {
  std::mutex mutex;
  std::condition_variable raised;
  std::uint64_t value = 0;
  std::vector<std::pair<std::uint64_t, std::function<void()>>> later;

  void raise(std::uint64_t v) {
    const std::scoped_lock lock(mutex);
    value = std::max(value, v);
    std::erase_if(later, [&](auto& l) {
      if (l.first > value) return false;
      l.second();
      return true;
    });
    raised.notify_all();
  }
  void wait(std::uint64_t v) {
    std::unique_lock lock(mutex);
    raised.wait(lock, [&] { return value >= v; });
  }
};

struct fg_stream {
  fg_instance* instance = nullptr;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> queue;
  bool paused = false;
  std::thread worker;

  void enqueue(std::function<void()> work) {
    if (instance->options.synchronous) return work();
    const std::scoped_lock lock(mutex);
    queue.push_back(std::move(work));
    changed.notify_all();
  }
  void run() {
    while (true) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return !paused && !queue.empty(); });
      auto work = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      work();
    }
  }
};

namespace fg::test {
namespace {

fg_status report(fg_error* err, fg_status status, const char* text) { return sdk::report(err, Error{status, text}); }

fg_status mem_alloc(fg_instance* i, std::uint32_t, std::uint32_t kind, std::uint64_t bytes, std::uint64_t align,
                    fg_buffer** buffer, void** ptr, fg_error* err) noexcept {
  if (static_cast<std::uint64_t>(i->bytes.load()) + bytes > i->options.capacity) {
    return report(err, FG_E_OOM_DEVICE, "the fake device is full");
  }
  const std::uint64_t a = std::max(align, i->options.alloc_align);
  auto* b = new fg_buffer;
  b->data = static_cast<std::byte*>(std::aligned_alloc(a, (bytes + a - 1) / a * a));
  b->bytes = bytes;
  std::memset(b->data, 0xCD, std::min<std::uint64_t>(bytes, 4096));
  i->buffers += 1;
  i->bytes += static_cast<std::int64_t>(bytes);
  *buffer = b;
  *ptr = i->options.synchronous || kind == FG_MEM_STAGING ? b->data : nullptr;
  return FG_OK;
}

fg_status mem_free(fg_instance* i, fg_buffer* b, fg_timeline* after, std::uint64_t value) noexcept {
  const auto free_now = [i, b] {
    i->buffers -= 1;
    i->bytes -= b->borrowed ? 0 : static_cast<std::int64_t>(b->bytes);
    if (!b->borrowed) std::free(b->data);
    delete b;
  };
  if (after != nullptr) {
    const std::scoped_lock lock(after->mutex);
    if (after->value < value) {
      after->later.emplace_back(value, free_now);
      return FG_OK;
    }
  }
  free_now();
  return FG_OK;
}

fg_status copy(fg_stream* s, fg_buffer* dst, std::uint64_t dst_offset, fg_buffer* src, std::uint64_t src_offset,
               std::uint64_t bytes, fg_error* err) noexcept {
  s->instance->copies += 1;
  if (s->instance->fail_copies) return report(err, FG_E_DEVICE_LOST, "the fake device is lost");
  if (dst_offset + bytes > dst->bytes || src_offset + bytes > src->bytes) {
    return report(err, FG_E_INVALID, "copy outside a buffer");
  }
  s->enqueue([=] { std::memcpy(dst->data + dst_offset, src->data + src_offset, bytes); });
  return FG_OK;
}

fg_status stream_create(fg_instance* i, std::uint32_t, std::int32_t, fg_stream** out, fg_error*) noexcept {
  auto* s = new fg_stream;  // Kept: the core keeps its streams for the life of the process.
  s->instance = i;
  i->streams += 1;
  if (!i->options.synchronous) {
    s->worker = std::thread([s] { s->run(); });
    s->worker.detach();
  }
  *out = s;
  return FG_OK;
}

fg_status stream_signal(fg_stream* s, fg_timeline* t, std::uint64_t value) noexcept {
  s->enqueue([t, value] { t->raise(value); });
  return FG_OK;
}

fg_status stream_wait(fg_stream* s, fg_timeline* t, std::uint64_t value) noexcept {
  s->enqueue([t, value] { t->wait(value); });
  return FG_OK;
}

fg_status timeline_create(fg_instance*, std::uint64_t initial, fg_timeline** out, fg_error*) noexcept {
  *out = new fg_timeline;
  (*out)->value = initial;
  return FG_OK;
}

fg_status host_wait(fg_timeline* t, std::uint64_t value, std::int64_t timeout_ns, fg_error*) noexcept {
  if (timeout_ns < 0) {
    t->wait(value);
    return FG_OK;
  }
  const std::scoped_lock lock(t->mutex);
  return t->value >= value ? FG_OK : FG_NOT_READY;
}

fg_status import_mem(fg_instance* i, std::uint32_t, const fg_foreign_mem* m, fg_buffer** out, void** ptr,
                     fg_error*) noexcept {
  auto* b = new fg_buffer;
  b->data = reinterpret_cast<std::byte*>(m->handle[0]);
  b->bytes = m->bytes;
  b->borrowed = true;
  i->buffers += 1;
  *out = b;
  *ptr = b->data;
  return FG_OK;
}

const void* get_table(fg_instance* i, const char* id) noexcept {
  static constexpr fg_memory_table kMemory{{sizeof(fg_memory_table), 0, nullptr}, import_mem, nullptr, nullptr};
  return i->options.borrows && i->options.synchronous && std::strcmp(id, FG_TABLE_MEMORY) == 0 ? &kMemory : nullptr;
}

const fg_api& fake_api() {
  static const fg_api api = [] {
    fg_api a{};
    a.hdr.struct_size = sizeof a;
    a.name = a.vendor = "fake";
    a.mem_alloc = mem_alloc;
    a.mem_free = mem_free;
    a.copy = copy;
    a.stream_create = stream_create;
    a.stream_signal = stream_signal;
    a.stream_wait = stream_wait;
    a.timeline_create = timeline_create;
    a.host_wait = host_wait;
    a.get_table = get_table;
    return a;
  }();
  return api;
}

}  // namespace

core::Device* make_fake_device(FakeOptions options) {
  static std::atomic<std::uint32_t> next_index{0};
  static std::mutex mutex;
  static std::vector<core::Device*>* const kept = new std::vector<core::Device*>;  // Reachable for leak checkers.
  auto* d = new core::Device;
  d->api = &fake_api();
  d->instance = new fg_instance;
  d->instance->options = options;
  d->index = next_index++;
  d->name = "fake:" + std::to_string(d->index);
  d->info.caps = options.synchronous ? std::uint64_t{FG_D_FLAT_ADDRESS | FG_D_HOST_VISIBLE | FG_D_SYNCHRONOUS} : 0u;
  d->info.alloc_align = options.alloc_align;
  d->info.dlpack_type = options.synchronous ? 1 : 7;
  const std::scoped_lock lock(mutex);
  kept->push_back(d);
  return d;
}

FakeCounts fake_counts(const core::Device* device) {
  const fg_instance& i = *device->instance;
  return {i.buffers, i.bytes, i.streams, i.copies};
}
void fake_fail_copies(const core::Device* device, bool fail) { device->instance->fail_copies = fail; }

void fake_pause(core::Stream& stream) {
  const std::scoped_lock lock(stream.handle()->mutex);
  stream.handle()->paused = true;
}
void fake_resume(core::Stream& stream) {
  const std::scoped_lock lock(stream.handle()->mutex);
  stream.handle()->paused = false;
  stream.handle()->changed.notify_all();
}
void fake_enqueue(core::Stream& stream, std::function<void()> work) { stream.handle()->enqueue(std::move(work)); }
std::span<std::byte> fake_bytes(fg_buffer* buffer) { return {buffer->data, buffer->bytes}; }

}  // namespace fg::test
