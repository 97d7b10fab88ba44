// SPDX-License-Identifier: Apache-2.0

#include "bench/roofline.hpp"

#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <barrier>
#include <cstdlib>
#include <functional>
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

struct Slice {
  std::size_t first, count;
};
constexpr std::size_t kLineFloats = 16;  // Of a cache line.
Slice slice_of(std::size_t n, std::size_t parts, std::size_t t) {
  const std::size_t lines = n / kLineFloats;
  const std::size_t first = lines * t / parts * kLineFloats;
  return {first, lines * (t + 1) / parts * kLineFloats - first};
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

MemoryProbe::MemoryProbe(const Machine& machine) : cpus_(machine.cpus) {
  constexpr double kLastCaches = 4, kLeast = 64 << 20;
  const double bytes = std::min(std::max(kLeast, kLastCaches * machine.last_cache), machine.memory_available / 16);
  count_ = static_cast<std::size_t>(bytes) / sizeof(float) / kLineFloats * kLineFloats;
  a_ = make_array(count_);
  b_ = make_array(count_);
  c_ = make_array(count_);
  if (!a_ || !b_ || !c_) count_ = 0;
  if (count_ == 0) return;
  timed_rounds(cpus_, 0, [&](std::size_t t) {
    const Slice s = slice_of(count_, cpus_.size(), t);
    for (float* array : {a_.get(), b_.get(), c_.get()}) std::fill_n(array + s.first, s.count, 1.0f);
  });
}

MemoryProbe::~MemoryProbe() = default;

void MemoryProbe::Free::operator()(float* p) const { std::free(p); }

MemoryProbe::Array MemoryProbe::make_array(std::size_t count) {
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  const std::size_t bytes = (count * sizeof(float) + kHugePage - 1) / kHugePage * kHugePage;
  auto* const p = static_cast<float*>(std::aligned_alloc(kHugePage, bytes));
  if (p != nullptr) ::madvise(p, bytes, MADV_HUGEPAGE);
  return Array(p);
}

double MemoryProbe::read_gbps(double seconds) const {
  if (count_ == 0) return 0;
  std::vector<float> sums(cpus_.size() * kLineFloats);
  const double t_read = timed_rounds(cpus_, seconds, [&](std::size_t t) {
    const Slice s = slice_of(count_, cpus_.size(), t);
    float& sum = sums[t * kLineFloats] = 0;
    for (const float* array : {a_.get(), b_.get(), c_.get()}) sum += kernels::sum(array + s.first, s.count);
  });
  return 3.0 * static_cast<double>(array_bytes()) / t_read * 1e-9;
}

Bandwidth MemoryProbe::measure(double seconds) const {
  Bandwidth r;
  if (count_ == 0) return r;
  const auto gbps = [&](double s) { return 3.0 * static_cast<double>(array_bytes()) / s * 1e-9; };
  r.triad_cached_gbps = gbps(timed_rounds(cpus_, seconds, [&](std::size_t t) {
    const Slice s = slice_of(count_, cpus_.size(), t);
    kernels::triad(a_.get() + s.first, b_.get() + s.first, c_.get() + s.first, 0.5f, s.count);
  }));
  bool streams = true;
  const double t_stream = timed_rounds(cpus_, seconds, [&](std::size_t t) {
    const Slice s = slice_of(count_, cpus_.size(), t);
    if (!kernels::triad_streaming(a_.get() + s.first, b_.get() + s.first, c_.get() + s.first, 0.5f, s.count) &&
        t == 0) {
      streams = false;
    }
  });
  if (streams) r.triad_streaming_gbps = gbps(t_stream);
  r.triad_gbps = std::max(r.triad_cached_gbps, r.triad_streaming_gbps);
  r.read_gbps = read_gbps(seconds);
  return r;
}

Roofline measure_roofline(const Machine& machine, const MemoryProbe& memory, double seconds) {
  Roofline r{memory.measure(seconds)};
  r.array_bytes = static_cast<double>(memory.array_bytes());
  r.fma_f32_gflops = measure_fma(machine.cpus, seconds, kernels::fma_f32);
  r.fma_f64_gflops = measure_fma(machine.cpus, seconds, kernels::fma_f64);
  r.fma_bf16_gflops = measure_fma(machine.cpus, seconds, kernels::fma_bf16);
  return r;
}

double peak_gflops(const Roofline& r, fg_dtype dtype) {
  if (dtype == FG_F64) return r.fma_f64_gflops;
  if (dtype == FG_BF16 && r.fma_bf16_gflops > 0) return r.fma_bf16_gflops;
  return r.fma_f32_gflops;  // 16-bit floats are computed in f32; integers have no such units.
}

}  // namespace fg::bench
