// SPDX-License-Identifier: Apache-2.0
//
// Numbers of several distributions from Philox words.  Every element is a function of seed, offset and
// its row-major position, so the split over threads leaves no trace.

#include "plugins/cpu/kernels/random.hpp"

#include <atomic>
#include <cmath>
#include <limits>

#include "fg/sdk/random_bounds.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/kernels/random.cpp"
// foreach_target.h stands first: it includes this file once for each target.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "plugins/cpu/kernels/philox-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace {

constexpr std::int64_t kWords = 1024;  // Made at a time.
constexpr std::int64_t kSlack = 2 * philox::kBlocksTogether;

// Words of a chunk in order, for kernels that take 32 bits an element.
struct Words {
  HWY_ALIGN std::uint64_t pair[kWords / 2 + kSlack];

  void fill(const RandomArgs& a, std::int64_t first_word, std::int64_t count) {
    philox::fill(a.seed, a.offset + static_cast<std::uint64_t>(first_word / 4), (count + 3) / 4, pair);
  }
  const std::uint32_t* word() const { return reinterpret_cast<const std::uint32_t*>(pair); }
};
template <class D>
HWY_INLINE hn::Vec<hn::RebindToUnsigned<D>> load_bits(D, const Words& w, std::int64_t i) {
  const hn::RebindToUnsigned<D> du;
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return hn::LoadU(du, w.word() + i);
  } else {
    return hn::LoadU(du, w.pair + i);
  }
}

// Calls f(i, offsets, length, step) for the pieces of [first, first + count) that one stride walks.
template <class F>
void each_run(const Space& s, std::int64_t first, std::int64_t count, F&& f) {
  const std::int64_t one = 1;
  const std::size_t last = s.ndim == 0 ? 0 : static_cast<std::size_t>(s.ndim - 1);
  const std::int64_t inner = s.ndim == 0 ? one : s.size[last];
  for (std::int64_t i = first; i < first + count;) {
    const std::int64_t run = std::min(inner - i % inner, first + count - i);
    f(i - first, s.offsets(i), run);
    i += run;
  }
}
bool dense(const Space& s, std::size_t tensor) { return s.ndim == 0 || (s.ndim == 1 && s.stride[tensor][0] == 1); }
std::int64_t step_of(const Space& s, std::size_t tensor) {
  return s.ndim == 0 ? 1 : s.stride[tensor][static_cast<std::size_t>(s.ndim - 1)];
}

template <class T>
void scatter_part(const T* part, const Space& s, std::size_t tensor, std::int64_t first, std::int64_t count, T* to) {
  const std::int64_t step = step_of(s, tensor);
  each_run(s, first, count, [&](std::int64_t i, const auto& at, std::int64_t run) {
    for (std::int64_t k = 0; k < run; ++k) to[at[tensor] + k * step] = part[i + k];
  });
}
template <class T>
void gather_part(const T* from, const Space& s, std::size_t tensor, std::int64_t first, std::int64_t count, T* part) {
  const std::int64_t step = step_of(s, tensor);
  each_run(s, first, count, [&](std::int64_t i, const auto& at, std::int64_t run) {
    for (std::int64_t k = 0; k < run; ++k) part[i + k] = from[at[tensor] + k * step];
  });
}

// make(words, count, numbers): at least `count` numbers, in whole vectors; count <= kChunk.
template <class T>
constexpr std::int64_t kChunk = sizeof(T) == 8 ? kWords / 2 : kWords;
constexpr std::int64_t kVector = 64;  // No vector has more lanes.

template <class S, class Make>
void fill(const RandomArgs& a, const Exec& exec, Make make) {
  constexpr std::int64_t kSize = kChunk<Compute<S>>, kWordsEach = kWords / kSize;
  const std::int64_t n = a.space.count(), chunks = (n + kSize - 1) / kSize;
  S* const self = static_cast<S*>(a.self);
  const bool in_place = dense(a.space, 0);
  exec.ranges(chunks, std::max<std::int64_t>(kGrain / 4 / kSize, 1), [&](std::int64_t begin, std::int64_t end, int) {
    Words words;
    HWY_ALIGN S part[kSize + kVector];
    for (std::int64_t c = begin; c < end; ++c) {
      const std::int64_t first = c * kSize, count = std::min(kSize, n - first);
      words.fill(a, first * kWordsEach, count * kWordsEach);
      if (in_place && count == kSize) {
        make(words, count, self + first);
        continue;
      }
      make(words, count, part);
      if (in_place) {
        std::copy_n(part, count, self + first);
      } else {
        scatter_part(part, a.space, 0, first, count, self);
      }
    }
  });
}

