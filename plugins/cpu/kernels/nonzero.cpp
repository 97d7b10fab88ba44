// SPDX-License-Identifier: Apache-2.0
//
// Two passes: parts of the tensor are counted, then each part writes behind those before it.

#include "plugins/cpu/kernels/nonzero.hpp"

#include <utility>

#include "fg/sdk/dtype.hpp"

namespace fg::cpu {
namespace {

constexpr std::int64_t kParts = 256;  // At most; fixed, so that the order of writing is too.

// Zero of either sign is zero, NaN is not: for floats all bits but the sign's.
template <class T>
bool is_set(T x, T mask) {
  return (x & mask) != 0;
}

std::int64_t count_of(const NonzeroArgs& a) {
  std::int64_t n = 1;
  for (int d = 0; d < a.ndim; ++d) n *= a.size[d];
  return n;
}
std::int64_t part_size(std::int64_t n) { return std::max<std::int64_t>((n + kParts - 1) / kParts, kGrain / 2); }

struct Walk {
  std::array<std::int64_t, FG_MAX_NDIM> index{};
  std::int64_t offset = 0;
};

// Calls f(walk, along) for every set element of [begin, end); `along` is the last dimension's index.
template <class T, class F>
void each_set(const NonzeroArgs& a, T mask, std::int64_t begin, std::int64_t end, F&& f) {
  const T* self = static_cast<const T*>(a.self);
  if (a.ndim == 0) {
    if (begin < end && is_set(*self, mask)) f(Walk{}, std::int64_t{0});
    return;
  }
  const int last = a.ndim - 1;
  Walk w;
  std::int64_t rest = begin;
  for (int d = last; d >= 0; --d) {
    w.index[static_cast<std::size_t>(d)] = rest % a.size[d];
    w.offset += rest % a.size[d] * a.stride[d];
    rest /= a.size[d];
  }
  std::int64_t along = w.index[static_cast<std::size_t>(last)];
  w.offset -= along * a.stride[last];
  for (std::int64_t i = begin; i < end;) {
    const std::int64_t stop = std::min(a.size[last], along + end - i);
    i += stop - along;
    for (; along < stop; ++along) {
      if (is_set(self[w.offset + along * a.stride[last]], mask)) f(w, along);
    }
    along = 0;
    for (int d = last - 1; d >= 0; --d) {
      std::int64_t& k = w.index[static_cast<std::size_t>(d)];
      w.offset += a.stride[d];
      if (++k < a.size[d]) break;
      w.offset -= k * a.stride[d];
      k = 0;
    }
  }
}

}  // namespace

std::size_t nonzero_workspace(const NonzeroArgs&) { return kParts * sizeof(std::int64_t); }

std::int64_t nonzero(const NonzeroArgs& a, const Exec& exec, void* ws) {
  const std::int64_t n = count_of(a);
  if (n == 0) return 0;
  const std::int64_t size = part_size(n), parts = (n + size - 1) / size;
  auto* first = static_cast<std::int64_t*>(ws);
  std::int64_t total = 0;
  with_bytes(dtype_bytes(a.dtype), [&]<class T>(T) {
    const T mask = is_float(a.dtype) ? static_cast<T>(static_cast<T>(~T{0}) >> 1) : static_cast<T>(~T{0});
    exec.each(parts, [&](std::int64_t p, int) {
      std::int64_t found = 0;
      each_set(a, mask, p * size, std::min(n, (p + 1) * size), [&](const Walk&, std::int64_t) { ++found; });
      first[p] = found;
    });
    for (std::int64_t p = 0; p < parts; ++p) total += std::exchange(first[p], total);
    exec.each(parts, [&](std::int64_t p, int) {
      std::int64_t* row = a.out + first[p] * a.out_row;
      each_set(a, mask, p * size, std::min(n, (p + 1) * size), [&](const Walk& w, std::int64_t along) {
        for (int d = 0; d < a.ndim; ++d)
          row[d * a.out_col] = d == a.ndim - 1 ? along : w.index[static_cast<std::size_t>(d)];
        row += a.out_row;
      });
    });
  });
  return total;
}

}  // namespace fg::cpu
