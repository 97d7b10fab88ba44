// SPDX-License-Identifier: Apache-2.0
//
// Timelines over events: a counter, the events that will raise it, and the user events of streams
// that wait for a value of which nothing has been enqueued yet.

#ifndef FG_PLUGINS_OPENCL_TIMELINE_HPP_
#define FG_PLUGINS_OPENCL_TIMELINE_HPP_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "plugins/gpu/runtime.hpp"
#include "plugins/opencl/handles.hpp"

namespace fg::opencl {

// Shared with the callbacks of events, which may come after the timeline has gone.  [any-thread]
class Counter : public std::enable_shared_from_this<Counter> {
 public:
  explicit Counter(std::uint64_t initial) : value_(initial) {}

  std::uint64_t read();
  void raise(std::uint64_t value);
  Result<bool> host_wait(std::uint64_t value, std::int64_t timeout_ns);
  // `event` raises the counter to `value` when it completes, and poisons it when it fails.
  Result<void> expect(std::uint64_t value, Event event, cl_context context, cl_command_queue queue);
  // An event of `context` for `queue` to wait on; empty where nothing needs to be waited for.
  Result<Event> wait_event(std::uint64_t value, cl_context context, cl_command_queue queue);
  // The timeline goes: nobody can raise it any more, so streams that wait fail instead of hanging.
  void abandon();

 private:
  struct Record {
    std::uint64_t value;
    Event event;
    cl_context context;
    cl_command_queue queue;
  };
  struct Waiter {
    std::uint64_t value;
    Event event;
  };
  struct Notice;

  static void CL_CALLBACK on_complete(cl_event event, cl_int status, void* notice);
  Result<void> notify_on(std::uint64_t value, cl_event event);
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
