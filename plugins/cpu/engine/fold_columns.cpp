// SPDX-License-Identifier: Apache-2.0
//
// Folds of neighbouring columns, row by row.  Columns are taken by vectors ("windows"), each with
// lanes of its own; where their number is no multiple, the last window overlaps the one before and
// only its last lanes count.

#include <algorithm>
#include <cstring>
#include <limits>

#include "plugins/cpu/engine/fold.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/engine/fold_columns.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/engine/fold-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {

inline constexpr std::size_t kLanes = static_cast<std::size_t>(kMaxFoldColumns) + kVectorBytes;

// f(first column, first lane) for every window.
template <class F>
HWY_INLINE void each_window(std::size_t cols, std::size_t lanes, const F& f) {
  std::size_t j = 0;
  for (; j + lanes <= cols; j += lanes) f(j, j);
  if (j < cols) f(cols - lanes, j);
}
// f(column, lane) for every column.
template <class F>
HWY_INLINE void each_column(std::size_t cols, std::size_t lanes, const F& f) {
  const std::size_t whole = cols / lanes * lanes;
  for (std::size_t c = 0; c < whole; ++c) f(c, c);
  for (std::size_t c = whole; c < cols; ++c) f(c, whole + (c - (cols - lanes)));
}
inline std::size_t lanes_used(std::size_t cols, std::size_t lanes) { return (cols + lanes - 1) / lanes * lanes; }

template <class S>
HWY_INLINE const S* row_at(const void* x, std::ptrdiff_t stride, std::size_t r) {
  return reinterpret_cast<const S*>(static_cast<const std::byte*>(x) + stride * static_cast<std::ptrdiff_t>(r));
}

// Four rows further down, asked for into the second level while these are folded: a piece of a row ends before the
// processor's own prefetching has caught up with it.  Beyond the last row lines are asked for in vain.
HWY_INLINE void ask_below(const void* p, std::ptrdiff_t stride) {
  __builtin_prefetch(static_cast<const char*>(p) + 4 * stride, 0, 2);
}

// Walks rows four at a time, then one at a time: four(p0, p1, p2, p3, row) and one(p, row).
template <class S, class Four, class One>
HWY_INLINE void each_row(const void* x, std::ptrdiff_t stride, std::size_t begin, std::size_t end, const Four& four,
                         const One& one) {
  std::size_t r = begin;
  for (; r + 4 <= end; r += 4) {
    four(row_at<S>(x, stride, r), row_at<S>(x, stride, r + 1), row_at<S>(x, stride, r + 2), row_at<S>(x, stride, r + 3),
         r);
  }
  for (; r < end; ++r) one(row_at<S>(x, stride, r), r);
}

template <class S, Term TERM>
void column_sum(State* s, const void* x, std::ptrdiff_t stride, std::size_t rows, std::size_t cols) {
  using T = Compute<S>;
  const hn::ScalableTag<T> d;
  const hn::ScalableTag<double> wide;
  const std::size_t lanes = hn::Lanes(d), used = lanes_used(cols, lanes);
  HWY_ALIGN T part[kLanes];
  HWY_ALIGN double total[kLanes];
  std::fill_n(total, used, 0.0);
  for (std::size_t r = 0; r < rows; r += kPartialTerms) {
    std::fill_n(part, used, T{0});
    each_row<S>(
        x, stride, r, std::min(rows, r + kPartialTerms),
        [&](const S* p0, const S* p1, const S* p2, const S* p3, std::size_t) HWY_ATTR {
          each_window(cols, lanes, [&](std::size_t c, std::size_t at) HWY_ATTR {
            const auto a = hn::Add(term<TERM>(d, load(d, p0 + c)), term<TERM>(d, load(d, p1 + c)));
            const auto b = hn::Add(term<TERM>(d, load(d, p2 + c)), term<TERM>(d, load(d, p3 + c)));
            hn::Store(hn::Add(hn::Load(d, part + at), hn::Add(a, b)), d, part + at);
            for (const S* p : {p0, p1, p2, p3}) ask_below(p + c, stride);
          });
        },
        [&](const S* p, std::size_t) HWY_ATTR {
          each_window(cols, lanes, [&](std::size_t c, std::size_t at) HWY_ATTR {
            hn::Store(hn::Add(hn::Load(d, part + at), term<TERM>(d, load(d, p + c))), d, part + at);
          });
        });
    for (std::size_t k = 0; k < used; k += hn::Lanes(wide))
      hn::Store(hn::Add(hn::Load(wide, total + k), load_f64(wide, part + k)), wide, total + k);
  }
  each_column(cols, lanes, [&](std::size_t c, std::size_t at) { s[c] = State{total[at], 0, 0, -1}; });
}

