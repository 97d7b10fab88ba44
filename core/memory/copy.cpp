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

Result<void> check_read(const HostRead& r) {
  FG_TRY(check_not_captured(r.src->device, "copies to the host"));
  return check_range(r.src, r.offset, r.dst.size());
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

Result<void> wait_value(Stream& stream, std::uint64_t value) {
  if (stream.device()->synchronous()) return {};
  return DeviceMemory::of(stream.device()).wait(stream, value);
}

// Part of the staging memory that nothing uses.
struct Room {
  std::uint64_t half, at;
};

// `bytes`: a half at most.  A half that has no more room hands over to the other, once that is free.
Result<Room> take_room(Stream& stream, Staging& st, std::uint64_t bytes) {
  if (bytes > st.half_bytes - st.used) {
    FG_TRY(wait_value(stream, st.busy_until[st.half ^ 1]));
    st.half ^= 1;
    st.used = 0;
  }
  const Room room{st.half, st.half * st.half_bytes + st.used};
  st.used = std::min(round_up(st.used + bytes, kMinAlignment), st.half_bytes);
  return room;
}

enum class Way { to_device, to_host };

// One copy between a storage and its room.
Result<void> enqueue(Stream& stream, Staging& st, const Room& room, Storage* s, std::uint64_t offset,
                     std::uint64_t bytes, Way way) {
  Device* const d = stream.device();
  PluginError error;
  fg_status status = FG_OK;
  {
    Submission work(stream);
    work.use(s);
    status =
        way == Way::to_device
            ? d->api->copy(stream.handle(), s->buffer, s->buffer_offset + offset, st.buffer, room.at, bytes, error)
            : d->api->copy(stream.handle(), st.buffer, room.at, s->buffer, s->buffer_offset + offset, bytes, error);
  }
  if (status < 0) return error.fail(*d, fmt::format("copy {} bytes", bytes), status);
  const std::scoped_lock lock(DeviceMemory::of(d).order);
  st.busy_until[room.half] = DeviceMemory::pending_value(stream);
  return {};
}

// The device begins with what was enqueued.
void start(Stream& stream, std::uint64_t value) {
  if (!stream.device()->synchronous()) DeviceMemory::of(stream.device()).ensure_signalled(stream, value);
}

Result<void> write_staged(Storage* dst, std::uint64_t offset, std::span<const std::byte> src) {
  FG_TRY_ASSIGN(Stream * stream, thread_stream(dst->device));
  FG_TRY_ASSIGN(Staging * st, staging(*stream));
  for (std::uint64_t at = 0, n = 0; at < src.size(); at += n) {
    n = std::min<std::uint64_t>(st->half_bytes, src.size() - at);
    FG_TRY_ASSIGN(const Room room, take_room(*stream, *st, n));
    std::memcpy(st->ptr + room.at, src.data() + at, n);
    FG_TRY(enqueue(*stream, *st, room, dst, offset + at, n, Way::to_device));
    if (at + n < src.size()) start(*stream, st->busy_until[room.half]);
  }
  return {};
}

// The device fills one half while the host empties the other.
Result<void> read_staged(Storage* src, std::uint64_t offset, std::span<std::byte> dst) {
  FG_TRY_ASSIGN(Stream * stream, thread_stream(src->device));
  FG_TRY_ASSIGN(Staging * st, staging(*stream));
  const auto chunk = [&](std::uint64_t at) { return std::min<std::uint64_t>(st->half_bytes, dst.size() - at); };
  const auto request = [&](std::uint64_t at) -> Result<Room> {
    FG_TRY_ASSIGN(const Room room, take_room(*stream, *st, chunk(at)));
    FG_TRY(enqueue(*stream, *st, room, src, offset + at, chunk(at), Way::to_host));
    start(*stream, st->busy_until[room.half]);
    return room;
  };
  FG_TRY_ASSIGN(Room room, request(0));
  for (std::uint64_t at = 0; at < dst.size();) {
    const std::uint64_t next = at + chunk(at);
    const Room filled = room;
    if (next < dst.size()) {
      FG_TRY_ASSIGN(room, request(next));
    }
    FG_TRY(wait_value(*stream, st->busy_until[filled.half]));
    std::memcpy(dst.data() + at, st->ptr + filled.at, chunk(at));
    at = next;
  }
  return {};
}

// What fits into the rest of a half together arrives together.
Result<void> read_staged_together(std::span<const HostRead> reads) {
  FG_TRY_ASSIGN(Stream * stream, thread_stream(reads.front().src->device));
  FG_TRY_ASSIGN(Staging * st, staging(*stream));
  std::vector<Room> rooms;
  std::uint64_t first = 0;  // of those in `rooms`
  const auto arrive = [&]() -> Result<void> {
    if (rooms.empty()) return {};
    FG_TRY(wait_value(*stream, st->busy_until[rooms.front().half]));
    for (std::size_t i = 0; i < rooms.size(); ++i) {
      const std::span<std::byte> dst = reads[first + i].dst;
      if (!dst.empty()) std::memcpy(dst.data(), st->ptr + rooms[i].at, dst.size());
    }
    rooms.clear();
    return {};
  };
  for (std::size_t i = 0; i < reads.size(); ++i) {
    const HostRead& r = reads[i];
    if (r.dst.size() > st->half_bytes - st->used) FG_TRY(arrive());
    if (r.dst.size() > st->half_bytes) {
      FG_TRY(read_staged(r.src, r.offset, r.dst));
      continue;
    }
    if (rooms.empty()) first = i;
    FG_TRY_ASSIGN(const Room room, take_room(*stream, *st, r.dst.size()));
    if (!r.dst.empty()) FG_TRY(enqueue(*stream, *st, room, r.src, r.offset, r.dst.size(), Way::to_host));
    rooms.push_back(room);
  }
  return arrive();
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
  FG_TRY(check_read({src, offset, dst}));
  if (dst.empty()) return {};
  if (!src->device->host_visible()) return read_staged(src, offset, dst);
  FG_TRY(src->wait_idle());
  std::memcpy(dst.data(), src->ptr + offset, dst.size());
  return {};
}

Result<void> read_storages(std::span<const HostRead> reads) {
  for (const HostRead& r : reads) FG_TRY(check_read(r));
  if (reads.empty()) return {};
  if (!reads.front().src->device->host_visible()) return read_staged_together(reads);
  for (const HostRead& r : reads) FG_TRY(read_storage(r.src, r.offset, r.dst));
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
