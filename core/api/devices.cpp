// SPDX-License-Identifier: Apache-2.0
//
// C API: devices and vendor scopes.

#include <fmt/format.h>

#include "core/api/api_call.hpp"
#include "core/dispatch/state.hpp"
#include "core/memory/allocator.hpp"
#include "core/memory/stream.hpp"
#include "core/registry/registry.hpp"
#include "fg/fg.h"

using namespace fg;        // NOLINT: this file defines C functions only.
using namespace fg::core;  // NOLINT

extern "C" {

fg_status fg_device_count(uint32_t* count, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(count, "device_count", "count"));
    *count = static_cast<uint32_t>(Registry::get().devices().size());
    return {};
  });
}

fg_status fg_device_at(uint32_t index, fg_device_handle* out, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(out, "device_at", "out"));
    const auto devices = Registry::get().devices();
    if (index >= devices.size()) {
      return fail(FG_E_NOT_FOUND, fmt::format("device_at: no device {}, there are {}", index, devices.size()),
                  FG_R_NO_DEVICE);
    }
    *out = to_handle(devices[index]);
    return {};
  });
}

fg_status fg_device_find(const char* name, fg_device_handle* out, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(name, "device_find", "name"));
    FG_TRY(need(out, "device_find", "out"));
    FG_TRY_ASSIGN(Device * found, Registry::get().find_device(name));
    *out = to_handle(found);
    return {};
  });
}

fg_status fg_device_current(fg_device_handle* out, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(out, "device_current", "out"));
    FG_TRY_ASSIGN(Device * found, current_device());
    *out = to_handle(found);
    return {};
  });
}

const char* fg_device_name(fg_device_handle device) FG_NOEXCEPT {
  return device != nullptr ? from_handle(device)->name.c_str() : nullptr;
}

const char* fg_device_vendor(fg_device_handle device) FG_NOEXCEPT {
  return device != nullptr ? from_handle(device)->api->name : nullptr;
}

fg_status fg_device_get_info(fg_device_handle device, fg_device_info* info, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(info, "device_get_info", "info"));
    FG_TRY_ASSIGN(Device * d, device_or_current(device));
    copy_out(info, d->info);
    return {};
  });
}

fg_status fg_synchronize(fg_device_handle device, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY_ASSIGN(Device * d, device_or_current(device));
    return synchronize(d);
  });
}

fg_status fg_vendor_push(const char* vendor, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(vendor, "vendor_push", "vendor"));
    return push_vendor(vendor);
  });
}

fg_status fg_vendor_pop(fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> { return pop_vendor(); });
}

const char* fg_vendor_name(void) FG_NOEXCEPT {
  fg_device_handle device = nullptr;
  return fg_device_current(&device, nullptr) < 0 ? "" : fg_device_vendor(device);
}

fg_status fg_memory_stats(fg_device_handle device, fg_memory_info* out, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(out, "memory_stats", "out"));
    FG_TRY_ASSIGN(Device * d, device_or_current(device));
    const MemoryStats s = memory_stats(d);
    fg_memory_info info{};
    info.in_use = s.current;
    info.in_use_peak = s.peak;
    info.reserved = s.reserved;
    info.reserved_peak = s.peak_reserved;
    info.allocations = s.allocations;
    info.device_allocations = s.raw_allocations;
    copy_out(out, info);
    return {};
  });
}

fg_status fg_memory_trim(fg_device_handle device, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY_ASSIGN(Device * d, device_or_current(device));
    empty_cache(d);
    return {};
  });
}

}  // extern "C"
