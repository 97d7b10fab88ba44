// SPDX-License-Identifier: Apache-2.0
//
// embedding, gather, cat.  Indices are checked before anything is written.

#include "plugins/cpu/kernels/index.hpp"

#include <atomic>
#include <cstring>
#include <limits>

namespace fg::cpu {
namespace {

// Calls f(offsets, count, steps) for runs along the last dimension that make up [begin, end).
template <class F>
void runs(const Space& s, std::int64_t begin, std::int64_t end, F&& f) {
  std::array<std::int64_t, Space::kMany> step{};
  std::int64_t inner = 1;
  if (s.ndim > 0) {
    const auto last = static_cast<std::size_t>(s.ndim - 1);
    inner = s.size[last];
    for (std::size_t t = 0; t < Space::kMany; ++t) step[t] = s.stride[t][last];
  }
  for (std::int64_t i = begin; i < end;) {
    const std::int64_t count = std::min(end - i, inner - i % inner);
    f(i, s.offsets(i), count, step);
    i += count;
  }
}

// Copies `count` elements; the loop of a unit stride is a memcpy.
template <class T>
void copy_run(const T* src, std::int64_t src_step, T* dst, std::int64_t dst_step, std::int64_t count) {
  if (src_step == 1 && dst_step == 1) {
    std::memcpy(dst, src, static_cast<std::size_t>(count) * sizeof(T));
  } else if (src_step == 0) {
    for (std::int64_t i = 0; i < count; ++i) dst[i * dst_step] = *src;
  } else {
    for (std::int64_t i = 0; i < count; ++i) dst[i * dst_step] = src[i * src_step];
  }
}

// Is the source contiguous along the last dimension but one (a transposed matrix)?
bool transposed(const Space& s) {
  if (s.ndim < 2) return false;
  const auto last = static_cast<std::size_t>(s.ndim - 1);
  return s.stride[0][last - 1] == 1 && s.stride[0][last] != 1 && s.size[last] >= 8 && s.size[last - 1] >= 8;
}

// A transposed matrix in square tiles of whole cache lines: a line of the source is read at once, a
// line of the destination written at once, so that strides of powers of two cost nothing.
template <class T>
void copy_transposed(const T* src, T* dst, const Space& space, const Exec& exec) {
  constexpr std::int64_t kTile = 64 / static_cast<std::int64_t>(sizeof(T));
  const auto c = static_cast<std::size_t>(space.ndim - 1), r = c - 1;
  const std::int64_t rows = space.size[r], cols = space.size[c], bands = (rows + kTile - 1) / kTile;
  const std::int64_t matrices = space.count() / std::max<std::int64_t>(rows * cols, 1);
  exec.ranges(matrices * bands, std::max<std::int64_t>(1, kGrain / (kTile * cols)),
              [&](std::int64_t begin, std::int64_t end, int) {
                T tile[kTile][kTile];
                for (std::int64_t band = begin; band < end; ++band) {
                  const auto at = space.offsets(band / bands * rows * cols);
                  const std::int64_t i0 = band % bands * kTile, height = std::min(rows - i0, kTile);
                  for (std::int64_t j0 = 0; j0 < cols; j0 += kTile) {
                    const std::int64_t width = std::min(cols - j0, kTile);
                    for (std::int64_t j = 0; j < width; ++j) {
                      std::copy_n(src + at[0] + i0 + (j0 + j) * space.stride[0][c], height, tile[j]);
                    }
                    for (std::int64_t i = 0; i < height; ++i) {
                      T* to = dst + at[1] + (i0 + i) * space.stride[1][r] + j0 * space.stride[1][c];
                      for (std::int64_t j = 0; j < width; ++j) to[j * space.stride[1][c]] = tile[j][i];
                    }
                  }
                }
              });
}

}  // namespace

std::optional<BadIndex> find_bad_index(const Indices& indices, const Space& space, std::size_t tensor,
                                       std::int64_t bound, const Exec& exec) {
  constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
  std::atomic<std::int64_t> first{kNone};
  exec.ranges(space.count(), 4 * kGrain, [&](std::int64_t begin, std::int64_t end, int) {
    runs(space, begin, end, [&](std::int64_t i, const auto& at, std::int64_t count, const auto& step) {
      for (std::int64_t j = 0; j < count; ++j) {
        const auto v = static_cast<std::uint64_t>(indices.read(at[tensor] + j * step[tensor]));
        if (v < static_cast<std::uint64_t>(bound)) continue;
        std::int64_t seen = first.load(std::memory_order_relaxed);
        while (i + j < seen && !first.compare_exchange_weak(seen, i + j, std::memory_order_relaxed)) {
        }
        return;
      }
    });
  });
  const std::int64_t position = first.load();
  if (position == kNone) return std::nullopt;
  return BadIndex{position, indices.read(space.offsets(position)[tensor])};
}

void embedding(const EmbeddingArgs& a, const Exec& exec) {
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(a.width, 1));
  with_bytes(a.element_bytes, [&]<class T>(T) {
    exec.ranges(a.width == 0 ? 0 : a.space.count(), grain, [&](std::int64_t begin, std::int64_t end, int) {
      runs(a.space, begin, end, [&](std::int64_t, const auto& at, std::int64_t count, const auto& step) {
        for (std::int64_t i = 0; i < count; ++i) {
          const T* from = static_cast<const T*>(a.weight) + a.indices.read(at[0] + i * step[0]) * a.weight_row;
          copy_run(from, a.weight_col, static_cast<T*>(a.out) + at[1] + i * step[1], a.out_col, a.width);
        }
      });
    });
  });
}

void gather_elements(const GatherArgs& a, const Exec& exec) {
  with_bytes(a.element_bytes, [&]<class T>(T) {
    exec.ranges(a.space.count(), kGrain, [&](std::int64_t begin, std::int64_t end, int) {
      runs(a.space, begin, end, [&](std::int64_t, const auto& at, std::int64_t count, const auto& step) {
        const T* self = static_cast<const T*>(a.self) + at[2];
        T* out = static_cast<T*>(a.out) + at[1];
        for (std::int64_t i = 0; i < count; ++i) {
          out[i * step[1]] = self[i * step[2] + a.indices.read(at[0] + i * step[0]) * a.self_dim];
        }
      });
    });
  });
}

void copy_elements(const void* src, void* dst, const Space& space, std::int64_t element_bytes, const Exec& exec) {
  with_bytes(element_bytes, [&]<class T>(T) {
    if (transposed(space)) return copy_transposed(static_cast<const T*>(src), static_cast<T*>(dst), space, exec);
    exec.ranges(space.count(), kGrain, [&](std::int64_t begin, std::int64_t end, int) {
      runs(space, begin, end, [&](std::int64_t, const auto& at, std::int64_t count, const auto& step) {
        copy_run(static_cast<const T*>(src) + at[0], step[0], static_cast<T*>(dst) + at[1], step[1], count);
      });
    });
  });
}

}  // namespace fg::cpu
