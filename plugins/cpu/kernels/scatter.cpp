// SPDX-License-Identifier: Apache-2.0
//
// Two ways.  Directly: values join what out holds.  By tiles: the lines are widened first, so that
// 16-bit sums round once, and means and counts have a place.
//
// A block of neighbouring lines is walked index by index with the lines inside (rows of a matrix
// scattered along dimension 0), a single line element by element.  Few long lines are cut by
// destination instead: each worker reads the whole index and writes its own part, which pays from a few
// workers on, since all of them read it all.  Whole rows that one index joins are sorted by destination:
// each row of the result is read and written once, with all that joins it in index order.

#include "plugins/cpu/kernels/scatter.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "plugins/cpu/kernels/combine.hpp"
#include "plugins/cpu/kernels/runs.hpp"

namespace fg::cpu {
namespace {

constexpr std::int64_t kTileBytes = std::int64_t{256} << 10;  // Of destinations that stay in the L2 cache.
constexpr std::int64_t kCacheLine = 64;
constexpr std::int64_t kLongPiece = 1024;  // Elements of a row that a prefetcher makes something of.

using Steps = std::array<std::int64_t, Space::kMany>;

// Some lines, or the destinations [from, to) of them.
struct Part {
  Steps at{}, step{};  // Offsets of the first line and steps to the next.
  std::int64_t lines = 1;
  std::int64_t from = 0, to = 0;
};

template <class T>
void fill_line(const ScatterArgs& a, T* out, const T* self) {
  if (a.out_step == 1 && a.self_step == 1) {
    std::memcpy(out, self, static_cast<std::size_t>(a.bound) * sizeof(T));
  } else {
    for (std::int64_t i = 0; i < a.bound; ++i) out[i * a.out_step] = self[i * a.self_step];
  }
}

// The place of index v.
std::int64_t place(std::int64_t v, std::int64_t bound) { return v + ((v >> 63) & bound); }

// The positions of a line whose destinations are in the part, some at a time: f(position, place).  To put
// each down and count it only if it belongs costs less than a branch that nobody can predict.
template <class I, class F>
void own_positions(const ScatterArgs& a, const Part& p, const I* index, F&& f) {
  constexpr std::int64_t kBatch = 512;
  std::int32_t own[kBatch];
  for (std::int64_t begin = 0; begin < a.length; begin += kBatch) {
    const auto n = static_cast<std::int32_t>(std::min(kBatch, a.length - begin));
    const I* at = index + begin * a.index_step;
    const auto size = static_cast<std::uint64_t>(p.to - p.from);
    std::int64_t count = 0;
    for (std::int32_t i = 0; i < n; ++i) {
      own[count] = i;
      count += static_cast<std::uint64_t>(place(at[i * a.index_step], a.bound) - p.from) < size ? 1 : 0;
    }
    for (std::int64_t k = 0; k < count; ++k) f(begin + own[k], place(at[own[k] * a.index_step], a.bound) - p.from);
  }
}

// One line, element by element.  `to` is where destination p.from lies.
template <bool WHOLE, class C, class T, class I, class F>
void walk_line(const ScatterArgs& a, const Part& p, C* to, std::int64_t to_step, const T* src, const I* index, F&& f) {
  if constexpr (!WHOLE) {
    own_positions(a, p, index, [&](std::int64_t i, std::int64_t v) { f(to[v * to_step], src[i * a.src_step], v); });
  } else if (to_step == 1 && a.src_step == 1 && a.index_step == 1) {
    for (std::int64_t i = 0; i < a.length; ++i) {
      const std::int64_t v = place(index[i], a.bound);
      f(to[v], src[i], v);
    }
  } else {
    for (std::int64_t i = 0; i < a.length; ++i) {
      const std::int64_t v = place(index[i * a.index_step], a.bound);
      f(to[v * to_step], src[i * a.src_step], v);
    }
  }
}

// A block of lines, index by index.
template <class C, class T, class I, class F>
void walk_block(const ScatterArgs& a, const Part& p, C* to, std::int64_t to_step, std::int64_t to_next, const T* src,
                const I* index, F&& f) {
  const std::int64_t src_next = p.step[2], index_next = p.step[0];
  for (std::int64_t i = 0; i < a.length; ++i) {
    const I* at = index + i * a.index_step;
    const T* from = src + i * a.src_step;
    if (index_next == 0) {
      const std::int64_t v = place(*at, a.bound);
      C* row = to + v * to_step;
      if (to_next == 1 && src_next == 1) {
        for (std::int64_t w = 0; w < p.lines; ++w) f(row[w], from[w], v + w);
      } else if (to_next == 1 && src_next == 0) {
        const T value = *from;
        for (std::int64_t w = 0; w < p.lines; ++w) f(row[w], value, v + w);
      } else {
        for (std::int64_t w = 0; w < p.lines; ++w) f(row[w * to_next], from[w * src_next], v + w);
      }
    } else {
      for (std::int64_t w = 0; w < p.lines; ++w) {
        const std::int64_t v = place(at[w * index_next], a.bound);
        f(to[v * to_step + w * to_next], from[w * src_next], v + w);
      }
    }
  }
}

// --- directly ----------------------------------------------------------------------------------------

template <class T, class I, class Op>
void join_direct(const ScatterArgs& a, const I* indices, const Part& p, Op op) {
  using C = typename CombinedAs<T>::type;
  T* out = static_cast<T*>(a.out) + p.at[1];
  const T* src = static_cast<const T*>(a.src) + p.at[2];
  const I* index = indices + p.at[0];
  const auto f = [&](T& to, const T& x, std::int64_t) {
    if constexpr (std::is_same_v<Op, Assign>) {
      to = x;
    } else {
      to = static_cast<T>(op(static_cast<C>(to), static_cast<C>(x)));
    }
  };
  if (p.from != 0 || p.to != a.bound) {
    walk_line<false>(a, p, out + p.from * a.out_step, a.out_step, src, index, f);
  } else if (p.lines > 1) {
    walk_block(a, p, out, a.out_step, p.step[1], src, index, f);
  } else {
    if (a.self != nullptr) fill_line(a, out, static_cast<const T*>(a.self) + p.at[3]);
    walk_line<true>(a, p, out, a.out_step, src, index, f);
  }
}

// --- by tiles ----------------------------------------------------------------------------------------

struct Tile {
  std::byte* values;
  std::int32_t* counts;  // Of what joined each place; null when nobody asks.
};

template <class T, class I, class Op>
void join_tile(const ScatterArgs& a, const I* indices, const Part& p, const Tile& tile, Op op) {
  using C = typename CombinedAs<T>::type;
  const std::int64_t n = p.to - p.from, w = p.lines;
  T* out = static_cast<T*>(a.out) + p.at[1] + p.from * a.out_step;
  const T* src = static_cast<const T*>(a.src) + p.at[2];
  const I* index = indices + p.at[0];
  C* acc = reinterpret_cast<C*>(tile.values);
  std::int32_t* counts = tile.counts;
  if (a.self != nullptr && p.lines == 1 && n == a.bound) fill_line(a, out, static_cast<const T*>(a.self) + p.at[3]);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t k = 0; k < w; ++k) acc[i * w + k] = static_cast<C>(out[i * a.out_step + k * p.step[1]]);
  }
  if (counts != nullptr) std::fill_n(counts, n * w, a.include_self ? 1 : 0);
  const auto f = [&](C& to, const T& x, std::int64_t) {
    if (counts == nullptr) {
      to = op(to, static_cast<C>(x));
    } else {
      std::int32_t& joined = counts[&to - acc];
      to = joined == 0 ? static_cast<C>(x) : op(to, static_cast<C>(x));
      ++joined;
    }
  };
  if (p.from != 0 || p.to != a.bound) {
    walk_line<false>(a, p, acc, 1, src, index, f);
  } else if (w == 1) {
    walk_line<true>(a, p, acc, 1, src, index, f);
  } else {
    walk_block(a, p, acc, w, 1, src, index, f);
  }
  const std::int32_t own = a.include_self ? 1 : 0;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t k = 0; k < w; ++k) {
      C x = acc[i * w + k];
      if (counts != nullptr && counts[i * w + k] == own) continue;
      if (a.combine == Combine::mean) x = mean_of(x, counts[i * w + k]);
      out[i * a.out_step + k * p.step[1]] = static_cast<T>(x);
    }
  }
}

