// SPDX-License-Identifier: Apache-2.0
//
// Timelines over events: a counter, the events that will raise it, and the user events of streams
// that wait for a value of which nothing has been enqueued yet.

#ifndef FG_PLUGINS_OPENCL_TIMELINE_HPP_
#define FG_PLUGINS_OPENCL_TIMELINE_HPP_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "plugins/gpu/runtime.hpp"
#include "plugins/opencl/handles.hpp"

namespace fg::opencl {

// Whether a stream waited for what can never come.  PoCL 3.1 ends the process when a user event fails, so such
// streams are let go on and what they signal from then on is poisoned.  [any-thread]
class Health {
 public:
  // Signals from number `first` on are worth nothing.
  void fail(std::uint64_t first, cl_int why) {
    failure_.store(why, std::memory_order_relaxed);
    std::uint64_t seen = first_bad_.load(std::memory_order_relaxed);
    while (first < seen && !first_bad_.compare_exchange_weak(seen, first, std::memory_order_release)) {
    }
  }
  cl_int of(std::uint64_t number) const {
    return number >= first_bad_.load(std::memory_order_acquire) ? failure_.load(std::memory_order_relaxed) : CL_SUCCESS;
  }

 private:
  std::atomic<std::uint64_t> first_bad_{UINT64_MAX};
  std::atomic<cl_int> failure_{CL_SUCCESS};
};

// A stream as a timeline sees it: its queue, and how many signals it has enqueued.
struct Source {
  cl_context context;
  cl_command_queue queue;
  std::shared_ptr<Health> health;
  std::uint64_t signals;
};

// Shared with the callbacks of events, which may come after the timeline has gone.  [any-thread]
class Counter : public std::enable_shared_from_this<Counter> {
 public:
  explicit Counter(std::uint64_t initial) : value_(initial) {}

  std::uint64_t read();
  void raise(std::uint64_t value);
  Result<bool> host_wait(std::uint64_t value, std::int64_t timeout_ns);
  // `event` raises the counter to `value` when it completes, and poisons it when it fails.
  Result<void> expect(std::uint64_t value, Event event, const Source& from);
  // An event for the queue of `by` to wait on; empty where nothing needs to be waited for.
  Result<Event> wait_event(std::uint64_t value, const Source& by);
  // The timeline goes: nobody can raise it any more, so streams that wait fail instead of hanging.
  void abandon();

 private:
  struct Record {
    std::uint64_t value;
    Event event;
    Source from;
  };
  struct Waiter {
    std::uint64_t value;
    Event event;
    Source by;
  };
  struct Notice;

  static void CL_CALLBACK on_complete(cl_event event, cl_int status, void* notice);
  Result<void> notify_on(std::uint64_t value, cl_event event, const Source& from);
  std::vector<Record>::const_iterator raising_to(std::uint64_t value) const;  // Under mutex_.
  // The driver's own wait: it ends with the work, a sleep on average half of itself later.  False where nothing known
  // will raise the counter to `value`, or the driver refuses.
  bool wait_for_event(std::unique_lock<std::mutex>& lock, std::uint64_t value);
  bool look();  // Takes over what has completed; whether anything has changed.  Under mutex_.
  void settle(std::uint64_t value, cl_int status);  // Under mutex_.
  void release_waiters(std::unique_lock<std::mutex>& lock);
  Error origin() const;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t value_;
  cl_int failure_ = CL_SUCCESS;
  std::vector<Record> records_;
  std::vector<Waiter> waiters_;
};

class Timeline : public fg_timeline {
 public:
  explicit Timeline(std::uint64_t initial) : counter_(std::make_shared<Counter>(initial)) {}
  ~Timeline() override { counter_->abandon(); }
  Result<std::uint64_t> read() override { return counter_->read(); }
  Result<void> host_signal(std::uint64_t value) override;
  Result<bool> host_wait(std::uint64_t value, std::int64_t timeout_ns) override;
  Counter& counter() { return *counter_; }

 private:
  std::shared_ptr<Counter> counter_;
};

}  // namespace fg::opencl

#endif  // FG_PLUGINS_OPENCL_TIMELINE_HPP_
