// SPDX-License-Identifier: Apache-2.0
//
// Philox 4x32-10 (Salmon et al., SC 2011), a vector of blocks at a time.  Every element is a function
// of seed, offset and its row-major position, so the split over threads leaves no trace.

#include "plugins/cpu/kernels/uniform.hpp"

#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/kernels/uniform.cpp"
// foreach_target.h stands first: it includes this file once for each target.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/kernels/simd-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace {

constexpr std::uint32_t kMul0 = 0xD2511F53u, kMul1 = 0xCD9E8D57u;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;
constexpr std::int64_t kBlocks = 64;  // Made at a time: 256 words.

struct Words {
  std::uint32_t lane[4][kBlocks];
};

// kBlocks blocks from counter `first` on.
void make_words(std::uint64_t seed, std::uint64_t first, Words& w) {
  for (std::int64_t i = 0; i < kBlocks; ++i) {
    const std::uint64_t counter = first + static_cast<std::uint64_t>(i);
    std::uint32_t c0 = static_cast<std::uint32_t>(counter), c1 = static_cast<std::uint32_t>(counter >> 32), c2 = 0,
                  c3 = 0;
    std::uint32_t k0 = static_cast<std::uint32_t>(seed), k1 = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = std::uint64_t{kMul0} * c0, p1 = std::uint64_t{kMul1} * c2;
      c0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0;
      c1 = static_cast<std::uint32_t>(p1);
      c2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
      c3 = static_cast<std::uint32_t>(p0);
      k0 += kWeyl0;
      k1 += kWeyl1;
    }
    w.lane[0][i] = c0;
    w.lane[1][i] = c1;
    w.lane[2][i] = c2;
    w.lane[3][i] = c3;
  }
}

// The interval in the compute type, and the least and greatest storable numbers inside of it.
template <class S>
struct Interval {
  using C = Compute<S>;
  C from, width, least, greatest;
};

template <class S>
Compute<S> stored(Compute<S> x) {
  return static_cast<Compute<S>>(static_cast<S>(x));
}

// The storable number next to storable x, towards +-infinity.
template <class S>
Compute<S> neighbour(Compute<S> x, bool up) {
  using C = Compute<S>;
  const C limit = up ? std::numeric_limits<C>::infinity() : -std::numeric_limits<C>::infinity();
  if constexpr (std::is_same_v<S, C>) {
    return std::nextafter(x, limit);
  } else {
    std::uint16_t bits = S(x).bits;
    if ((bits & 0x7FFFu) == 0) {
      bits = up ? 0x0001u : 0x8001u;
    } else {
      bits = static_cast<std::uint16_t>(((bits & 0x8000u) == 0) == up ? bits + 1 : bits - 1);
    }
    S s;
    s.bits = bits;
    return static_cast<C>(s);
  }
}

template <class S>
Interval<S> make_interval(double from, double to) {
  using C = Compute<S>;
  Interval<S> r{static_cast<C>(from), static_cast<C>(to - from), stored<S>(static_cast<C>(from)),
                stored<S>(static_cast<C>(to))};
  while (static_cast<double>(r.least) < from) r.least = neighbour<S>(r.least, true);
  while (!(static_cast<double>(r.greatest) < to)) {
    const C lower = neighbour<S>(r.greatest, false);
    if (lower == r.greatest || std::isinf(lower)) break;
    r.greatest = lower;
  }
  r.greatest = std::max(r.least, r.greatest);  // No storable number may lie in between.
  return r;
}

// kBlocks blocks' worth of numbers in order.
template <class C>
constexpr std::int64_t kNumbers = sizeof(C) == 8 ? 2 * kBlocks : 4 * kBlocks;

template <class S>
void make_numbers(const Words& w, const Interval<S>& r, S* out) {
  using C = Compute<S>;
  if constexpr (sizeof(C) == 8) {
    for (std::int64_t i = 0; i < kNumbers<C>; ++i) {
      const std::int64_t block = i / 2, half = i % 2 * 2;
      const std::uint64_t bits = w.lane[half][block] | std::uint64_t{w.lane[half + 1][block]} << 32;
      const double x = r.from + static_cast<double>(bits >> 11) * 0x1p-53 * r.width;
      out[i] = std::min(std::max(x, r.least), r.greatest);
    }
  } else {
    const hn::ScalableTag<float> d;
    const hn::RebindToSigned<decltype(d)> di;
    const hn::RebindToUnsigned<decltype(d)> du;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const auto from = hn::Set(d, r.from), width = hn::Set(d, r.width), unit = hn::Set(d, 0x1p-24f);
    const auto least = hn::Set(d, r.least), greatest = hn::Set(d, r.greatest);
    S part[4][kBlocks];
    for (std::int64_t word = 0; word < 4; ++word) {
      for (std::int64_t block = 0; block < kBlocks; block += lanes) {
        const auto bits = hn::ShiftRight<8>(hn::LoadU(du, w.lane[word] + block));
        const auto u = hn::Mul(hn::ConvertTo(d, hn::BitCast(di, bits)), unit);
        S* to = part[word] + block;
        store(d, hn::Add(from, hn::Mul(u, width)), to);  // The rounding that may leave the interval.
        store(d, hn::Min(hn::Max(load(d, to), least), greatest), to);
      }
    }
    for (std::int64_t block = 0; block < kBlocks; ++block) {
      for (std::int64_t word = 0; word < 4; ++word) out[4 * block + word] = part[word][block];
    }
  }
}

template <class S>
void fill(const UniformArgs& a, const Exec& exec) {
  const Interval<S> interval = make_interval<S>(a.from, a.to);
  constexpr std::int64_t kChunk = kNumbers<Compute<S>>;
  const std::int64_t n = a.space.count(), chunks = (n + kChunk - 1) / kChunk;
  exec.ranges(chunks, kGrain / 4 / kChunk, [&](std::int64_t begin, std::int64_t end, int) {
    Words words;
    S numbers[kChunk];
    for (std::int64_t c = begin; c < end; ++c) {
      make_words(a.seed, a.offset + static_cast<std::uint64_t>(c * kBlocks), words);
      make_numbers<S>(words, interval, numbers);
      const std::int64_t first = c * kChunk, count = std::min(kChunk, n - first);
      S* self = static_cast<S*>(a.self);
      if (a.space.ndim == 0 || (a.space.ndim == 1 && a.space.stride[0][0] == 1)) {
        std::copy_n(numbers, count, self + first);
      } else {
        for (std::int64_t i = 0; i < count; ++i) self[a.space.offsets(first + i)[0]] = numbers[i];
      }
    }
  });
}

}  // namespace

void uniform_on_target(const UniformArgs& a, const Exec& exec) {
  switch (a.dtype) {
    case FG_F64: return fill<double>(a, exec);
    case FG_F16: return fill<f16>(a, exec);
    case FG_BF16: return fill<bf16>(a, exec);
    default: return fill<float>(a, exec);
  }
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
HWY_EXPORT(uniform_on_target);

void uniform(const UniformArgs& args, const Exec& exec) {
  if (args.space.count() != 0) HWY_DYNAMIC_DISPATCH(uniform_on_target)(args, exec);
}
}  // namespace fg::cpu
#endif
