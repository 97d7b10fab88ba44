// SPDX-License-Identifier: Apache-2.0
//
// Philox 4x32-10 (Salmon et al., SC 2011), a vector of blocks at a time, and the functions that turn
// words into numbers.  docs/random.md defines every operation and its order, so nothing here may be
// fused or reassociated.  Included once per Highway target.

#include <cstring>

#include "plugins/cpu/kernels/simd-inl.hpp"

#if defined(FG_PLUGINS_CPU_KERNELS_PHILOX_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef FG_PLUGINS_CPU_KERNELS_PHILOX_INL_HPP_
#undef FG_PLUGINS_CPU_KERNELS_PHILOX_INL_HPP_
#else
#define FG_PLUGINS_CPU_KERNELS_PHILOX_INL_HPP_
#endif

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace philox {

constexpr std::uint32_t kMul0 = 0xD2511F53u, kMul1 = 0xCD9E8D57u;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;
constexpr std::int64_t kBlocksTogether = 8;  // No vector of counters is longer.

// A round on lanes of 64 bits of which the lower halves count: MulEven reads no others, and the upper
// halves of the rest are masked at the end.
template <class D, class V>
HWY_INLINE void round(D d, V& c0, V& c1, V& c2, V& c3, std::uint32_t k0, std::uint32_t k1) {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
  const auto product = [&](V x, std::uint32_t m) {
    HWY_ALIGN std::uint64_t lanes[hn::MaxLanes(d)];
    hn::Store(x, d, lanes);
    for (std::size_t i = 0; i < hn::Lanes(d); ++i) lanes[i] = (lanes[i] & 0xFFFFFFFFu) * m;
    return hn::Load(d, lanes);
  };
#else
  const hn::Repartition<std::uint32_t, D> d32;
  const auto product = [&](V x, std::uint32_t m) { return hn::MulEven(hn::BitCast(d32, x), hn::Set(d32, m)); };
#endif
  const V p0 = product(c0, kMul0), p1 = product(c2, kMul1);
  c0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), c1), hn::Set(d, std::uint64_t{k0}));
  c2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), c3), hn::Set(d, std::uint64_t{k1}));
  c1 = p1;
  c3 = p0;
}

// Words of blocks [first, first + blocks), two in each 64-bit number, the first in the lower half.
// Whole vectors are written: up to kBlocksTogether - 1 blocks more.
inline void fill(std::uint64_t seed, std::uint64_t first, std::int64_t blocks, std::uint64_t* words) {
  const hn::ScalableTag<std::uint64_t> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto low = hn::Set(d, std::uint64_t{0xFFFFFFFFu});
  for (std::int64_t b = 0; b < blocks; b += lanes) {
    auto c0 = hn::Add(hn::Set(d, first + static_cast<std::uint64_t>(b)), hn::Iota(d, std::uint64_t{0}));
    auto c1 = hn::ShiftRight<32>(c0), c2 = hn::Zero(d), c3 = hn::Zero(d);
    auto k0 = static_cast<std::uint32_t>(seed), k1 = static_cast<std::uint32_t>(seed >> 32);
    for (int i = 0; i < 10; ++i) {
      round(d, c0, c1, c2, c3, k0, k1);
      k0 += kWeyl0;
      k1 += kWeyl1;
    }
    hn::StoreInterleaved2(hn::Or(hn::And(c0, low), hn::ShiftLeft<32>(c1)),
                          hn::Or(hn::And(c2, low), hn::ShiftLeft<32>(c3)), d, words + 2 * b);
  }
}

// --- numbers in the open interval (0, 1) and angles, "v" and "t" of docs/random.md ---

// w + 1/2 in f32, rounded once: both halves of the sum are exact.
template <class D, class VU>
HWY_INLINE hn::Vec<D> middle(D d, VU w) {
  const hn::RebindToSigned<D> di;
  const hn::RebindToUnsigned<D> du;
  const auto high = hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<16>(w)));
  const auto low = hn::ConvertTo(d, hn::BitCast(di, hn::And(w, hn::Set(du, 0xFFFFu))));
  return hn::Add(hn::Mul(high, hn::Set(d, 65536.0f)), hn::Add(low, hn::Set(d, 0.5f)));
}
template <class D, class VU>
HWY_INLINE hn::Vec<D> open_unit(D d, VU bits) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return hn::Min(hn::Mul(middle(d, bits), hn::Set(d, 0x1p-32f)), hn::Set(d, 1.0f - 0x1p-24f));
  } else {
    const hn::RebindToUnsigned<D> du;
    const auto one = hn::Set(du, std::uint64_t{0x3FF0000000000000u});
    const auto x = hn::BitCast(d, hn::Or(hn::ShiftRight<12>(bits), one));
    return hn::Add(hn::Sub(x, hn::Set(d, 1.0)), hn::Set(d, 0x1p-53));
  }
}
template <class D, class VU>
HWY_INLINE hn::Vec<D> turn(D d, VU bits) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    const hn::RebindToSigned<D> di;
    return hn::Mul(hn::ConvertTo(d, hn::BitCast(di, bits)), hn::Set(d, 0x1p-32f));
  } else {
    const hn::RebindToUnsigned<D> du;
    const auto one = hn::Set(du, std::uint64_t{0x3FF0000000000000u});
    return hn::Sub(hn::BitCast(d, hn::Or(hn::ShiftRight<12>(bits), one)), hn::Set(d, 1.5));
  }
}

