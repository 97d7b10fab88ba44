// SPDX-License-Identifier: Apache-2.0
//
// The loop around a generated program, for one Highway target: chunks of two vectors, loaded from
// their storage type, computed, stored with one rounding.
//
// bf16 elements are taken as the upper and lower halves of 32-bit words, so that the two vectors
// hold odd and even elements and nothing crosses lanes; masks of bools follow the same order.

#if defined(PLUGINS_CPU_ENGINE_FUSED_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGINS_CPU_ENGINE_FUSED_INL_HPP_
#undef PLUGINS_CPU_ENGINE_FUSED_INL_HPP_
#else
#define PLUGINS_CPU_ENGINE_FUSED_INL_HPP_
#endif

#include <algorithm>
#include <cstring>
#include <limits>

#include "hwy/highway.h"
#include "plugins/cpu/engine/functions-inl.hpp"
#include "plugins/cpu/engine/fused.hpp"
#include "plugins/cpu/engine/ops-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR  // One lane has no halves; such machines run the block engine.

using FusedF32 = hn::ScalableTag<float>;
using FusedU32 = hn::ScalableTag<std::uint32_t>;
using FusedVec = hn::Vec<FusedF32>;
using FusedMask = hn::Mask<FusedF32>;

// Two vectors or masks: the elements of a chunk.
template <class V>
struct Pair {
  V a, b;
};

template <bool STREAM, class D, class V>
HWY_INLINE void put(D d, V v, hn::TFromD<D>* p) {
  if constexpr (STREAM)
    hn::Stream(v, d, p);
  else
    hn::StoreU(v, d, p);
}

struct StoredF32 {
  using T = float;
  static HWY_INLINE Pair<FusedVec> load(const T* p) {
    const FusedF32 d;
    return {hn::LoadU(d, p), hn::LoadU(d, p + hn::Lanes(d))};
  }
  template <bool STREAM>
  static HWY_INLINE void store(const Pair<FusedVec>& v, T* p) {
    const FusedF32 d;
    put<STREAM>(d, v.a, p);
    put<STREAM>(d, v.b, p + hn::Lanes(d));
  }
};

struct StoredBf16 {
  using T = std::uint16_t;
  static HWY_INLINE Pair<FusedVec> load(const T* p) {
    const FusedU32 d;
    const FusedF32 df;
    const auto w = hn::BitCast(d, hn::LoadU(hn::Repartition<T, FusedU32>(), p));
    return {hn::BitCast(df, hn::ShiftLeft<16>(w)), hn::BitCast(df, hn::And(w, hn::Set(d, 0xFFFF0000u)))};
  }
  // The rounded value in the upper half of each word: nearest even by adding half an ulp, less one
  // unless the kept part is odd; NaN is made quiet.
  static HWY_INLINE hn::Vec<FusedU32> rounded(FusedVec v) {
    const FusedU32 d;
    const auto u = hn::BitCast(d, v);
    const auto odd = hn::And(hn::ShiftRight<16>(u), hn::Set(d, 1u));
    const auto r = hn::Add(u, hn::Add(odd, hn::Set(d, 0x7FFFu)));
    const auto nan = hn::Or(hn::And(u, hn::Set(d, 0x80000000u)), hn::Set(d, 0x7FC00000u));
    return hn::IfThenElse(hn::RebindMask(d, hn::IsNaN(v)), nan, r);
  }
  template <bool STREAM>
  static HWY_INLINE void store(const Pair<FusedVec>& v, T* p) {
    const FusedU32 d;
    const hn::Repartition<T, FusedU32> d16;
    const auto low = hn::ShiftRight<16>(rounded(v.a));
    const auto high = hn::And(rounded(v.b), hn::Set(d, 0xFFFF0000u));
    put<STREAM>(d16, hn::BitCast(d16, hn::Or(low, high)), p);
  }
};

struct StoredF16 {
  using T = hwy::float16_t;
  using Half = hn::Rebind<T, FusedF32>;
  static HWY_INLINE Pair<FusedVec> load(const T* p) {
    const FusedF32 d;
    const Half dh;
    return {hn::PromoteTo(d, hn::LoadU(dh, p)), hn::PromoteTo(d, hn::LoadU(dh, p + hn::Lanes(dh)))};
  }
  template <bool STREAM>
  static HWY_INLINE void store(const Pair<FusedVec>& v, T* p) {
    const Half dh;
    const hn::Rebind<std::uint16_t, FusedF32> du;
    const hn::Twice<decltype(du)> d16;
    const auto lo = hn::BitCast(du, hn::DemoteTo(dh, v.a)), hi = hn::BitCast(du, hn::DemoteTo(dh, v.b));
    put<STREAM>(d16, hn::Combine(d16, hi, lo), reinterpret_cast<std::uint16_t*>(p));
  }
};

