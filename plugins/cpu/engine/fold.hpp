// SPDX-License-Identifier: Apache-2.0
//
// Folds that read a tensor's own elements, converted in registers, without a block in between: what
// reductions use where the prologue is one of a few simple terms.

#ifndef FG_PLUGINS_CPU_ENGINE_FOLD_HPP_
#define FG_PLUGINS_CPU_ENGINE_FOLD_HPP_

#include <cstddef>
#include <cstdint>

#include "fg/abi/engine.h"
#include "plugins/cpu/engine/state.hpp"

namespace fg::cpu {

// What is folded of an element; number: the element, or 0 for a NaN.
enum class Term : std::uint8_t { none, plain, absolute, square, nonzero, number };

// The term that a prologue of one input of type `in` is; none when it is something else.
Term term_of(const fg_expr& prologue, fg_dtype in);

// A fold is chosen by all of this.
struct FoldKey {
  std::uint32_t monoid = 0;  // FG_MONOID_*
  std::uint16_t type = 0;    // Of the prologue's value.
  fg_dtype storage = 0;
  Term term = Term::none;
};

// n > 0 neighbouring elements.  Overwrites `s`; positions count from x.
using RowFold = void (*)(State& s, const void* x, std::size_t n);
// Elements that a call takes at most, so that a second pass over them finds them in the cache.
inline constexpr std::int64_t kRowPiece = 8192;
RowFold find_row_fold(const FoldKey& key);

// Column c of `rows` > 0 rows, `stride` bytes apart, into s[c]; kMinFoldColumns <= cols <= kMaxFoldColumns.
using ColumnFold = void (*)(State* s, const void* x, std::ptrdiff_t stride, std::size_t rows, std::size_t cols);
inline constexpr std::int64_t kMinFoldColumns = 64, kMaxFoldColumns = 1024;
ColumnFold find_column_fold(const FoldKey& key);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_ENGINE_FOLD_HPP_