template <class T>
HWY_INLINE State lane_state(T value, std::int64_t index) {
  if constexpr (hwy::IsFloat<T>())
    return State{static_cast<double>(value), 0, 0, index};
  else
    return State{0, 0, static_cast<std::int64_t>(value), index};
}

template <class S, Term TERM, bool MAX>
void column_extreme(State* s, const void* x, std::ptrdiff_t stride, std::size_t rows, std::size_t cols) {
  using T = Compute<S>;
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  HWY_ALIGN T best[kLanes];
  each_window(cols, lanes, [&](std::size_t c, std::size_t at) HWY_ATTR {
    hn::Store(term<TERM>(d, load(d, row_at<S>(x, stride, 0) + c)), d, best + at);
  });
  each_row<S>(
      x, stride, 1, rows,
      [&](const S* p0, const S* p1, const S* p2, const S* p3, std::size_t) HWY_ATTR {
        each_window(cols, lanes, [&](std::size_t c, std::size_t at) HWY_ATTR {
          const auto a = extreme<MAX>(d, term<TERM>(d, load(d, p0 + c)), term<TERM>(d, load(d, p1 + c)));
          const auto b = extreme<MAX>(d, term<TERM>(d, load(d, p2 + c)), term<TERM>(d, load(d, p3 + c)));
          hn::Store(extreme<MAX>(d, hn::Load(d, best + at), extreme<MAX>(d, a, b)), d, best + at);
        });
      },
      [&](const S* p, std::size_t) HWY_ATTR {
        each_window(cols, lanes, [&](std::size_t c, std::size_t at) HWY_ATTR {
          hn::Store(extreme<MAX>(d, hn::Load(d, best + at), term<TERM>(d, load(d, p + c))), d, best + at);
        });
      });
  each_column(cols, lanes, [&](std::size_t c, std::size_t at) { s[c] = lane_state(best[at], -1); });
}

// Strictly better, NaN best of all, so the first of equals stays.
template <bool MAX, class D, class V>
HWY_INLINE hn::Mask<D> better(D d, V x, V best) {
  if constexpr (hwy::IsFloat<hn::TFromD<D>>()) {
    const auto worse = MAX ? hn::Le(x, best) : hn::Ge(x, best);  // false for NaN
    return hn::Not(hn::Or(worse, hn::IsNaN(best)));
  } else {
    (void)d;
    return MAX ? hn::Gt(x, best) : hn::Lt(x, best);
  }
}

template <class S, bool MAX>
void column_arg(State* s, const void* x, std::ptrdiff_t stride, std::size_t rows, std::size_t cols) {
  using T = Compute<S>;
  const hn::ScalableTag<T> d;
  const hn::RebindToSigned<decltype(d)> di;
  using I = hn::TFromD<decltype(di)>;
  const std::size_t lanes = hn::Lanes(d);
  HWY_ALIGN T best[kLanes];
  HWY_ALIGN I index[kLanes];
  each_window(cols, lanes, [&](std::size_t c, std::size_t at) HWY_ATTR {
    hn::Store(load(d, row_at<S>(x, stride, 0) + c), d, best + at);
    hn::Store(hn::Zero(di), di, index + at);
  });
  const auto take = [&](auto& value, auto& position, const S* p, std::size_t r) HWY_ATTR {
    const auto v = load(d, p);
    const auto wins = better<MAX>(d, v, value);
    value = hn::IfThenElse(wins, v, value);
    position = hn::IfThenElse(hn::RebindMask(di, wins), hn::Set(di, static_cast<I>(r)), position);
  };
  each_row<S>(
      x, stride, 1, rows,
      [&](const S* p0, const S* p1, const S* p2, const S* p3, std::size_t r) HWY_ATTR {
        each_window(cols, lanes, [&](std::size_t c, std::size_t at) HWY_ATTR {
          auto value = hn::Load(d, best + at);
          auto position = hn::Load(di, index + at);
          take(value, position, p0 + c, r);
          take(value, position, p1 + c, r + 1);
          take(value, position, p2 + c, r + 2);
          take(value, position, p3 + c, r + 3);
          hn::Store(value, d, best + at);
          hn::Store(position, di, index + at);
        });
      },
      [&](const S* p, std::size_t r) HWY_ATTR {
        each_window(cols, lanes, [&](std::size_t c, std::size_t at) HWY_ATTR {
          auto value = hn::Load(d, best + at);
          auto position = hn::Load(di, index + at);
          take(value, position, p + c, r);
          hn::Store(value, d, best + at);
          hn::Store(position, di, index + at);
        });
      });
  each_column(cols, lanes, [&](std::size_t c, std::size_t at) {
    s[c] = lane_state(best[at], static_cast<std::int64_t>(index[at]));
  });
}

