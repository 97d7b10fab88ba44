// SPDX-License-Identifier: Apache-2.0
//
// The one thread pool of the plugin.  Kernels call parallel_for(); they never start threads.

#ifndef FG_PLUGINS_CPU_THREADS_HPP_
#define FG_PLUGINS_CPU_THREADS_HPP_

#include <cstdint>
#include <memory>
#include <type_traits>

#include "fg/abi/kernel.h"
#include "fg/sdk/kernel_table.hpp"

namespace fg::cpu {

class ThreadPool {
 public:
  // body(context, begin, end): runs items [begin, end).
  using Body = void (*)(void* context, std::int64_t begin, std::int64_t end) noexcept;

  // `threads` counts the caller too; 0 takes one per physical core of the process's CPU mask.
  // Workers start with the first parallel call.
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Threads that a parallel call may use, the caller included.
  int size() const { return size_; }

  // Splits [0, n) into pieces of at least `grain` items and runs them on the caller and whichever
  // workers are free.  Returns when all have run.  Nested calls, calls below two grains and calls in
  // a child of fork() run inline.  [any-thread]
  void run(std::int64_t n, std::int64_t grain, Body body, void* context);

 private:
  struct State;
  int size_;
  std::unique_ptr<State> state_;
};

// The pool of the instance that `launch` runs on.
ThreadPool& pool_of(const fg_launch& launch);

// body(begin, end) over pieces of [0, n), each of at least `grain` items.  body must not throw.
template <class F>
void parallel_for(ThreadPool& pool, std::int64_t n, std::int64_t grain, F&& body) {
  if (n <= 0) return;
  if (n <= grain) {
    body(std::int64_t{0}, n);
    return;
  }
  using Fn = std::remove_reference_t<F>;
  pool.run(
      n, grain,
      [](void* context, std::int64_t begin, std::int64_t end) noexcept { (*static_cast<Fn*>(context))(begin, end); },
      const_cast<void*>(static_cast<const void*>(&body)));
}
template <class F>
void parallel_for(const sdk::Launch& launch, std::int64_t n, std::int64_t grain, F&& body) {
  parallel_for(pool_of(launch.raw()), n, grain, std::forward<F>(body));
}

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_THREADS_HPP_
