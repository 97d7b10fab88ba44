// SPDX-License-Identifier: Apache-2.0
#include "plugins/cpu/kernels/sample.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "fg/sdk/dtype.hpp"
#include "plugins/cpu/kernels/radix.hpp"
#include "plugins/cpu/kernels/random.hpp"

namespace fg::cpu {
namespace {

constexpr std::int64_t kChunk = 1024;          // Numbers made at a time.
constexpr std::int64_t kTogetherFrom = 65536;  // Permutations that are worth the threads' meeting.

// --- randperm: positions in the order of their 64 random bits ---

// b(first) ... b(first + count - 1) of the call; first is even.
void random_bits(std::uint64_t seed, std::uint64_t offset, std::int64_t first, std::int64_t count,
                 std::uint64_t* bits) {
  std::uint32_t words[2 * kChunk + 4];
  random_words(seed, offset + static_cast<std::uint64_t>(first / 2), (count + 1) / 2, words);
  for (std::int64_t i = 0; i < count; ++i) bits[i] = words[2 * i] | std::uint64_t{words[2 * i + 1]} << 32;
}
std::uint64_t bits_at(const RandpermArgs& a, std::int64_t i) {
  std::uint64_t pair[2];
  random_bits(a.seed, a.offset, i / 2 * 2, 2, pair);
  return pair[i % 2];
}

// The leading bits that the passes sort by leave groups of a few; the rest of the upper half puts each
// in order.
Radix leading_bits(std::int64_t n) {
  const int bits = n < 16384 ? 8 : 11;
  const int passes = n < (std::int64_t{1} << 24) ? 2 : 32 / bits;
  return {bits, passes, 32 - passes * bits};
}

struct PermScratch {
  Packed *a, *b, *sorted;
  Packed::Count* counts;
};
PermScratch lay_out(const RandpermArgs& args, int workers, Arena& arena) {
  PermScratch s{};
  s.a = arena.take<Packed>(args.n);
  s.b = arena.take<Packed>(args.n);
  s.sorted = arena.take<Packed>(args.n);
  const Radix r = leading_bits(args.n);
  s.counts = arena.take<Packed::Count>(static_cast<std::int64_t>(r.buckets()) * std::max(workers, r.passes));
  return s;
}

// Entries are nearly in order: insertion.
void settle_groups(Packed* sorted, std::int64_t n) {
  for (std::int64_t i = 1; i < n; ++i) {
    if (!(sorted[i] < sorted[i - 1])) continue;
    const Packed e = sorted[i];
    std::int64_t k = i;
    for (; k > 0 && e < sorted[k - 1]; --k) sorted[k] = sorted[k - 1];
    sorted[k] = e;
  }
}

// Entries with equal upper halves are few; their lower halves decide.
void settle_ties(const RandpermArgs& args, Packed* sorted) {
  for (std::int64_t i = 1; i < args.n; ++i) {
    if (sorted[i].key() != sorted[i - 1].key()) continue;
    std::int64_t end = i + 1;
    while (end < args.n && sorted[end].key() == sorted[i].key()) ++end;
    std::stable_sort(sorted + i - 1, sorted + end, [&](const Packed& x, const Packed& y) {
      return bits_at(args, x.position()) < bits_at(args, y.position());
    });
    i = end;
  }
}

template <class T>
void write_positions(const RandpermArgs& args, const Packed* sorted, const Exec& exec) {
  T* const out = static_cast<T*>(args.out);
  exec.ranges(args.n, kGrain, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) out[i * args.step] = static_cast<T>(sorted[i].position());
  });
}

// --- multinomial ---

struct RowScratch {
  double* weights;
  double* keys;  // Also the running sums.
  std::uint32_t* order;
  void* noise;
};
RowScratch lay_out(const MultinomialArgs& args, std::byte* base, std::size_t* bytes) {
  Arena arena(base);
  RowScratch s{};
  s.weights = arena.take<double>(args.length);
  s.keys = arena.take<double>(args.length);
  s.order = arena.take<std::uint32_t>(args.replacement || args.samples == 1 ? 0 : args.length);
  s.noise = arena.take<double>(kChunk);
  if (bytes != nullptr) *bytes = arena.used();
  return s;
}
std::size_t bytes_each(const MultinomialArgs& args) {
  std::size_t bytes = 0;
  lay_out(args, nullptr, &bytes);
  return bytes;
}