// c[0] + x (c[1] + x (c[2] + ...)), not fused.
template <class D, class V, std::size_t N>
HWY_INLINE V polynomial(D d, V x, const hn::TFromD<D> (&c)[N]) {
  V r = hn::Set(d, c[N - 1]);
  for (std::size_t k = N - 1; k-- > 0;) r = hn::Add(hn::Mul(r, x), hn::Set(d, c[k]));
  return r;
}

template <class T>
struct Constants;
template <>
struct Constants<float> {
  static constexpr std::int32_t kRootHalf = 0x3F3504F3;
  static constexpr int kMantissa = 23;
  static constexpr float kLn2High = 0x1.62e3p-1f, kLn2Low = 0x1.2fefa2p-17f, kTwoPi = 0x1.921fb6p+2f;
  static constexpr float kLog[] = {2.0f / 3, 2.0f / 5, 2.0f / 7, 2.0f / 9};
  static constexpr float kSin[] = {-1.0f / 6, 1.0f / 120, -1.0f / 5040, 1.0f / 362880};
  static constexpr float kCos[] = {-0.5f, 1.0f / 24, -1.0f / 720, 1.0f / 40320, -1.0f / 3628800};
};
template <>
struct Constants<double> {
  static constexpr std::int64_t kRootHalf = 0x3FE6A09E667F3BCD;
  static constexpr int kMantissa = 52;
  static constexpr double kLn2High = 0x1.62e42feep-1, kLn2Low = 0x1.a39ef35793c76p-33, kTwoPi = 0x1.921fb54442d18p+2;
  static constexpr double kLog[] = {2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,  2.0 / 11,
                                    2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21};
  static constexpr double kSin[] = {-1.0 / 6,        1.0 / 120,        -1.0 / 5040,          1.0 / 362880,
                                    -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000, 1.0 / 355687428096000};
  static constexpr double kCos[] = {-0.5,           1.0 / 24,        -1.0 / 720,          1.0 / 40320,
                                    -1.0 / 3628800, 1.0 / 479001600, -1.0 / 87178291200., 1.0 / 20922789888000.};
};

// "ln" of docs/random.md, for normal x in (0, 1).
template <class D, class V>
HWY_INLINE V ln(D d, V x) {
  using T = hn::TFromD<D>;
  using K = Constants<T>;
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(di, x);
  const auto k = hn::ShiftRight<K::kMantissa>(hn::Sub(bits, hn::Set(di, K::kRootHalf)));
  const V f = hn::Sub(hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<K::kMantissa>(k))), hn::Set(d, T{1}));
  const V s = hn::Div(f, hn::Add(hn::Set(d, T{2}), f)), z = hn::Mul(s, s);
  const V r = hn::Mul(z, polynomial(d, z, K::kLog));
  const V h = hn::Mul(hn::Mul(hn::Set(d, T{0.5}), f), f), n = hn::ConvertTo(d, k);
  const V tail = hn::Add(hn::Mul(s, hn::Add(h, r)), hn::Mul(n, hn::Set(d, K::kLn2Low)));
  return hn::Add(hn::Mul(n, hn::Set(d, K::kLn2High)), hn::Sub(f, hn::Sub(h, tail)));
}

// "cos" and "sin" of docs/random.md: of 2 pi t for |t| <= 1/2.
template <class D, class V>
HWY_INLINE void cos_sin(D d, V t, V& cosine, V& sine) {
  using T = hn::TFromD<D>;
  using K = Constants<T>;
  const hn::RebindToSigned<D> di;
  const V q = hn::Round(hn::Mul(t, hn::Set(d, T{4})));
  const V a = hn::Mul(hn::Sub(t, hn::Mul(q, hn::Set(d, T{0.25}))), hn::Set(d, K::kTwoPi)), y = hn::Mul(a, a);
  const V s = hn::Add(a, hn::Mul(a, hn::Mul(y, polynomial(d, y, K::kSin))));
  const V c = hn::Add(hn::Set(d, T{1}), hn::Mul(y, polynomial(d, y, K::kCos)));
  // q + 2 is 0 ... 4; adding 1.5 * 2^mantissa leaves the integer in the low bits.
  const V shifted = hn::Add(q, hn::Set(d, static_cast<T>(3) * static_cast<T>(std::int64_t{1} << (K::kMantissa - 1))));
  const auto n = hn::BitCast(di, shifted);
  constexpr int kSign = 8 * sizeof(T) - 1;
  const auto odd = hn::MaskFromVec(hn::BitCast(d, hn::Neg(hn::And(n, hn::Set(di, 1)))));
  const auto sine_sign = hn::ShiftLeft<kSign>(hn::ShiftRight<1>(n));
  const auto cosine_sign = hn::ShiftLeft<kSign>(hn::ShiftRight<1>(hn::Add(n, hn::Set(di, 1))));
  cosine = hn::Xor(hn::IfThenElse(odd, s, c), hn::BitCast(d, cosine_sign));
  sine = hn::Xor(hn::IfThenElse(odd, c, s), hn::BitCast(d, sine_sign));
}

}  // namespace philox
}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
