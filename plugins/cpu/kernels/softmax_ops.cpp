// SPDX-License-Identifier: Apache-2.0
//
// A line is read piece by piece, for its maximum so far and for the exponentials, which wait in scratch that stays in
// the cache, and the result is written once; rows from memory do the three things at once.  Columns are lines side by
// side: three passes with a maximum and a sum per column, so that memory is walked in order whatever the dimension.
// A NaN, or inf - inf, makes the sum NaN and with it the whole line.

#include "plugins/cpu/kernels/softmax_ops.hpp"

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/kernels/softmax_ops.cpp"
// foreach_target.h stands first: it includes this file once for each target.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/kernels/exp-inl.hpp"
#include "plugins/cpu/kernels/line-inl.hpp"
#include "plugins/cpu/kernels/simd-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace {

template <class C>
constexpr C kLowest = -std::numeric_limits<C>::infinity();

// Four accumulators over a row: step(acc, position, count).
template <class D, class V, class F>
HWY_INLINE void four(D d, std::int64_t n, V (&acc)[4], F&& step) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    for (std::int64_t k = 0; k < 4; ++k) step(acc[k], i + k * lanes, lanes);
  }
  for (; i + lanes <= n; i += lanes) step(acc[0], i, lanes);
  if (i < n) step(acc[1], i, n - i);
}

template <class S>
Compute<S> peak_of(const S* x, std::int64_t n) {
  using C = Compute<S>;
  const hn::ScalableTag<C> d;
  auto start = hn::Set(d, kLowest<C>);
  decltype(start) best[4] = {start, start, start, start};
  four(d, n, best, [&](auto& b, std::int64_t i, std::int64_t count) HWY_ATTR {
    b = hn::Max(b, load_part(d, x + i, count, kLowest<C>));
  });
  return hn::GetLane(hn::MaxOfLanes(d, hn::Max(hn::Max(best[0], best[1]), hn::Max(best[2], best[3]))));
}

// Sum of exp(x - peak); the exponentials are kept in `e` unless it is null.
template <class S>
Compute<S> exponentials(const S* x, std::int64_t n, Compute<S> peak, Compute<S>* e, const Ahead& ahead) {
  using C = Compute<S>;
  const hn::ScalableTag<C> d;
  const auto top = hn::Set(d, peak);
  auto zero = hn::Zero(d);
  decltype(zero) sum[4] = {zero, zero, zero, zero};
  four(d, n, sum, [&](auto& s, std::int64_t i, std::int64_t count) HWY_ATTR {
    const auto v = exp_negative(d, hn::Sub(load_part(d, x + i, count, kLowest<C>), top));
    if (e != nullptr) store_part(d, v, e + i, count, false);
    s = hn::Add(s, v);
    ahead.ask(i * static_cast<std::int64_t>(sizeof(S)));
  });
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(sum[0], sum[1]), hn::Add(sum[2], sum[3]))));
}

// Elements of a row that are read for their maximum and then for the exponentials before they leave the L1 cache.
// Each piece has the maximum so far as its peak; its exponentials meet those of the others in the last step.
constexpr std::int64_t kPiece = kSoftmaxPiece;

// A row's maximum and the sum of exp(x - peak), piece by piece.
template <class C>
struct Running {
  C peak = kLowest<C>, total = 0;

  // What stands for the peak in x - peak: where all is hidden so far, exp(-inf - 0) is 0.
  C shift() const { return peak == kLowest<C> ? 0 : peak; }
  void raise(C top) {
    if (top == peak) return;
    total *= std::exp(peak - top);
    peak = top;
  }
};

// The last step of a row: its exponentials times the factor of their piece or, of a logarithm, the row less two
// numbers.
template <class S, bool LOG>
struct Result {
  using C = Compute<S>;
  using D = hn::ScalableTag<C>;
  const std::conditional_t<LOG, S, C>* from;
  S* y;
  const C* factor;  // Of each piece
  C peak, log;

