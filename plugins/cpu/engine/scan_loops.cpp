// SPDX-License-Identifier: Apache-2.0
//
// Scans of rows and of columns.  Sums of a row are formed in the registers and the carry, a double,
// is added to whole vectors; everything else goes in order.

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "plugins/cpu/engine/convert.hpp"
#include "plugins/cpu/engine/scan_direct.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/engine/scan_loops.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/engine/fold-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {

// Running sums within vectors, in steps of 1, 2, 4 ... lanes.
template <class T>
class Prefix {
 public:
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  Prefix() {
    std::size_t k = 0;
    for (std::size_t step = 1; step < hn::Lanes(d_); step *= 2, ++k) {
      index_[k] = hn::SetTableIndices(d_, kShift.data() + kMost - step);
      keep_[k] = hn::Not(hn::FirstN(d_, step));
    }
    last_ = hn::IndicesFromVec(d_, hn::Set(hn::RebindToSigned<D>(), static_cast<I>(hn::Lanes(d_) - 1)));
  }
  HWY_INLINE V operator()(V v) const {
    std::size_t k = 0;
    for (std::size_t step = 1; step < hn::Lanes(d_); step *= 2, ++k)
      v = hn::Add(v, hn::IfThenElseZero(keep_[k], hn::TableLookupLanes(v, index_[k])));
    return v;
  }
  HWY_INLINE T last(V v) const { return hn::GetLane(hn::TableLookupLanes(v, last_)); }

 private:
  using I = hwy::MakeSigned<T>;
  using Index = decltype(hn::SetTableIndices(D(), static_cast<const I*>(nullptr)));
  // From kMost - s on: s zeros, then 0, 1, 2 ...: where lane i finds lane i - s.
  static constexpr std::size_t kMost = kVectorBytes / sizeof(T);
  static constexpr std::array<I, 2 * kMost> kShift = [] {
    std::array<I, 2 * kMost> t{};
    for (std::size_t i = 0; i < kMost; ++i) t[kMost + i] = static_cast<I>(i);
    return t;
  }();
  D d_;
  Index index_[4], last_;
  hn::Mask<D> keep_[4];
};

template <class S>
void row_sum(State& state, const ScanRow& row, std::size_t n, std::int64_t) {
  using T = Compute<S>;
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const S* x = static_cast<const S*>(row.in);
  S* out = static_cast<S*>(row.out[0]);
  double carry = state.a;
  std::size_t i = 0;
  if (n >= lanes) {
    const Prefix<T> prefix;
    for (; i + lanes <= n; i += lanes) {
      const auto v = prefix(load(d, x + i));
      store(d, hn::Add(hn::Set(d, static_cast<T>(carry)), v), out + i);
      carry += static_cast<double>(prefix.last(v));
    }
  }
  for (; i < n; ++i) {
    carry += static_cast<double>(static_cast<T>(x[i]));
    out[i] = convert_value<S>(static_cast<T>(carry));
  }
  state.a = carry;
}

template <class S, bool SUM>
void row_int(State& state, const ScanRow& row, std::size_t n, std::int64_t) {
  const S* x = static_cast<const S*>(row.in);
  auto* out = static_cast<std::int64_t*>(row.out[0]);
  auto carry = static_cast<std::uint64_t>(state.i);
  for (std::size_t i = 0; i < n; ++i) {
    const auto v = static_cast<std::uint64_t>(static_cast<std::int64_t>(x[i]));
    carry = SUM ? carry + v : carry * v;
    out[i] = static_cast<std::int64_t>(carry);
  }
  state.i = static_cast<std::int64_t>(carry);
}
template <class S>
void row_prod(State& state, const ScanRow& row, std::size_t n, std::int64_t) {
  using T = Compute<S>;
  const S* x = static_cast<const S*>(row.in);
  S* out = static_cast<S*>(row.out[0]);
  double carry = state.a;
  for (std::size_t i = 0; i < n; ++i) {
    carry *= static_cast<double>(static_cast<T>(x[i]));
    out[i] = convert_value<S>(static_cast<T>(carry));
  }
  state.a = carry;
}

