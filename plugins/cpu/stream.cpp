// SPDX-License-Identifier: Apache-2.0
//
// Streams run everything before they return; a timeline is a counter and a condition.

#include <chrono>

#include "fg/sdk/guard.hpp"
#include "plugins/cpu/instance.hpp"

namespace fg::cpu {
namespace {

fg_status raise(fg_timeline* timeline, std::uint64_t value) noexcept {
  {
    const std::lock_guard lock(timeline->mutex);
    const std::uint64_t now = timeline->value.load(std::memory_order_relaxed);
    if (now == kPoisoned) return FG_E_DEVICE_LOST;
    if (value <= now) return FG_E_INVALID;
    timeline->value.store(value, std::memory_order_release);
  }
  timeline->changed.notify_all();
  return FG_OK;
}

fg_status poisoned(fg_error* err) {
  return sdk::report(err, Error{FG_E_DEVICE_LOST, "the timeline was poisoned by a failed stream", FG_R_STREAM});
}

}  // namespace

fg_status host_signal(fg_timeline* timeline, std::uint64_t value) noexcept {
  return timeline == nullptr ? FG_E_INVALID : raise(timeline, value);
}

fg_status stream_signal(fg_stream* stream, fg_timeline* timeline, std::uint64_t value) noexcept {
  return stream == nullptr || timeline == nullptr ? FG_E_INVALID : raise(timeline, value);
}

fg_status stream_wait(fg_stream* stream, fg_timeline* timeline, std::uint64_t value) noexcept {
  if (stream == nullptr || timeline == nullptr) return FG_E_INVALID;
  return host_wait(timeline, value, -1, nullptr);
}

fg_status host_wait(fg_timeline* timeline, std::uint64_t value, std::int64_t timeout_ns, fg_error* err) noexcept {
  if (timeline == nullptr) return FG_E_INVALID;
  const auto reached = [&] { return timeline->value.load(std::memory_order_acquire) >= value; };
  if (!reached()) {
    if (timeout_ns == 0) return FG_NOT_READY;
    std::unique_lock lock(timeline->mutex);
    if (timeout_ns < 0) {
      timeline->changed.wait(lock, reached);
    } else {
      // Bounded so that now() + timeout cannot overflow the clock; a century is for ever.
      constexpr std::int64_t kCentury = std::int64_t{100} * 365 * 24 * 3600 * 1'000'000'000;
      const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(std::min(timeout_ns, kCentury));
      if (!timeline->changed.wait_until(lock, until, reached)) {
        return sdk::report(
            err, Error{FG_E_TIMEOUT, "the timeline did not reach " + std::to_string(value) + " in time", FG_R_STREAM});
      }
    }
  }
  const bool lost = timeline->value.load(std::memory_order_acquire) == kPoisoned && value != kPoisoned;
  return lost ? poisoned(err) : FG_OK;
}

}  // namespace fg::cpu
