// SPDX-License-Identifier: Apache-2.0
//
// Chrome trace: spans per thread, written as JSON that chrome://tracing and Perfetto read.  While
// tracing is off a span costs one relaxed load.

#ifndef FG_CORE_TRACE_TRACE_HPP_
#define FG_CORE_TRACE_TRACE_HPP_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fg/sdk/result.hpp"

namespace fg::core::trace {

namespace detail {
extern std::atomic<bool> g_on;
std::uint64_t begin_span(std::string_view category, std::string_view name) noexcept;
}  // namespace detail

inline bool on() noexcept { return detail::g_on.load(std::memory_order_relaxed); }

// Starts recording and drops what an earlier recording left.  Each thread keeps its newest
// `events_per_thread` spans; older ones are overwritten and counted.  FG_E_STATE when it runs.  [any-thread]
Result<void> start(std::size_t events_per_thread = std::size_t{1} << 16);

// Stops and writes the file (temporary file, then rename).  The recording is kept until the next
// start, so that a failed write can be repeated.  [any-thread]
Result<void> stop(const std::string& path);

// Stops without writing.
void stop() noexcept;

// The recording as a JSON document.
std::string to_json();

// Opens a span; `name` and `category` are copied, long names are cut at kMaxName bytes.  0 when
// tracing is off: end(0) does nothing.  [any-thread, end on the same thread]
inline constexpr std::size_t kMaxName = 79;
inline std::uint64_t begin(std::string_view category, std::string_view name) noexcept {
  return on() ? detail::begin_span(category, name) : 0;
}
void end(std::uint64_t span) noexcept;

// A span of the enclosing block.
class Span {
 public:
  Span(std::string_view category, std::string_view name) noexcept : id_(begin(category, name)) {}
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;
  ~Span() {
    if (id_ != 0) end(id_);
  }

 private:
  std::uint64_t id_;
};

}  // namespace fg::core::trace

#endif  // FG_CORE_TRACE_TRACE_HPP_
