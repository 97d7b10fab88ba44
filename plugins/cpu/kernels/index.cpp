// SPDX-License-Identifier: Apache-2.0
//
// embedding, gather, index_select.  Indices are checked before anything is written.

#include "plugins/cpu/kernels/index.hpp"

#include <atomic>
#include <limits>

#include "plugins/cpu/engine/micro.hpp"
#include "plugins/cpu/engine/streaming.hpp"
#include "plugins/cpu/kernels/bounds.hpp"
#include "plugins/cpu/kernels/copy.hpp"
#include "plugins/cpu/kernels/copy_run.hpp"
#include "plugins/cpu/kernels/runs.hpp"

namespace fg::cpu {
namespace {

constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();

// Position of the first index outside of [lowest, lowest + range), kNone when there is none.
template <class I>
std::int64_t first_bad(const I* at, std::int64_t step, std::int64_t count, std::int64_t lowest, std::int64_t range) {
  constexpr std::int64_t kBlock = 1024;
  for (std::int64_t begin = 0; begin < count; begin += kBlock) {
    const std::int64_t end = std::min(count, begin + kBlock);
    if (step == 1 && !any_outside(at + begin, end - begin, lowest, range)) continue;
    for (std::int64_t j = begin; j < end; ++j) {
      const std::int64_t v = at[j * step];
      if (static_cast<std::uint64_t>(v) - static_cast<std::uint64_t>(lowest) >= static_cast<std::uint64_t>(range)) {
        return j;
      }
    }
  }
  return kNone;
}

// Rows of a table, one after another in the result: long ones of large results go past the cache.
template <class T>
void copy_row(const T* src, std::int64_t src_step, T* dst, std::int64_t dst_step, std::int64_t count, bool streams) {
  if (streams && src_step == 1 && dst_step == 1) {
    stream_copy(dst, src, static_cast<std::size_t>(count) * sizeof(T));
  } else {
    copy_run(src, src_step, dst, dst_step, count);
  }
}
// A row may be read many times, so that what is read is as much as is written at most.
bool streams_rows(std::int64_t rows, std::int64_t row_bytes) {
  return row_bytes >= kStreamedLine && worth_streaming(rows * row_bytes, rows * row_bytes);
}

}  // namespace

std::optional<BadIndex> find_bad_index(const Indices& indices, const Space& space, std::size_t tensor,
                                       std::int64_t lowest, std::int64_t bound, const Exec& exec) {
  std::atomic<std::int64_t> first{kNone};
  exec.ranges(space.count(), 4 * kGrain, [&](std::int64_t begin, std::int64_t end, int) {
    runs(space, begin, end, [&](std::int64_t i, const auto& at, std::int64_t count, const auto& step) {
      const std::int64_t j = indices.with_type([&]<class I>(const I* data) {
        return first_bad(data + at[tensor], step[tensor], count, lowest, bound - lowest);
      });
      if (j == kNone) return;
      std::int64_t seen = first.load(std::memory_order_relaxed);
      while (i + j < seen && !first.compare_exchange_weak(seen, i + j, std::memory_order_relaxed)) {
      }
    });
  });
  const std::int64_t position = first.load();
  if (position == kNone) return std::nullopt;
  return BadIndex{position, indices.read(space.offsets(position)[tensor])};
}

void embedding(const EmbeddingArgs& a, const Exec& exec) {
  const bool streams = streams_rows(a.space.count(), a.width * a.element_bytes);
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(a.width, 1));
  with_bytes(a.element_bytes, [&]<class T>(T) {
    exec.ranges(a.width == 0 ? 0 : a.space.count(), grain, [&](std::int64_t begin, std::int64_t end, int) {
      runs(a.space, begin, end, [&](std::int64_t, const auto& at, std::int64_t count, const auto& step) {
        for (std::int64_t i = 0; i < count; ++i) {
          const T* from = static_cast<const T*>(a.weight) + a.indices.read(at[0] + i * step[0]) * a.weight_row;
          copy_row(from, a.weight_col, static_cast<T*>(a.out) + at[1] + i * step[1], a.out_col, a.width, streams);
        }
      });
      if (streams) stream_fence();
    });
  });
}

void index_select(const SelectArgs& a, const Exec& exec) {
  const std::int64_t width = a.slice.count();
  const bool streams = a.slice.ndim == 1 && streams_rows(a.outer.count() * a.count, width * a.element_bytes);
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(width, 1));
  with_bytes(a.element_bytes, [&]<class T>(T) {
    a.indices.with_type([&]<class I>(const I* indices) {
      exec.ranges(a.outer.count() * a.count, grain, [&](std::int64_t begin, std::int64_t end, int) {
        for (std::int64_t r = begin; r < end;) {
          const std::int64_t i0 = r % a.count, rows = std::min(end - r, a.count - i0);
          const auto at = a.outer.offsets(r / a.count);
          const T* self = static_cast<const T*>(a.self) + at[0];
          T* out = static_cast<T*>(a.out) + at[1] + i0 * a.out_step;
          const I* index = indices + i0 * a.index_step;
          r += rows;
          if (a.slice.ndim == 0) {
            for (std::int64_t i = 0; i < rows; ++i)
              out[i * a.out_step] = self[std::int64_t{index[i * a.index_step]} * a.self_step];
            continue;
          }
          for (std::int64_t i = 0; i < rows; ++i) {
            const T* from = self + std::int64_t{index[i * a.index_step]} * a.self_step;
            runs(a.slice, 0, width, [&](std::int64_t, const auto& o, std::int64_t count, const auto& step) {
              copy_row(from + o[0], step[0], out + i * a.out_step + o[1], step[1], count, streams);
            });
          }
        }
        if (streams) stream_fence();
      });
    });
  });
}

namespace {

// out[i] = self[i with index[i] in the gathered dimension] along one run.
template <class T, class I>
void gather_run(const T* self, std::int64_t self_step, std::int64_t self_dim, const I* index, std::int64_t index_step,
                T* out, std::int64_t out_step, std::int64_t count) {
  if (index_step == 1 && out_step == 1 && self_dim == 1 && self_step == 0) {
    for (std::int64_t i = 0; i < count; ++i) out[i] = self[index[i]];
  } else {
    for (std::int64_t i = 0; i < count; ++i)
      out[i * out_step] = self[i * self_step + std::int64_t{index[i * index_step]} * self_dim];
  }
}

}  // namespace

void gather_elements(const GatherArgs& a, const Exec& exec) {
  with_bytes(a.element_bytes, [&]<class T>(T) {
    a.indices.with_type([&]<class I>(const I* indices) {
      exec.ranges(a.space.count(), kGrain, [&](std::int64_t begin, std::int64_t end, int) {
        runs(a.space, begin, end, [&](std::int64_t, const auto& at, std::int64_t count, const auto& step) {
          gather_run(static_cast<const T*>(a.self) + at[2], step[2], a.self_dim, indices + at[0], step[0],
                     static_cast<T*>(a.out) + at[1], step[1], count);
        });
      });
    });
  });
}

}  // namespace fg::cpu
