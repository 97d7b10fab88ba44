// SPDX-License-Identifier: Apache-2.0
//
// The record of calls: one line each with operator, arguments, where it ran, by which kernel, why
// not by a better way, and how long the call took on the host.  Off, it costs one relaxed load.

#ifndef FG_CORE_DISPATCH_RECORD_HPP_
#define FG_CORE_DISPATCH_RECORD_HPP_

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "fg/sdk/result.hpp"

namespace fg::core {

struct Call;

namespace detail {
extern std::atomic<bool> g_recording;
extern thread_local std::uint32_t t_launches;
extern thread_local const char* t_kernel;
}  // namespace detail

inline bool recording() { return detail::g_recording.load(std::memory_order_relaxed); }

// Opens `path` for appending.  `once`: each signature's first call only.  FG_E_NOT_FOUND when the
// file cannot be opened.  [any-thread]
Result<void> start_record(const std::string& path, bool once);
void stop_record();

// Remembers the kernel that served the call of this thread.
inline void note_kernel(const char* name) {
  if (!recording()) [[likely]]
    return;
  detail::t_kernel = name;
  ++detail::t_launches;
}
// Remembers why a better way was not taken; `why` is copied.
void note_refusal(std::string_view why);

// Around a recorded call; nested calls (composites) are not recorded on their own.
class RecordScope {
 public:
  explicit RecordScope(const Call& call);
  ~RecordScope();
  RecordScope(const RecordScope&) = delete;
  RecordScope& operator=(const RecordScope&) = delete;
  void served_by(std::string_view device, std::string_view way) {
    device_ = device;
    way_ = way;
  }
  void failed(const Error& e) { failure_ = e.message; }

 private:
  const Call& call_;
  bool outermost_;
  std::int64_t begin_ns_ = 0;
  std::string device_, way_, failure_;
};

}  // namespace fg::core

#endif  // FG_CORE_DISPATCH_RECORD_HPP_
