// SPDX-License-Identifier: Apache-2.0
//
// The log of the core: levels, one application hook, and a default sink on stderr (spdlog, in
// log.cpp alone).  A line below the level costs one relaxed load and formats nothing.

#ifndef FG_CORE_TRACE_LOG_HPP_
#define FG_CORE_TRACE_LOG_HPP_

#include <fmt/core.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "fg/abi/host.h"

namespace fg::core::log {

enum class Level : std::int32_t {
  trace = FG_LOG_TRACE,
  debug = FG_LOG_DEBUG,
  info = FG_LOG_INFO,
  warn = FG_LOG_WARN,
  error = FG_LOG_ERROR,
  off = 5
};

enum class Format : std::uint8_t { text, json };

// Called with every line that passes the level; `message` is borrowed for the call.  May be called
// by several threads at once; it may log again (such lines go to stderr) but must not throw.
using Hook = void (*)(void* ctx, Level level, const char* file, std::int32_t line, const char* message) noexcept;

// Replaces the sink; nullptr brings the default back.  When it returns, no thread is inside the
// former hook.  [any-thread, not from inside a hook]
void set_hook(Hook hook, void* ctx) noexcept;
void set_level(Level level) noexcept;  // [any-thread]
Level level() noexcept;
void set_format(Format format) noexcept;  // Of the default sink.

std::optional<Level> level_from_name(std::string_view name);  // "warn", case-insensitive.
std::string_view level_name(Level level);

// Reads a setting of FG_LOG or of the config file: a level, "json", or both ("debug,json").
// False, with nothing changed, when a word is unknown.
bool configure(std::string_view setting) noexcept;

// A line that one source line repeats is shown `kBurst` times a second; what was held back is
// counted in the next one that passes.
inline constexpr std::uint32_t kBurst = 20;

// Hands a finished line to the hook.  Never throws, never fails.  [any-thread]
void write(Level level, const char* file, std::int32_t line, std::string_view message) noexcept;

namespace detail {
extern std::atomic<std::int32_t> g_level;
void format_and_write(Level level, const char* file, std::int32_t line, fmt::string_view format,
                      fmt::format_args args) noexcept;
}  // namespace detail

inline bool enabled(Level level) noexcept {
  return static_cast<std::int32_t>(level) >= detail::g_level.load(std::memory_order_relaxed);
}

template <class... Args>
void format_line(Level level, const char* file, std::int32_t line, fmt::format_string<Args...> format,
                 Args&&... args) noexcept {
  detail::format_and_write(level, file, line, format, fmt::make_format_args(args...));
}

}  // namespace fg::core::log

// FG_LOG(warn, "plugin {} refused: {}", name, why): arguments are evaluated only when the line is shown.
#define FG_LOG(level_, ...)                                                                          \
  do {                                                                                               \
    if (::fg::core::log::enabled(::fg::core::log::Level::level_))                                    \
      ::fg::core::log::format_line(::fg::core::log::Level::level_, __FILE__, __LINE__, __VA_ARGS__); \
  } while (false)

#endif  // FG_CORE_TRACE_LOG_HPP_
