// SPDX-License-Identifier: Apache-2.0
//
// Row by row: what is kept is copied, the rest is zeroed, each element touched once.

#include "plugins/cpu/kernels/triangle.hpp"

#include "plugins/cpu/kernels/copy_run.hpp"

namespace fg::cpu {
namespace {

// The columns [begin, end) that row `row` keeps.
struct Kept {
  std::int64_t begin, end;
};
template <class Args>
Kept kept(const Args& a, std::int64_t row) {
  // Bounded first, so that no sum overflows.
  const std::int64_t diagonal = std::clamp(a.diagonal, -a.rows, a.columns);
  if (a.upper) return {std::clamp<std::int64_t>(row + diagonal, 0, a.columns), a.columns};
  return {0, std::clamp<std::int64_t>(row + diagonal + 1, 0, a.columns)};
}

template <class T>
void one_row(const TriangleArgs& a, const T* self, T* out, std::int64_t row) {
  const Kept k = kept(a, row);
  const bool in_place = self == out;
  self += row * a.self_row;
  out += row * a.out_row;
  fill_run(out, a.out_column, k.begin, T{0});
  if (!in_place && k.end > k.begin)
    copy_run(self + k.begin * a.self_column, a.self_column, out + k.begin * a.out_column, a.out_column,
             k.end - k.begin);
  fill_run(out + k.end * a.out_column, a.out_column, a.columns - k.end, T{0});
}

// Positions (r, c) with c - r <= diagonal in the first `rows` rows.
std::int64_t lower_count(std::int64_t rows, std::int64_t columns, std::int64_t diagonal) {
  const std::int64_t first = std::clamp<std::int64_t>(-diagonal, 0, rows);
  const std::int64_t full = std::clamp<std::int64_t>(columns - diagonal, first, rows), growing = full - first;
  return growing * (first + 1 + diagonal) + growing * (growing - 1) / 2 + (rows - full) * columns;
}

}  // namespace

void triangle_indices(const TriangleIndicesArgs& a, const Exec& exec) {
  const std::int64_t diagonal = std::clamp(a.diagonal, -a.rows - 1, a.columns + 1);
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(a.columns, 1));
  exec.ranges(a.rows, grain, [&](std::int64_t begin, std::int64_t end, int) {
    std::int64_t at = a.upper ? begin * a.columns - lower_count(begin, a.columns, diagonal - 1)
                              : lower_count(begin, a.columns, diagonal);
    for (std::int64_t row = begin; row < end; ++row) {
      const Kept k = kept(a, row);
      std::int64_t* out = a.out + at * a.out_position;
      fill_run(out, a.out_position, k.end - k.begin, row);
      out += a.out_row;
      for (std::int64_t c = k.begin; c < k.end; ++c) out[(c - k.begin) * a.out_position] = c;
      at += std::max<std::int64_t>(0, k.end - k.begin);
    }
  });
}

void triangle(const TriangleArgs& a, const Exec& exec) {
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(a.columns, 1));
  with_bytes(a.element_bytes, [&]<class T>(T) {
    exec.ranges(a.batch.count() * a.rows, grain, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t i = begin; i < end;) {
        const std::int64_t first = i % a.rows, stop = std::min(a.rows, first + end - i);
        const auto at = a.batch.offsets(i / a.rows);
        for (std::int64_t row = first; row < stop; ++row)
          one_row(a, static_cast<const T*>(a.self) + at[0], static_cast<T*>(a.out) + at[1], row);
        i += stop - first;
      }
    });
  });
}

}  // namespace fg::cpu
