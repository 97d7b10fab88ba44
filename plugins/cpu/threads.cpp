// SPDX-License-Identifier: Apache-2.0
//
// A job is split into one share per thread, each with a counter from which pieces are taken.  Every
// thread begins with its own share, so that what it wrote in one operator is still in its cache when
// the next reads it, and then takes pieces of the others'.  Nobody waits for a worker that has not begun: on a busy
// machine the caller does all the work itself.  Workers spin for a moment after a job, as long as that has paid lately,
// then sleep.

#include "plugins/cpu/threads.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "plugins/cpu/cores.hpp"
#include "plugins/cpu/instance.hpp"

namespace fg::cpu {
namespace {

// Pieces per thread: enough to even out threads that lose their core for a while.
constexpr std::int64_t kPiecesPerThread = 8;
// Pause instructions; about 20 microseconds at most.
constexpr int kMaxSpins = 500, kMinSpins = 8;

thread_local bool inside_parallel = false;

void pause() { __builtin_ia32_pause(); }

struct alignas(64) Share {
  std::atomic<std::int64_t> next{0};
  std::int64_t end = 0;
  bool work_left() const { return next.load(std::memory_order_relaxed) < end; }
};

struct Job {
  static constexpr int kMostShares = 64;  // More threads than that begin with each other's.

  Job(std::int64_t n, std::int64_t pieces, int threads, ThreadPool::Body f, void* c)
      : piece((n + pieces - 1) / pieces), body(f), context(c) {
    shares = static_cast<int>(std::min<std::int64_t>({pieces, threads, kMostShares}));
    for (int k = 0; k < shares; ++k) {
      share[k].next.store(n * k / shares, std::memory_order_relaxed);
      share[k].end = n * (k + 1) / shares;
    }
  }
  bool work_left() const {
    return std::any_of(share, share + shares, [](const Share& s) { return s.work_left(); });
  }
  // What thread number `thread` does.
  void work(int thread) {
    for (int k = 0; k < shares; ++k) {
      Share& s = share[(thread + k) % shares];
      while (s.work_left()) {
        const std::int64_t begin = s.next.fetch_add(piece, std::memory_order_relaxed);
        if (begin < s.end) body(context, begin, std::min(s.end, begin + piece));
      }
    }
  }

  std::int64_t piece;
  ThreadPool::Body body;
  void* context;
  int shares;
  std::atomic<int> helpers{0};  // Workers inside; raised under the pool's mutex.
  Share share[kMostShares];
};

}  // namespace

struct ThreadPool::State {
  Cores cores;
  pid_t owner = getpid();
  std::once_flag started;
  std::mutex mutex;
  std::condition_variable wake, helper_left;
  std::vector<Job*> jobs;                // Under mutex.
  int sleeping = 0;                      // Under mutex.
  std::atomic<std::uint64_t> posted{0};  // Raised with every job; what spinning workers watch.
  std::atomic<bool> stop{false};
  std::vector<std::thread> workers;

  void start(int n);
  void worker_loop(int thread);
  Job* take();
  bool spin(std::uint64_t seen, int& budget) const;
};

// Joins a job that has work left.  Call with the mutex held.
Job* ThreadPool::State::take() {
  for (Job* job : jobs) {
    if (!job->work_left()) continue;
    job->helpers.fetch_add(1, std::memory_order_relaxed);
    return job;
  }
  return nullptr;
}

bool ThreadPool::State::spin(std::uint64_t seen, int& budget) const {
  for (int i = 0; i < budget; ++i) {
    if (posted.load(std::memory_order_acquire) != seen || stop.load(std::memory_order_relaxed)) {
      budget = std::min(2 * budget, kMaxSpins);
      return true;
    }
    pause();
  }
  budget = std::max(budget / 2, kMinSpins);
  return false;
}

void ThreadPool::State::worker_loop(int thread) {
  inside_parallel = true;
  int budget = kMaxSpins;
  std::unique_lock lock(mutex);
  while (!stop) {
    if (Job* job = take()) {
      lock.unlock();
      job->work(thread);
      lock.lock();
      // The caller frees the job once it sees 0, so this is the last touch.
      if (job->helpers.fetch_sub(1, std::memory_order_acq_rel) == 1) helper_left.notify_all();
      continue;
    }
    const std::uint64_t seen = posted.load(std::memory_order_relaxed);
    lock.unlock();
    const bool came = spin(seen, budget);
    lock.lock();
    if (came) continue;
    ++sleeping;
    wake.wait(lock, [&] { return stop.load() || posted.load(std::memory_order_relaxed) != seen; });
    --sleeping;
  }
}

// Workers keep to the cores that the process may use, one logical processor of each, but not to one
// core each: the caller runs on any of them, and a worker bound to that core would take turns with it
// while another core idles.
void ThreadPool::State::start(int n) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    for (int i = 1; i < n; ++i) {
      workers.emplace_back([this, i] { worker_loop(i); });
      const pthread_t handle = workers.back().native_handle();
      pthread_setname_np(handle, ("fg-cpu-" + std::to_string(i)).c_str());
      if (CPU_COUNT(&cores.set) > 0) pthread_setaffinity_np(handle, sizeof cores.set, &cores.set);
    }
  } catch (const std::system_error&) {
    // No more threads to be had: those that started, or the caller alone, do the work.
  } catch (const std::bad_alloc&) {
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ThreadPool::ThreadPool(int threads) : size_(threads), state_(std::make_unique<State>()) {
  state_->cores = usable_cores();
  if (size_ <= 0) size_ = state_->cores.count;
}

ThreadPool::~ThreadPool() {
  if (getpid() != state_->owner) {
    (void)state_.release();  // A child of fork(): the threads and the locks belong to the parent.
    return;
  }
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->wake.notify_all();
  for (std::thread& worker : state_->workers) worker.join();
}

void ThreadPool::run(std::int64_t n, std::int64_t grain, Body body, void* context) {
  if (n <= 0) return;
  grain = std::max<std::int64_t>(grain, 1);
  if (size_ < 2 || n < 2 * grain || inside_parallel || getpid() != state_->owner) {
    body(context, 0, n);
    return;
  }
  State& s = *state_;
  std::call_once(s.started, [&] { s.start(size_); });
  const std::int64_t pieces = std::min(n / grain, size_ * kPiecesPerThread);
  Job job(n, pieces, size_, body, context);
  int to_wake = 0;
  {
    const std::lock_guard lock(s.mutex);
    s.jobs.push_back(&job);
    s.posted.fetch_add(1, std::memory_order_release);
    to_wake = static_cast<int>(std::min<std::int64_t>(s.sleeping, pieces - 1));
  }
  for (int i = 0; i < to_wake; ++i) s.wake.notify_one();
  inside_parallel = true;
  job.work(0);
  inside_parallel = false;
  for (int i = 0; i < kMaxSpins && job.helpers.load(std::memory_order_acquire) != 0; ++i) pause();
  std::unique_lock lock(s.mutex);
  s.jobs.erase(std::find(s.jobs.begin(), s.jobs.end(), &job));
  s.helper_left.wait(lock, [&] { return job.helpers.load(std::memory_order_acquire) == 0; });
}

ThreadPool& pool_of(const fg_launch& launch) { return launch.stream->instance->pool; }

}  // namespace fg::cpu
