// SPDX-License-Identifier: Apache-2.0

#include "bench/roofline.hpp"

#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <barrier>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>

#include "bench/timing.hpp"

namespace fg::bench {
namespace {

void bind_to(int cpu) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  CPU_SET(cpu, &mask);
  ::sched_setaffinity(0, sizeof mask, &mask);
}

// Runs body(thread) on every thread at once, again and again, and returns the 20th percentile of a
// round's time in seconds.
double timed_rounds(const std::vector<int>& cpus, double seconds, const std::function<void(std::size_t)>& body) {
  std::barrier gate(static_cast<std::ptrdiff_t>(cpus.size()));
  std::vector<double> rounds;
  bool stop = false;
  const auto thread_main = [&](std::size_t t) {
    bind_to(cpus[t]);
    body(t);  // First touch and warm-up.
    double spent = 0;
    while (true) {
      gate.arrive_and_wait();
      if (stop) return;
      const auto start = Clock::now();
      gate.arrive_and_wait();
      body(t);
      gate.arrive_and_wait();
      if (t == 0) {
        const double s = ns_since(start) * 1e-9;
        rounds.push_back(s);
        spent += s;
        stop = spent > seconds && rounds.size() >= 9;
      }
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < cpus.size(); ++t) threads.emplace_back(thread_main, t);
  for (std::thread& t : threads) t.join();
  return quantile(rounds, 0.2);
}

struct Free {
  void operator()(float* p) const { std::free(p); }
};
using Array = std::unique_ptr<float[], Free>;

Array make_array(std::size_t bytes) {
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  auto* const p = static_cast<float*>(std::aligned_alloc(kHugePage, (bytes + kHugePage - 1) / kHugePage * kHugePage));
  if (p != nullptr) ::madvise(p, bytes, MADV_HUGEPAGE);
  return Array(p);
}

struct Slice {
  std::size_t first, count;
};
// 16 floats, a cache line, at least.
Slice slice_of(std::size_t n, std::size_t parts, std::size_t t) {
  const std::size_t lines = n / 16;
  const std::size_t first = lines * t / parts * 16;
  return {first, lines * (t + 1) / parts * 16 - first};
}

// About a tenth of a second a round on any machine of today, so that turbo and power limits settle.
double measure_fma(const std::vector<int>& cpus, double seconds, double (*kernel)(std::int64_t)) {
  constexpr std::int64_t kRounds = 1 << 20;
  if (kernel(1) == 0) return 0;
  double operations = 0;
  const double s = timed_rounds(cpus, seconds, [&](std::size_t t) {
    const double done = kernel(kRounds);
    if (t == 0) operations = done;
  });
  return operations * static_cast<double>(cpus.size()) / s * 1e-9;
}

}  // namespace

Bandwidth measure_bandwidth(const std::vector<int>& cpus, double seconds, std::size_t array_bytes) {
  Bandwidth r;
  const std::size_t n = array_bytes / sizeof(float);
  const Array a = make_array(array_bytes);
  const Array b = make_array(array_bytes);
  const Array c = make_array(array_bytes);
  if (!a || !b || !c) return r;
  const double bytes = 3.0 * static_cast<double>(n) * sizeof(float);
  timed_rounds(cpus, 0, [&](std::size_t t) {
    const Slice s = slice_of(n, cpus.size(), t);
    for (std::size_t i = s.first; i < s.first + s.count; ++i) a[i] = b[i] = c[i] = 1.0f;
  });
  const auto gbps = [&](double s) { return bytes / s * 1e-9; };
  r.triad_cached_gbps = gbps(timed_rounds(cpus, seconds, [&](std::size_t t) {
    const Slice s = slice_of(n, cpus.size(), t);
    kernels::triad(a.get() + s.first, b.get() + s.first, c.get() + s.first, 0.5f, s.count);
  }));
  bool streams = true;
  const double t_stream = timed_rounds(cpus, seconds, [&](std::size_t t) {
    const Slice s = slice_of(n, cpus.size(), t);
    if (!kernels::triad_streaming(a.get() + s.first, b.get() + s.first, c.get() + s.first, 0.5f, s.count) && t == 0) {
      streams = false;
    }
  });
  if (streams) r.triad_streaming_gbps = gbps(t_stream);
  r.triad_gbps = std::max(r.triad_cached_gbps, r.triad_streaming_gbps);
  std::vector<float> sums(cpus.size() * 16);  // A cache line each.
  const double t_read = timed_rounds(cpus, seconds, [&](std::size_t t) {
    const Slice s = slice_of(n, cpus.size(), t);
    sums[t * 16] = kernels::sum(b.get() + s.first, s.count);
  });
  r.read_gbps = bytes / 3 / t_read * 1e-9;
  return r;
}

Roofline measure_roofline(const std::vector<int>& cpus, double seconds, std::size_t array_bytes) {
  Roofline r{measure_bandwidth(cpus, seconds, array_bytes)};
  r.fma_f32_gflops = measure_fma(cpus, seconds, kernels::fma_f32);
  r.fma_f64_gflops = measure_fma(cpus, seconds, kernels::fma_f64);
  r.fma_bf16_gflops = measure_fma(cpus, seconds, kernels::fma_bf16);
  return r;
}

}  // namespace fg::bench
