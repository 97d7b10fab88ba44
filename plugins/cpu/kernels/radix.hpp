// SPDX-License-Identifier: Apache-2.0
//
// Radix sort of entries (key and position), least significant digit first, so stable.  The last pass
// hands its entries to a sink in place of a buffer.

#ifndef FG_PLUGINS_CPU_KERNELS_RADIX_HPP_
#define FG_PLUGINS_CPU_KERNELS_RADIX_HPP_

#include <algorithm>
#include <utility>

#include "plugins/cpu/kernels/exec.hpp"
#include "plugins/cpu/kernels/sort_keys.hpp"

namespace fg::cpu {

// Passes and digits.  More than 2048 buckets would not stay in the first-level cache; for short rows
// clearing and summing that many costs more than a pass.
struct Radix {
  int bits, passes, shift = 0;  // The lowest `shift` bits of a key are not looked at.
  static Radix of(int key_bits, std::int64_t n) {
    const int bits = key_bits > 16 && n >= 16384 ? 11 : 8;
    return {bits, (key_bits + bits - 1) / bits};
  }
  std::size_t buckets() const { return std::size_t{1} << bits; }
  template <class E>
  std::size_t digit(const E& e, int pass) const {
    return static_cast<std::size_t>(e.key() >> (shift + pass * bits)) & (buckets() - 1);
  }
};

// Counts become starts; false when all entries share a digit, so that the pass changes nothing.
template <class C>
bool starts_of(C* counts, std::size_t buckets, C n) {
  C sum = 0;
  bool moves = true;
  for (std::size_t b = 0; b < buckets; ++b) {
    moves = moves && counts[b] != n;
    sum += std::exchange(counts[b], sum);
  }
  return moves;
}

// Sorts a[0, n) on the calling thread with b as room and counts[passes][buckets].
// sink(place, entry) is called once for every entry.
template <class E, class Sink>
void radix_sort(E* a, E* b, std::int64_t n, const Radix& r, typename E::Count* counts, Sink&& sink) {
  using C = typename E::Count;
  std::fill_n(counts, r.buckets() * static_cast<std::size_t>(r.passes), C{0});
  for (std::int64_t i = 0; i < n; ++i) {
    for (int p = 0; p < r.passes; ++p) ++counts[static_cast<std::size_t>(p) * r.buckets() + r.digit(a[i], p)];
  }
  int last = -1;
  std::uint32_t moving = 0;
  for (int p = 0; p < r.passes; ++p) {
    if (!starts_of(counts + static_cast<std::size_t>(p) * r.buckets(), r.buckets(), static_cast<C>(n))) continue;
    moving |= std::uint32_t{1} << p;
    last = p;
  }
  for (int p = 0; p < last; ++p) {
    if ((moving >> p & 1u) == 0) continue;
    C* at = counts + static_cast<std::size_t>(p) * r.buckets();
    for (std::int64_t i = 0; i < n; ++i) b[at[r.digit(a[i], p)]++] = a[i];
    std::swap(a, b);
  }
  if (last < 0) {
    for (std::int64_t i = 0; i < n; ++i) sink(i, a[i]);
    return;
  }
  C* at = counts + static_cast<std::size_t>(last) * r.buckets();
  for (std::int64_t i = 0; i < n; ++i) sink(static_cast<std::int64_t>(at[r.digit(a[i], last)]++), a[i]);
}

// The same by all threads: each has a part of the entries, in order, and counts[part][bucket].
// make(i) gives entry i.
template <class E, class Make, class Sink>
void radix_sort_together(E* a, E* b, std::int64_t n, const Radix& r, typename E::Count* counts, int parts,
                         const Exec& exec, Make&& make, Sink&& sink) {
  using C = typename E::Count;
  const std::size_t buckets = r.buckets();
  const auto range = [&](std::int64_t part) { return std::pair{n * part / parts, n * (part + 1) / parts}; };
  const auto each_part = [&](auto&& f) {
    exec.each(parts, [&](std::int64_t part, int) {
      const auto [begin, end] = range(part);
      f(begin, end, counts + static_cast<std::size_t>(part) * buckets);
    });
  };
  // Start of each bucket in each part; false when all entries share one bucket.
  const auto starts = [&] {
    C sum = 0;
    bool moves = true;
    for (std::size_t k = 0; k < buckets; ++k) {
      const C before = sum;
      for (int part = 0; part < parts; ++part)
        sum += std::exchange(counts[static_cast<std::size_t>(part) * buckets + k], sum);
      moves = moves && sum - before != static_cast<C>(n);
    }
    return moves;
  };
  for (int p = 0; p < r.passes; ++p) {
    each_part([&](std::int64_t begin, std::int64_t end, C* count) {
      std::fill_n(count, buckets, C{0});
      for (std::int64_t i = begin; i < end; ++i) {
        if (p == 0) a[i] = make(i);
        ++count[r.digit(a[i], p)];
      }
    });
    const bool moves = starts(), last = p == r.passes - 1;
    if (!moves && !last) continue;
    each_part([&](std::int64_t begin, std::int64_t end, C* at) {
      for (std::int64_t i = begin; i < end; ++i) {
        const auto place = at[r.digit(a[i], p)]++;
        if (last) {
          sink(static_cast<std::int64_t>(place), a[i]);
        } else {
          b[place] = a[i];
        }
      }
    });
    std::swap(a, b);
  }
}

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_RADIX_HPP_
