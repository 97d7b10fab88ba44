// SPDX-License-Identifier: Apache-2.0
//
// Offsets of some positions at a time are computed on the stack, then their elements move.

#include "plugins/cpu/kernels/positions.hpp"

#include <cstring>
#include <limits>

#include "plugins/cpu/kernels/combine.hpp"
#include "plugins/cpu/kernels/runs.hpp"

namespace fg::cpu {
namespace {

constexpr std::int64_t kBatch = 512;  // Positions whose offsets are known at a time.

struct Batch {
  std::int64_t indexed[kBatch];
  std::int64_t other[kBatch];
};

void add_coordinate(const Coordinate& c, std::int64_t begin, std::int64_t end, std::int64_t* to) {
  c.indices.with_type([&]<class I>(const I* data) {
    runs(c.space, begin, end, [&](std::int64_t first, const auto& at, std::int64_t count, const auto& step) {
      const I* index = data + at[0];
      std::int64_t* sum = to + (first - begin);
      for (std::int64_t i = 0; i < count; ++i) {
        std::int64_t v = index[i * step[0]];
        v += (v >> 63) & c.bound;
        sum[i] += c.flat == nullptr ? v * c.stride : c.flat->offsets(v)[0];
      }
    });
  });
}

void find_offsets(const PositionArgs& a, std::int64_t begin, std::int64_t end, Batch& batch) {
  std::fill_n(batch.indexed, end - begin, 0);
  for (const Coordinate& c : a.coordinates) add_coordinate(c, begin, end, batch.indexed);
  runs(a.other, begin, end, [&](std::int64_t first, const auto& at, std::int64_t count, const auto& step) {
    for (std::int64_t i = 0; i < count; ++i) batch.other[first - begin + i] = at[1] + i * step[1];
  });
}

// f(lead offsets, batch, n) over the batches of [begin, end) and every lead.
template <class F>
void for_batches(const PositionArgs& a, std::int64_t begin, std::int64_t end, F&& f) {
  Batch batch;
  const std::int64_t leads = a.lead.count();
  for (std::int64_t at = begin; at < end; at += kBatch) {
    const std::int64_t n = std::min(kBatch, end - at);
    find_offsets(a, at, at + n, batch);
    for (std::int64_t l = 0; l < leads; ++l) f(a.lead.offsets(l), batch, n);
  }
}

// f(element of indexed, element of values) for a part [from, to) of the trail at one position.
template <class F>
void for_trail(const Space& trail, std::int64_t from, std::int64_t to, std::int64_t indexed, std::int64_t value,
               F&& f) {
  runs(trail, from, to, [&](std::int64_t, const auto& at, std::int64_t count, const auto& step) {
    f(indexed + at[0], step[0], value + at[1], step[1], count);
  });
}

}  // namespace

void read_positions(const PositionArgs& a, const Exec& exec) {
  const std::int64_t width = a.trail.count(), leads = a.lead.count();
  if (a.count == 0 || width == 0 || leads == 0) return;
  with_bytes(a.element_bytes, [&]<class T>(T) {
    const T* from = static_cast<const T*>(a.indexed);
    T* to = static_cast<T*>(a.values);
    // Long slices are cut too, so that few of them occupy all threads.
    const std::int64_t cuts = std::clamp<std::int64_t>(width / kGrain, 1, a.count < 64 ? exec.workers() * 4 : 1);
    const std::int64_t grain = std::max<std::int64_t>(1, kGrain * cuts / (width * leads));
    exec.ranges(a.count * cuts, grain, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t unit = begin; unit < end;) {
        const std::int64_t cut = unit / a.count, first = unit % a.count;
        const std::int64_t last = std::min(a.count, first + (end - unit));
        const std::int64_t low = width * cut / cuts, high = width * (cut + 1) / cuts;
        unit += last - first;
        for_batches(a, first, last, [&](const auto& lead, const Batch& batch, std::int64_t n) {
          if (a.trail.ndim == 0) {
            const T* src = from + lead[0];
            T* dst = to + lead[1];
            for (std::int64_t i = 0; i < n; ++i) dst[batch.other[i]] = src[batch.indexed[i]];
            return;
          }
          for (std::int64_t i = 0; i < n; ++i) {
            for_trail(a.trail, low, high, lead[0] + batch.indexed[i], lead[1] + batch.other[i],
                      [&](std::int64_t src, std::int64_t src_step, std::int64_t dst, std::int64_t dst_step,
                          std::int64_t count) { copy_run(from + src, src_step, to + dst, dst_step, count); });
          }
        });
      }
    });
  });
}