// Groups of rows: sums of the deviations from a shift and of their squares, joined by Chan's formula.
// The shift is the mean of the rows before (of the first group: its own); where a group's mean lies
// far from it, that distance is itself the greater part of m2, so nothing is lost to cancellation.
template <class S>
struct WelfordColumns {
  using T = Compute<S>;
  static constexpr std::size_t kGroup = 32;
  const hn::ScalableTag<T> d{};
  std::size_t cols, lanes;
  HWY_ALIGN T shift[kLanes], sum[kLanes], squares[kLanes];
  HWY_ALIGN double mean[kLanes], m2[kLanes];

  void deviations(const void* x, std::ptrdiff_t stride, std::size_t begin, std::size_t end) {
    const std::size_t used = lanes_used(cols, lanes);
    std::fill_n(sum, used, T{0});
    std::fill_n(squares, used, T{0});
    const auto add = [&](auto& a, auto& q, auto v) HWY_ATTR {
      a = hn::Add(a, v);
      q = hn::MulAdd(v, v, q);
    };
    each_row<S>(
        x, stride, begin, end,
        [&](const S* p0, const S* p1, const S* p2, const S* p3, std::size_t) HWY_ATTR {
          each_window(cols, lanes, [&](std::size_t c, std::size_t at) HWY_ATTR {
            const auto center = hn::Load(d, shift + at);
            auto a = hn::Load(d, sum + at), q = hn::Load(d, squares + at);
            add(a, q, hn::Sub(load(d, p0 + c), center));
            add(a, q, hn::Sub(load(d, p1 + c), center));
            add(a, q, hn::Sub(load(d, p2 + c), center));
            add(a, q, hn::Sub(load(d, p3 + c), center));
            hn::Store(a, d, sum + at);
            hn::Store(q, d, squares + at);
          });
        },
        [&](const S* p, std::size_t) HWY_ATTR {
          each_window(cols, lanes, [&](std::size_t c, std::size_t at) HWY_ATTR {
            auto a = hn::Load(d, sum + at), q = hn::Load(d, squares + at);
            add(a, q, hn::Sub(load(d, p + c), hn::Load(d, shift + at)));
            hn::Store(a, d, sum + at);
            hn::Store(q, d, squares + at);
          });
        });
  }
  // The group's n rows join the `before` ones.
  void join(std::size_t before, std::size_t n) {
    const hn::ScalableTag<double> wide;
    const std::size_t used = lanes_used(cols, lanes);
    const auto count = static_cast<double>(n), all = static_cast<double>(before + n);
    const auto share = hn::Set(wide, 1 / count), weight = hn::Set(wide, count / all),
               cross = hn::Set(wide, static_cast<double>(before) * (count / all));
    for (std::size_t k = 0; k < used; k += hn::Lanes(wide)) {
      const auto total = load_f64(wide, sum + k), off = hn::Mul(total, share);
      const auto own = hn::Max(hn::Sub(load_f64(wide, squares + k), hn::Mul(total, off)), hn::Zero(wide));
      const auto spread = hn::IfThenElse(hn::IsNaN(total), total, own);
      const auto center = hn::Add(load_f64(wide, shift + k), off);
      const auto old = hn::Load(wide, mean + k), delta = hn::Sub(center, old);
      hn::Store(hn::MulAdd(delta, weight, old), wide, mean + k);
      hn::Store(hn::Add(hn::Add(hn::Load(wide, m2 + k), spread), hn::Mul(hn::Mul(delta, delta), cross)), wide, m2 + k);
    }
  }
  void mean_as_shift() {
    const std::size_t used = lanes_used(cols, lanes);
    for (std::size_t k = 0; k < used; ++k) shift[k] = static_cast<T>(mean[k]);
  }
};
template <class S>
void column_welford(State* s, const void* x, std::ptrdiff_t stride, std::size_t rows, std::size_t cols) {
  using W = WelfordColumns<S>;
  W w;
  w.cols = cols;
  w.lanes = hn::Lanes(w.d);
  const std::size_t used = lanes_used(cols, w.lanes), head = std::min(rows, W::kGroup);
  std::fill_n(w.shift, used, typename W::T{0});
  std::fill_n(w.mean, used, 0.0);
  std::fill_n(w.m2, used, 0.0);
  w.deviations(x, stride, 0, head);
  for (std::size_t k = 0; k < used; ++k) w.shift[k] = w.sum[k] / static_cast<typename W::T>(head);
  for (std::size_t r = 0; r < rows; r += W::kGroup) {
    const std::size_t end = std::min(rows, r + W::kGroup);
    w.deviations(x, stride, r, end);
    w.join(r, end - r);
    w.mean_as_shift();
  }
  each_column(cols, w.lanes, [&](std::size_t c, std::size_t at) {
    s[c] = State{w.mean[at], w.m2[at], static_cast<std::int64_t>(rows), -1};
  });
}

