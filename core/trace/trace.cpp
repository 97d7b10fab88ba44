// SPDX-License-Identifier: Apache-2.0
//
// Each thread has a ring of spans behind its own mutex, which only the writer of the file contends
// for.  Rings outlive their threads until the next start().

#include "core/trace/trace.hpp"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

#include "core/memory/file.hpp"
#include "core/trace/json_text.hpp"

namespace fg::core::trace {
namespace detail {
std::atomic<bool> g_on{false};
}

namespace {

constexpr std::size_t kMaxCategory = 15;

struct Event {
  std::int64_t begin_ns;
  std::int64_t end_ns;  // -1 while open
  char category[kMaxCategory + 1];
  char name[kMaxName + 1];
};

std::int64_t now_ns() {
  using std::chrono::steady_clock;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

// Copies at most `capacity` bytes and never half of a UTF-8 character.
void copy_name(char* to, std::size_t capacity, std::string_view from) {
  std::size_t n = std::min(capacity, from.size());
  if (n < from.size()) {
    while (n > 0 && (static_cast<unsigned char>(from[n]) & 0xC0u) == 0x80u) --n;
  }
  std::memcpy(to, from.data(), n);
  to[n] = '\0';
}

struct Ring {
  std::mutex mutex;
  std::vector<Event> events;  // Grows to `capacity`, then wraps.
  std::size_t capacity = 0;
  std::uint64_t recorded = 0;  // Since the recording began; event k lies at k % capacity.
  std::uint64_t first_id = 1;  // Id of event 0: spans of an earlier recording are told apart.
  long thread_id = 0;
};

struct Recorder {
  std::mutex mutex;  // Guards all below; taken before a ring's mutex.
  std::vector<std::shared_ptr<Ring>> rings;
  std::size_t capacity = 0;
  std::int64_t start_ns = 0;
  std::int64_t stop_ns = 0;
};

// Never destroyed: threads may outlive main().
Recorder& recorder() {
  static Recorder* const r = new Recorder;
  return *r;
}

thread_local std::shared_ptr<Ring> t_ring;

Ring& thread_ring() {
  if (t_ring) return *t_ring;
  auto ring = std::make_shared<Ring>();
  ring->thread_id = syscall(SYS_gettid);
  const std::scoped_lock lock(recorder().mutex);
  ring->capacity = recorder().capacity;
  recorder().rings.push_back(ring);
  t_ring = std::move(ring);
  return *t_ring;
}

void clear(Ring& ring, std::size_t capacity) {
  const std::scoped_lock lock(ring.mutex);
  ring.first_id += ring.recorded;
  ring.recorded = 0;
  ring.capacity = capacity;
  ring.events.clear();
}

void append_event(std::string& out, const Event& e, const Recorder& r, long thread_id) {
  const std::int64_t end = e.end_ns < 0 ? std::max(r.stop_ns, e.begin_ns) : e.end_ns;
  out += ",\n{\"ph\":\"X\",\"name\":";
  append_json_string(out, e.name);
  out += ",\"cat\":";
  append_json_string(out, e.category);
  // Microseconds, as the format wants.
  out += fmt::format(",\"ts\":{:.3f},\"dur\":{:.3f},\"pid\":{},\"tid\":{}}}",
                     static_cast<double>(e.begin_ns - r.start_ns) * 1e-3, static_cast<double>(end - e.begin_ns) * 1e-3,
                     getpid(), thread_id);
}

}  // namespace

Result<void> start(std::size_t events_per_thread) {
  if (events_per_thread == 0) return invalid("trace: 0 events per thread, expected at least 1");
  Recorder& r = recorder();
  const std::scoped_lock lock(r.mutex);
  if (on()) return fail(FG_E_STATE, "trace: a recording is already running");
  std::erase_if(r.rings, [](const std::shared_ptr<Ring>& ring) { return ring.use_count() == 1; });  // Thread ended.
  r.capacity = events_per_thread;
  for (const auto& ring : r.rings) clear(*ring, events_per_thread);
  r.start_ns = now_ns();
  detail::g_on.store(true, std::memory_order_release);
  return {};
}

void stop() noexcept {
  Recorder& r = recorder();
  const std::scoped_lock lock(r.mutex);
  if (!on()) return;
  detail::g_on.store(false, std::memory_order_release);
  r.stop_ns = now_ns();
}

Result<void> stop(const std::string& path) {
  stop();
  const std::string text = to_json();
  FG_TRY_ASSIGN(AtomicFile file, AtomicFile::create(path));
  FG_TRY(file.write(std::as_bytes(std::span(text))));
  return file.commit();
}

std::string to_json() {
  Recorder& r = recorder();
  const std::scoped_lock lock(r.mutex);
  std::uint64_t overwritten = 0;
  std::string out = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n";
  out += fmt::format("{{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":{},\"args\":{{\"name\":\"fg\"}}}}", getpid());
  for (const auto& ring : r.rings) {
    const std::scoped_lock ring_lock(ring->mutex);
    const std::uint64_t kept = std::min<std::uint64_t>(ring->recorded, ring->events.size());
    overwritten += ring->recorded - kept;
    for (std::uint64_t k = ring->recorded - kept; k < ring->recorded; ++k) {
      append_event(out, ring->events[k % ring->capacity], r, ring->thread_id);
    }
  }
  out += fmt::format("\n],\"otherData\":{{\"overwritten\":{}}}}}\n", overwritten);
  return out;
}

std::uint64_t detail::begin_span(std::string_view category, std::string_view name) noexcept {
  try {
    Ring& ring = thread_ring();
    const std::scoped_lock lock(ring.mutex);
    if (ring.capacity == 0) return 0;  // Registered before the first start().
    const std::size_t slot = ring.recorded % ring.capacity;
    if (slot == ring.events.size()) ring.events.emplace_back();
    Event& e = ring.events[slot];
    copy_name(e.category, kMaxCategory, category);
    copy_name(e.name, kMaxName, name);
    e.end_ns = -1;
    e.begin_ns = now_ns();
    return ring.first_id + ring.recorded++;
  } catch (...) {  // No memory: the span is not recorded.
    return 0;
  }
}

void end(std::uint64_t span) noexcept {
  if (span == 0 || !t_ring) return;
  Ring& ring = *t_ring;
  const std::int64_t now = now_ns();
  const std::scoped_lock lock(ring.mutex);
  if (span < ring.first_id) return;  // Of an earlier recording.
  const std::uint64_t k = span - ring.first_id;
  if (k >= ring.recorded || ring.recorded - k > ring.capacity) return;  // Overwritten.
  ring.events[k % ring.capacity].end_ns = now;
}

}  // namespace fg::core::trace
