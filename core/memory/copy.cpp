// SPDX-License-Identifier: Apache-2.0

#include "core/memory/copy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/memory/capture_mark.hpp"
#include "core/memory/device_memory.hpp"
#include "core/memory/plugin_error.hpp"

namespace fg::core {
namespace {

constexpr std::uint64_t kStagingHalf = std::uint64_t{2} << 20;
// Above this the plugin's copy, which may use several threads, beats one memcpy.
constexpr std::uint64_t kPluginCopy = std::uint64_t{1} << 20;

Result<void> check_range(const Storage* s, std::uint64_t offset, std::uint64_t bytes) {
  if (offset <= s->bytes && bytes <= s->bytes - offset) return {};
  return invalid(fmt::format("copy: bytes {} to {} of a storage of {} bytes", offset, offset + bytes, s->bytes),
                 FG_R_BOUNDS);
}

Result<void> check_writable(const Storage* s) {
  if (!s->read_only) return {};
  return invalid("copy: the destination is read-only memory");
}

// Staging memory is made at a stream's first copy and kept with it.
Result<Staging*> staging(Stream& stream) {
  Staging& st = DeviceMemory::staging_of(stream);
  if (st.buffer != nullptr) return &st;
  Device* const d = stream.device();
  void* ptr = nullptr;
  PluginError error;
  const fg_status status = d->api->mem_alloc(d->instance, d->ordinal, FG_MEM_STAGING, 2 * kStagingHalf, kMinAlignment,
                                             &st.buffer, &ptr, error);
  if (status < 0) return error.fail(*d, "allocate staging memory", status);
  if (ptr == nullptr) {
    d->api->mem_free(d->instance, std::exchange(st.buffer, nullptr), nullptr, 0);
    return fail(FG_E_INTERNAL, d->name + ": staging memory has no host address");
  }
  st.ptr = static_cast<std::byte*>(ptr);
  st.half_bytes = kStagingHalf;
  return &st;
}

// One copy between a storage and a staging half; *done is the timeline value of its end.
Result<void> enqueue(Stream& stream, Storage* s, fg_buffer* dst, std::uint64_t dst_offset, fg_buffer* src,
                     std::uint64_t src_offset, std::uint64_t bytes, std::uint64_t* done) {
  Device* const d = stream.device();
  PluginError error;
  fg_status status = FG_OK;
  {
    Submission work(stream);
    work.use(s);
    status = d->api->copy(stream.handle(), dst, dst_offset, src, src_offset, bytes, error);
  }
  if (status < 0) return error.fail(*d, fmt::format("copy {} bytes", bytes), status);
  DeviceMemory& memory = DeviceMemory::of(d);
  const std::scoped_lock lock(memory.order);
  *done = DeviceMemory::pending_value(stream);
  if (!d->synchronous()) memory.ensure_signalled(stream, *done);
  return {};
}

Result<void> wait_value(Stream& stream, std::uint64_t value) {
  if (stream.device()->synchronous()) return {};
  return DeviceMemory::of(stream.device()).wait(stream, value);
}

Result<void> write_staged(Storage* dst, std::uint64_t offset, std::span<const std::byte> src) {
  FG_TRY_ASSIGN(Stream * stream, thread_stream(dst->device));
  FG_TRY_ASSIGN(Staging * st, staging(*stream));
  for (std::uint64_t at = 0, half = 0; at < src.size(); half ^= 1) {
    const std::uint64_t n = std::min<std::uint64_t>(st->half_bytes, src.size() - at);
    FG_TRY(wait_value(*stream, st->busy_until[half]));
    std::memcpy(st->ptr + half * st->half_bytes, src.data() + at, n);
    FG_TRY(enqueue(*stream, dst, dst->buffer, dst->buffer_offset + offset + at, st->buffer, half * st->half_bytes, n,
                   &st->busy_until[half]));
    at += n;
  }
  FG_TRY(wait_value(*stream, st->busy_until[0]));
  return wait_value(*stream, st->busy_until[1]);
}

// The device fills one half while the host empties the other.
Result<void> read_staged(Storage* src, std::uint64_t offset, std::span<std::byte> dst) {
  FG_TRY_ASSIGN(Stream * stream, thread_stream(src->device));
  FG_TRY_ASSIGN(Staging * st, staging(*stream));
  const auto chunk = [&](std::uint64_t at) { return std::min<std::uint64_t>(st->half_bytes, dst.size() - at); };
  const auto request = [&](std::uint64_t at, std::uint64_t half) {
    return enqueue(*stream, src, st->buffer, half * st->half_bytes, src->buffer, src->buffer_offset + offset + at,
                   chunk(at), &st->busy_until[half]);
  };
  FG_TRY(request(0, 0));
  for (std::uint64_t at = 0, half = 0; at < dst.size(); half ^= 1) {
    const std::uint64_t next = at + chunk(at);
    if (next < dst.size()) FG_TRY(request(next, half ^ 1));
    FG_TRY(wait_value(*stream, st->busy_until[half]));
    std::memcpy(dst.data() + at, st->ptr + half * st->half_bytes, chunk(at));
    at = next;
  }
  return {};
}

Result<void> copy_on_device(Storage* dst, std::uint64_t dst_offset, Storage* src, std::uint64_t src_offset,
                            std::uint64_t bytes) {
  Device* const d = dst->device;
  const bool one_device = src->device == d;
  if (!one_device) FG_TRY(src->wait_idle());
  FG_TRY_ASSIGN(Stream * stream, thread_stream(d));
  PluginError error;
  fg_status status = FG_OK;
  {
    Submission work(*stream);
    work.use(dst);
    if (one_device) work.use(src);
    status = d->api->copy(stream->handle(), dst->buffer, dst->buffer_offset + dst_offset, src->buffer,
                          src->buffer_offset + src_offset, bytes, error);
  }
  if (status < 0) return error.fail(*d, fmt::format("copy {} bytes", bytes), status);
  return one_device ? Result<void>{} : synchronize(*stream);
}

Result<void> copy_through_host(Storage* dst, std::uint64_t dst_offset, Storage* src, std::uint64_t src_offset,
                               std::uint64_t bytes) {
  constexpr std::uint64_t kChunk = std::uint64_t{16} << 20;
  std::vector<std::byte> host(std::min(bytes, kChunk));
  for (std::uint64_t at = 0; at < bytes;) {
    const std::span<std::byte> part(host.data(), std::min<std::uint64_t>(host.size(), bytes - at));
    FG_TRY(read_storage(src, src_offset + at, part));
    FG_TRY(write_storage(dst, dst_offset + at, part));
    at += part.size();
  }
  return {};
}

}  // namespace

Result<void> write_storage(Storage* dst, std::uint64_t offset, std::span<const std::byte> src) {
  FG_TRY(check_not_captured(dst->device, "writes from the host"));
  FG_TRY(check_range(dst, offset, src.size()));
  FG_TRY(check_writable(dst));
  if (src.empty()) return {};
  if (!dst->device->host_visible()) return write_staged(dst, offset, src);
  FG_TRY(dst->wait_idle());
  std::memcpy(dst->ptr + offset, src.data(), src.size());
  return {};
}

Result<void> read_storage(Storage* src, std::uint64_t offset, std::span<std::byte> dst) {
  FG_TRY(check_not_captured(src->device, "copies to the host"));
  FG_TRY(check_range(src, offset, dst.size()));
  if (dst.empty()) return {};
  if (!src->device->host_visible()) return read_staged(src, offset, dst);
  FG_TRY(src->wait_idle());
  std::memcpy(dst.data(), src->ptr + offset, dst.size());
  return {};
}

Result<void> copy_storage(Storage* dst, std::uint64_t dst_offset, Storage* src, std::uint64_t src_offset,
                          std::uint64_t bytes) {
  FG_TRY(check_not_captured(dst->device, "copies from another device"));
  FG_TRY(check_not_captured(src->device, "copies to another device"));
  FG_TRY(check_range(dst, dst_offset, bytes));
  FG_TRY(check_range(src, src_offset, bytes));
  FG_TRY(check_writable(dst));
  if (bytes == 0) return {};
  const bool dst_host = dst->device->host_visible();
  const bool src_host = src->device->host_visible();
  const bool one_instance = dst->device->instance == src->device->instance;
  if (one_instance && !(dst_host && src_host && dst->device->synchronous() && bytes < kPluginCopy)) {
    return copy_on_device(dst, dst_offset, src, src_offset, bytes);
  }
  if (src_host) {
    FG_TRY(src->wait_idle());
    return write_storage(dst, dst_offset, {src->ptr + src_offset, static_cast<std::size_t>(bytes)});
  }
  if (dst_host) {
    FG_TRY(dst->wait_idle());
    return read_storage(src, src_offset, {dst->ptr + dst_offset, static_cast<std::size_t>(bytes)});
  }
  return copy_through_host(dst, dst_offset, src, src_offset, bytes);
}

}  // namespace fg::core