// Bytes 0 and 1 for masks, in the order of the elements of S.
template <class S>
struct Bools {
  static constexpr bool kInterleaved = std::is_same_v<S, StoredBf16>;
  static HWY_INLINE Pair<FusedMask> load(const std::uint8_t* p) {
    const FusedU32 d;
    const auto mask = [d](auto v) HWY_ATTR { return hn::RebindMask(FusedF32(), hn::Ne(v, hn::Zero(d))); };
    if constexpr (kInterleaved) {
      const hn::Repartition<std::uint16_t, FusedU32> d16;
      const auto w = hn::BitCast(d, hn::PromoteTo(d16, hn::LoadU(hn::Rebind<std::uint8_t, decltype(d16)>(), p)));
      return {mask(hn::And(w, hn::Set(d, 0xFFFFu))), mask(hn::ShiftRight<16>(w))};
    } else {
      const hn::Rebind<std::uint8_t, FusedU32> d8;
      return {mask(hn::PromoteTo(d, hn::LoadU(d8, p))), mask(hn::PromoteTo(d, hn::LoadU(d8, p + hn::Lanes(d8))))};
    }
  }
  static HWY_INLINE hn::Vec<FusedU32> ones(FusedMask m) {
    const FusedU32 d;
    return hn::IfThenElseZero(hn::RebindMask(d, m), hn::Set(d, 1u));
  }
  static HWY_INLINE void store(const Pair<FusedMask>& m, std::uint8_t* p) {
    if constexpr (kInterleaved) {
      const hn::Repartition<std::uint16_t, FusedU32> d16;
      const hn::Rebind<std::uint8_t, decltype(d16)> d8;
      const auto w = hn::Or(ones(m.a), hn::ShiftLeft<16>(ones(m.b)));
      hn::StoreU(hn::DemoteTo(d8, hn::BitCast(hn::RebindToSigned<decltype(d16)>(), w)), d8, p);
    } else {
      const hn::Rebind<std::uint8_t, FusedU32> d8;
      hn::StoreU(hn::TruncateTo(d8, ones(m.a)), d8, p);
      hn::StoreU(hn::TruncateTo(d8, ones(m.b)), d8, p + hn::Lanes(d8));
    }
  }
};

// What the generated programs read and write: chunk number `at` of every operand.
template <class S>
struct FusedIn {
  const std::byte* base[kFusedOperands];
  std::size_t step[kFusedOperands];  // Bytes from one chunk to the next; 0 where one is repeated.

  template <std::size_t K>
  HWY_INLINE Pair<FusedVec> real() const {
    return S::load(reinterpret_cast<const typename S::T*>(base[K]));
  }
  template <std::size_t K>
  HWY_INLINE Pair<FusedMask> truth() const {
    return Bools<S>::load(reinterpret_cast<const std::uint8_t*>(base[K]));
  }
};
template <class S, bool STREAM>
struct FusedOut {
  std::byte* base[kFusedOperands];

  template <std::size_t J>
  HWY_INLINE void real(const Pair<FusedVec>& v) const {
    S::template store<STREAM>(v, reinterpret_cast<typename S::T*>(base[J]));
  }
  template <std::size_t J>
  HWY_INLINE void truth(const Pair<FusedMask>& m) const {
    Bools<S>::store(m, reinterpret_cast<std::uint8_t*>(base[J]));
  }
};

template <class P, class S>
struct FusedRunner {
  static constexpr std::size_t bytes_in(std::size_t k) {
    return (P::kBoolIn >> k & 1u) != 0 ? 1 : sizeof(typename S::T);
  }
  static constexpr std::size_t bytes_out(std::size_t j) {
    return (P::kBoolOut >> j & 1u) != 0 ? 1 : sizeof(typename S::T);
  }
  static HWY_INLINE std::size_t chunk() { return 2 * hn::Lanes(FusedF32()); }
  static constexpr std::size_t kMaxChunkBytes = 128;  // Two vectors of 64 bytes.

  // An element as a whole chunk, stored as vectors: a vector load of what element stores wrote would wait for them.
  template <class T>
  static HWY_INLINE void repeat(const std::byte* one, std::byte* to) {
    const hn::Repartition<T, FusedF32> d;
    T value;
    std::memcpy(&value, one, sizeof value);
    for (std::size_t at = 0; at < kMaxChunkBytes; at += hn::Lanes(d) * sizeof(T))
      hn::Store(hn::Set(d, value), d, reinterpret_cast<T*>(to + at));
  }

