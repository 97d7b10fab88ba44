// SPDX-License-Identifier: Apache-2.0
//
// The watcher of a thread's calls (fg_watch_calls).

#ifndef FG_CORE_API_WATCH_HPP_
#define FG_CORE_API_WATCH_HPP_

#include <atomic>
#include <span>

#include "core/dispatch/call.hpp"
#include "fg/fg.h"

namespace fg::core {

namespace detail {
extern std::atomic<int> g_watchers;  // Threads that have one: calls of others cost one load.
void tell(fg_call_event event, bool done);
}  // namespace detail

// Runs `body`, and tells this thread's watcher before and, when it succeeded, after.  `outs` are those
// of the call, as the body leaves them.
template <class Body>
Result<void> watched(const fg_call_event& event, Body&& body) {
  if (detail::g_watchers.load(std::memory_order_relaxed) == 0) [[likely]]
    return body();
  detail::tell(event, false);
  FG_TRY(body());
  detail::tell(event, true);
  return {};
}

// What an operator's call is to a watcher.
inline fg_call_event event_of(const OpInfo& op, std::span<const fg_value> args, Form form,
                              std::span<const fg_tensor_handle> outs, fg_device_handle device) {
  fg_call_event e{};
  e.op = op.name.data();  // Of the catalogue, which is made of literals.
  e.args = args.data();
  e.n_args = static_cast<std::uint32_t>(args.size());
  e.outs = outs.data();
  e.n_outs = static_cast<std::uint32_t>(outs.size());
  e.form = static_cast<std::uint32_t>(form);
  e.device = device;
  return e;
}

}  // namespace fg::core

#endif  // FG_CORE_API_WATCH_HPP_