// The interval in the compute type, and the least and greatest storable numbers inside of it.
template <class S>
struct Interval {
  using C = Compute<S>;
  C from, width, least, greatest;
};

template <class S>
Interval<S> make_interval(double from, double to) {
  using C = Compute<S>;
  const sdk::UniformBounds b = sdk::uniform_bounds<S>(from, to);
  return {static_cast<C>(from), static_cast<C>(to - from), static_cast<C>(b.least), static_cast<C>(b.greatest)};
}

template <class S>
void fill_uniform(const RandomArgs& a, const Exec& exec, double from, double to) {
  using C = Compute<S>;
  const Interval<S> r = make_interval<S>(from, to);
  fill<S>(a, exec, [&](const Words& words, std::int64_t count, S* out) {
    const hn::ScalableTag<C> d;
    const hn::RebindToSigned<decltype(d)> di;
    constexpr int kSpare = sizeof(C) == 4 ? 8 : 11;
    const auto start = hn::Set(d, r.from), width = hn::Set(d, r.width);
    const auto unit = hn::Set(d, sizeof(C) == 4 ? static_cast<C>(0x1p-24) : static_cast<C>(0x1p-53));
    const auto least = hn::Set(d, r.least), greatest = hn::Set(d, r.greatest);
    for (std::int64_t i = 0; i < count; i += static_cast<std::int64_t>(hn::Lanes(d))) {
      const auto bits = hn::ShiftRight<kSpare>(load_bits(d, words, i));
      const auto u = hn::Mul(hn::ConvertTo(d, hn::BitCast(di, bits)), unit);
      const auto x = hn::Add(start, hn::Mul(u, width));
      // The bounds are storable, so clamping before the rounding is clamping after it.
      store(d, hn::Min(hn::Max(x, least), greatest), out + i);
    }
  });
}

template <class S>
void fill_normal(const RandomArgs& a, const Exec& exec, double mean, double std) {
  using C = Compute<S>;
  fill<S>(a, exec, [&](const Words& words, std::int64_t count, S* out) {
    const hn::ScalableTag<C> d;
    const hn::RebindToUnsigned<decltype(d)> du;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const auto centre = hn::Set(d, static_cast<C>(mean)), width = hn::Set(d, static_cast<C>(std));
    HWY_ALIGN C pair[2 * hn::MaxLanes(d)];
    for (std::int64_t i = 0; i < count; i += 2 * lanes) {
      hn::Vec<decltype(du)> radius_bits, angle_bits;
      if constexpr (sizeof(C) == 4) {
        hn::LoadInterleaved2(du, words.word() + i, radius_bits, angle_bits);
      } else {
        hn::LoadInterleaved2(du, words.pair + i, radius_bits, angle_bits);
      }
      const auto log = philox::ln(d, philox::open_unit(d, radius_bits));
      const auto radius = hn::Sqrt(hn::Mul(log, hn::Set(d, C{-2})));
      hn::Vec<decltype(d)> cosine, sine;
      philox::cos_sin(d, philox::turn(d, angle_bits), cosine, sine);
      const auto x = hn::Add(centre, hn::Mul(hn::Mul(radius, cosine), width));
      const auto y = hn::Add(centre, hn::Mul(hn::Mul(radius, sine), width));
      if constexpr (std::is_same_v<S, C>) {
        hn::StoreInterleaved2(x, y, d, out + i);
      } else {
        hn::StoreInterleaved2(x, y, d, pair);
        store(d, hn::LoadU(d, pair), out + i);
        store(d, hn::LoadU(d, pair + lanes), out + i + lanes);
      }
    }
  });
}

template <class D>
HWY_INLINE hn::Vec<D> noise(D d, const Words& words, std::int64_t i) {
  return hn::Neg(philox::ln(d, philox::open_unit(d, load_bits(d, words, i))));
}

template <class S>
void fill_exponential(const RandomArgs& a, const Exec& exec, double rate) {
  using C = Compute<S>;
  fill<S>(a, exec, [&](const Words& words, std::int64_t count, S* out) {
    const hn::ScalableTag<C> d;
    const auto divisor = hn::Set(d, static_cast<C>(rate));
    for (std::int64_t i = 0; i < count; i += static_cast<std::int64_t>(hn::Lanes(d)))
      store(d, hn::Div(noise(d, words, i), divisor), out + i);
  });
}

