// SPDX-License-Identifier: Apache-2.0
//
// Each element becomes an unsigned key whose order is the wanted one, joined with its position.
// Short rows are sorted by comparison of both, long ones by radix over the key; both are stable.
// Values come back from the keys, or, where a key does not tell (-0, NaN), from the position.

#include "plugins/cpu/kernels/sort.hpp"

#include <algorithm>
#include <atomic>

#include "fg/sdk/dtype.hpp"
#include "plugins/cpu/kernels/radix.hpp"
#include "plugins/cpu/kernels/sort_keys.hpp"
#include "plugins/cpu/kernels/sort_words.hpp"

namespace fg::cpu {
namespace {

// Shorter rows sort faster by comparison.
template <class E>
constexpr std::int64_t kRadixFrom = std::is_same_v<E, Packed> ? 1024 : 512;
constexpr std::int64_t kTogetherFrom = 65536;  // Rows that are worth the threads' meeting each pass.

bool packs(const SortArgs& a) {
  return a.rows.element_bytes <= 4 && a.rows.length() <= std::int64_t{std::numeric_limits<std::uint32_t>::max()};
}
int key_bits(const SortArgs& a) { return static_cast<int>(8 * a.rows.element_bytes); }

// One row after the other, each by all threads?
bool together(const SortArgs& a, int workers) {
  return workers > 1 && a.rows.outer.count() < workers && a.rows.length() >= kTogetherFrom;
}

// A contiguous row.
template <class U>
struct Row {
  const U* x;
  U* y;
  std::int64_t* indices;
  std::int64_t index_step, n;
};

template <class K>
typename K::U flip_of(const SortArgs& a) {
  return a.descending ? std::numeric_limits<typename K::U>::max() : typename K::U{0};
}

// Whether the bits of an element cannot be told from its key.
template <class K>
bool ambiguous(typename K::U bits, typename K::U key) {
  if constexpr (K::kDtype == FG_F64 || K::kDtype == FG_F32 || K::kDtype == FG_F16 || K::kDtype == FG_BF16) {
    return bits_of<typename K::U>(key, K::kDtype) != bits;
  }
  return false;
}

// Entries of x[begin, end); true when one of them is ambiguous.
template <class K, class E>
bool make_entries(const typename K::U* x, std::int64_t begin, std::int64_t end, typename K::U flip, E* entries) {
  using U = typename K::U;
  U differ = 0;
  for (std::int64_t i = begin; i < end; ++i) {
    const U key = key_of<U>(x[i], K::kDtype);
    differ = static_cast<U>(differ | static_cast<U>(ambiguous<K>(x[i], key)));
    entries[i] = E::make(static_cast<U>(key ^ flip), i);
  }
  return differ != 0;
}

// Puts entry e at place p of the results.
template <class K>
struct Deliver {
  Row<typename K::U> row;
  typename K::U flip;
  template <class E>
  void operator()(std::int64_t p, const E& e) const {
    using U = typename K::U;
    row.y[p] = bits_of<U>(static_cast<U>(e.key() ^ flip), K::kDtype);
    row.indices[p * row.index_step] = e.position();
  }
};

// The values at the positions in indices.  y may be x, so nothing is written before all were read.
// `room` holds n elements; over(f) calls f on ranges that cover the row.
template <class U, class Over>
void fetch_values(const Row<U>& r, void* room, Over&& over) {
  U* const fetched = static_cast<U*>(room);
  over([&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) fetched[i] = r.x[r.indices[i * r.index_step]];
  });
  over([&](std::int64_t begin, std::int64_t end) { std::copy(fetched + begin, fetched + end, r.y + begin); });
}

template <class K, class E>
void sort_short(const SortArgs& args, const Row<typename K::U>& r, E* a, E* b) {
  const auto flip = flip_of<K>(args);
  const bool fetch = make_entries<K>(r.x, 0, r.n, flip, a);
  if constexpr (std::is_same_v<E, Packed>) {
    sort_words(&a->word, r.n);
  } else {
    std::sort(a, a + r.n);
  }
  if (fetch) {
    for (std::int64_t i = 0; i < r.n; ++i) r.indices[i * r.index_step] = a[i].position();
    return fetch_values(r, b, [&](auto&& f) { f(std::int64_t{0}, r.n); });
  }
  const Deliver<K> deliver{r, flip};
  for (std::int64_t i = 0; i < r.n; ++i) deliver(i, a[i]);
}

template <class K, class E>
void sort_row(const SortArgs& args, const Row<typename K::U>& r, E* a, E* b, typename E::Count* counts) {
  if (r.n < kRadixFrom<E>) return sort_short<K>(args, r, a, b);
  const auto flip = flip_of<K>(args);
  const Radix radix = Radix::of(key_bits(args), r.n);
  if (!make_entries<K>(r.x, 0, r.n, flip, a)) return radix_sort(a, b, r.n, radix, counts, Deliver<K>{r, flip});
  std::int64_t* const places = r.indices;
  radix_sort(a, b, r.n, radix, counts, [&](std::int64_t p, const E& e) { places[p * r.index_step] = e.position(); });
  fetch_values(r, a, [&](auto&& f) { f(std::int64_t{0}, r.n); });
}

// By all threads.
template <class K, class E>
void sort_row_together(const SortArgs& args, const Row<typename K::U>& r, E* a, E* b, typename E::Count* counts,
                       const Exec& exec) {
  using U = typename K::U;
  const auto flip = flip_of<K>(args);
  const Deliver<K> deliver{r, flip};
  std::atomic<bool> fetch = false;
  const auto make = [&](std::int64_t i) {
    const U key = key_of<U>(r.x[i], K::kDtype);
    if (ambiguous<K>(r.x[i], key)) fetch.store(true, std::memory_order_relaxed);
    return E::make(static_cast<U>(key ^ flip), i);
  };
  // The first pass has made every entry before the last one delivers.
  radix_sort_together(a, b, r.n, Radix::of(key_bits(args), r.n), counts, exec.workers(), exec, make,
                      [&](std::int64_t p, const E& e) {
                        if (!fetch.load(std::memory_order_relaxed)) return deliver(p, e);
                        r.indices[p * r.index_step] = e.position();
                      });
  if (fetch)
    fetch_values(r, a, [&](auto&& f) { exec.ranges(r.n, kGrain, [&](auto begin, auto end, int) { f(begin, end); }); });
}

struct Scratch {
  std::byte* copies = nullptr;
  std::byte* entries = nullptr;  // Two buffers per worker, or two for all.
  std::byte* counts = nullptr;
  std::int64_t entry_bytes = 0, count_bytes = 0;
};
Scratch lay_out(const SortArgs& args, int workers, Arena& arena) {
  Scratch s;
  const bool all = together(args, workers);
  const auto entry = static_cast<std::int64_t>(packs(args) ? sizeof(Packed) : sizeof(Wide));
  const auto count = static_cast<std::int64_t>(packs(args) ? sizeof(Packed::Count) : sizeof(Wide::Count));
  const Radix r = Radix::of(key_bits(args), args.rows.length());
  s.copies =
      arena.take<std::byte>(all ? 2 * args.rows.length() * args.rows.element_bytes : rows_scratch(args.rows) * workers);
  s.entry_bytes = (args.rows.length() * entry + 63) / 64 * 64;
  s.count_bytes = (static_cast<std::int64_t>(r.buckets()) * (all ? workers : r.passes) * count + 63) / 64 * 64;
  s.entries = arena.take<std::byte>(2 * s.entry_bytes * (all ? 1 : workers));
  s.counts = arena.take<std::byte>(s.count_bytes * (all ? 1 : workers));
  return s;
}

template <class K, class E>
void sort_rows(const SortArgs& args, const Exec& exec, const Scratch& s) {
  using U = typename K::U;
  const std::int64_t n = args.rows.length();
  const std::int64_t step = args.rows.row.ndim == 0 ? 1 : args.rows.row.stride[2][0];
  for_rows(args.rows, exec, s.copies, [&](const RowAt& r) {
    std::byte* a = s.entries + 2 * s.entry_bytes * r.worker;
    const Row<U> row{static_cast<const U*>(r.x), static_cast<U*>(r.y), args.indices + r.offset2, step, n};
    sort_row<K>(args, row, reinterpret_cast<E*>(a), reinterpret_cast<E*>(a + s.entry_bytes),
                reinterpret_cast<typename E::Count*>(s.counts + s.count_bytes * r.worker));
  });
}

template <class K, class E>
void sort_rows_together(const SortArgs& args, const Exec& exec, const Scratch& s) {
  using U = typename K::U;
  const Rows& rows = args.rows;
  const std::int64_t n = rows.length();
  const bool copies_x = !rows.contiguous(0), copies_y = !rows.contiguous(1);
  U* const copy_x = reinterpret_cast<U*>(s.copies);
  U* const copy_y = copy_x + n;
  for (std::int64_t i = 0; i < rows.outer.count(); ++i) {
    const auto at = rows.outer.offsets(i);
    const U* x = static_cast<const U*>(rows.x) + at[0];
    U* y = static_cast<U*>(rows.y) + at[1];
    if (copies_x) gather(x, rows.row, 0, rows.element_bytes, copy_x);
    const Row<U> row{copies_x ? copy_x : x, copies_y ? copy_y : y, args.indices + at[2], rows.row.stride[2][0], n};
    sort_row_together<K>(args, row, reinterpret_cast<E*>(s.entries), reinterpret_cast<E*>(s.entries + s.entry_bytes),
                         reinterpret_cast<typename E::Count*>(s.counts), exec);
    if (copies_y) scatter(copy_y, rows.row, 1, rows.element_bytes, y);
  }
}

template <class K, class E>
void run(const SortArgs& args, const Exec& exec, void* ws) {
  Arena arena(ws);
  const Scratch s = lay_out(args, exec.workers(), arena);
  if (together(args, exec.workers())) return sort_rows_together<K, E>(args, exec, s);
  sort_rows<K, E>(args, exec, s);
}

}  // namespace

std::size_t sort_workspace(const SortArgs& args, int workers) {
  Arena arena(nullptr);
  lay_out(args, workers, arena);
  return arena.used();
}

void sort(const SortArgs& args, const Exec& exec, void* ws) {
  if (args.rows.length() == 0) return;
  with_key(args.dtype, [&]<class K>(K) {
    if constexpr (sizeof(typename K::U) <= 4) {
      if (packs(args)) return run<K, Packed>(args, exec, ws);
    }
    run<K, Wide>(args, exec, ws);
  });
}

}  // namespace fg::cpu