// --- by rows -----------------------------------------------------------------------------------------

// The positions that join each destination, in index order: order[starts[r]] to order[starts[r + 1]].
struct Joins {
  std::int64_t *starts, *order;

  Joins(const ScatterArgs& a, void* ws) {
    Arena arena(ws);
    starts = arena.take<std::int64_t>(a.bound + 1);
    order = arena.take<std::int64_t>(a.length);
  }
  static std::size_t bytes(const ScatterArgs& a) {
    Arena arena(nullptr);
    arena.take<std::int64_t>(a.bound + 1);
    arena.take<std::int64_t>(a.length);
    return arena.used();
  }
  // Returns how many join the destination that most join.
  template <class I>
  std::int64_t sort(const ScatterArgs& a, const I* index) {
    std::fill_n(starts, a.bound + 1, 0);
    for (std::int64_t i = 0; i < a.length; ++i) ++starts[place(index[i * a.index_step], a.bound)];
    const std::int64_t most = *std::max_element(starts, starts + a.bound);
    std::int64_t sum = 0;
    for (std::int64_t r = 0; r <= a.bound; ++r) starts[r] = sum += starts[r];
    for (std::int64_t i = a.length; i-- > 0;) order[--starts[place(index[i * a.index_step], a.bound)]] = i;
    return most;
  }
};