  // One piece of it.
  struct Part {
    const std::conditional_t<LOG, S, C>* from;
    S* y;
    hn::Vec<D> peak, by;
    HWY_INLINE void write(std::int64_t i, std::int64_t count, bool streams) const {
      const D d;
      const auto v = load_part(d, from + i, count, C{0});
      store_part(d, LOG ? hn::Sub(hn::Sub(v, peak), by) : hn::Mul(v, by), y + i, count, streams);
    }
  };
  HWY_INLINE Part part(std::int64_t begin) const {
    const D d;
    return {from + begin, y + begin, hn::Set(d, peak), hn::Set(d, LOG ? log : factor[begin / kPiece])};
  }
  void write_all(std::int64_t n, bool streams) const {
    for (std::int64_t begin = 0; begin < n; begin += kPiece) {
      const Part p = part(begin);
      each_vector(D(), p.y, std::min(kPiece, n - begin), streams,
                  [&](std::int64_t i, std::int64_t count) HWY_ATTR { p.write(i, count, streams); });
    }
  }
};

// `factor` has the peak of each piece and receives its factor.
template <class S, bool LOG>
Result<S, LOG> result_of(SoftmaxKind kind, const S* x, const Compute<S>* e, S* y, const Running<Compute<S>>& row,
                         std::int64_t n, Compute<S>* factor) {
  using C = Compute<S>;
  if constexpr (LOG) {
    return {x, y, nullptr, row.peak, std::log(row.total)};
  } else {
    const C inverse = C{1} / (kind == SoftmaxKind::safe && row.total == 0 ? 1 : row.total);
    for (std::int64_t k = 0; k * kPiece < n; ++k)
      factor[k] = factor[k] == row.peak ? inverse : std::exp(factor[k] - row.peak) * inverse;
    return {e, y, factor, row.peak, 0};
  }
}

// Are the vectors of every row of y aligned?
template <class S>
bool aligned(const SoftmaxBlock& b) {
  const std::size_t bytes = hn::Lanes(hn::ScalableTag<Compute<S>>()) * sizeof(S);
  return reinterpret_cast<std::uintptr_t>(b.y) % bytes == 0 &&
         static_cast<std::size_t>(b.y_step) * sizeof(S) % bytes == 0;
}

template <class C>
struct SumAndPeak {
  hn::Vec<hn::ScalableTag<C>> sum, best;
};

// Three things in one pass: what waits in `e` is written out, a piece of x takes its place as exponentials, and the
// maximum of the piece behind it is found.  Returns the sum of the exponentials and that maximum.
template <class S, bool LOG, bool FIRST>
std::pair<Compute<S>, Compute<S>> three_at_once(const Result<S, LOG>& row_before, std::int64_t begin, const S* x,
                                                const S* behind, std::int64_t n, Compute<S> shift, Compute<S>* e,
                                                const Ahead& ahead) {
  using C = Compute<S>;
  using Part = typename Result<S, LOG>::Part;
  const hn::ScalableTag<C> d;
  const Part before = FIRST ? Part{nullptr, nullptr, hn::Zero(d), hn::Zero(d)} : row_before.part(begin);
  const auto top = hn::Set(d, shift), lowest = hn::Set(d, kLowest<C>);
  const SumAndPeak<C> start{hn::Zero(d), lowest};
  SumAndPeak<C> a[4] = {start, start, start, start};
  four(d, n, a, [&](auto& s, std::int64_t i, std::int64_t count) HWY_ATTR {
    const auto v = exp_negative(d, hn::Sub(load_part(d, x + i, count, kLowest<C>), top));
    if constexpr (!FIRST) before.write(i, count, true);
    if constexpr (!LOG) store_part(d, v, e + i, count, false);
    s.sum = hn::Add(s.sum, v);
    s.best = hn::Max(s.best, load_part(d, behind + i, count, kLowest<C>));
    ahead.ask(i * static_cast<std::int64_t>(sizeof(S)));
  });
  const auto sum = hn::Add(hn::Add(a[0].sum, a[1].sum), hn::Add(a[2].sum, a[3].sum));
  const auto best = hn::Max(hn::Max(a[0].best, a[1].best), hn::Max(a[2].best, a[3].best));
  return {hn::GetLane(hn::SumOfLanes(d, sum)), hn::GetLane(hn::MaxOfLanes(d, best))};
}

