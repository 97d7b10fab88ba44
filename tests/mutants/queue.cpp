// SPDX-License-Identifier: Apache-2.0

#include "tests/mutants/queue.hpp"

#include <chrono>
#include <utility>

#include "tests/mutants/mutant.hpp"

namespace fg::mutants {
namespace {

// Long enough that a thread which does not wait is ahead.
constexpr std::chrono::microseconds kDelay{500};

}  // namespace

Queue::Queue() : thread_([this] { run(); }) {}

Queue::~Queue() {
  drain();
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Queue::put(Item item) {
  {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
  }
  changed_.notify_all();
}

void Queue::launch(Work work) {
  if (!has(fault("flush_missing"))) return put({std::move(work), true});
  if (held_) put({std::exchange(held_, nullptr), true});
  held_ = std::move(work);
}

void Queue::order(Work work) { put({std::move(work), false}); }

void Queue::drain() {
  if (held_) put({std::exchange(held_, nullptr), true});
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return items_.empty() && !busy_; });
}

void Queue::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stop_ || !items_.empty(); });
    if (items_.empty()) return;
    busy_ = true;
    if (items_.front().launch && kVariant.empty()) {
      lock.unlock();
      std::this_thread::sleep_for(kDelay);
      lock.lock();
    }
    const bool swap = has(fault("missing_barrier")) && items_.size() > 1 && items_[0].launch && items_[1].launch;
    if (swap) std::swap(items_[0], items_[1]);
    const Work work = std::move(items_.front().work);
    items_.pop_front();
    lock.unlock();
    work();
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

}  // namespace fg::mutants
