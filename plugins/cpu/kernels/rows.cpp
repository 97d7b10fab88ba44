// SPDX-License-Identifier: Apache-2.0
//
// Walking the rows of strided tensors.

#include "plugins/cpu/kernels/rows.hpp"

#include <cstdlib>
#include <utility>

#include "hwy/cache_control.h"

namespace fg::cpu {
namespace {

constexpr std::int64_t kTogether = 16;        // Rows copied at a time: a cache line of f32.
constexpr std::int64_t kCopyBytes = 1 << 20;  // But no more scratch than this.

// Calls f(i, offset) for every element of the row space, in row-major order.
template <class F>
void walk(const Space& s, std::size_t tensor, F&& f) {
  if (s.ndim == 0) return f(std::int64_t{0}, std::int64_t{0});
  const auto last = static_cast<std::size_t>(s.ndim - 1);
  const std::int64_t inner = s.size[last], step = s.stride[tensor][last], n = s.count();
  for (std::int64_t i = 0; i < n; i += inner) {
    const std::int64_t base = s.offsets(i)[tensor];
    for (std::int64_t j = 0; j < inner; ++j) f(i + j, base + j * step);
  }
}

// Elements from one copied row to the next: a line more than the row, so that the neighbours of a row
// whose length is a power of two do not compete for the same lines of the cache.
std::int64_t copy_pitch(const Rows& rows) {
  return ((rows.length() * rows.element_bytes + 63) / 64 + 1) * 64 / rows.element_bytes;
}

// `count` rows, `apart` elements from one another in the strided tensor.
void copy_in(const std::byte* src, std::int64_t apart, const Rows& rows, std::int64_t count, std::byte* dst) {
  const std::int64_t pitch = copy_pitch(rows);
  with_bytes(rows.element_bytes, [&]<class T>(T) {
    const T* from = reinterpret_cast<const T*>(src);
    T* to = reinterpret_cast<T*>(dst);
    walk(rows.row, 0, [&](std::int64_t i, std::int64_t offset) {
      for (std::int64_t r = 0; r < count; ++r) to[r * pitch + i] = from[offset + r * apart];
    });
  });
}
void copy_out(const std::byte* src, std::int64_t apart, const Rows& rows, std::int64_t count, std::byte* dst) {
  const std::int64_t pitch = copy_pitch(rows);
  with_bytes(rows.element_bytes, [&]<class T>(T) {
    const T* from = reinterpret_cast<const T*>(src);
    T* to = reinterpret_cast<T*>(dst);
    walk(rows.row, 1, [&](std::int64_t i, std::int64_t offset) {
      for (std::int64_t r = 0; r < count; ++r) to[offset + r * apart] = from[r * pitch + i];
    });
  });
}

std::int64_t rows_together(const Rows& rows) {
  const std::int64_t bytes = std::max<std::int64_t>(rows.length() * rows.element_bytes, 1);
  return std::clamp<std::int64_t>(kCopyBytes / bytes, 1, kTogether);
}

std::int64_t copy_bytes(const Rows& rows, std::size_t tensor) {
  if (rows.contiguous(tensor)) return 0;
  return rows_together(rows) * copy_pitch(rows) * rows.element_bytes;
}

// Puts the walked dimension with the smallest step last, where neighbours are copied together.
Space ordered(const Space& outer) {
  Space s = outer;
  if (s.ndim < 2) return s;
  const auto last = static_cast<std::size_t>(s.ndim - 1);
  std::size_t best = last;
  for (std::size_t d = 0; d < last; ++d) {
    if (std::abs(s.stride[0][d]) < std::abs(s.stride[0][best])) best = d;
  }
  std::swap(s.size[best], s.size[last]);
  for (auto& stride : s.stride) std::swap(stride[best], stride[last]);
  return s;
}

}  // namespace

void Space::coalesce() {
  int kept = 0;
  for (int d = 1; d < ndim; ++d) {
    const auto to = static_cast<std::size_t>(kept), from = static_cast<std::size_t>(d);
    bool joins = true;
    for (const auto& s : stride) joins = joins && s[to] == s[from] * size[from];
    if (joins) {
      size[to] *= size[from];
      for (auto& s : stride) s[to] = s[from];
      continue;
    }
    ++kept;
    const auto next = static_cast<std::size_t>(kept);
    size[next] = size[from];
    for (auto& s : stride) s[next] = s[from];
  }
  if (ndim > 0) ndim = kept + 1;
}

std::array<std::int64_t, Space::kMany> Space::offsets(std::int64_t linear) const {
  std::array<std::int64_t, kMany> at{};
  for (int d = ndim - 1; d >= 0; --d) {
    const auto i = static_cast<std::size_t>(d);
    const std::int64_t index = d == 0 ? linear : linear % size[i];
    linear /= size[i];
    for (std::size_t t = 0; t < kMany; ++t) at[t] += index * stride[t][i];
  }
  return at;
}

void gather(const void* src, const Space& space, std::size_t tensor, std::int64_t element_bytes, void* dst) {
  with_bytes(element_bytes, [&]<class T>(T) {
    walk(space, tensor,
         [&](std::int64_t i, std::int64_t offset) { static_cast<T*>(dst)[i] = static_cast<const T*>(src)[offset]; });
  });
}
void scatter(const void* src, const Space& space, std::size_t tensor, std::int64_t element_bytes, void* dst) {
  with_bytes(element_bytes, [&]<class T>(T) {
    walk(space, tensor,
         [&](std::int64_t i, std::int64_t offset) { static_cast<T*>(dst)[offset] = static_cast<const T*>(src)[i]; });
  });
}

std::int64_t rows_scratch(const Rows& rows) { return copy_bytes(rows, 0) + copy_bytes(rows, 1); }

void for_rows(const Rows& rows, const Exec& exec, std::byte* scratch, RowFn fn, void* context) {
  const std::int64_t count = rows.outer.count(), length = rows.length();
  if (count == 0) return;
  const Space outer = ordered(rows.outer);
  const bool copies_x = !rows.contiguous(0), copies_y = !rows.contiguous(1);
  const std::int64_t inner = outer.ndim == 0 ? 1 : outer.size[static_cast<std::size_t>(outer.ndim - 1)];
  const std::int64_t step = copies_x || copies_y ? std::min(rows_together(rows), inner) : 1;
  const std::int64_t groups = (inner + step - 1) / step, bytes = rows.element_bytes, pitch = copy_pitch(rows);
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / 4 / std::max<std::int64_t>(length * step, 1));
  std::array<std::int64_t, Space::kMany> apart{};
  for (std::size_t t = 0; t < Space::kMany && outer.ndim > 0; ++t)
    apart[t] = outer.stride[t][static_cast<std::size_t>(outer.ndim - 1)];
  exec.ranges(count / inner * groups, grain, [&](std::int64_t begin, std::int64_t end, int worker) {
    std::byte* copy_x = scratch + worker * rows_scratch(rows);
    std::byte* copy_y = copy_x + copy_bytes(rows, 0);
    const auto group_at = [&](std::int64_t g) { return outer.offsets(g / groups * inner + g % groups * step); };
    auto at = group_at(begin);
    for (std::int64_t g = begin; g < end; ++g) {
      const std::int64_t together = std::min(step, inner - g % groups * step);
      const auto following = g + 1 < end ? group_at(g + 1) : at;
      std::byte* x = static_cast<std::byte*>(rows.x) + at[0] * bytes;
      std::byte* y = static_cast<std::byte*>(rows.y) + at[1] * bytes;
      if (copies_x) copy_in(x, apart[0], rows, together, copy_x);
      for (std::int64_t r = 0; r < together; ++r) {
        RowAt row{copies_x ? copy_x + r * pitch * bytes : x + r * apart[0] * bytes,
                  copies_y ? copy_y + r * pitch * bytes : y + r * apart[1] * bytes, at[2] + r * apart[2],
                  at[3] + r * apart[3], worker};
        const bool last = r + 1 == together;
        if (!copies_x && !(last && g + 1 == end)) {
          row.next = last ? static_cast<std::byte*>(rows.x) + following[0] * bytes : x + (r + 1) * apart[0] * bytes;
          row.next_offset2 = last ? following[2] : row.offset2 + apart[2];
        }
        fn(context, row);
      }
      if (copies_y) copy_out(copy_y, apart[1], rows, together, y);
      at = following;
    }
    hwy::FlushStream();  // fn may have written past the cache.
  });
}

}  // namespace fg::cpu
