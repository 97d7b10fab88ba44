// SPDX-License-Identifier: Apache-2.0
#include "plugins/cpu/kernels/sort_words.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/cpu/kernels/sort_words.cpp"
// foreach_target.h stands first: it includes this file once for each target.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "hwy/contrib/sort/traits-inl.h"
#include "hwy/contrib/sort/vqsort-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace fg::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void sort_words_on_target(std::uint64_t* words, std::int64_t n) {
#if VQSORT_ENABLED
  constexpr std::int64_t kTiny = 16;  // hn::Sort takes a third of a microsecond before it begins.
  if (n <= kTiny) {
    std::sort(words, words + n);
    return;
  }
  const hn::SortTag<std::uint64_t> d;
  const hn::detail::SharedTraits<hn::detail::TraitsLane<hn::detail::OrderAscending<std::uint64_t>>> ascending;
  hn::Sort(d, ascending, words, static_cast<std::size_t>(n), static_cast<std::uint64_t*>(nullptr));
#else
  std::sort(words, words + n);
#endif
}

}  // namespace fg::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fg::cpu {
HWY_EXPORT(sort_words_on_target);

void sort_words(std::uint64_t* words, std::int64_t n) { HWY_DYNAMIC_DISPATCH(sort_words_on_target)(words, n); }
}  // namespace fg::cpu
#endif