// Whether `v` replaces `best`: at least as good, NaN best of all.
template <bool MAX, class T>
HWY_INLINE bool replaces(T v, T best) {
  if constexpr (hwy::IsFloat<T>()) {
    if (best != best) return v != v;
    return MAX ? !(v < best) : !(v > best);
  } else {
    return MAX ? v >= best : v <= best;
  }
}
template <class S, bool MAX>
void row_last(State& state, const ScanRow& row, std::size_t n, std::int64_t first) {
  using T = Compute<S>;
  const S* x = static_cast<const S*>(row.in);
  S* values = static_cast<S*>(row.out[0]);
  auto* positions = static_cast<std::int64_t*>(row.out[1]);
  const auto held = [&] {
    if constexpr (hwy::IsFloat<T>())
      return static_cast<T>(state.a);
    else
      return static_cast<T>(state.i);
  };
  T best = state.index < 0 ? static_cast<T>(x[0]) : held();
  S stored = state.index < 0 ? x[0] : convert_value<S>(best);
  std::int64_t index = state.index < 0 ? first : state.index;
  for (std::size_t i = 0; i < n; ++i) {
    const S raw = x[i];
    const T v = static_cast<T>(raw);
    const bool wins = replaces<MAX>(v, best);
    best = wins ? v : best;
    stored = wins ? raw : stored;
    index = wins ? first + static_cast<std::int64_t>(i) : index;
    values[i] = stored;
    positions[i] = index;
  }
  if constexpr (hwy::IsFloat<T>())
    state.a = static_cast<double>(best);
  else
    state.i = static_cast<std::int64_t>(best);
  state.index = index;
}

// Row i of a tile.
template <class S>
HWY_INLINE const S* in_row(const ScanTile& t, std::size_t i) {
  return reinterpret_cast<const S*>(static_cast<const std::byte*>(t.at.in) +
                                    t.in_stride * static_cast<std::ptrdiff_t>(i));
}
template <class S>
HWY_INLINE S* out_row(const ScanTile& t, std::size_t k, std::size_t i) {
  return reinterpret_cast<S*>(static_cast<std::byte*>(t.at.out[k]) + t.out_stride[k] * static_cast<std::ptrdiff_t>(i));
}

// Sums of f32 and f64 in double; converted row by row through a buffer that stays in L1.
template <class S, bool SUM>
void column_float(const ScanTile& t, std::size_t length, std::size_t cols) {
  using T = Compute<S>;
  const hn::ScalableTag<double> wide;
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(wide);
  HWY_ALIGN double total[kMaxScanColumns];
  HWY_ALIGN T part[kMaxScanColumns];
  HWY_ALIGN S result[kMaxScanColumns];
  std::fill_n(total, cols, SUM ? 0.0 : 1.0);
  const auto fold = [](auto a, auto b) HWY_ATTR { return SUM ? hn::Add(a, b) : hn::Mul(a, b); };
  for (std::size_t i = 0; i < length; ++i) {
    const S* x = in_row<S>(t, i);
    S* out = out_row<S>(t, 0, i);
    const T* in = nullptr;
    std::size_t c = 0;
    if constexpr (std::is_same_v<S, T>) {
      in = x;
    } else {
      for (; c + hn::Lanes(d) <= cols; c += hn::Lanes(d)) hn::StoreU(load(d, x + c), d, part + c);
      for (; c < cols; ++c) part[c] = static_cast<T>(x[c]);
      in = part;
    }
    T* to = part;
    if constexpr (std::is_same_v<S, T>) to = t.stream ? part : out;
    for (c = 0; c + lanes <= cols; c += lanes) {
      const auto s = fold(hn::Load(wide, total + c), load_f64(wide, in + c));
      hn::Store(s, wide, total + c);
      if constexpr (std::is_same_v<T, double>)
        hn::StoreU(s, wide, to + c);
      else
        hn::StoreU(hn::DemoteTo(hn::Rebind<float, decltype(wide)>(), s), hn::Rebind<float, decltype(wide)>(), to + c);
    }
    for (; c < cols; ++c) {
      total[c] = SUM ? total[c] + static_cast<double>(in[c]) : total[c] * static_cast<double>(in[c]);
      to[c] = static_cast<T>(total[c]);
    }
    if constexpr (!std::is_same_v<S, T>) {
      S* narrow = t.stream ? result : out;
      for (c = 0; c + hn::Lanes(d) <= cols; c += hn::Lanes(d)) store(d, hn::LoadU(d, part + c), narrow + c);
      for (; c < cols; ++c) narrow[c] = convert_value<S>(part[c]);
      if (t.stream) stream_copy(out, result, cols * sizeof(S));
    } else if (t.stream) {
      stream_copy(out, part, cols * sizeof(S));
    }
  }
}