template <class T, class Op>
void join_row(T* to, const T* base, const T* src, std::int64_t n, Op op) {
  using C = typename CombinedAs<T>::type;
  for (std::int64_t c = 0; c < n; ++c) to[c] = static_cast<T>(op(static_cast<C>(base[c]), static_cast<C>(src[c])));
}

// Columns [begin, end) of row r.
template <class T, class Op>
void join_columns(const ScatterArgs& a, const Joins& joins, std::int64_t r, std::int64_t begin, std::int64_t end,
                  Op op) {
  constexpr std::int64_t kPiece = 4096 / static_cast<std::int64_t>(sizeof(T));  // Stays in the L1 cache.
  const std::int64_t first = joins.starts[r], last = joins.starts[r + 1];
  T* to = static_cast<T*>(a.out) + r * a.out_step;
  const T* base = a.self == nullptr ? to : static_cast<const T*>(a.self) + r * a.self_step;
  if (first == last) {
    if (base != to) std::copy(base + begin, base + end, to + begin);
    return;
  }
  for (std::int64_t c = begin; c < end; c += kPiece) {
    const T* from = base + c;
    for (std::int64_t k = first; k < last; ++k, from = to + c) {
      join_row(to + c, from, static_cast<const T*>(a.src) + joins.order[k] * a.src_step + c, std::min(kPiece, end - c),
               op);
    }
  }
}

template <class T, class I, class Op>
void join_by_rows(const ScatterArgs& a, const I* indices, const Exec& exec, void* ws, Op op) {
  Joins joins(a, ws);
  const std::int64_t columns = a.lines.size[0], most = joins.sort(a, indices);
  // Rows that many join keep one worker busy for long: then each takes some columns of all rows.
  if (most * exec.workers() > a.length + a.bound) {
    return exec.ranges(columns, kLongPiece / 4, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t r = 0; r < a.bound; ++r) join_columns<T>(a, joins, r, begin, end, op);
    });
  }
  exec.ranges(a.bound, std::max<std::int64_t>(1, kGrain / columns), [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t r = begin; r < end; ++r) join_columns<T>(a, joins, r, 0, columns, op);
  });
}

