// SPDX-License-Identifier: Apache-2.0
//
// A stream that works later: a thread that runs what it is given, in order.

#ifndef FG_TESTS_MUTANTS_QUEUE_HPP_
#define FG_TESTS_MUTANTS_QUEUE_HPP_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace fg::mutants {

class Queue {
 public:
  Queue();
  ~Queue();  // runs what is left
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  using Work = std::function<void()>;
  void launch(Work work);                       // a kernel, copy or fill
  void order(Work work);                        // a signal or a wait
  void drain();                                 // until everything has run
  std::atomic<std::uint64_t> latest_signal{0};  // value of the latest signal, for those that share one event
  std::atomic<bool> failed{false};              // a launch failed: later signals are poison

 private:
  struct Item {
    Work work;
    bool launch;
  };
  void put(Item item);
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  Work held_;  // flush_missing: a launch that waits for the next one
  bool busy_ = false, stop_ = false;
  std::thread thread_;
};

}  // namespace fg::mutants

#endif  // FG_TESTS_MUTANTS_QUEUE_HPP_
