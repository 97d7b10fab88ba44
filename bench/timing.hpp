// SPDX-License-Identifier: Apache-2.0
//
// How long does a call take?  Calls are timed in batches long enough for the clock, until enough
// time has passed; the answer is a distribution, never one number.

#ifndef FG_BENCH_TIMING_HPP_
#define FG_BENCH_TIMING_HPP_

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <vector>

namespace fg::bench {

// Nanoseconds a call: the 20th, 50th and 80th of 100 batches.
struct Times {
  double p20 = 0, p50 = 0, p80 = 0;
  double host = 0;  // Median time until the calls returned, before waiting for the device.
  std::int64_t samples = 0, calls = 0;
};

using Clock = std::chrono::steady_clock;
inline double ns_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

inline double quantile(std::vector<double>& values, double q) {
  if (values.empty()) return 0;
  const auto k = static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + k, values.end());
  return values[static_cast<std::size_t>(k)];
}

// Length of a batch on a device that runs behind the host: waiting for it costs little then.
inline constexpr double kDeviceBatchNs = 5e6;

struct TimingOptions {
  double min_ns = 200e6;    // Total time to spend.
  double batch_ns = 100e3;  // Least length of a batch: the clock's 25 ns are then nothing.
  int min_samples = 5;
  double max_ns = 10e9;  // Beyond it, three samples are enough.
};

// `call` enqueues one call, `wait` blocks until all of them are done.
template <class Call, class Wait>
Times measure(const Call& call, const Wait& wait, const TimingOptions& o) {
  call();  // Caches, first-touch pages, prepared kernels.
  wait();
  std::int64_t batch = 1;
  double one = 0;
  for (;; batch *= 2) {
    const auto start = Clock::now();
    for (std::int64_t i = 0; i < batch; ++i) call();
    wait();
    const double t = ns_since(start);
    one = t / static_cast<double>(batch);
    if (t >= o.batch_ns / 2) break;
  }
  batch = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(o.batch_ns / one)));
  std::vector<double> total, host;
  double spent = 0;
  while (spent < o.min_ns || static_cast<int>(total.size()) < o.min_samples) {
    if (spent > o.max_ns && total.size() >= 3) break;
    const auto start = Clock::now();
    for (std::int64_t i = 0; i < batch; ++i) call();
    const double returned = ns_since(start);
    wait();
    const double t = ns_since(start);
    spent += t;
    host.push_back(returned / static_cast<double>(batch));
    total.push_back(t / static_cast<double>(batch));
  }
  Times r;
  r.samples = static_cast<std::int64_t>(total.size());
  r.calls = r.samples * batch;
  r.p20 = quantile(total, 0.2);
  r.p50 = quantile(total, 0.5);
  r.p80 = quantile(total, 0.8);
  r.host = quantile(host, 0.5);
  return r;
}

}  // namespace fg::bench

#endif  // FG_BENCH_TIMING_HPP_