template <class C>
void make_noise(std::uint64_t seed, std::uint64_t offset, std::int64_t first, std::int64_t count, C* out) {
  const hn::ScalableTag<C> d;
  constexpr std::int64_t kSize = kChunk<C>, kWordsEach = kWords / kSize;
  RandomArgs a;
  a.seed = seed;
  a.offset = offset;
  Words words;
  HWY_ALIGN C part[kSize + kVector];
  for (std::int64_t at = first; at < first + count;) {
    // Words are made by the block.
    const std::int64_t skip = at * kWordsEach % 4 / kWordsEach, n = std::min(kSize - skip, first + count - at);
    words.fill(a, (at - skip) * kWordsEach, (skip + n) * kWordsEach);
    for (std::int64_t i = 0; i < skip + n; i += static_cast<std::int64_t>(hn::Lanes(d)))
      hn::StoreU(noise(d, words, i), d, part + i);
    std::copy_n(part + skip, n, out + (at - first));
    at += n;
  }
}

// Words below `below` are drawn with probability below / 2^32.
struct Threshold {
  std::uint32_t below = 0;
  bool all = false;
  explicit Threshold(double p) {
    const double scaled = std::ceil(p * 0x1p32);
    all = scaled >= 0x1p32;
    below = all ? ~std::uint32_t{0} : static_cast<std::uint32_t>(scaled);
  }
};

// All ones where the word is drawn.
template <class D, class VU>
HWY_INLINE VU drawn(D d, VU words, const Threshold& t) {
  const auto hit = hn::VecFromMask(d, hn::Lt(words, hn::Set(d, t.below)));
  return t.all ? hn::Set(d, ~std::uint32_t{0}) : hit;
}

template <class U>
void fill_bernoulli(const RandomArgs& a, const Exec& exec, double p, U one) {
  const Threshold t(p);
  const std::int64_t n = a.space.count(), chunks = (n + kWords - 1) / kWords;
  U* const self = static_cast<U*>(a.self);
  exec.ranges(chunks, kGrain / 2 / kWords, [&](std::int64_t begin, std::int64_t end, int) {
    const hn::ScalableTag<std::uint32_t> d;
    Words words;
    HWY_ALIGN std::uint32_t hit[kWords + kVector];
    HWY_ALIGN U part[kWords];
    for (std::int64_t c = begin; c < end; ++c) {
      const std::int64_t first = c * kWords, count = std::min(kWords, n - first);
      words.fill(a, first, count);
      for (std::int64_t i = 0; i < count; i += static_cast<std::int64_t>(hn::Lanes(d)))
        hn::StoreU(drawn(d, hn::LoadU(d, words.word() + i), t), d, hit + i);
      U* out = dense(a.space, 0) ? self + first : part;
      // 0 - 1 has every bit in any type.
      for (std::int64_t i = 0; i < count; ++i) out[i] = static_cast<U>(static_cast<U>(U{0} - (hit[i] & U{1})) & one);
      if (out == part) scatter_part(part, a.space, 0, first, count, self);
    }
  });
}

template <class S>
std::int64_t first_no_probability(const RandomArgs& a, std::int64_t begin, std::int64_t end) {
  const S* const p = static_cast<const S*>(a.input);
  const std::int64_t step = step_of(a.space, 1);
  std::int64_t found = -1;
  each_run(a.space, begin, end - begin, [&](std::int64_t i, const auto& at, std::int64_t run) {
    if (found >= 0) return;
    bool all = true;
    const auto is = [&](std::int64_t k) {
      const auto x = static_cast<Compute<S>>(p[at[1] + k * step]);
      return x >= 0 && x <= 1;
    };
    for (std::int64_t k = 0; k < run; ++k) all = all && is(k);
    for (std::int64_t k = 0; !all && found < 0; ++k) found = is(k) ? found : begin + i + k;
  });
  return found;
}

template <class S>
void fill_bernoulli_each(const RandomArgs& a, const Exec& exec) {
  const std::int64_t n = a.space.count(), chunks = (n + kWords - 1) / kWords;
  S* const self = static_cast<S*>(a.self);
  const S* const p = static_cast<const S*>(a.input);
  exec.ranges(chunks, kGrain / 2 / kWords, [&](std::int64_t begin, std::int64_t end, int) {
    Words words;
    S probability[kWords], part[kWords];
    for (std::int64_t c = begin; c < end; ++c) {
      const std::int64_t first = c * kWords, count = std::min(kWords, n - first);
      words.fill(a, first, count);
      const S* from = dense(a.space, 1) ? p + first : probability;
      if (from == probability) gather_part(p, a.space, 1, first, count, probability);
      const std::uint32_t* w = words.word();
      for (std::int64_t i = 0; i < count; ++i)
        part[i] = static_cast<S>(
            static_cast<double>(w[i]) * 0x1p-32 < static_cast<double>(static_cast<Compute<S>>(from[i])) ? 1.0f : 0.0f);
      scatter_part(part, a.space, 0, first, count, self);
    }
  });
}