  // Chunks [0, n) of addresses that both sides have moved to.
  template <bool STREAM>
  static HWY_INLINE void chunks(FusedIn<S>& in, FusedOut<S, STREAM>& out, const float* scalar, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      P::run(in, out, scalar);
      for (std::size_t k = 0; k < P::kIn; ++k) in.base[k] += in.step[k];
      for (std::size_t j = 0; j < P::kOut; ++j) out.base[j] += chunk() * bytes_out(j);
    }
  }

  // Fewer elements than a chunk, through copies of whole chunks.
  static HWY_NOINLINE void piece(FusedIn<S>& in, std::byte** out, const float* scalar, std::size_t n) {
    alignas(64) std::byte from[P::kIn][kMaxChunkBytes] = {}, to[P::kOut][kMaxChunkBytes];
    FusedIn<S> padded{};
    FusedOut<S, false> results{};
    for (std::size_t k = 0; k < P::kIn; ++k) {
      padded.base[k] = in.step[k] == 0 ? in.base[k] : from[k];
      if (in.step[k] == 0) continue;
      std::memcpy(from[k], in.base[k], n * bytes_in(k));
      in.base[k] += n * bytes_in(k);
    }
    for (std::size_t j = 0; j < P::kOut; ++j) results.base[j] = to[j];
    P::run(padded, results, scalar);
    for (std::size_t j = 0; j < P::kOut; ++j) {
      std::memcpy(out[j], to[j], n * bytes_out(j));
      out[j] += n * bytes_out(j);
    }
  }

  template <bool STREAM>
  static HWY_INLINE void whole(FusedIn<S>& in, std::byte** out, const float* scalar, std::size_t n) {
    FusedOut<S, STREAM> to{};
    for (std::size_t j = 0; j < P::kOut; ++j) to.base[j] = out[j];
    chunks<STREAM>(in, to, scalar, n / chunk());
    for (std::size_t j = 0; j < P::kOut; ++j) out[j] = to.base[j];
  }

  // Elements before output 0 is aligned for streaming; n when it cannot be, or another output not with it.
  static std::size_t head(std::byte* const* out, std::size_t n) {
    const std::size_t line = 64, bytes = bytes_out(0);
    const std::size_t off = reinterpret_cast<std::uintptr_t>(out[0]) % line;
    const std::size_t first = off == 0 ? 0 : (line - off) / bytes;
    if (off % bytes != 0 || first >= n) return n;
    for (std::size_t j = 0; j < P::kOut; ++j) {
      if ((P::kBoolOut >> j & 1u) == 0 && reinterpret_cast<std::uintptr_t>(out[j] + first * bytes_out(j)) % line != 0)
        return n;
    }
    return first;
  }

  static void run(const FusedRun& r, std::size_t n) {
    alignas(64) std::byte repeated[P::kIn][kMaxChunkBytes];
    FusedIn<S> in{};
    std::byte* out[kFusedOperands];
    for (std::size_t k = 0; k < P::kIn; ++k) {
      in.base[k] = static_cast<const std::byte*>(r.in[k]);
      in.step[k] = chunk() * bytes_in(k);
      if ((r.repeats >> k & 1u) == 0) continue;
      if (bytes_in(k) == 1)
        repeat<std::uint8_t>(in.base[k], repeated[k]);
      else if (bytes_in(k) == 2)
        repeat<std::uint16_t>(in.base[k], repeated[k]);
      else
        repeat<std::uint32_t>(in.base[k], repeated[k]);
      in.base[k] = repeated[k];
      in.step[k] = 0;
    }
    for (std::size_t j = 0; j < P::kOut; ++j) out[j] = static_cast<std::byte*>(r.out[j]);
    const std::size_t first = r.stream ? head(out, n) : n;
    if (first < n) {
      for (std::size_t left = first; left != 0;) {
        const std::size_t part = std::min(left, chunk());
        piece(in, out, r.scalar, part);
        left -= part;
      }
      whole<true>(in, out, r.scalar, n - first);
      if (const std::size_t rest = (n - first) % chunk()) piece(in, out, r.scalar, rest);
      return;
    }
    whole<false>(in, out, r.scalar, n);
    if (const std::size_t rest = n % chunk()) piece(in, out, r.scalar, rest);
  }
};

// Applies `f` to the halves of its operands.
template <class F, class... V>
HWY_INLINE auto both(const F& f, const Pair<V>&... v) {
  using R = decltype(f(v.a...));
  return Pair<R>{f(v.a...), f(v.b...)};
}

template <class P>
FusedLoop fused_loop_of(fg_dtype storage) {
  switch (storage) {
    case FG_F32: return FusedRunner<P, StoredF32>::run;
    case FG_BF16: return FusedRunner<P, StoredBf16>::run;
#if HWY_TARGET <= HWY_AVX2  // F16C
    case FG_F16: return FusedRunner<P, StoredF16>::run;
#endif
    default: return nullptr;
  }
}

#endif  // HWY_TARGET

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
