// SPDX-License-Identifier: Apache-2.0
//
// Each element becomes an unsigned key whose order is the wanted one, joined with its position.
// Short rows are sorted by comparison of key and position, long ones by radix over the key's bytes;
// both are stable, and equal elements keep their bits because values are fetched by position.

#include "plugins/cpu/kernels/sort.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "plugins/cpu/kernels/sort_keys.hpp"

namespace fg::cpu {
namespace {

constexpr std::int64_t kRadixFrom = 512;  // Shorter rows sort faster by comparison.

// Least significant byte first; passes in which all keys agree are left out.  Returns where the
// result lies, a or b.
template <class E>
E* radix_sort(E* a, E* b, std::int64_t n, std::size_t key_bytes) {
  for (std::size_t byte = 0; byte < key_bytes; ++byte) {
    std::array<std::int64_t, 256> at{};
    const std::size_t shift = 8 * byte;
    for (std::int64_t i = 0; i < n; ++i) ++at[a[i].key() >> shift & 0xFFu];
    if (at[a[0].key() >> shift & 0xFFu] == n) continue;
    std::int64_t sum = 0;
    for (std::int64_t& x : at) sum += std::exchange(x, sum);
    for (std::int64_t i = 0; i < n; ++i) b[at[a[i].key() >> shift & 0xFFu]++] = a[i];
    std::swap(a, b);
  }
  return a;
}

template <class U, class E>
void sort_row(const U* x, U* y, std::int64_t* indices, std::int64_t index_step, std::int64_t n, const SortArgs& args,
              E* a, E* b) {
  const U flip = args.descending ? std::numeric_limits<U>::max() : U{0};
  for (std::int64_t i = 0; i < n; ++i) a[i] = E::make(static_cast<U>(key_of<U>(x[i], args.dtype) ^ flip), i);
  const E* sorted = a;
  if (n < kRadixFrom) {
    std::sort(a, a + n);
  } else {
    sorted = radix_sort(a, b, n, sizeof(U));
  }
  // y or indices may be x: nothing is written before every value was fetched.
  U* fetched = reinterpret_cast<U*>(sorted == a ? b : a);
  static_assert(sizeof(U) <= sizeof(E));
  for (std::int64_t i = 0; i < n; ++i) fetched[i] = x[sorted[i].position()];
  std::copy_n(fetched, n, y);
  for (std::int64_t i = 0; i < n; ++i) indices[i * index_step] = sorted[i].position();
}

bool packs(const SortArgs& a) {
  return a.rows.element_bytes <= 4 && a.rows.length() <= std::int64_t{std::numeric_limits<std::uint32_t>::max()};
}

struct Scratch {
  std::byte* copies;
  std::byte* entries;  // Two buffers per worker.
  std::int64_t entry_bytes;
};
Scratch lay_out(const SortArgs& args, int workers, Arena& arena) {
  Scratch s{};
  s.copies = arena.take<std::byte>(rows_scratch(args.rows) * workers);
  s.entry_bytes =
      (args.rows.length() * static_cast<std::int64_t>(packs(args) ? sizeof(Packed) : sizeof(Wide)) + 63) / 64 * 64;
  s.entries = arena.take<std::byte>(2 * s.entry_bytes * workers);
  return s;
}

template <class U, class E>
void sort_rows(const SortArgs& args, const Exec& exec, const Scratch& s) {
  const std::int64_t n = args.rows.length();
  const std::int64_t step = args.rows.row.ndim == 0 ? 1 : args.rows.row.stride[2][0];
  for_rows(args.rows, exec, s.copies, [&](const RowAt& r) {
    std::byte* a = s.entries + 2 * s.entry_bytes * r.worker;
    sort_row(static_cast<const U*>(r.x), static_cast<U*>(r.y), args.indices + r.offset2, step, n, args,
             reinterpret_cast<E*>(a), reinterpret_cast<E*>(a + s.entry_bytes));
  });
}

}  // namespace

std::size_t sort_workspace(const SortArgs& args, int workers) {
  Arena arena(nullptr);
  lay_out(args, workers, arena);
  return arena.used();
}

void sort(const SortArgs& args, const Exec& exec, void* ws) {
  if (args.rows.length() == 0) return;
  Arena arena(ws);
  const Scratch s = lay_out(args, exec.workers(), arena);
  with_bytes(args.rows.element_bytes, [&]<class U>(U) {
    if constexpr (sizeof(U) <= 4) {
      if (packs(args)) return sort_rows<U, Packed>(args, exec, s);
    }
    sort_rows<U, Wide>(args, exec, s);
  });
}

}  // namespace fg::cpu