// out = x * (kept ? scale : 0), so NaN stays NaN.
template <class S>
void dropout_part(const std::uint32_t* words, std::int64_t count, const Threshold& t, Compute<S> scale, const S* x,
                  S* out, std::uint8_t* mask) {
  using C = Compute<S>;
  const hn::ScalableTag<C> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::Rebind<std::uint32_t, decltype(d)> d32;
  const hn::Rebind<std::int32_t, decltype(d)> di32;
  const hn::Rebind<std::uint8_t, decltype(d)> d8;
  const auto factor = hn::BitCast(du, hn::Set(d, scale));
  for (std::int64_t i = 0; i < count; i += static_cast<std::int64_t>(hn::Lanes(d))) {
    const auto dropped = drawn(d32, hn::LoadU(d32, words + i), t);
    const auto kept = hn::ShiftRight<31>(hn::Not(dropped));
    hn::StoreU(hn::DemoteTo(d8, hn::BitCast(di32, kept)), d8, mask + i);
    hn::Vec<decltype(du)> wide;
    if constexpr (sizeof(C) == 4) {
      wide = hn::Not(dropped);
    } else {
      const hn::RebindToSigned<decltype(du)> di;
      wide = hn::BitCast(du, hn::Not(hn::PromoteTo(di, hn::BitCast(di32, dropped))));
    }
    store(d, hn::Mul(load(d, x + i), hn::BitCast(d, hn::And(wide, factor))), out + i);
  }
}

template <class S>
void fill_dropout(const RandomArgs& a, const Exec& exec, double p) {
  using C = Compute<S>;
  const Threshold t(p);
  const C scale = p >= 1 ? C{0} : static_cast<C>(1 / (1 - p));
  const std::int64_t n = a.space.count(), chunks = (n + kWords - 1) / kWords;
  S* const self = static_cast<S*>(a.self);
  const S* const input = static_cast<const S*>(a.input);
  exec.ranges(chunks, kGrain / 2 / kWords, [&](std::int64_t begin, std::int64_t end, int) {
    Words words;
    HWY_ALIGN S x[kWords + kVector], y[kWords + kVector];
    HWY_ALIGN std::uint8_t mask[kWords + kVector];
    for (std::int64_t c = begin; c < end; ++c) {
      const std::int64_t first = c * kWords, count = std::min(kWords, n - first);
      words.fill(a, first, count);
      const bool whole = count == kWords;
      const bool direct_x = whole && dense(a.space, 1), direct_y = whole && dense(a.space, 0);
      const bool direct_mask = whole && a.mask != nullptr && dense(a.space, 2);
      if (!direct_x) {
        std::fill_n(x, kWords + kVector, S{});
        gather_part(input, a.space, 1, first, count, x);
      }
      dropout_part(words.word(), count, t, scale, direct_x ? input + first : x, direct_y ? self + first : y,
                   direct_mask ? a.mask + first : mask);
      if (!direct_y) scatter_part(y, a.space, 0, first, count, self);
      if (!direct_mask && a.mask != nullptr) scatter_part(mask, a.space, 2, first, count, a.mask);
    }
  });
}

template <class F>
void with_float(fg_dtype dtype, F&& f) {
  switch (dtype) {
    case FG_F64: return f(double{});
    case FG_F16: return f(f16{});
    case FG_BF16: return f(bf16{});
    default: return f(float{});
  }
}

}  // namespace

