// SPDX-License-Identifier: Apache-2.0
//
// The common entry of the C API.

#include "core/api/api_call.hpp"

#include <mutex>

#include "core/api/watch.hpp"
#include "core/dispatch/enable.hpp"
#include "core/dispatch/state.hpp"

namespace fg::core {
namespace detail {

std::atomic<bool> g_started{false};

// Reads the settings that dispatch keeps.  A bad configuration fails every call with its message.
Result<void> start() {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (g_started.load(std::memory_order_relaxed)) return {};
  FG_TRY_ASSIGN(const Config config, Registry::get().config());
  set_denials(config.deny);
  if (config.fallback) set_fallback_policy(*config.fallback);
  g_started.store(true, std::memory_order_release);
  return {};
}

}  // namespace detail

fg_status api_call(const OpInfo& op, std::span<const fg_value> args, Form form, std::span<fg_tensor_handle> outs,
                   fg_device_handle device, fg_error* err) noexcept {
  return enter_guarded(err, [&]() -> Result<void> {
    return watched(event_of(op, args, form, outs, device),
                   [&] { return call(op, args, form, outs, from_handle(device)); });
  });
}

Result<Device*> device_or_current(fg_device_handle h) {
  if (h != nullptr) return from_handle(h);
  return current_device();
}

}  // namespace fg::core