// --- which ---------------------------------------------------------------------------------------------

bool is_narrow_float(fg_dtype d) { return d == FG_F16 || d == FG_BF16; }
bool counts_joins(const ScatterArgs& a) { return a.combine == Combine::mean || !a.include_self; }
bool by_tiles(const ScatterArgs& a) {
  if (a.combine == Combine::assign) return false;
  const bool compares = a.combine == Combine::amax || a.combine == Combine::amin;
  return counts_joins(a) || (is_narrow_float(a.dtype) && !compares);
}
// Rows of some length, all with one index.
bool by_rows(const ScatterArgs& a) {
  constexpr std::int64_t kShortest = 64;
  return a.combine != Combine::assign && !by_tiles(a) && a.lines.ndim == 1 && a.lines.size[0] >= kShortest &&
         a.lines.stride[0][0] == 0 && a.lines.stride[1][0] == 1 && a.lines.stride[2][0] == 1;
}
std::int64_t acc_bytes(const ScatterArgs& a) { return std::max<std::int64_t>(dtype_bytes(a.dtype), 4); }

// Are neighbouring lines nearer to each other than the elements of one?
bool in_blocks(const ScatterArgs& a) {
  if (a.lines.ndim == 0) return false;
  const auto last = static_cast<std::size_t>(a.lines.ndim - 1);
  return std::abs(a.lines.stride[1][last]) < std::abs(a.out_step);
}
// Lines of a block: as many as the L2 cache holds destinations for, at least a cache line's.
std::int64_t block_lines(const ScatterArgs& a) {
  if (!in_blocks(a)) return 1;
  const auto last = static_cast<std::size_t>(a.lines.ndim - 1);
  const bool rows = a.lines.stride[0][last] == 0;  // One index for all: rows join rows, whatever their length.
  if (rows && !by_tiles(a)) return a.lines.size[last];
  const std::int64_t bytes = by_tiles(a) ? acc_bytes(a) + (counts_joins(a) ? 4 : 0) : dtype_bytes(a.dtype);
  const std::int64_t least = kCacheLine / dtype_bytes(a.dtype);
  return std::clamp(kTileBytes / std::max<std::int64_t>(a.bound * bytes, 1), least,
                    std::max(least, a.lines.size[last]));
}

// Work on few lines is cut by destination.
std::int64_t cuts(const ScatterArgs& a, int workers) {
  constexpr int kPays = 3;  // Workers: reading the index costs each about what half of the writing does.
  const bool few = a.lines.count() < workers && a.length > 4 * kGrain && a.bound >= workers && workers >= kPays;
  return few ? workers : 1;
}

template <class F>
void for_parts(const ScatterArgs& a, const Exec& exec, F&& f) {
  const std::int64_t pieces = cuts(a, exec.workers()), lines = a.lines.count();
  if (pieces > 1) {
    return exec.each(pieces, [&](std::int64_t c, int worker) {
      for (std::int64_t i = 0; i < lines; ++i) {
        Part p;
        p.at = a.lines.offsets(i);
        p.from = a.bound * c / pieces;
        p.to = a.bound * (c + 1) / pieces;
        f(p, worker);
      }
    });
  }
  const std::int64_t block = block_lines(a);
  // Lines: whole cache lines of every dtype, and of rows that are walked again and again long pieces.
  const std::int64_t least = std::clamp<std::int64_t>(lines / exec.workers(), std::min<std::int64_t>(block, 64),
                                                      block == lines ? kLongPiece : std::min<std::int64_t>(block, 64));
  const std::int64_t grain = std::max(least, kGrain / std::max<std::int64_t>(a.length, 1));
  exec.ranges(lines, grain, [&](std::int64_t begin, std::int64_t end, int worker) {
    runs(a.lines, begin, end, [&](std::int64_t, const Steps& at, std::int64_t count, const Steps& step) {
      for (std::int64_t i = 0; i < count; i += block) {
        Part p;
        for (std::size_t t = 0; t < at.size(); ++t) p.at[t] = at[t] + i * step[t];
        p.step = step;
        p.lines = std::min(block, count - i);
        p.to = a.bound;
        f(p, worker);
      }
    });
  });
}

