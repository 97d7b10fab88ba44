// SPDX-License-Identifier: Apache-2.0
//
// Calls beside a competing load of as many spinning threads as there are cores: the median may
// double, no call may take longer than 20 ms.  A pool that waits for workers without a core fails
// by one or two orders of magnitude.

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <thread>
#include <vector>

#include "fg/fg.hpp"

namespace {

using Clock = std::chrono::steady_clock;

struct Times {
  double median_ms, worst_ms;
};

Times measure(const std::function<void()>& call) {
  constexpr int kCalls = 2000;
  for (int i = 0; i < 20; ++i) call();
  std::vector<double> ms;
  for (int i = 0; i < kCalls; ++i) {
    const auto start = Clock::now();
    call();
    ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::sort(ms.begin(), ms.end());
  return {ms[ms.size() / 2], ms.back()};
}

class Load {
 public:
  Load() {
    cpu_set_t usable;
    CPU_ZERO(&usable);
    sched_getaffinity(0, sizeof usable, &usable);
    for (int i = 0; i < std::max(1, CPU_COUNT(&usable)); ++i) {
      threads_.emplace_back([this] {
        while (!stop_.load(std::memory_order_relaxed)) {
        }
      });
    }
  }
  ~Load() {
    stop_ = true;
    for (std::thread& t : threads_) t.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

void expect_no_stall(const char* name, const std::function<void()>& call) {
  const Times quiet = measure(call);
  Times busy{};
  {
    const Load load;
    busy = measure(call);
  }
  std::printf("%s: median %.3f ms, worst %.3f ms; beside the load %.3f ms, %.3f ms\n", name, quiet.median_ms,
              quiet.worst_ms, busy.median_ms, busy.worst_ms);
  EXPECT_LE(busy.median_ms, 2 * quiet.median_ms + 0.1) << name;
  EXPECT_LE(busy.worst_ms, 20) << name;
}

TEST(BusyMachine, CallsDoNotStall) {
  const fg::Device cpu("cpu:0");
  const fg::Tensor x = fg::full({1024, 1024}, fg::Scalar(0.5), fg::kF32, cpu);
  const fg::Tensor out = fg::full({1024, 1024}, fg::Scalar(0.0), fg::kF32, cpu);
  expect_no_stall("add", [&] { fg::add_out(out, x, x); });
  expect_no_stall("softmax", [&] { fg::softmax_out(out, x, -1); });
}

}  // namespace