// Reads a row; says what is wrong with it.
template <class S>
Weights read_weights(const MultinomialArgs& args, std::int64_t row, double* to) {
  const S* const from = static_cast<const S*>(args.weights) + row * args.row_step;
  double sum = 0;
  std::int64_t positive = 0;
  bool numbers = true;
  for (std::int64_t j = 0; j < args.length; ++j) {
    double x;
    if constexpr (sizeof(S) == 2) {
      x = static_cast<double>(static_cast<float>(from[j * args.step]));
    } else {
      x = static_cast<double>(from[j * args.step]);
    }
    to[j] = x;
    numbers = numbers && x >= 0 && x <= std::numeric_limits<double>::max();
    positive += x > 0 ? 1 : 0;
    sum += x;
  }
  if (!numbers) return Weights::no_number;
  if (!(sum > 0 && std::isfinite(sum))) return Weights::no_sum;
  return args.replacement || positive >= args.samples ? Weights::fine : Weights::too_few;
}

void draw_replacing(const MultinomialArgs& args, std::int64_t row, const RowScratch& s) {
  double sum = 0;
  std::int64_t last = 0;
  for (std::int64_t j = 0; j < args.length; ++j) {
    sum += s.weights[j];
    s.keys[j] = sum;
    if (s.weights[j] > 0) last = j;
  }
  std::uint64_t bits[kChunk];
  std::int64_t* const out = args.out + row * args.out_row_step;
  for (std::int64_t k = 0; k < args.samples;) {
    const std::int64_t at = row * args.samples + k, skip = at % 2;
    const std::int64_t n = std::min(kChunk - skip, args.samples - k);
    random_bits(args.seed, args.offset, at - skip, n + skip, bits);
    for (std::int64_t i = 0; i < n; ++i) {
      const double x = static_cast<double>(bits[i + skip] >> 11) * 0x1p-53 * sum;
      const std::int64_t j = std::upper_bound(s.keys, s.keys + args.length, x) - s.keys;
      out[(k + i) * args.out_step] = std::min(j, last);
    }
    k += n;
  }
}

// Noise over weight: the least keys win.
template <class C>
void make_keys(const MultinomialArgs& args, std::int64_t row, const RowScratch& s) {
  constexpr fg_dtype kCompute = sizeof(C) == 8 ? FG_F64 : FG_F32;
  const C* const noise = static_cast<const C*>(s.noise);
  for (std::int64_t j = 0; j < args.length; j += kChunk) {
    const std::int64_t n = std::min(kChunk, args.length - j);
    exponential_noise(kCompute, args.seed, args.offset, row * args.length + j, n, s.noise);
    for (std::int64_t i = 0; i < n; ++i) {
      const double p = s.weights[j + i], key = static_cast<double>(noise[i]) / p;
      s.keys[j + i] =
          p > 0 ? std::min(key, std::numeric_limits<double>::max()) : std::numeric_limits<double>::infinity();
    }
  }
}

void draw_once(const MultinomialArgs& args, std::int64_t row, const RowScratch& s) {
  if (args.dtype == FG_F64) {
    make_keys<double>(args, row, s);
  } else {
    make_keys<float>(args, row, s);
  }
  std::int64_t* const out = args.out + row * args.out_row_step;
  if (args.samples == 1) {
    *out = std::min_element(s.keys, s.keys + args.length) - s.keys;
    return;
  }
  for (std::int64_t j = 0; j < args.length; ++j) s.order[j] = static_cast<std::uint32_t>(j);
  const auto before = [&](std::uint32_t x, std::uint32_t y) {
    return s.keys[x] != s.keys[y] ? s.keys[x] < s.keys[y] : x < y;
  };
  if (args.samples < args.length) std::nth_element(s.order, s.order + args.samples, s.order + args.length, before);
  std::sort(s.order, s.order + args.samples, before);
  for (std::int64_t k = 0; k < args.samples; ++k) out[k * args.out_step] = s.order[k];
}