namespace {

// Where the positions lie at all, so that the range can be cut.
std::pair<std::int64_t, std::int64_t> extent(const PositionArgs& a) {
  std::int64_t low = 0, high = 0;
  for (const Coordinate& c : a.coordinates) {
    if (c.flat == nullptr) {
      const std::int64_t most = std::max<std::int64_t>(c.bound - 1, 0) * c.stride;
      (most < 0 ? low : high) += most;
      continue;
    }
    for (int d = 0; d < c.flat->ndim; ++d) {
      const auto k = static_cast<std::size_t>(d);
      const std::int64_t most = (c.flat->size[k] - 1) * c.flat->stride[0][k];
      (most < 0 ? low : high) += most;
    }
  }
  return {low, high + 1};
}

// Which of n positions lie in [first, last).  To put each down and count it only if it does costs less than a
// branch that nobody can predict.
std::int64_t own_positions(const Batch& batch, std::int64_t n, std::int64_t first, std::int64_t last,
                           std::int32_t* own) {
  const auto size = static_cast<std::uint64_t>(last - first);
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    own[count] = static_cast<std::int32_t>(i);
    count += static_cast<std::uint64_t>(batch.indexed[i] - first) < size ? 1 : 0;
  }
  return count;
}

// T is what values hold, S what indexed holds.
template <class T, class S, class Join>
void write(const PositionArgs& a, const Exec& exec, Join join) {
  const std::int64_t width = a.trail.count(), leads = a.lead.count(), columns = width * leads;
  if (a.count == 0 || columns == 0) return;
  S* to = static_cast<S*>(a.indexed);
  const T* from = static_cast<const T*>(a.values);
  const auto one_place = [&](const auto& lead, const Batch& batch, std::int64_t i, std::int64_t low,
                             std::int64_t high) {
    for_trail(
        a.trail, low, high, lead[0] + batch.indexed[i], lead[1] + batch.other[i],
        [&](std::int64_t dst, std::int64_t dst_step, std::int64_t src, std::int64_t src_step, std::int64_t count) {
          for (std::int64_t k = 0; k < count; ++k) join(to[dst + k * dst_step], from[src + k * src_step]);
        });
  };
  const auto one_lead = [&](const auto& lead, const Batch& batch, std::int64_t n, std::int64_t low, std::int64_t high) {
    for (std::int64_t i = 0; i < n; ++i) one_place(lead, batch, i, low, high);
  };
  if (width >= 64 || a.count * columns < 4 * kGrain) {
    // Slices are cut along the trail, whose parts never meet.
    const std::int64_t grain = std::max<std::int64_t>(64, kGrain / (a.count * leads));
    return exec.ranges(width, a.count * columns < 4 * kGrain ? width : grain,
                       [&](std::int64_t low, std::int64_t high, int) {
                         for_batches(a, 0, a.count, [&](const auto& lead, const Batch& batch, std::int64_t n) {
                           one_lead(lead, batch, n, low, high);
                         });
                       });
  }
  // Elements: each worker writes the places of its own range of offsets.
  const auto [low, high] = extent(a);
  const std::int64_t parts = exec.workers();
  exec.each(parts, [&, low = low, high = high](std::int64_t p, int) {
    const std::int64_t first = low + (high - low) * p / parts, last = low + (high - low) * (p + 1) / parts;
    for_batches(a, 0, a.count, [&](const auto& lead, const Batch& batch, std::int64_t n) {
      std::int32_t own[kBatch];
      const std::int64_t count = own_positions(batch, n, first, last, own);
      if (a.trail.ndim == 0) {
        S* out = to + lead[0];
        const T* in = from + lead[1];
        for (std::int64_t k = 0; k < count; ++k) join(out[batch.indexed[own[k]]], in[batch.other[own[k]]]);
        return;
      }
      for (std::int64_t k = 0; k < count; ++k) one_place(lead, batch, own[k], 0, width);
    });
  });
}

}  // namespace

void write_positions(const PositionArgs& a, const WritePositions& how, const Exec& exec) {
  if (!how.accumulate) {
    return with_bytes(a.element_bytes, [&]<class T>(T) { write<T, T>(a, exec, [](T& to, T x) { to = x; }); });
  }
  with_type(how.dtype, [&]<class Tag>(Tag) {
    using T = typename Tag::type;
    if constexpr (std::is_same_v<T, f16> || std::is_same_v<T, bf16>) {
      write<T, float>(a, exec, [](float& to, T x) { to += static_cast<float>(x); });
    } else if constexpr (!std::is_same_v<T, f8_e4m3fn> && !std::is_same_v<T, f8_e5m2>) {
      write<T, T>(a, exec, [](T& to, T x) { to = Plus{}(to, x); });
    }
  });
}

}  // namespace fg::cpu
