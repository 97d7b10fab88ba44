// SPDX-License-Identifier: Apache-2.0

#include "plugins/cpu/kernels/flush.hpp"

#include <algorithm>
#include <atomic>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/kernels/flush.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The least magnitude other than 0, as bits less 1; 0xFFFF when all are 0.
std::uint16_t least_magnitude(const std::uint16_t* x, std::int64_t n) {
  const hn::ScalableTag<std::uint16_t> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto magnitude = hn::Set(d, std::uint16_t{0x7FFF}), one = hn::Set(d, std::uint16_t{1});
  auto least0 = hn::Set(d, std::uint16_t{0xFFFF}), least1 = least0;
  const auto less_one = [&](const std::uint16_t* p) HWY_ATTR {
    return hn::Sub(hn::And(hn::LoadU(d, p), magnitude), one);  // 0 becomes the greatest
  };
  std::int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    least0 = hn::Min(least0, less_one(x + i));
    least1 = hn::Min(least1, less_one(x + i + lanes));
  }
  HWY_ALIGN std::uint16_t lane[hn::MaxLanes(d)];
  hn::Store(hn::Min(least0, least1), d, lane);
  std::uint16_t least = *std::min_element(lane, lane + lanes);
  for (; i < n; ++i) least = std::min(least, static_cast<std::uint16_t>((x[i] & 0x7FFF) - 1));
  return least;
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
namespace {

HWY_EXPORT(least_magnitude);

// The biased exponent of the least number other than 0 of a matrix; 255 when it has none.
int least_exponent(const Matrix& m, std::int64_t batch, std::int64_t rows, std::int64_t cols, const Exec& exec) {
  const bool by_rows = m.col == 1;
  const std::int64_t lines = by_rows ? rows : cols, length = by_rows ? cols : rows, step = by_rows ? m.row : m.col;
  const auto* data = static_cast<const std::uint16_t*>(m.data);
  std::atomic<std::uint16_t> least{0xFFFF};
  exec.ranges(batch * lines, kGrain / std::max<std::int64_t>(length, 1) + 1,
              [&](std::int64_t begin, std::int64_t end, int) {
                std::uint16_t found = 0xFFFF;
                for (std::int64_t i = begin; i < end; ++i) {
                  const std::uint16_t* line = data + i / lines * m.batch + i % lines * step;
                  found = std::min(found, HWY_DYNAMIC_DISPATCH(least_magnitude)(line, length));
                }
                std::uint16_t before = least.load();
                while (found < before && !least.compare_exchange_weak(before, found)) {
                }
              });
  return least == 0xFFFF ? 255 : (least + 1) >> 7;
}

}  // namespace

bool flushing_shows(const GemmArgs& g, const Exec& exec) {
  const int a = least_exponent(g.a, g.a.batch == 0 ? 1 : g.batch, g.m, g.k, exec);
  const int b = least_exponent(g.b, g.b.batch == 0 ? 1 : g.batch, g.k, g.n, exec);
  if (a == 0 || b == 0) return true;
  // A product is at least 2^(a + b - 254); it and every f32 sum of such products is a multiple of its
  // last bit, 2^-23 of that, which must be a normal number: 2^-126 or more.
  return a + b - 254 - 23 < -126;
}

}  // namespace fg::cpu
#endif