// Rows from memory to memory: each pass is over a piece of one row, the next piece's maximum, which its exponentials
// wait for, and the result of the row before, so that what one waits for is done in the shadow of the other, reads and
// writes come evenly, and one row of exponentials stays in the L1 cache.
template <class S, bool LOG>
void streamed_rows(SoftmaxKind kind, const SoftmaxBlock& b) {
  using C = Compute<S>;
  const std::int64_t n = b.length, first = std::min(kPiece, n);
  const S* x = static_cast<const S*>(b.a);
  S* y = static_cast<S*>(b.y);
  C* e = static_cast<C*>(beside(x, b.scratch));
  C* factor = e + n;
  C* other = factor + softmax_pieces(n);
  C top = peak_of(x, first);  // Of the piece in hand
  Result<S, LOG> before{};
  for (std::int64_t i = 0; i < b.width; ++i, x += b.a_step, y += b.y_step, std::swap(factor, other)) {
    const S* next = i + 1 < b.width ? x + b.a_step : x;
    const S* later = n <= kPiece && i + 2 < b.width ? next + b.a_step : next;
    Running<C> row;
    for (std::int64_t begin = 0; begin < n; begin += kPiece) {
      const std::int64_t count = std::min(kPiece, n - begin), end = begin + count;
      row.raise(std::max(row.peak, top));
      factor[begin / kPiece] = row.peak;
      const std::int64_t following = end < n ? std::min(kPiece, n - end) : first;
      // A piece that is shorter is taken with what stands before it and has been seen.
      const S* behind = end < n ? x + end - (count - following) : next;
      const Ahead ahead(x + begin, later + begin, n * static_cast<std::int64_t>(sizeof(S)));
      const auto pass = i == 0 ? three_at_once<S, LOG, true> : three_at_once<S, LOG, false>;
      const auto [sum, best] = pass(before, begin, x + begin, behind, count, row.shift(), e + begin, ahead);
      row.total += sum;
      top = following > count ? std::max(best, peak_of(behind + count, following - count)) : best;
    }
    before = result_of<S, LOG>(kind, x, e, y, row, n, factor);
  }
  before.write_all(n, true);
}

template <class S, bool LOG>
void forward_rows(SoftmaxKind kind, const SoftmaxBlock& b) {
  using C = Compute<S>;
  if constexpr (HWY_TARGET <= HWY_AVX3) {  // Three things at once take its registers.
    if (b.streams && b.width > 1 && aligned<S>(b)) return streamed_rows<S, LOG>(kind, b);
  }
  const std::int64_t n = b.length;
  const S* x = static_cast<const S*>(b.a);
  S* y = static_cast<S*>(b.y);
  C* e = static_cast<C*>(beside(x, b.scratch));
  C* factor = e + n;
  for (std::int64_t i = 0; i < b.width; ++i, x += b.a_step, y += b.y_step) {
    const S* next = i + 1 < b.width ? x + b.a_step : x;
    Running<C> row;
    for (std::int64_t begin = 0; begin < n; begin += kPiece) {
      const std::int64_t count = std::min(kPiece, n - begin);
      const Ahead ahead(x + begin, next + begin, n * static_cast<std::int64_t>(sizeof(S)));
      row.raise(std::max(row.peak, peak_of(x + begin, count)));
      factor[begin / kPiece] = row.peak;
      row.total += exponentials<S>(x + begin, count, row.shift(), LOG ? nullptr : e + begin, ahead);
    }
    result_of<S, LOG>(kind, x, e, y, row, n, factor).write_all(n, b.streams);
  }
}

template <class S>
void backward_row(SoftmaxKind kind, const S* r, const S* g, S* y, const SoftmaxBlock& b, const Ahead& ahead_r,
                  const Ahead& ahead_g) {
  using C = Compute<S>;
  const hn::ScalableTag<C> d;
  const bool log = kind == SoftmaxKind::log_backward;
  auto zero = hn::Zero(d);
  decltype(zero) sum[4] = {zero, zero, zero, zero};
  four(d, b.length, sum, [&](auto& s, std::int64_t i, std::int64_t count) HWY_ATTR {
    const auto v = load_part(d, g + i, count, C{0});
    s = log ? hn::Add(s, v) : hn::MulAdd(v, load_part(d, r + i, count, C{0}), s);
  });
  const C total = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(sum[0], sum[1]), hn::Add(sum[2], sum[3]))));
  const auto all = hn::Set(d, total);
  each_vector(d, y, b.length, b.streams, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const auto v = load_part(d, g + i, count, C{0}), w = load_part(d, r + i, count, C{0});
    const auto z = log ? hn::NegMulAdd(exp_any(d, w), all, v) : hn::Mul(w, hn::Sub(v, all));
    store_part(d, z, y + i, count, b.streams);
    ahead_r.ask(i * static_cast<std::int64_t>(sizeof(S)));
    ahead_g.ask(i * static_cast<std::int64_t>(sizeof(S)));
  });
}