void uniform_on_target(const RandomArgs& a, double from, double to, const Exec& exec) {
  with_float(a.dtype, [&]<class S>(S) { fill_uniform<S>(a, exec, from, to); });
}
void normal_on_target(const RandomArgs& a, double mean, double std, const Exec& exec) {
  with_float(a.dtype, [&]<class S>(S) { fill_normal<S>(a, exec, mean, std); });
}
void exponential_on_target(const RandomArgs& a, double rate, const Exec& exec) {
  with_float(a.dtype, [&]<class S>(S) { fill_exponential<S>(a, exec, rate); });
}
void bernoulli_on_target(const RandomArgs& a, double p, std::uint64_t one, const Exec& exec) {
  with_bytes(dtype_bytes(a.dtype), [&]<class U>(U) { fill_bernoulli<U>(a, exec, p, static_cast<U>(one)); });
}
void bernoulli_each_on_target(const RandomArgs& a, const Exec& exec) {
  with_float(a.dtype, [&]<class S>(S) { fill_bernoulli_each<S>(a, exec); });
}
std::int64_t first_no_probability_on_target(const RandomArgs& a, std::int64_t begin, std::int64_t end) {
  std::int64_t found = -1;
  with_float(a.dtype, [&]<class S>(S) { found = first_no_probability<S>(a, begin, end); });
  return found;
}
void dropout_on_target(const RandomArgs& a, double p, const Exec& exec) {
  with_float(a.dtype, [&]<class S>(S) { fill_dropout<S>(a, exec, p); });
}
void noise_on_target(fg_dtype compute, std::uint64_t seed, std::uint64_t offset, std::int64_t first, std::int64_t count,
                     void* out) {
  if (compute == FG_F64) return make_noise(seed, offset, first, count, static_cast<double*>(out));
  make_noise(seed, offset, first, count, static_cast<float*>(out));
}
void words_on_target(std::uint64_t seed, std::uint64_t first_block, std::int64_t blocks, std::uint32_t* words) {
  HWY_ALIGN std::uint64_t part[kWords / 2 + kSlack];
  constexpr std::int64_t kBlocks = kWords / 4;
  for (std::int64_t b = 0; b < blocks; b += kBlocks) {
    const std::int64_t n = std::min(kBlocks, blocks - b);
    philox::fill(seed, first_block + static_cast<std::uint64_t>(b), n, part);
    std::memcpy(words + 4 * b, part, static_cast<std::size_t>(16 * n));
  }
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
HWY_EXPORT(uniform_on_target);
HWY_EXPORT(normal_on_target);
HWY_EXPORT(exponential_on_target);
HWY_EXPORT(bernoulli_on_target);
HWY_EXPORT(bernoulli_each_on_target);
HWY_EXPORT(first_no_probability_on_target);
HWY_EXPORT(dropout_on_target);
HWY_EXPORT(noise_on_target);
HWY_EXPORT(words_on_target);

void uniform(const RandomArgs& a, double from, double to, const Exec& exec) {
  if (a.space.count() != 0) HWY_DYNAMIC_DISPATCH(uniform_on_target)(a, from, to, exec);
}
void normal(const RandomArgs& a, double mean, double std, const Exec& exec) {
  if (a.space.count() != 0) HWY_DYNAMIC_DISPATCH(normal_on_target)(a, mean, std, exec);
}
void exponential(const RandomArgs& a, double rate, const Exec& exec) {
  if (a.space.count() != 0) HWY_DYNAMIC_DISPATCH(exponential_on_target)(a, rate, exec);
}
void bernoulli(const RandomArgs& a, double p, const Exec& exec) {
  std::uint64_t one = 1;
  if (a.dtype == FG_F64) one = 0x3FF0000000000000u;
  if (a.dtype == FG_F32) one = 0x3F800000u;
  if (a.dtype == FG_F16) one = 0x3C00u;
  if (a.dtype == FG_BF16) one = 0x3F80u;
  if (a.space.count() != 0) HWY_DYNAMIC_DISPATCH(bernoulli_on_target)(a, p, one, exec);
}
void bernoulli_each(const RandomArgs& a, const Exec& exec) {
  if (a.space.count() != 0) HWY_DYNAMIC_DISPATCH(bernoulli_each_on_target)(a, exec);
}
std::int64_t find_no_probability(const RandomArgs& a, const Exec& exec) {
  constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
  std::atomic<std::int64_t> first = kNone;
  exec.ranges(a.space.count(), kGrain, [&](std::int64_t begin, std::int64_t end, int) {
    const std::int64_t found = HWY_DYNAMIC_DISPATCH(first_no_probability_on_target)(a, begin, end);
    std::int64_t seen = first.load();
    while (found >= 0 && found < seen && !first.compare_exchange_weak(seen, found)) {
    }
  });
  return first.load() == kNone ? -1 : first.load();
}
void dropout(const RandomArgs& a, double p, const Exec& exec) {
  if (a.space.count() != 0) HWY_DYNAMIC_DISPATCH(dropout_on_target)(a, p, exec);
}
void exponential_noise(fg_dtype compute, std::uint64_t seed, std::uint64_t offset, std::int64_t first,
                       std::int64_t count, void* noise) {
  HWY_DYNAMIC_DISPATCH(noise_on_target)(compute, seed, offset, first, count, noise);
}
void random_words(std::uint64_t seed, std::uint64_t first_block, std::int64_t blocks, std::uint32_t* words) {
  HWY_DYNAMIC_DISPATCH(words_on_target)(seed, first_block, blocks, words);
}
}  // namespace fg::cpu
#endif
