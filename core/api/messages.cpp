// SPDX-License-Identifier: Apache-2.0
//
// C API: log hook and Chrome trace.

#include <fmt/format.h>

#include <deque>
#include <mutex>
#include <string>

#include "core/api/api_call.hpp"
#include "core/trace/log.hpp"
#include "core/trace/trace.hpp"
#include "fg/fg.h"

using namespace fg;        // NOLINT: this file defines C functions only.
using namespace fg::core;  // NOLINT

namespace {

// What the core's hook calls.  One is kept per change of the hook: a thread may still be inside.
struct Hook {
  fg_log_hook function;
  void* ctx;
};

void forward(void* ctx, log::Level level, const char* file, std::int32_t line, const char* message) noexcept {
  const auto* hook = static_cast<const Hook*>(ctx);
  char source[256];
  const auto end = fmt::format_to_n(source, sizeof(source) - 1, "{}:{}", file != nullptr ? file : "", line);
  *end.out = '\0';
  hook->function(hook->ctx, static_cast<std::int32_t>(level), source, message);
}

// Hooks live for ever: another thread may be logging through the one that was just replaced.
Hook* keep_hook(Hook hook) {
  static std::mutex mutex;
  static auto* const kept = new std::deque<Hook>;
  const std::lock_guard lock(mutex);
  return &kept->emplace_back(hook);
}

struct TraceFile {
  std::mutex mutex;
  std::string path;
};
TraceFile& trace_file() {
  static TraceFile f;
  return f;
}

}  // namespace

extern "C" {

fg_status fg_set_log_hook(fg_log_hook hook, void* ctx, fg_error* err) FG_NOEXCEPT {
  return sdk::guard(err, [&]() -> Result<void> {
    if (forked()) return forked_error();
    if (hook == nullptr) {
      log::set_hook(nullptr, nullptr);
    } else {
      log::set_hook(forward, keep_hook({hook, ctx}));
    }
    return {};
  });
}

fg_status fg_set_log_level(int32_t level, fg_error* err) FG_NOEXCEPT {
  return sdk::guard(err, [&]() -> Result<void> {
    if (level < FG_LOG_TRACE || level > static_cast<int32_t>(log::Level::off)) {
      return invalid(fmt::format("set_log_level: {} is no level, expected 0 to 5", level), FG_R_PARAMETER);
    }
    log::set_level(static_cast<log::Level>(level));
    return {};
  });
}

fg_status fg_trace_start(const char* path, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(path, "trace_start", "path"));
    const std::lock_guard lock(trace_file().mutex);
    FG_TRY(trace::start());
    trace_file().path = path;
    return {};
  });
}

fg_status fg_trace_stop(fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    const std::lock_guard lock(trace_file().mutex);
    if (!trace::on()) return fail(FG_E_STATE, "trace_stop: no trace is being written");
    return trace::stop(trace_file().path);
  });
}

}  // extern "C"