// Groups of rows, of f32 and narrower: the peak of the group and of what came before, the old sums
// scaled to it, the exponentials added.
template <class S>
void column_log_sum_exp(State* s, const void* x, std::ptrdiff_t stride, std::size_t rows, std::size_t cols) {
  constexpr std::size_t kGroup = 32;
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d), used = lanes_used(cols, lanes);
  HWY_ALIGN float peak[kLanes], next[kLanes], shift[kLanes], part[kLanes];
  HWY_ALIGN double total[kLanes];
  std::fill_n(peak, used, -std::numeric_limits<float>::infinity());
  std::fill_n(total, used, 0.0);
  for (std::size_t r = 0; r < rows; r += kGroup) {
    const std::size_t end = std::min(rows, r + kGroup);
    std::memcpy(next, peak, used * sizeof(float));
    const auto highest = [&](const S* p) HWY_ATTR {
      each_window(cols, lanes, [&](std::size_t c, std::size_t at) HWY_ATTR {
        hn::Store(extreme<true>(d, hn::Load(d, next + at), load(d, p + c)), d, next + at);
      });
    };
    for (std::size_t i = r; i < end; ++i) highest(row_at<S>(x, stride, i));
    for (std::size_t k = 0; k < used; k += lanes) {
      const auto now = exponent_shift(d, hn::Load(d, next + k)), old = exponent_shift(d, hn::Load(d, peak + k));
      hn::Store(now, d, shift + k);
      hn::Store(exp_f32(d, hn::Sub(old, now)), d, part + k);  // 1 where the peak stayed
    }
    for (std::size_t k = 0; k < used; ++k) {
      // What has no sum yet keeps none, whatever the factor.
      total[k] = total[k] == 0 ? 0 : total[k] * static_cast<double>(part[k]);
    }
    std::fill_n(part, used, 0.0f);
    const auto add = [&](const S* p) HWY_ATTR {
      each_window(cols, lanes, [&](std::size_t c, std::size_t at) HWY_ATTR {
        const auto e = exp_f32(d, hn::Sub(load(d, p + c), hn::Load(d, shift + at)));
        hn::Store(hn::Add(hn::Load(d, part + at), e), d, part + at);
      });
    };
    for (std::size_t i = r; i < end; ++i) add(row_at<S>(x, stride, i));
    for (std::size_t k = 0; k < used; ++k) total[k] += static_cast<double>(part[k]);
    std::memcpy(peak, next, used * sizeof(float));
  }
  each_column(cols, lanes, [&](std::size_t c, std::size_t at) {
    s[c] = State{static_cast<double>(peak[at]), total[at], 0, -1};
  });
}

