// SPDX-License-Identifier: Apache-2.0

#include "plugins/opencl/timeline.hpp"

#include <sched.h>

#include <algorithm>
#include <chrono>

namespace fg::opencl {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr std::uint64_t kPoisoned = UINT64_MAX;
// A small kernel takes about as long; beyond it a host that spins only takes the core from a CPU device.
constexpr nanoseconds kSpin{30'000};
constexpr nanoseconds kLongestSleep{1'000'000};
// Bounded so that now() + timeout cannot overflow the clock; a century is for ever.
constexpr std::int64_t kCentury = std::int64_t{100} * 365 * 24 * 3600 * 1'000'000'000;

}  // namespace

struct Counter::Notice {
  std::shared_ptr<Counter> counter;
  std::uint64_t value;
  Source from;
};

Error Counter::origin() const {
  return Error{FG_E_DEVICE_LOST, "the timeline was poisoned: its stream failed with " + code_text(failure_),
               FG_R_STREAM, -1, failure_};
}

void Counter::settle(std::uint64_t value, cl_int status) {
  if (status < 0) {
    if (failure_ == CL_SUCCESS) failure_ = status;
    value_ = kPoisoned;
  } else {
    value_ = std::max(value_, value);
  }
}

bool Counter::look() {
  const std::uint64_t before = value_;
  for (const Record& r : records_) {
    if (value_ == kPoisoned) break;
    if (r.value <= value_) continue;
    cl_int status = event_status(r.event.get());
    if (status > CL_COMPLETE) continue;
    if (status == CL_COMPLETE) status = r.from.health->of(r.from.signals);
    cl_event event = r.event.get();
    cl().clWaitForEvents(1, &event);  // A status is no point of synchronisation, this is.
    settle(r.value, status);
  }
  std::erase_if(records_, [&](const Record& r) { return r.value <= value_; });
  return value_ != before;
}

// A callback may run inside clSetUserEventStatus, so no lock is held there.
void Counter::release_waiters(std::unique_lock<std::mutex>& lock) {
  std::vector<Waiter> ready;
  for (Waiter& w : waiters_) {
    if (w.value <= value_) ready.push_back(std::move(w));
  }
  std::erase_if(waiters_, [](const Waiter& w) { return w.event.get() == nullptr; });
  const bool lost = value_ == kPoisoned;
  const cl_int why = failure_ < 0 ? failure_ : CL_INVALID_EVENT;
  lock.unlock();
  changed_.notify_all();
  for (const Waiter& w : ready) {
    if (lost && w.value != kPoisoned) w.by.health->fail(w.by.signals, why);
    cl().clSetUserEventStatus(w.event.get(), CL_COMPLETE);
  }
}

std::uint64_t Counter::read() {
  std::unique_lock lock(mutex_);
  const bool changed = look();
  const std::uint64_t value = value_;
  if (changed) release_waiters(lock);
  return value;
}

void Counter::raise(std::uint64_t value) {
  std::unique_lock lock(mutex_);
  settle(value, CL_COMPLETE);
  release_waiters(lock);
}

void Counter::abandon() {
  std::unique_lock lock(mutex_);
  settle(0, CL_INVALID_EVENT);
  release_waiters(lock);
}

std::vector<Counter::Record>::const_iterator Counter::raising_to(std::uint64_t value) const {
  return std::find_if(records_.begin(), records_.end(), [&](const Record& r) { return r.value >= value; });
}

bool Counter::wait_for_event(std::unique_lock<std::mutex>& lock, std::uint64_t value) {
  const auto found = raising_to(value);
  if (found == records_.end()) return false;
  cl().clRetainEvent(found->event.get());
  const Event own(found->event.get());
  const cl_event event = own.get();
  lock.unlock();
  const cl_int code = cl().clWaitForEvents(1, &event);
  lock.lock();
  return code == CL_SUCCESS;
}

Result<bool> Counter::host_wait(std::uint64_t value, std::int64_t timeout_ns) {
  const Clock::time_point begin = Clock::now();
  std::unique_lock lock(mutex_);
  while (true) {
    if (look()) {
      release_waiters(lock);
      lock.lock();
    }
    if (value_ >= value) {
      if (value_ == kPoisoned && value != kPoisoned) return tl::unexpected(origin());
      return true;
    }
    const nanoseconds passed = Clock::now() - begin;
    if (timeout_ns >= 0 && passed >= nanoseconds(timeout_ns)) return false;
    if (passed < kSpin) {
      lock.unlock();
      ::sched_yield();
      lock.lock();
      continue;
    }
    if (timeout_ns < 0 && wait_for_event(lock, value)) continue;
    nanoseconds sleep = std::min(passed / 8, kLongestSleep);
    if (timeout_ns >= 0) sleep = std::min(sleep, nanoseconds(std::min(timeout_ns, kCentury)) - passed);
    changed_.wait_for(lock, sleep);
  }
}

void CL_CALLBACK Counter::on_complete(cl_event, cl_int status, void* data) {
  const std::unique_ptr<Notice> notice(static_cast<Notice*>(data));
  std::unique_lock lock(notice->counter->mutex_);
  const cl_int own = notice->from.health->of(notice->from.signals);
  notice->counter->settle(notice->value, own < 0 ? own : status);
  notice->counter->release_waiters(lock);
}

Result<void> Counter::notify_on(std::uint64_t value, cl_event event, const Source& from) {
  auto notice = std::make_unique<Notice>(Notice{shared_from_this(), value, from});
  FG_TRY(check(cl().clSetEventCallback(event, CL_COMPLETE, on_complete, notice.get()), "clSetEventCallback"));
  notice.release();
  return {};
}

Result<void> Counter::expect(std::uint64_t value, Event event, const Source& from) {
  cl().clRetainEvent(event.get());
  const Event own(event.get());  // Lives through the callback's registration, whatever look() does meanwhile.
  bool awaited = false;
  {
    const std::lock_guard lock(mutex_);
    awaited = std::any_of(waiters_.begin(), waiters_.end(), [&](const Waiter& w) { return w.value <= value; });
    records_.push_back({value, std::move(event), from});
  }
  return awaited ? notify_on(value, own.get(), from) : Result<void>{};
}

Result<Event> Counter::wait_event(std::uint64_t value, const Source& by) {
  std::unique_lock lock(mutex_);
  if (look()) {
    release_waiters(lock);
    lock.lock();
  }
  if (value_ >= value) {
    if (value_ == kPoisoned && value != kPoisoned) return tl::unexpected(origin());
    return Event();
  }
  const auto found = raising_to(value);
  const bool known = found != records_.end();
  if (known && found->from.queue == by.queue) return Event();
  if (known && found->from.context == by.context) {
    cl().clRetainEvent(found->event.get());
    return Event(found->event.get());
  }
  cl_int code = CL_SUCCESS;
  Event user(cl().clCreateUserEvent(by.context, &code));
  FG_TRY(check(code, "clCreateUserEvent"));
  cl().clRetainEvent(user.get());
  waiters_.push_back({value, Event(user.get()), by});
  if (!known) return user;
  cl().clRetainEvent(found->event.get());
  const Event cause(found->event.get());
  const std::uint64_t reached = found->value;
  const Source from = found->from;
  lock.unlock();
  FG_TRY(notify_on(reached, cause.get(), from));
  return user;
}

Result<void> Timeline::host_signal(std::uint64_t value) {
  counter_->raise(value);
  return {};
}

Result<bool> Timeline::host_wait(std::uint64_t value, std::int64_t timeout_ns) {
  return counter_->host_wait(value, timeout_ns);
}

}  // namespace fg::opencl
