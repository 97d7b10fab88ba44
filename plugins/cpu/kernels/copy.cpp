// SPDX-License-Identifier: Apache-2.0
//
// Copies line by line, transposed ones tile by tile.  Large results are written past the cache.

#include "plugins/cpu/kernels/copy.hpp"

#include "plugins/cpu/engine/micro.hpp"
#include "plugins/cpu/engine/streaming.hpp"
#include "plugins/cpu/kernels/copy_run.hpp"
#include "plugins/cpu/kernels/interleave.hpp"

namespace fg::cpu {
namespace {

constexpr std::int64_t kShort = 64;     // A last dimension shorter than this is done together with the one before.
constexpr std::int64_t kChunk = 16384;  // Elements of a line that are done at once.
constexpr std::int64_t kStage = 4096;   // Bytes put together in the first-level cache before they are streamed.

// As copy_run() to contiguous elements, past the cache.
template <class T>
void stream_run(const T* src, std::int64_t step, T* dst, std::int64_t count) {
  if (step == 1) return stream_copy(dst, src, static_cast<std::size_t>(count) * sizeof(T));
  constexpr std::int64_t kPiece = kStage / static_cast<std::int64_t>(sizeof(T));
  alignas(64) T stage[kPiece];
  for (std::int64_t i = 0; i < count; i += kPiece) {
    const std::int64_t n = std::min(kPiece, count - i);
    copy_run(src + i * step, step, stage, 1, n);
    stream_copy(dst + i, stage, static_cast<std::size_t>(n) * sizeof(T));
  }
}

// Is the source contiguous along the last dimension but one (a transposed matrix)?  What is repeated is not.
bool transposed(const Space& s) {
  if (s.ndim < 2) return false;
  const auto last = static_cast<std::size_t>(s.ndim - 1);
  const std::int64_t across = s.stride[0][last];
  return s.stride[0][last - 1] == 1 && across != 0 && across != 1 && s.size[last] >= 8 && s.size[last - 1] >= 8;
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

// The positions of a space one after another.
struct Odometer {
  const Space& space;
  std::array<std::int64_t, FG_MAX_NDIM> index{};
  std::int64_t src = 0, dst = 0;

  Odometer(const Space& s, std::int64_t linear) : space(s) {
    for (int d = s.ndim - 1; d >= 0; --d) {
      const auto i = static_cast<std::size_t>(d);
      index[i] = linear % s.size[i];
      linear /= s.size[i];
      src += index[i] * s.stride[0][i];
      dst += index[i] * s.stride[1][i];
    }
  }
  void next() {
    for (int d = space.ndim - 1; d >= 0; --d) {
      const auto i = static_cast<std::size_t>(d);
      src += space.stride[0][i];
      dst += space.stride[1][i];
      if (++index[i] < space.size[i]) return;
      src -= index[i] * space.stride[0][i];
      dst -= index[i] * space.stride[1][i];
      index[i] = 0;
    }
  }
};

// The last dimensions of a space, split off: `rows` lines of `columns`.
struct Lines {
  std::int64_t rows = 1, columns = 1;
  std::int64_t src_row = 0, dst_row = 0, src_column = 1, dst_column = 1;

  explicit Lines(Space& s) {
    if (s.ndim == 0) return;
    auto last = static_cast<std::size_t>(--s.ndim);
    columns = s.size[last];
    src_column = s.stride[0][last];
    dst_column = s.stride[1][last];
    if (columns >= kShort || s.ndim == 0) return;
    last = static_cast<std::size_t>(--s.ndim);
    rows = s.size[last];
    src_row = s.stride[0][last];
    dst_row = s.stride[1][last];
  }
};

// Elements written COLUMNS times each, one line behind the other: stores of whole lines.
template <int COLUMNS, class T>
void repeat_each(const T* src, std::int64_t step, T* dst, std::int64_t rows) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const T value = src[r * step];
    for (int c = 0; c < COLUMNS; ++c) dst[r * COLUMNS + c] = value;
  }
}

template <class T>
void copy_short(const T* src, T* dst, const Lines& l, std::int64_t rows) {
  if (l.src_column == 0 && l.dst_column == 1 && l.dst_row == l.columns) {
    switch (l.columns) {
      case 2: return repeat_each<2>(src, l.src_row, dst, rows);
      case 3: return repeat_each<3>(src, l.src_row, dst, rows);
      case 4: return repeat_each<4>(src, l.src_row, dst, rows);
      case 8: return repeat_each<8>(src, l.src_row, dst, rows);
      case 16: return repeat_each<16>(src, l.src_row, dst, rows);
      default: break;
    }
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    copy_run(src + r * l.src_row, l.src_column, dst + r * l.dst_row, l.dst_column, l.columns);
  }
}

// Lines are cut into chunks; of short ones some rows are a chunk.
template <class T>
void copy_lines(const T* src, T* dst, Space outer, bool large, const Exec& exec) {
  if (outer.count() == 0) return;
  const Lines l(outer);
  const bool streams = large && l.dst_column == 1 && l.columns * static_cast<std::int64_t>(sizeof(T)) >= kStreamedLine;
  const bool is_short = l.rows > 1;
  const std::int64_t length = is_short ? l.rows : l.columns, most = is_short ? kChunk / l.columns : kChunk;
  const std::int64_t chunks = (length + most - 1) / most;
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / (std::min(length, most) * (is_short ? l.columns : 1)));
  exec.ranges(outer.count() * chunks, grain, [&](std::int64_t begin, std::int64_t end, int) {
    Odometer at(outer, begin / chunks);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i % chunks * most, count = std::min(most, length - first);
      const T* from = src + at.src + first * (is_short ? l.src_row : l.src_column);
      T* to = dst + at.dst + first * (is_short ? l.dst_row : l.dst_column);
      if (is_short) {
        copy_short(from, to, l, count);
      } else if (streams) {
        stream_run(from, l.src_column, to, count);
      } else {
        copy_run(from, l.src_column, to, l.dst_column, count);
      }
      if (first + count == length) at.next();
    }
    if (streams) stream_fence();
  });
}

