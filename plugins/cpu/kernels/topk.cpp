// SPDX-License-Identifier: Apache-2.0
//
// A row is read once.  Candidates are kept in a buffer; when it is full, the best k of them stay and
// the worst of these bars the way to whatever does not beat it, a block of elements at a time.

#include "plugins/cpu/kernels/topk.hpp"

#include <algorithm>

#include "fg/sdk/dtype.hpp"
#include "plugins/cpu/kernels/sort_keys.hpp"
#include "plugins/cpu/kernels/sort_words.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/kernels/topk.cpp"
// foreach_target.h stands first: it includes this file once for each target.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
// clang-format on

#ifndef FG_PLUGINS_CPU_KERNELS_TOPK_ONCE
#define FG_PLUGINS_CPU_KERNELS_TOPK_ONCE
namespace fg::cpu {
inline constexpr std::int64_t kTopkBlock = 64;
inline constexpr std::int64_t kVectorSortFrom = 16;  // Fewer are sorted before vectors are set up.

inline bool topk_packs(const TopkArgs& a) {
  return dtype_bytes(a.dtype) <= 4 && a.length <= std::int64_t{std::numeric_limits<std::uint32_t>::max()};
}
// Room for the k best and as many again, so that the selection is paid by k new candidates.
inline std::int64_t topk_capacity(const TopkArgs& a) { return std::min(2 * a.k + kTopkBlock, a.length) + kTopkBlock; }
}  // namespace fg::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace {

// Keys of a block, the best the least.  The loop has no branch and a known length, so the compiler
// makes vectors of it.
template <class U, fg_dtype kDtype>
HWY_INLINE void block_keys(const U* x, U flip, U (&keys)[kTopkBlock]) {
  for (std::int64_t j = 0; j < kTopkBlock; ++j) keys[j] = static_cast<U>(key_of<U>(x[j], kDtype) ^ flip);
}
template <class U>
HWY_INLINE U least(const U (&keys)[kTopkBlock]) {
  U m = keys[0];
  for (std::int64_t j = 1; j < kTopkBlock; ++j) m = keys[j] < m ? keys[j] : m;
  return m;
}

template <class U, class E, fg_dtype kDtype>
void select(const U* x, std::int64_t step, std::int64_t n, std::int64_t k, U flip, E* best, std::int64_t capacity) {
  std::int64_t count = 0;
  bool barred = false;
  U bar = std::numeric_limits<U>::max();
  U keys[kTopkBlock], copy[kTopkBlock];
  for (std::int64_t i = 0; i < n; i += kTopkBlock) {
    const std::int64_t here = std::min(kTopkBlock, n - i);
    const U* from = x + i;
    if (step != 1 || here < kTopkBlock) {
      for (std::int64_t j = 0; j < kTopkBlock; ++j) copy[j] = x[(i + std::min(j, here - 1)) * step];
      from = copy;
    }
    block_keys<U, kDtype>(from, flip, keys);
    if (barred && least(keys) >= bar) continue;
    for (std::int64_t j = 0; j < here; ++j) {
      best[count] = E::make(keys[j], i + j);
      count += !barred || keys[j] < bar ? 1 : 0;
    }
    if (count <= capacity - kTopkBlock) continue;
    std::nth_element(best, best + (k - 1), best + count);
    count = k;
    bar = static_cast<U>(best[k - 1].key());
    barred = true;
  }
  if (count > k) std::nth_element(best, best + (k - 1), best + count);
  if constexpr (std::is_same_v<E, Packed>) {
    if (k >= kVectorSortFrom) return sort_words(&best->word, k);
  }
  std::sort(best, best + k);
}

template <class U, class E, fg_dtype kDtype>
void run(const TopkArgs& a, const Exec& exec, std::byte* scratch, std::int64_t each) {
  const U flip = a.largest ? std::numeric_limits<U>::max() : U{0};
  const std::int64_t capacity = topk_capacity(a);
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(a.length, 1));
  exec.ranges(a.outer.count(), grain, [&](std::int64_t begin, std::int64_t end, int worker) {
    E* best = reinterpret_cast<E*>(scratch + worker * each);
    for (std::int64_t r = begin; r < end; ++r) {
      const auto at = a.outer.offsets(r);
      const U* x = static_cast<const U*>(a.self) + at[0];
      select<U, E, kDtype>(x, a.self_step, a.length, a.k, flip, best, capacity);
      U* y = static_cast<U*>(a.values) + at[1];
      std::int64_t* places = a.indices + at[2];
      for (std::int64_t i = 0; i < a.k; ++i) {
        y[i * a.values_step] = x[best[i].position() * a.self_step];
        places[i * a.indices_step] = best[i].position();
      }
    }
  });
}

}  // namespace

void topk_on_target(const TopkArgs& a, const Exec& exec, std::byte* scratch, std::int64_t each) {
  with_key(a.dtype, [&]<class K>(K) {
    using U = typename K::U;
    if constexpr (sizeof(U) <= 4) {
      if (topk_packs(a)) return run<U, Packed, K::kDtype>(a, exec, scratch, each);
    }
    run<U, Wide, K::kDtype>(a, exec, scratch, each);
  });
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
HWY_EXPORT(topk_on_target);
namespace {

std::int64_t bytes_each(const TopkArgs& a) {
  const auto entry = static_cast<std::int64_t>(topk_packs(a) ? sizeof(Packed) : sizeof(Wide));
  return (topk_capacity(a) * entry + 63) / 64 * 64;
}

}  // namespace

std::size_t topk_workspace(const TopkArgs& a, int workers) { return static_cast<std::size_t>(bytes_each(a) * workers); }

void topk(const TopkArgs& a, const Exec& exec, void* ws) {
  if (a.k == 0 || a.outer.count() == 0) return;
  HWY_DYNAMIC_DISPATCH(topk_on_target)(a, exec, static_cast<std::byte*>(ws), bytes_each(a));
}
}  // namespace fg::cpu
#endif