// Integers, counts and logic: loops that the compiler vectorises.  L holds 16 rows of term(x).
template <class S, class L, class Step>
HWY_INLINE void column_plain(State* s, const void* x, std::ptrdiff_t stride, std::size_t rows, std::size_t cols,
                             L identity, const Step& step) {
  std::int64_t total[kMaxFoldColumns];
  L part[kMaxFoldColumns];
  constexpr std::size_t kRows = sizeof(L) == 8 ? std::size_t{1} << 40 : std::size_t{1} << 15;
  std::fill_n(total, cols, std::int64_t{0});
  for (std::size_t r0 = 0; r0 < rows; r0 += kRows) {
    std::fill_n(part, cols, identity);
    for (std::size_t r = r0; r < std::min(rows, r0 + kRows); ++r) {
      const S* p = row_at<S>(x, stride, r);
      for (std::size_t c = 0; c < cols; ++c) part[c] = step(part[c], p[c]);
    }
    for (std::size_t c = 0; c < cols; ++c)
      total[c] = static_cast<std::int64_t>(static_cast<std::uint64_t>(total[c]) + static_cast<std::uint64_t>(part[c]));
  }
  for (std::size_t c = 0; c < cols; ++c) s[c] = State{0, 0, total[c], -1};
}
template <class S>
void column_sum_int(State* s, const void* x, std::ptrdiff_t stride, std::size_t rows, std::size_t cols) {
  if constexpr (sizeof(S) >= 4) {
    column_plain<S>(s, x, stride, rows, cols, std::uint64_t{0},
                    [](std::uint64_t a, S v) { return a + static_cast<std::uint64_t>(static_cast<std::int64_t>(v)); });
  } else {
    column_plain<S>(s, x, stride, rows, cols, std::int32_t{0},
                    [](std::int32_t a, S v) { return a + static_cast<std::int32_t>(v); });
  }
}
template <class S>
void column_count(State* s, const void* x, std::ptrdiff_t stride, std::size_t rows, std::size_t cols) {
  using T = Compute<S>;
  column_plain<S>(s, x, stride, rows, cols, std::int32_t{0},
                  [](std::int32_t a, S v) { return a + (static_cast<T>(v) == T{0} ? 0 : 1); });
}

template <class S>
ColumnFold float_columns(const FoldKey& k) {
  const bool max = k.monoid == FG_MONOID_MAX, absolute = k.term == Term::absolute;
  if (k.term == Term::nonzero)
    return k.monoid == FG_MONOID_SUM && k.type == FG_CT_I64 && sizeof(S) >= 4 ? column_count<S> : nullptr;
  switch (k.monoid) {
    case FG_MONOID_SUM:
      return absolute                 ? column_sum<S, Term::absolute>
             : k.term == Term::square ? column_sum<S, Term::square>
             : k.term == Term::number ? column_sum<S, Term::number>
                                      : column_sum<S, Term::plain>;
    case FG_MONOID_MAX:
    case FG_MONOID_MIN:
      if (k.term == Term::square || k.term == Term::number) return nullptr;
      if (absolute) return max ? column_extreme<S, Term::absolute, true> : column_extreme<S, Term::absolute, false>;
      return max ? column_extreme<S, Term::plain, true> : column_extreme<S, Term::plain, false>;
    default: break;
  }
  if (k.term != Term::plain) return nullptr;
  switch (k.monoid) {
    case FG_MONOID_ARGMAX: return column_arg<S, true>;
    case FG_MONOID_ARGMIN: return column_arg<S, false>;
    case FG_MONOID_WELFORD: return column_welford<S>;
    case FG_MONOID_LOGSUMEXP:
      if constexpr (std::is_same_v<Compute<S>, float>) return column_log_sum_exp<S>;
      return nullptr;
    default: return nullptr;
  }
}
template <class S>
ColumnFold int_columns(const FoldKey& k) {
  if (k.term == Term::nonzero) return k.monoid == FG_MONOID_SUM && k.type == FG_CT_I64 ? column_count<S> : nullptr;
  if (k.term != Term::plain) return nullptr;
  switch (k.monoid) {
    case FG_MONOID_SUM: return column_sum_int<S>;
    case FG_MONOID_MAX: return column_extreme<S, Term::plain, true>;
    case FG_MONOID_MIN: return column_extreme<S, Term::plain, false>;
    default: break;
  }
  if constexpr (sizeof(S) >= 4) {  // positions have the width of the values
    if (k.monoid == FG_MONOID_ARGMAX) return column_arg<S, true>;
    if (k.monoid == FG_MONOID_ARGMIN) return column_arg<S, false>;
  }
  return nullptr;
}

ColumnFold choose_column_fold(const FoldKey& k) {
  ColumnFold f = nullptr;
  if (with_float(k.storage, [&](auto tag) { f = float_columns<typename decltype(tag)::type>(k); })) return f;
  if (with_int(k.storage, [&](auto tag) { f = int_columns<typename decltype(tag)::type>(k); })) return f;
  const bool counts = k.term == Term::plain || k.term == Term::nonzero;
  return k.storage == FG_BOOL && counts && k.monoid == FG_MONOID_SUM && k.type == FG_CT_I64 ? column_count<std::uint8_t>
                                                                                            : nullptr;
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
HWY_EXPORT(choose_column_fold);
ColumnFold find_column_fold(const FoldKey& key) {
  return key.term == Term::none ? nullptr : HWY_DYNAMIC_DISPATCH(choose_column_fold)(key);
}
}  // namespace fg::cpu
#endif
