// SPDX-License-Identifier: Apache-2.0
//
// Text of a scalar expression to untyped syntax.  The language: docs/expressions.md.

#ifndef FG_CORE_EXPR_PARSE_HPP_
#define FG_CORE_EXPR_PARSE_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fg/abi/expr.h"
#include "fg/sdk/result.hpp"

namespace fg::expr {

// Limits that keep hostile input harmless.
inline constexpr std::size_t kMaxTextBytes = 64 * 1024;
inline constexpr std::size_t kMaxTerms = 8192;
inline constexpr int kMaxDepth = 256;     // of brackets, functions and unary operators
inline constexpr int kMaxIndexDims = 16;  // index(0) to index(15)

// One node of the syntax; it reads earlier terms only.
struct Term {
  enum class Kind : std::uint8_t {
    name,     // arg[0]: index into Parsed::names
    index,    // arg[0]: dimension of index(d)
    boolean,  // integer: 0 or 1
    integer,  // integer >= 0
    real,     // real: >= 0, inf or nan
    op        // op on arg[]; type: the target of FG_EX_CAST
  };
  Kind kind = Kind::op;
  bool logical = false;      // FG_EX_AND, OR, NOT written as && || !: operands become BOOL first
  std::uint16_t op = 0;      // FG_EX_*
  std::uint16_t type = 0;    // FG_CT_*
  std::uint32_t column = 0;  // 1-based place in the text, for messages
  std::uint32_t arg[3] = {0, 0, 0};
  std::int64_t integer = 0;
  double real = 0.0;
};

struct Parsed {
  std::vector<Term> terms;
  std::vector<std::uint32_t> roots;  // one per output
  std::vector<std::string> names;    // tensors, scalar attributes, states: what Typing binds
};

// Equal but for columns.
bool operator==(const Parsed& a, const Parsed& b);

// Parses one text per output.  `names` are the names that may occur; they hide functions' and
// constants' names only where no bracket follows.  Errors give the column, what was found and what
// was expected.
Result<Parsed> parse(std::span<const std::string_view> texts, std::span<const std::string_view> names);
Result<Parsed> parse(std::string_view text, std::span<const std::string_view> names);

// Takes every unknown name as an input, in order of first appearance.
Result<Parsed> parse_any(std::string_view text);

}  // namespace fg::expr

#endif  // FG_CORE_EXPR_PARSE_HPP_
