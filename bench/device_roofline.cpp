// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cstdint>

#include "bench/roofline.hpp"
#include "bench/timing.hpp"
#include "fg/fg.hpp"

namespace fg::bench {

Roofline measure_device_roofline(const Device& device, double seconds) {
  const std::uint64_t free = device.info().mem_free;
  const std::uint64_t bytes =
      std::min<std::uint64_t>(std::uint64_t{1} << 30, std::max<std::uint64_t>(free / 8, 1 << 20));
  const auto n = static_cast<std::int64_t>(bytes / sizeof(float));
  const Tensor from = zeros({n}, FG_F32, device);
  const Tensor to = zeros({n}, FG_F32, device);
  TimingOptions o;
  o.min_ns = seconds * 1e9;
  o.batch_ns = kDeviceBatchNs;
  const Times t = measure([&] { copy_(to, from); }, [&] { device.synchronize(); }, o);
  Roofline r;
  r.of_device = true;
  r.copy_gbps = r.triad_gbps = 2.0 * static_cast<double>(n) * sizeof(float) / t.p20;
  return r;
}

}  // namespace fg::bench