template <class S, bool SUM>
void column_int(const ScanTile& t, std::size_t length, std::size_t cols) {
  std::uint64_t total[kMaxScanColumns];
  std::fill_n(total, cols, std::uint64_t{SUM ? 0 : 1});
  for (std::size_t i = 0; i < length; ++i) {
    const S* x = in_row<S>(t, i);
    auto* out = out_row<std::int64_t>(t, 0, i);
    for (std::size_t c = 0; c < cols; ++c) {
      const auto v = static_cast<std::uint64_t>(static_cast<std::int64_t>(x[c]));
      total[c] = SUM ? total[c] + v : total[c] * v;
      out[c] = static_cast<std::int64_t>(total[c]);
    }
  }
}

template <class S, bool MAX>
void column_last(const ScanTile& t, std::size_t length, std::size_t cols) {
  using T = Compute<S>;
  T best[kMaxScanColumns];
  S stored[kMaxScanColumns];
  std::int64_t index[kMaxScanColumns];
  const S* head = in_row<S>(t, 0);
  for (std::size_t c = 0; c < cols; ++c) {
    best[c] = static_cast<T>(head[c]);
    stored[c] = head[c];
    index[c] = 0;
  }
  for (std::size_t i = 0; i < length; ++i) {
    const S* x = in_row<S>(t, i);
    S* values = out_row<S>(t, 0, i);
    auto* positions = out_row<std::int64_t>(t, 1, i);
    for (std::size_t c = 0; c < cols; ++c) {
      const T v = static_cast<T>(x[c]);
      const bool wins = replaces<MAX>(v, best[c]);
      best[c] = wins ? v : best[c];
      stored[c] = wins ? x[c] : stored[c];
      index[c] = wins ? static_cast<std::int64_t>(i) : index[c];
      values[c] = stored[c];
      positions[c] = index[c];
    }
  }
}

template <class S>
DirectScan float_scan(std::uint32_t monoid) {
  switch (monoid) {
    case FG_MONOID_SUM: return {row_sum<S>, column_float<S, true>};
    case FG_MONOID_PROD: return {row_prod<S>, column_float<S, false>};
    case FG_MONOID_LASTMAX: return {row_last<S, true>, column_last<S, true>};
    case FG_MONOID_LASTMIN: return {row_last<S, false>, column_last<S, false>};
    default: return {};
  }
}
template <class S>
DirectScan int_scan(std::uint32_t monoid, std::uint16_t type) {
  switch (monoid) {
    case FG_MONOID_SUM:
      if (type != FG_CT_I64) return {};
      return {row_int<S, true>, column_int<S, true>};
    case FG_MONOID_PROD:
      if (type != FG_CT_I64) return {};
      return {row_int<S, false>, column_int<S, false>};
    case FG_MONOID_LASTMAX: return {row_last<S, true>, column_last<S, true>};
    case FG_MONOID_LASTMIN: return {row_last<S, false>, column_last<S, false>};
    default: return {};
  }
}

DirectScan choose_direct_scan(std::uint32_t monoid, std::uint16_t type, fg_dtype in, fg_dtype out) {
  DirectScan s;
  const bool sums = monoid == FG_MONOID_SUM || monoid == FG_MONOID_PROD;
  if (in == out) with_float(in, [&](auto tag) { s = float_scan<typename decltype(tag)::type>(monoid); });
  if (out == (sums ? static_cast<fg_dtype>(FG_I64) : in)) {
    with_int(in, [&](auto tag) { s = int_scan<typename decltype(tag)::type>(monoid, type); });
    if (in == FG_BOOL) s = int_scan<std::uint8_t>(monoid, type);
  }
  return s;
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
HWY_EXPORT(choose_direct_scan);
DirectScan find_direct_scan(std::uint32_t monoid, std::uint16_t type, fg_dtype in, fg_dtype out) {
  return HWY_DYNAMIC_DISPATCH(choose_direct_scan)(monoid, type, in, out);
}
}  // namespace fg::cpu
#endif