void copy_space(const void* src, void* dst, const Space& space, std::int64_t element_bytes, bool large,
                const Exec& exec) {
  with_bytes(element_bytes, [&]<class T>(T) {
    if (transposed(space)) return copy_transposed(static_cast<const T*>(src), static_cast<T*>(dst), space, exec);
    copy_lines(static_cast<const T*>(src), static_cast<T*>(dst), space, large, exec);
  });
}

// Elements of the source, those that are repeated counted once.
std::int64_t distinct(const Space& s) {
  std::int64_t n = 1;
  for (std::size_t d = 0; d < static_cast<std::size_t>(s.ndim); ++d) n *= s.stride[0][d] == 0 ? 1 : s.size[d];
  return n;
}

// Rolls dimension d and those after it: the two sides of each change places.
void roll_from(const RollArgs& a, int d, const std::byte* self, std::byte* out, Space space, const Exec& exec) {
  if (d == a.ndim) {
    space.coalesce();
    copy_elements(self, out, space, a.element_bytes, exec);
    return;
  }
  const auto i = static_cast<std::size_t>(d);
  const std::int64_t by = a.by[i], n = a.size[i], from = a.self_stride[i] * a.element_bytes,
                     to = a.out_stride[i] * a.element_bytes;
  Space tail = space;
  tail.add(n - by, {a.self_stride[i], a.out_stride[i]});
  roll_from(a, d + 1, self, out + by * to, tail, exec);
  if (by == 0) return;
  space.add(by, {a.self_stride[i], a.out_stride[i]});
  roll_from(a, d + 1, self + (n - by) * from, out, space, exec);
}

// The part of a dimension of the result that self fills, and where it starts in self.
struct Inside {
  std::int64_t begin, end, first;
};
Inside inside(const PadArgs& a, std::size_t d) {
  const std::int64_t begin = std::clamp<std::int64_t>(a.before[d], 0, a.size[d]);
  const std::int64_t end = std::clamp<std::int64_t>(a.before[d] + a.self_size[d], begin, a.size[d]);
  return {begin, end, std::max<std::int64_t>(0, -a.before[d])};
}

template <class T>
void pad_rows(const PadArgs& a, const Exec& exec) {
  const auto last = static_cast<std::size_t>(a.ndim - 1);
  const std::int64_t length = a.size[last], step = a.out_stride[last];
  std::int64_t rows = 1;
  for (std::size_t d = 0; d < last; ++d) rows *= a.size[d];
  const std::int64_t bytes = static_cast<std::int64_t>(sizeof(T));
  std::int64_t read = bytes;
  for (std::size_t d = 0; d <= last; ++d) read *= a.self_size[d];
  const bool streams = step == 1 && worth_streaming(rows * length * bytes, read) && length * bytes >= kStreamedLine;
  const Inside row = inside(a, last);
  const T value = static_cast<T>(a.value);
  const auto put = [&](const T* src, std::int64_t src_step, T* dst, std::int64_t count) {
    if (streams) {
      stream_run(src, src_step, dst, count);
    } else {
      copy_run(src, src_step, dst, step, count);
    }
  };
  exec.ranges(rows, std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(length, 1)),
              [&](std::int64_t begin, std::int64_t end, int) {
                for (std::int64_t r = begin; r < end; ++r) {
                  std::int64_t rest = r, from = row.first * a.self_stride[last], to = 0;
                  bool within = row.end > row.begin;
                  for (std::size_t d = last; d-- > 0;) {
                    const std::int64_t at = rest % a.size[d];
                    rest /= a.size[d];
                    to += at * a.out_stride[d];
                    from += (at - a.before[d]) * a.self_stride[d];
                    within = within && at >= a.before[d] && at - a.before[d] < a.self_size[d];
                  }
                  T* out = static_cast<T*>(a.out) + to;
                  if (!within) {
                    put(&value, 0, out, length);
                    continue;
                  }
                  fill_run(out, step, row.begin, value);
                  put(static_cast<const T*>(a.self) + from, a.self_stride[last], out + row.begin * step,
                      row.end - row.begin);
                  fill_run(out + row.end * step, step, length - row.end, value);
                }
                if (streams) stream_fence();
              });
}