template <class S>
void backward_rows(SoftmaxKind kind, const SoftmaxBlock& b) {
  const S* r = static_cast<const S*>(b.a);
  const S* g = static_cast<const S*>(b.g);
  S* y = static_cast<S*>(b.y);
  const auto bytes = b.length * static_cast<std::int64_t>(sizeof(S));
  for (std::int64_t i = 0; i < b.width; ++i, r += b.a_step, g += b.g_step, y += b.y_step) {
    const bool more = i + 1 < b.width;
    backward_row(kind, r, g, y, b, Ahead(r, more ? r + b.a_step : nullptr, bytes),
                 Ahead(g, more ? g + b.g_step : nullptr, bytes));
  }
}

// f(row k, first column, columns) for the vectors of a block; columns of one row follow one another.
template <class D, class F>
HWY_INLINE void each_cell(D d, const SoftmaxBlock& b, F&& f) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t k = 0; k < b.length; ++k) {
    std::int64_t j = 0;
    for (; j + lanes <= b.width; j += lanes) f(k, j, lanes);
    if (j < b.width) f(k, j, b.width - j);
  }
}

template <class C>
HWY_INLINE void fill(C* to, std::int64_t n, C value) {
  for (std::int64_t i = 0; i < n; ++i) to[i] = value;
}

template <class S>
void forward_columns(SoftmaxKind kind, const SoftmaxBlock& b) {
  using C = Compute<S>;
  const hn::ScalableTag<C> d;
  const std::int64_t w = b.width;
  const bool streams = b.streams && aligned<S>(b);
  const S* x = static_cast<const S*>(b.a);
  S* y = static_cast<S*>(b.y);
  C* peak = static_cast<C*>(b.scratch);
  C* total = peak + w;
  C* e = total + w;
  fill(peak, w, kLowest<C>);
  fill(total, w, C{0});
  each_cell(d, b, [&](std::int64_t k, std::int64_t j, std::int64_t count) HWY_ATTR {
    const auto v = load_part(d, x + k * b.a_step + j, count, kLowest<C>);
    store_part(d, hn::Max(load_part(d, peak + j, count, C{0}), v), peak + j, count, false);
  });
  for (std::int64_t j = 0; kind == SoftmaxKind::safe && j < w; ++j) peak[j] = peak[j] == kLowest<C> ? 0 : peak[j];
  each_cell(d, b, [&](std::int64_t k, std::int64_t j, std::int64_t count) HWY_ATTR {
    const auto v = hn::Sub(load_part(d, x + k * b.a_step + j, count, C{0}), load_part(d, peak + j, count, C{0}));
    const auto z = exp_negative(d, v);
    store_part(d, kind == SoftmaxKind::log ? v : z, e + k * w + j, count, false);
    store_part(d, hn::Add(load_part(d, total + j, count, C{0}), z), total + j, count, false);
  });
  for (std::int64_t j = 0; j < w; ++j) {
    if (kind == SoftmaxKind::safe && total[j] == 0) total[j] = 1;
    total[j] = kind == SoftmaxKind::log ? std::log(total[j]) : C{1} / total[j];
  }
  each_cell(d, b, [&](std::int64_t k, std::int64_t j, std::int64_t count) HWY_ATTR {
    const auto v = load_part(d, e + k * w + j, count, C{0}), by = load_part(d, total + j, count, C{0});
    store_part(d, kind == SoftmaxKind::log ? hn::Sub(v, by) : hn::Mul(v, by), y + k * b.y_step + j, count, streams);
  });
}

