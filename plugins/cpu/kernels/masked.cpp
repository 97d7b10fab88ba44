// SPDX-License-Identifier: Apache-2.0
//
// Every element is stored and the place moves on only where the mask is true, so that a random mask
// costs no mispredicted branches; eight elements with one answer are skipped or moved together.

#include "plugins/cpu/kernels/masked.hpp"

#include <cstring>

#include "plugins/cpu/kernels/parts.hpp"
#include "plugins/cpu/kernels/runs.hpp"

namespace fg::cpu {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101u;

std::uint64_t word_at(const std::uint8_t* p) {
  std::uint64_t w = 0;
  std::memcpy(&w, p, sizeof(w));
  return w;
}

// Bytes that are 1 among n contiguous ones.
std::int64_t count_ones(const std::uint8_t* mask, std::int64_t n) {
  constexpr std::int64_t kWords = 31;  // Sums of so many bytes fit a byte, and the sum of eight fits 16 bits.
  std::int64_t found = 0, i = 0;
  while (n - i >= 8) {
    const std::int64_t words = std::min(kWords, (n - i) / 8);
    std::uint64_t sums = 0;
    for (std::int64_t w = 0; w < words; ++w) sums += word_at(mask + i + 8 * w);
    found += static_cast<std::int64_t>((sums * kOnes) >> 56);
    i += 8 * words;
  }
  for (; i < n; ++i) found += mask[i];
  return found;
}

std::int64_t count_part(const MaskedArgs& a, std::int64_t begin, std::int64_t end) {
  std::int64_t found = 0;
  runs(a.space, begin, end, [&](std::int64_t, const auto& at, std::int64_t count, const auto& step) {
    const std::uint8_t* mask = a.mask + at[1];
    if (step[1] == 1) {
      found += count_ones(mask, count);
    } else {
      for (std::int64_t i = 0; i < count; ++i) found += mask[i * step[1]];
    }
  });
  return found;
}

// Appends the chosen of n contiguous elements at out[k]; out ends at `stop`.  Returns the new k.
template <class T>
std::int64_t compress(const T* self, const std::uint8_t* mask, std::int64_t n, T* out, std::int64_t k,
                      std::int64_t stop) {
  std::int64_t i = 0;
  for (; i + 8 <= n && k + 8 <= stop; i += 8) {
    const std::uint64_t w = word_at(mask + i);
    if (w == 0) continue;
    if (w == kOnes) {
      std::memcpy(out + k, self + i, 8 * sizeof(T));
      k += 8;
      continue;
    }
    for (std::int64_t j = 0; j < 8; ++j) {
      out[k] = self[i + j];
      k += static_cast<std::int64_t>((w >> (8 * j)) & 1u);
    }
  }
  for (; i < n && k < stop; ++i) {
    out[k] = self[i];
    k += mask[i];
  }
  return k;
}

}  // namespace

std::size_t masked_workspace() { return kPartsWorkspace; }

std::int64_t masked_select(const MaskedArgs& a, const Exec& exec, void* ws) {
  Parts parts(a.space.count(), ws);
  const std::int64_t total = parts.count(exec, [&](auto begin, auto end) { return count_part(a, begin, end); });
  with_bytes(a.element_bytes, [&]<class T>(T) {
    const T* self = static_cast<const T*>(a.self);
    T* out = static_cast<T*>(a.out);
    parts.write(exec, [&](std::int64_t begin, std::int64_t end, std::int64_t k, std::int64_t stop) {
      runs(a.space, begin, end, [&](std::int64_t, const auto& at, std::int64_t count, const auto& step) {
        const T* from = self + at[0];
        const std::uint8_t* mask = a.mask + at[1];
        if (step[0] == 1 && step[1] == 1) {
          k = compress(from, mask, count, out, k, stop);
          return;
        }
        for (std::int64_t i = 0; i < count && k < stop; ++i) {
          out[k] = from[i * step[0]];
          k += mask[i * step[1]];
        }
      });
    });
  });
  return total;
}

std::int64_t masked_scatter(const MaskedArgs& a, const Exec& exec, void* ws) {
  Parts parts(a.space.count(), ws);
  const std::int64_t total = parts.count(exec, [&](auto begin, auto end) { return count_part(a, begin, end); });
  if (total > a.source_count) return total;
  with_bytes(a.element_bytes, [&]<class T>(T) {
    static constexpr T kNothing{};  // Read, never chosen, when source is empty.
    const T* self = static_cast<const T*>(a.self);
    const T* source = a.source_count == 0 ? &kNothing : static_cast<const T*>(a.source);
    const std::int64_t last = std::max<std::int64_t>(a.source_count - 1, 0);
    parts.write(exec, [&](std::int64_t begin, std::int64_t end, std::int64_t k, std::int64_t) {
      runs(a.space, begin, end, [&](std::int64_t, const auto& at, std::int64_t count, const auto& step) {
        T* out = static_cast<T*>(a.out) + at[2];
        const T* from = self + at[0];
        const std::uint8_t* mask = a.mask + at[1];
        for (std::int64_t i = 0; i < count; ++i) {
          const bool chosen = mask[i * step[1]] != 0;
          const T x = source[std::min(k, last)], own = from[i * step[0]];
          out[i * step[2]] = chosen ? x : own;
          k += static_cast<std::int64_t>(chosen);
        }
      });
    });
  });
  return total;
}

}  // namespace fg::cpu