// Whether the parts are lines that are the columns of a matrix, in order: stacked along a new last dimension.
bool are_columns(std::span<const CopyPart> parts, std::int64_t element_bytes) {
  const auto n = static_cast<std::int64_t>(parts.size());
  if (n < 2 || parts.size() > kMostInterleaved) return false;
  const auto* to = static_cast<const std::byte*>(parts[0].dst);
  return std::all_of(parts.begin(), parts.end(), [&](const CopyPart& p) {
    const bool next = p.dst == to;
    to += element_bytes;
    return next && p.space.ndim == 1 && p.space.size[0] == parts[0].space.size[0] && p.space.stride[0][0] == 1 &&
           p.space.stride[1][0] == n;
  });
}

void copy_columns(std::span<const CopyPart> parts, std::int64_t element_bytes, const Exec& exec) {
  const auto n = static_cast<std::int64_t>(parts.size());
  exec.ranges(parts[0].space.size[0], kGrain / n, [&](std::int64_t begin, std::int64_t end, int) {
    std::array<const void*, kMostInterleaved> from{};
    for (std::size_t k = 0; k < parts.size(); ++k)
      from[k] = static_cast<const std::byte*>(parts[k].src) + begin * element_bytes;
    interleave(from.data(), parts.size(), static_cast<std::byte*>(parts[0].dst) + begin * n * element_bytes,
               end - begin, element_bytes);
  });
}

}  // namespace

void copy_elements(const void* src, void* dst, const Space& space, std::int64_t element_bytes, const Exec& exec) {
  const bool large = worth_streaming(space.count() * element_bytes, distinct(space) * element_bytes);
  copy_space(src, dst, space, element_bytes, large, exec);
}

void copy_all(std::span<const CopyPart> parts, std::int64_t element_bytes, bool interleaved, const Exec& exec) {
  if (are_columns(parts, element_bytes)) return copy_columns(parts, element_bytes, exec);
  std::int64_t elements = 0, read = 0, cuts = std::int64_t{exec.workers()} * 4;
  for (const CopyPart& p : parts) {
    elements += p.space.count();
    read += distinct(p.space);
    cuts = std::min(cuts, p.space.ndim == 0 ? 1 : p.space.size[0]);
  }
  const bool large = worth_streaming(elements * element_bytes, read * element_bytes);
  const auto n = static_cast<std::int64_t>(parts.size());
  const std::int64_t wanted = std::clamp<std::int64_t>(elements / n / kGrain, 1, std::int64_t{exec.workers()} * 4);
  if (cuts < wanted) {
    for (const CopyPart& p : parts) copy_space(p.src, p.dst, p.space, element_bytes, large, exec);
    return;
  }
  cuts = wanted;
  const auto piece = [&](std::int64_t part, std::int64_t cut) {
    const CopyPart& p = parts[static_cast<std::size_t>(part)];
    Space s = p.space;
    std::int64_t first = 0;
    if (s.ndim > 0) {
      first = s.size[0] * cut / cuts;
      s.size[0] = s.size[0] * (cut + 1) / cuts - first;
    }
    copy_space(static_cast<const std::byte*>(p.src) + first * s.stride[0][0] * element_bytes,
               static_cast<std::byte*>(p.dst) + first * s.stride[1][0] * element_bytes, s, element_bytes, large,
               SerialExec());
  };
  if (elements < 2 * kGrain) {
    for (std::int64_t i = 0; i < n; ++i) piece(i, 0);  // cuts is 1
    return;
  }
  exec.each(n * cuts, [&](std::int64_t i, int) { interleaved ? piece(i % n, i / n) : piece(i / cuts, i % cuts); });
}

void roll(const RollArgs& a, const Exec& exec) {
  roll_from(a, 0, static_cast<const std::byte*>(a.self), static_cast<std::byte*>(a.out), Space{}, exec);
}

void pad(const PadArgs& a, const Exec& exec) {
  if (a.ndim == 0) return copy_elements(a.self, a.out, Space{}, a.element_bytes, exec);
  with_bytes(a.element_bytes, [&]<class T>(T) { pad_rows<T>(a, exec); });
}

}  // namespace fg::cpu
