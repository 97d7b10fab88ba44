// SPDX-License-Identifier: Apache-2.0

#include "core/trace/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <time.h>

#include <array>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "core/trace/json_text.hpp"

namespace fg::core::log {
namespace detail {
std::atomic<std::int32_t> g_level{FG_LOG_WARN};
}  // namespace detail

namespace {

constexpr std::array<std::string_view, 6> kLevelNames{"trace", "debug", "info", "warn", "error", "off"};

// Identical lines pass kBurst times a second, differing lines of one source line this many times.
constexpr std::uint32_t kSourceBurst = 10 * kBurst;

std::int64_t now_s() {
  using std::chrono::steady_clock;
  return std::chrono::duration_cast<std::chrono::seconds>(steady_clock::now().time_since_epoch()).count();
}

// Direct-mapped by hash: two texts in one slot only make the limit start anew.
class RateLimit {
 public:
  // May the line pass?  *held is the number of equal lines held back before it.
  bool pass(std::size_t hash, std::uint32_t burst, std::uint32_t* held) {
    Slot& s = slots_[hash % slots_.size()];
    const std::int64_t now = now_s();
    *held = 0;
    if (s.hash != hash || s.second != now) {
      if (s.hash == hash) *held = s.count > burst ? s.count - burst : 0;
      s = {hash, now, 0};
    }
    return ++s.count <= burst;
  }

 private:
  struct Slot {
    std::size_t hash = 0;
    std::int64_t second = -1;
    std::uint32_t count = 0;
  };
  std::array<Slot, 256> slots_;
};

struct Sink {
  std::shared_mutex hook_mutex;  // Shared while a hook runs.
  Hook hook = nullptr;
  void* ctx = nullptr;
  std::atomic<Format> format{Format::text};
  std::mutex rate_mutex;
  RateLimit rate;
  spdlog::logger text{"fg", std::make_shared<spdlog::sinks::stderr_color_sink_mt>()};

  Sink() {
    text.set_level(spdlog::level::trace);
    text.set_pattern("%H:%M:%S.%e fg %^%l%$ %v");
    text.flush_on(spdlog::level::trace);
  }
};

// Never destroyed: destructors of the application may log.
Sink& sink() {
  static Sink* const s = new Sink;
  return *s;
}

thread_local bool t_in_hook = false;

void write_json(Level level, const char* file, std::int32_t line, std::string_view message) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  char stamp[40];
  const std::size_t n = std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
  std::string out = fmt::format("{{\"time\":\"{}.{:03}Z\",\"level\":\"{}\",\"file\":", std::string_view(stamp, n),
                                now.tv_nsec / 1'000'000, level_name(level));
  append_json_string(out, file);
  out += fmt::format(",\"line\":{},\"message\":", line);
  append_json_string(out, message);
  out += "}\n";
  std::fwrite(out.data(), 1, out.size(), stderr);  // One call, so that lines of threads do not mix.
}

void write_default(Level level, const char* file, std::int32_t line, std::string_view message) {
  if (sink().format.load(std::memory_order_relaxed) == Format::json) {
    write_json(level, file, line, message);
  } else {
    sink().text.log(static_cast<spdlog::level::level_enum>(level),
                    spdlog::string_view_t(message.data(), message.size()));
  }
}

// False when the line is held back; else appends how many before it were.
bool passes(const char* file, std::int32_t line, std::string& message) {
  const std::size_t text_hash = std::hash<std::string>{}(message);
  const std::size_t source_hash =
      std::hash<std::string_view>{}(file) ^ (static_cast<std::size_t>(line) * 0x9E3779B97F4A7C15u);
  std::uint32_t held = 0;
  std::uint32_t held_source = 0;
  const std::scoped_lock lock(sink().rate_mutex);
  if (!sink().rate.pass(text_hash, kBurst, &held)) return false;
  if (!sink().rate.pass(source_hash, kSourceBurst, &held_source)) return false;
  if (held + held_source > 0) message += fmt::format(" ({} more like it were held back)", held + held_source);
  return true;
}

void deliver(Level level, const char* file, std::int32_t line, std::string message) {
  if (!passes(file, line, message)) return;
  Sink& s = sink();
  if (t_in_hook) return write_default(level, file, line, message);
  const std::shared_lock lock(s.hook_mutex);
  if (s.hook == nullptr) return write_default(level, file, line, message);
  t_in_hook = true;
  s.hook(s.ctx, level, file, line, message.c_str());
  t_in_hook = false;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

void set_hook(Hook hook, void* ctx) noexcept {
  Sink& s = sink();
  const std::unique_lock lock(s.hook_mutex);
  s.hook = hook;
  s.ctx = ctx;
}

void set_level(Level level) noexcept {
  detail::g_level.store(static_cast<std::int32_t>(level), std::memory_order_relaxed);
}
Level level() noexcept { return static_cast<Level>(detail::g_level.load(std::memory_order_relaxed)); }
void set_format(Format format) noexcept { sink().format.store(format, std::memory_order_relaxed); }

std::optional<Level> level_from_name(std::string_view name) {
  const std::string wanted = lower(name);
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (wanted == kLevelNames[i]) return static_cast<Level>(i);
  }
  if (wanted == "warning") return Level::warn;
  return std::nullopt;
}

std::string_view level_name(Level level) {
  const auto i = static_cast<std::size_t>(level);
  return i < kLevelNames.size() ? kLevelNames[i] : "unknown";
}

bool configure(std::string_view setting) noexcept {
  try {
    std::optional<Level> level;
    std::optional<Format> format;
    while (!setting.empty()) {
      const std::size_t comma = setting.find(',');
      const std::string word = lower(trimmed(setting.substr(0, comma)));
      setting = comma == std::string_view::npos ? std::string_view{} : setting.substr(comma + 1);
      if (word.empty()) continue;
      if (word == "json") {
        format = Format::json;
      } else if (word == "text") {
        format = Format::text;
      } else if (const auto l = level_from_name(word)) {
        level = l;
      } else {
        return false;
      }
    }
    if (level) set_level(*level);
    if (format) set_format(*format);
    return true;
  } catch (...) {
    return false;
  }
}

// A line that cannot be made or delivered is lost: there is nobody left to tell.
void write(Level level, const char* file, std::int32_t line, std::string_view message) noexcept {
  if (!enabled(level)) return;
  try {
    deliver(level, file != nullptr ? file : "", line, std::string(message));
  } catch (...) {
  }
}

namespace detail {
void format_and_write(Level level, const char* file, std::int32_t line, fmt::string_view format,
                      fmt::format_args args) noexcept {
  try {
    deliver(level, file, line, fmt::vformat(format, args));
  } catch (...) {
  }
}
}  // namespace detail

}  // namespace fg::core::log
