// SPDX-License-Identifier: Apache-2.0
//
// Sorting of 64-bit numbers by vectors, for rows too short for a radix sort.

#ifndef FG_PLUGINS_CPU_KERNELS_SORT_WORDS_HPP_
#define FG_PLUGINS_CPU_KERNELS_SORT_WORDS_HPP_

#include <cstdint>

namespace fg::cpu {

// Ascending.
void sort_words(std::uint64_t* words, std::int64_t n);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_SORT_WORDS_HPP_
