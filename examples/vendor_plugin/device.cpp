// SPDX-License-Identifier: Apache-2.0
//
// Memory, streams and timelines of Acme's device.

#include "device.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "fg/sdk/guard.hpp"
#include "fg/sdk/memory_checks.hpp"

namespace acme {

using fg::Result;
using fg::sdk::guard;

namespace {

constexpr std::uint64_t kAlign = 64;
constexpr std::uint64_t kMemory = std::uint64_t{1} << 32;  // Bytes of the device, and of the largest buffer.

// FG_E_INVALID for a value that is not above the present one.
fg_status raise(fg_timeline* timeline, std::uint64_t value) {
  {
    const std::lock_guard hold(timeline->lock);
    if (value <= timeline->value) return FG_E_INVALID;
    timeline->value = value;
  }
  timeline->raised.notify_all();
  return FG_OK;
}

}  // namespace

Result<void> check_device(const char* what, std::uint32_t device) {
  if (device < kDevices) return {};
  return fg::fail(FG_E_NOT_FOUND,
                  std::string(what) + ": device " + std::to_string(device) + ", there is " + std::to_string(kDevices),
                  FG_R_DEVICE);
}

fg_status device_info(fg_instance*, std::uint32_t device, fg_device_info* info) noexcept {
  if (const auto r = check_device("device_info", device); !r) return r.error().status;
  // The caller's record may be shorter than ours: fill a full one, then copy what fits.
  fg_device_info full{};
  full.hdr = info->hdr;
  std::memcpy(full.uuid, "acme-example-000", sizeof full.uuid);
  std::strcpy(full.name, "Acme example device");
  std::strcpy(full.driver, "none");
  std::strcpy(full.arch, "host");
  full.type = FG_DEVICE_OTHER;
  full.pci_domain = full.pci_bus = full.pci_dev = full.pci_fn = full.numa = -1;
  full.dlpack_type = 1;  // kDLCPU
  full.caps = FG_D_FLAT_ADDRESS | FG_D_HOST_VISIBLE | FG_D_F64 | FG_D_DENORMALS | FG_D_SYNCHRONOUS | FG_D_SOFTWARE;
  full.mem_total = full.mem_free = full.max_alloc = kMemory;
  full.alloc_align = kAlign;
  std::memcpy(info, &full, std::min<std::size_t>(info->hdr.struct_size, sizeof full));
  return FG_OK;
}

fg_status mem_alloc(fg_instance*, std::uint32_t device, std::uint32_t kind, std::uint64_t bytes, std::uint64_t align,
                    fg_buffer** out, void** ptr, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(check_device("mem_alloc", device));
    FG_TRY(fg::sdk::check_allocation(kind, bytes, align));
    const auto no_memory = [&] {
      return fg::fail(FG_E_OOM_DEVICE, "mem_alloc: no memory for " + std::to_string(bytes) + " bytes", FG_R_LIMIT);
    };
    const std::uint64_t unit = std::max(align, kAlign);
    if (bytes > kMemory || unit > kMemory) return no_memory();  // what device_info says
    auto buffer = std::make_unique<fg_buffer>();
    buffer->data = static_cast<char*>(std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit));
    if (buffer->data == nullptr) return no_memory();
    buffer->bytes = bytes;
    *ptr = buffer->data;
    *out = buffer.release();
    return {};
  });
}

fg_status mem_free(fg_instance*, fg_buffer* buffer, fg_timeline* after, std::uint64_t value) noexcept {
  if (buffer == nullptr) return FG_OK;
  if (after != nullptr) host_wait(after, value, -1, nullptr);
  std::free(buffer->data);
  delete buffer;
  return FG_OK;
}

fg_status copy(fg_stream*, fg_buffer* dst, std::uint64_t dst_offset, fg_buffer* src, std::uint64_t src_offset,
               std::uint64_t bytes, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(fg::sdk::check_range("copy: destination", dst, dst_offset, bytes));
    FG_TRY(fg::sdk::check_range("copy: source", src, src_offset, bytes));
    std::memcpy(dst->data + dst_offset, src->data + src_offset, bytes);
    return {};
  });
}

fg_status fill(fg_stream*, fg_buffer* buffer, std::uint64_t offset, std::uint64_t bytes, std::uint32_t pattern,
               fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(fg::sdk::check_range("fill", buffer, offset, bytes));
    for (std::uint64_t i = 0; i < bytes; i += sizeof pattern) {
      std::memcpy(buffer->data + offset + i, &pattern, sizeof pattern);
    }
    return {};
  });
}

fg_status stream_create(fg_instance* instance, std::uint32_t device, std::int32_t, fg_stream** out,
                        fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(check_device("stream_create", device));
    *out = new fg_stream{instance};
    return {};
  });
}
fg_status stream_destroy(fg_stream* stream) noexcept {
  delete stream;
  return FG_OK;
}
fg_status stream_flush(fg_stream*, fg_error*) noexcept { return FG_OK; }
fg_status stream_signal(fg_stream*, fg_timeline* timeline, std::uint64_t value) noexcept {
  return raise(timeline, value);
}
fg_status stream_wait(fg_stream*, fg_timeline* timeline, std::uint64_t value) noexcept {
  return host_wait(timeline, value, -1, nullptr);
}

fg_status timeline_create(fg_instance*, std::uint64_t initial, fg_timeline** out, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    auto timeline = std::make_unique<fg_timeline>();
    timeline->value = initial;
    *out = timeline.release();
    return {};
  });
}
fg_status timeline_destroy(fg_timeline* timeline) noexcept {
  delete timeline;
  return FG_OK;
}
fg_status host_signal(fg_timeline* timeline, std::uint64_t value) noexcept { return raise(timeline, value); }

fg_status host_wait(fg_timeline* timeline, std::uint64_t value, std::int64_t timeout_ns, fg_error* err) noexcept {
  std::unique_lock hold(timeline->lock);
  const auto reached = [&] { return timeline->value >= value; };
  if (timeout_ns < 0) {
    timeline->raised.wait(hold, reached);
  } else if (!timeline->raised.wait_for(hold, std::chrono::nanoseconds(timeout_ns), reached)) {
    return timeout_ns == 0 ? FG_NOT_READY
                           : fg::sdk::report(err, fg::Error{FG_E_TIMEOUT, "the timeline was not raised in time"});
  }
  return FG_OK;
}

fg_status timeline_read(fg_timeline* timeline, std::uint64_t* value, fg_error*) noexcept {
  const std::lock_guard hold(timeline->lock);
  *value = timeline->value;
  return FG_OK;
}

}  // namespace acme