Weights draw_row(const MultinomialArgs& args, std::int64_t row, const RowScratch& s) {
  Weights what = Weights::fine;
  switch (args.dtype) {
    case FG_F64: what = read_weights<double>(args, row, s.weights); break;
    case FG_F16: what = read_weights<f16>(args, row, s.weights); break;
    case FG_BF16: what = read_weights<bf16>(args, row, s.weights); break;
    default: what = read_weights<float>(args, row, s.weights); break;
  }
  if (what != Weights::fine) return what;
  if (args.replacement) {
    draw_replacing(args, row, s);
  } else {
    draw_once(args, row, s);
  }
  return what;
}

}  // namespace

std::size_t randperm_workspace(const RandpermArgs& args, int workers) {
  Arena arena(nullptr);
  lay_out(args, workers, arena);
  return arena.used();
}

void randperm(const RandpermArgs& args, const Exec& exec, void* ws) {
  Arena arena(ws);
  const PermScratch s = lay_out(args, exec.workers(), arena);
  exec.ranges((args.n + kChunk - 1) / kChunk, 4, [&](std::int64_t begin, std::int64_t end, int) {
    std::uint64_t bits[kChunk + 1];
    for (std::int64_t first = begin * kChunk; first < std::min(end * kChunk, args.n); first += kChunk) {
      const std::int64_t n = std::min(kChunk, args.n - first);
      random_bits(args.seed, args.offset, first, n, bits);
      for (std::int64_t i = 0; i < n; ++i) s.a[first + i] = Packed::make(bits[i] >> 32, first + i);
    }
  });
  const Radix r = leading_bits(args.n);
  const auto sink = [&](std::int64_t p, const Packed& e) { s.sorted[p] = e; };
  if (args.n < kTogetherFrom) {
    radix_sort(s.a, s.b, args.n, r, s.counts, sink);
  } else {
    radix_sort_together(
        s.a, s.b, args.n, r, s.counts, exec.workers(), exec, [&](std::int64_t i) { return s.a[i]; }, sink);
  }
  settle_groups(s.sorted, args.n);
  settle_ties(args, s.sorted);
  switch (args.dtype) {
    case FG_I64: return write_positions<std::int64_t>(args, s.sorted, exec);
    case FG_I32: return write_positions<std::int32_t>(args, s.sorted, exec);
    case FG_I16: return write_positions<std::int16_t>(args, s.sorted, exec);
    case FG_I8: return write_positions<std::int8_t>(args, s.sorted, exec);
    case FG_U8: return write_positions<std::uint8_t>(args, s.sorted, exec);
    case FG_F64: return write_positions<double>(args, s.sorted, exec);
    default: return write_positions<float>(args, s.sorted, exec);
  }
}

std::size_t multinomial_workspace(const MultinomialArgs& args, int workers) {
  return bytes_each(args) * static_cast<std::size_t>(workers);
}

BadWeights multinomial(const MultinomialArgs& args, const Exec& exec, void* ws) {
  std::mutex mutex;
  BadWeights bad;
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / 4 / std::max<std::int64_t>(args.length, 1));
  exec.ranges(args.rows, grain, [&](std::int64_t begin, std::int64_t end, int worker) {
    std::byte* base = static_cast<std::byte*>(ws) + bytes_each(args) * static_cast<std::size_t>(worker);
    const RowScratch s = lay_out(args, base, nullptr);
    for (std::int64_t row = begin; row < end; ++row) {
      const Weights what = draw_row(args, row, s);
      if (what == Weights::fine) continue;
      const std::lock_guard lock(mutex);
      if (bad.what == Weights::fine || row < bad.row) bad = {what, row};
    }
  });
  return bad;
}

}  // namespace fg::cpu