template <class F>
void with_op(const ScatterArgs& a, F&& f) {
  switch (a.combine) {
    case Combine::assign: return f(Assign{});
    case Combine::scaled_sum:
    case Combine::sum: return f(Plus{});
    case Combine::mean: return a.dtype == FG_BOOL ? f(Times{}) : f(Plus{});
    case Combine::prod: return f(Times{});
    case Combine::amax: return f(Max{});
    case Combine::amin: return f(Min{});
  }
}

template <class T, class I, class Op>
void run(const ScatterArgs& a, const I* indices, const Exec& exec, void* ws, Op op) {
  if constexpr (!std::is_same_v<Op, Assign>) {
    if (by_rows(a)) return join_by_rows<T>(a, indices, exec, ws, op);
  }
  if (!by_tiles(a)) {
    return for_parts(a, exec, [&](const Part& p, int) { join_direct<T>(a, indices, p, op); });
  }
  if constexpr (!std::is_same_v<Op, Assign>) {
    Arena arena(ws);
    const std::int64_t elements = a.bound * block_lines(a);
    auto* values = arena.take<std::byte>(elements * acc_bytes(a) * exec.workers());
    auto* counts = counts_joins(a) ? arena.take<std::int32_t>(elements * exec.workers()) : nullptr;
    for_parts(a, exec, [&](const Part& p, int worker) {
      const Tile tile{values + elements * acc_bytes(a) * worker,
                      counts == nullptr ? nullptr : counts + elements * worker};
      join_tile<T>(a, indices, p, tile, op);
    });
  }
}

template <class T>
using Summed = typename CombinedAs<T>::type;

}  // namespace

bool fills_lines(const ScatterArgs& a) {
  if (by_rows(a)) return a.lines.stride[3][0] == 1;
  return !in_blocks(a) && a.out_step == 1 && a.self_step == 1 && cuts(a, 512) == 1;
}

std::size_t scatter_workspace(const ScatterArgs& a, int workers) {
  if (by_rows(a)) return Joins::bytes(a);
  if (!by_tiles(a)) return 0;
  Arena arena(nullptr);
  const std::int64_t elements = a.bound * block_lines(a) * workers;
  arena.take<std::byte>(elements * acc_bytes(a));
  if (counts_joins(a)) arena.take<std::int32_t>(elements);
  return arena.used();
}

void scatter(const ScatterArgs& a, const Exec& exec, void* ws) {
  if (a.bound == 0 || (a.length == 0 && a.self == nullptr)) return;
  a.indices.with_type([&]<class I>(const I* indices) {
    if (a.combine == Combine::assign) {
      return with_bytes(dtype_bytes(a.dtype), [&]<class T>(T) { run<T>(a, indices, exec, ws, Assign{}); });
    }
    with_type(a.dtype, [&]<class Tag>(Tag) {
      using T = typename Tag::type;
      if constexpr (!std::is_same_v<T, f8_e4m3fn> && !std::is_same_v<T, f8_e5m2>) {
        if (a.combine == Combine::scaled_sum) {
          return run<T>(a, indices, exec, ws, PlusScaled<Summed<T>>{number_as<Summed<T>>(a.alpha)});
        }
        with_op(a, [&]<class Op>(Op op) {
          if constexpr (!std::is_same_v<Op, Assign>) run<T>(a, indices, exec, ws, op);
        });
      }
    });
  });
}

}  // namespace fg::cpu
