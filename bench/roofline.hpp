// SPDX-License-Identifier: Apache-2.0
//
// What the machine can do, measured in this process with as many threads as the plugin has: the
// memory triad a = b + s * c, and the peak of fused multiply-adds.

#ifndef FG_BENCH_ROOFLINE_HPP_
#define FG_BENCH_ROOFLINE_HPP_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "bench/machine.hpp"
#include "fg/abi/types.h"

namespace fg {
class Device;
}

namespace fg::bench {

// Of memory, in 10^9 bytes a second.
struct Bandwidth {
  double triad_gbps = 0;            // The better of the two below; three arrays counted.
  double triad_cached_gbps = 0;     // Ordinary stores.
  double triad_streaming_gbps = 0;  // Stores past the caches.
  double read_gbps = 0;             // The three arrays read and summed up, one after the other.
};

struct Roofline : Bandwidth {
  bool of_device = false;  // Measured on a device with memory of its own: copy_gbps stands in the place of the triad.
  double array_bytes = 0;  // Each of the arrays of memory.
  double copy_gbps = 0;    // Of a device: one array copied to another by its own copy, both counted.
  double fma_f32_gflops = 0;
  double fma_f64_gflops = 0;
  double fma_bf16_gflops = 0;  // 0 where the processor has no bf16 products.
};

// Three arrays of four last-level caches each: what a pass leaves in the caches is gone when the next one comes there.
// Kept between measurements: other guests of the machine change its memory's speed from minute to minute, so that a
// long run measures it again beside what is judged by it.  One thread is bound to each of the machine's cores.
class MemoryProbe {
 public:
  explicit MemoryProbe(const Machine& machine);
  ~MemoryProbe();

  std::size_t array_bytes() const { return count_ * sizeof(float); }  // 0: there was no memory.
  Bandwidth measure(double seconds) const;
  double read_gbps(double seconds) const;

 private:
  struct Free {
    void operator()(float* p) const;
  };
  using Array = std::unique_ptr<float[], Free>;
  static Array make_array(std::size_t count);

  std::vector<int> cpus_;
  std::size_t count_;
  Array a_, b_, c_;
};

// Memory's part and the peaks of multiply-adds.
Roofline measure_roofline(const Machine& machine, const MemoryProbe& memory, double seconds);

// 10^9 operations a second of products in this dtype.
double peak_gflops(const Roofline& r, fg_dtype dtype);

// What a device with memory of its own does: the copy of one large buffer to another through its plugin.
Roofline measure_device_roofline(const Device& device, double seconds);

// One thread's share of the work, best instructions the processor has (roofline_kernels.cpp).
namespace kernels {
void triad(float* a, const float* b, const float* c, float s, std::size_t n);
bool triad_streaming(float* a, const float* b, const float* c, float s, std::size_t n);  // False: no such stores.
float sum(const float* a, std::size_t n);
// Each does `rounds` rounds and returns the operations done (a fused multiply-add is two).
double fma_f32(std::int64_t rounds);
double fma_f64(std::int64_t rounds);
double fma_bf16(std::int64_t rounds);  // 0: no such instruction.
}  // namespace kernels

}  // namespace fg::bench

#endif  // FG_BENCH_ROOFLINE_HPP_
