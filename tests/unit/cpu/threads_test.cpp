// SPDX-License-Identifier: Apache-2.0
//
// The thread pool: every item once, nesting, several callers, fork, signals, names.

#include "plugins/cpu/threads.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

namespace fg::cpu {
namespace {

TEST(ThreadPool, RunsEveryItemOnce) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.size(), threads);
    for (std::int64_t n : {0, 1, 2, 7, 64, 1000, 100001}) {
      for (std::int64_t grain : {1, 3, 64, 100000}) {
        std::vector<std::atomic<int>> hits(static_cast<std::size_t>(n));
        parallel_for(pool, n, grain, [&](std::int64_t a, std::int64_t b) {
          EXPECT_LT(a, b);
          for (std::int64_t k = a; k < b; ++k) ++hits[static_cast<std::size_t>(k)];
        });
        for (const auto& h : hits) ASSERT_EQ(h, 1) << "n " << n << " grain " << grain;
      }
    }
  }
}

TEST(ThreadPool, SmallCallsStayOnTheCaller) {
  ThreadPool pool(4);
  const auto caller = std::this_thread::get_id();
  parallel_for(pool, 100, 51, [&](std::int64_t a, std::int64_t b) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    EXPECT_EQ(a, 0);
    EXPECT_EQ(b, 100);
  });
}

TEST(ThreadPool, NestedCallsRunInline) {
  ThreadPool pool(4);
  std::atomic<int> total{0};
  parallel_for(pool, 64, 1, [&](std::int64_t a, std::int64_t b) {
    for (std::int64_t k = a; k < b; ++k) {
      const auto outer = std::this_thread::get_id();
      parallel_for(pool, 100, 1, [&](std::int64_t c, std::int64_t d) {
        EXPECT_EQ(std::this_thread::get_id(), outer);
        total += static_cast<int>(d - c);
      });
    }
  });
  EXPECT_EQ(total, 6400);
}

TEST(ThreadPool, SeveralCallersShareIt) {
  ThreadPool pool(3);
  std::vector<std::thread> callers;
  std::atomic<std::int64_t> total{0};
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (int k = 0; k < 500; ++k) {
        std::atomic<std::int64_t> sum{0};
        parallel_for(pool, 1000, 10, [&](std::int64_t a, std::int64_t b) { sum += b - a; });
        total += sum;
      }
    });
  }
  for (std::thread& t : callers) t.join();
  EXPECT_EQ(total, 4 * 500 * 1000);
}

TEST(ThreadPool, WorkersAreNamedAndBlockSignals) {
  ThreadPool pool(3);
  std::atomic<int> workers{0};
  std::atomic<bool> named{true}, blocked{true};
  const auto caller = std::this_thread::get_id();
  for (int attempt = 0; attempt < 200 && workers == 0; ++attempt) {
    parallel_for(pool, 64, 1, [&](std::int64_t, std::int64_t) {
      if (std::this_thread::get_id() == caller) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return;
      }
      char name[16] = {};
      pthread_getname_np(pthread_self(), name, sizeof name);
      sigset_t set;
      pthread_sigmask(SIG_BLOCK, nullptr, &set);
      named = named && std::string(name).rfind("fg-cpu-", 0) == 0;
      blocked = blocked && sigismember(&set, SIGINT) == 1 && sigismember(&set, SIGTERM) == 1;
      ++workers;
    });
  }
  EXPECT_GT(workers, 0);
  EXPECT_TRUE(named);
  EXPECT_TRUE(blocked);
}

TEST(ThreadPool, StartsNoThreadBeforeTheFirstParallelCall) {
  const auto count = [] {
    std::ifstream status("/proc/self/status");
    std::string word;
    int n = 0;
    while (status >> word) {
      if (word == "Threads:") status >> n;
    }
    return n;
  };
  const int before = count();
  ThreadPool pool(3);
  parallel_for(pool, 10, 10, [](std::int64_t, std::int64_t) {});
  EXPECT_EQ(count(), before);
  parallel_for(pool, 10, 1, [](std::int64_t, std::int64_t) {});
  EXPECT_EQ(count(), before + 2);
}

#if !defined(__SANITIZE_THREAD__)
TEST(ThreadPool, AChildOfForkWorksAlone) {
  ThreadPool pool(3);
  parallel_for(pool, 1000, 1, [](std::int64_t, std::int64_t) {});
  const pid_t child = fork();
  if (child == 0) {
    std::int64_t sum = 0;
    parallel_for(pool, 1000, 1, [&](std::int64_t a, std::int64_t b) { sum += b - a; });
    {
      ThreadPool own(2);
      std::atomic<std::int64_t> more{0};
      parallel_for(own, 1000, 1, [&](std::int64_t a, std::int64_t b) { more += b - a; });
      sum += more;
    }
    pool.~ThreadPool();
    _exit(sum == 2000 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}
#endif

}  // namespace
}  // namespace fg::cpu
