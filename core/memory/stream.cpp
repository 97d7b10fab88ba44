// SPDX-License-Identifier: Apache-2.0

#include "core/memory/stream.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/memory/device_memory.hpp"
#include "core/memory/plugin_error.hpp"
#include "core/memory/thread_cache.hpp"
#include "core/trace/log.hpp"

namespace fg::core {

// --- DeviceMemory: streams ---

Result<Stream*> DeviceMemory::acquire_stream() {
  const std::scoped_lock lock(order);
  for (const auto& s : streams_) {
    if (std::exchange(s->idle_, false)) return s.get();
  }
  std::unique_ptr<Stream> s(new Stream);
  s->device_ = device;
  s->memory_ = this;
  s->idle_ = false;
  streams_.reserve(streams_.size() + 1);
  PluginError error;
  fg_status status = device->api->stream_create(device->instance, device->ordinal, 0, &s->handle_, error);
  if (status < 0) return error.fail(*device, "create a stream", status);
  if (!device->synchronous()) {
    status = device->api->timeline_create(device->instance, 0, &s->timeline_, error);
    if (status < 0) {
      device->api->stream_destroy(s->handle_);
      return error.fail(*device, "create a timeline", status);
    }
  }
  streams_.push_back(std::move(s));
  return streams_.back().get();
}

void DeviceMemory::retire_stream(Stream* stream) noexcept {
  const std::scoped_lock lock(order);
  stream->idle_ = true;
}

fg_status DeviceMemory::ensure_signalled(Stream& stream, std::uint64_t value) noexcept {
  const std::scoped_lock lock(order);
  if (stream.signalled_ >= value) return FG_OK;
  stream.dirty_ = false;
  return device->api->stream_signal(stream.handle_, stream.timeline_, ++stream.signalled_);
}

Result<void> DeviceMemory::wait(Stream& stream, std::uint64_t value) {
  fg_status status = ensure_signalled(stream, value);
  PluginError error;
  if (status >= 0) status = device->api->host_wait(stream.timeline_, value, -1, error);
  if (status < 0) return error.fail(*device, "wait for a stream", status);
  return {};
}

void DeviceMemory::wait_quietly(Stream& stream, std::uint64_t value) noexcept {
  fg_status status = ensure_signalled(stream, value);
  if (status >= 0) status = device->api->host_wait(stream.timeline_, value, -1, nullptr);
  if (status < 0) FG_LOG(warn, "{}: waiting for a stream failed with status {}", device->name, status);
}

Result<void> DeviceMemory::wait_all() {
  std::vector<LastUse> pending;
  {
    const std::scoped_lock lock(order);
    for (const auto& s : streams_) {
      if (s->timeline_ != nullptr) pending.push_back({s.get(), pending_value(*s)});
    }
  }
  for (const LastUse& p : pending) FG_TRY(wait(*p.stream, p.value));
  return {};
}

DeviceMemory::LastUse DeviceMemory::last_use(const Storage* s) noexcept {
  if (device->synchronous()) return {};
  const std::scoped_lock lock(order);
  return {s->last_stream_, s->last_value_};
}

Result<void> Storage::wait_idle() {
  if (device->synchronous()) return {};
  DeviceMemory& memory = DeviceMemory::of(device);
  const DeviceMemory::LastUse use = memory.last_use(this);
  return use.stream == nullptr ? Result<void>{} : memory.wait(*use.stream, use.value);
}

// --- Submission ---

void Submission::begin() noexcept { stream_.memory_->order.lock(); }

void Submission::finish() noexcept {
  stream_.dirty_ = true;
  stream_.memory_->order.unlock();
}

void Submission::order_after_last_use(Storage* s) noexcept {
  Stream* const last = s->last_stream_;
  if (last != nullptr && last != &stream_) {
    // A failed signal or wait shows as the error of the launch or of the next host wait.
    stream_.memory_->ensure_signalled(*last, s->last_value_);
    stream_.device_->api->stream_wait(stream_.handle_, last->timeline_, s->last_value_);
  }
  s->last_stream_ = &stream_;
  s->last_value_ = stream_.signalled_ + 1;
}

// --- functions ---

Stream* cached_thread_stream(const Device* device) noexcept {
  const ThreadDevice* const td = t_cache != nullptr ? t_cache->device[device->index] : nullptr;
  return td != nullptr ? td->stream : nullptr;
}

Result<Stream*> thread_stream(Device* device) {
  if (Stream* s = cached_thread_stream(device)) return s;
  ThreadDevice* const td = thread_device(device);
  if (td == nullptr) return fail(FG_E_STATE, device->name + ": no stream for a thread that is ending");
  FG_TRY_ASSIGN(td->stream, td->memory->acquire_stream());
  return td->stream;
}

Result<void> synchronize(Device* device) {
  if (device->synchronous()) return {};
  return DeviceMemory::of(device).wait_all();
}

Result<void> synchronize(Stream& stream) {
  if (stream.device()->synchronous()) return {};
  DeviceMemory& memory = DeviceMemory::of(stream.device());
  std::uint64_t value = 0;
  {
    const std::scoped_lock lock(memory.order);
    value = DeviceMemory::pending_value(stream);
  }
  return memory.wait(stream, value);
}

Result<Workspace> workspace(Stream& stream, std::uint64_t bytes) {
  if (bytes == 0) return Workspace{};
  StorageRef& held = DeviceMemory::workspace_of(stream);
  if (!held || held->bytes < bytes) {
    constexpr std::uint64_t kLeast = 64 << 10;
    const bool doubles = bytes < (std::uint64_t{1} << 30);
    held = StorageRef{};  // First, so that growing does not hold both.
    FG_TRY_ASSIGN(held, allocate(stream.device(), doubles ? std::max(kLeast, std::bit_ceil(bytes)) : bytes));
  }
  return Workspace{held->buffer, held->buffer_offset, bytes, held.get()};
}

}  // namespace fg::core