template <class S>
void backward_columns(SoftmaxKind kind, const SoftmaxBlock& b) {
  using C = Compute<S>;
  const hn::ScalableTag<C> d;
  const bool log = kind == SoftmaxKind::log_backward;
  const bool streams = b.streams && aligned<S>(b);
  const S* r = static_cast<const S*>(b.a);
  const S* g = static_cast<const S*>(b.g);
  S* y = static_cast<S*>(b.y);
  C* total = static_cast<C*>(b.scratch);
  fill(total, b.width, C{0});
  each_cell(d, b, [&](std::int64_t k, std::int64_t j, std::int64_t count) HWY_ATTR {
    const auto v = load_part(d, g + k * b.g_step + j, count, C{0});
    const auto sum = load_part(d, total + j, count, C{0});
    const auto next = log ? hn::Add(sum, v) : hn::MulAdd(v, load_part(d, r + k * b.a_step + j, count, C{0}), sum);
    store_part(d, next, total + j, count, false);
  });
  each_cell(d, b, [&](std::int64_t k, std::int64_t j, std::int64_t count) HWY_ATTR {
    const auto v = load_part(d, g + k * b.g_step + j, count, C{0});
    const auto w = load_part(d, r + k * b.a_step + j, count, C{0});
    const auto all = load_part(d, total + j, count, C{0});
    const auto z = log ? hn::NegMulAdd(exp_any(d, w), all, v) : hn::Mul(w, hn::Sub(v, all));
    store_part(d, z, y + k * b.y_step + j, count, streams);
  });
}

template <class S>
LineSums line_sums(const void* x_, std::int64_t n, const void* weight_) {
  using C = Compute<S>;
  const hn::ScalableTag<C> d;
  const S* x = static_cast<const S*>(x_);
  const C* weight = static_cast<const C*>(weight_);
  LineSums s;
  const C peak = peak_of(x, n);
  s.peak = static_cast<double>(peak);
  s.total = static_cast<double>(exponentials<S>(x, n, peak, nullptr, Ahead(x, nullptr, 0)));
  const auto top = hn::Set(d, peak);
  auto zero = hn::Zero(d);
  decltype(zero) sum[4] = {zero, zero, zero, zero};
  four(d, n, sum, [&](auto& acc, std::int64_t i, std::int64_t count) HWY_ATTR {
    const auto v = hn::Sub(load_part(d, x + i, count, peak), top);
    acc = weight == nullptr ? hn::Add(acc, v) : hn::MulAdd(v, load_part(d, weight + i, count, C{0}), acc);
  });
  const auto all = hn::Add(hn::Add(sum[0], sum[1]), hn::Add(sum[2], sum[3]));
  s.shifted = static_cast<double>(hn::GetLane(hn::SumOfLanes(d, all)));
  return s;
}

template <class S>
double line_exponentials(const void* x_, std::int64_t n, void* e) {
  const S* x = static_cast<const S*>(x_);
  return static_cast<double>(exponentials<S>(x, n, peak_of(x, n), static_cast<Compute<S>*>(e), Ahead(x, nullptr, 0)));
}

template <class S>
void rows(SoftmaxKind kind, const SoftmaxBlock& b) {
  if (kind >= SoftmaxKind::plain_backward) return backward_rows<S>(kind, b);
  kind == SoftmaxKind::log ? forward_rows<S, true>(kind, b) : forward_rows<S, false>(kind, b);
}
template <class S>
void columns(SoftmaxKind kind, const SoftmaxBlock& b) {
  kind < SoftmaxKind::plain_backward ? forward_columns<S>(kind, b) : backward_columns<S>(kind, b);
}

template <class S>
const SoftmaxOps* table() {
  static constexpr SoftmaxOps kOps{sizeof(Compute<S>), &rows<S>, &columns<S>, &line_sums<S>, &line_exponentials<S>};
  return &kOps;
}

}  // namespace

const SoftmaxOps* find_softmax_ops(fg_dtype dtype) {
  switch (dtype) {
    case FG_F64: return table<double>();
    case FG_F32: return table<float>();
    case FG_F16: return table<f16>();
    case FG_BF16: return table<bf16>();
    default: return nullptr;
  }
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
HWY_EXPORT(find_softmax_ops);
const SoftmaxOps* softmax_ops(fg_dtype dtype) { return HWY_DYNAMIC_DISPATCH(find_softmax_ops)(dtype); }
}  // namespace fg::cpu
#endif
