// SPDX-License-Identifier: Apache-2.0
//
// C API: fg_watch_calls.

#include "core/api/watch.hpp"

#include <utility>

#include "fg/sdk/guard.hpp"

namespace fg::core {
namespace {

// Gone with its thread, so that no other thread can be inside of it.
struct Watcher {
  fg_call_watcher function = nullptr;
  void* ctx = nullptr;
  bool inside = false;

  void set(fg_call_watcher f, void* c) {
    if ((f != nullptr) != (function != nullptr)) detail::g_watchers += f != nullptr ? 1 : -1;
    function = f;
    ctx = c;
  }
  ~Watcher() { set(nullptr, nullptr); }
};
thread_local Watcher t_watcher;

}  // namespace

namespace detail {

std::atomic<int> g_watchers{0};

void tell(fg_call_event event, bool done) {
  Watcher& w = t_watcher;
  if (w.function == nullptr || w.inside) return;
  event.hdr.struct_size = sizeof(event);
  event.done = done ? 1 : 0;
  w.inside = true;
  w.function(w.ctx, &event);
  w.inside = false;
}

}  // namespace detail
}  // namespace fg::core

extern "C" fg_status fg_watch_calls(fg_call_watcher watcher, void* ctx, fg_error* err) FG_NOEXCEPT {
  return fg::sdk::guard(err, [&]() -> fg::Result<void> {
    fg::core::t_watcher.set(watcher, ctx);
    return {};
  });
}
