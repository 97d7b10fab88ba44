// SPDX-License-Identifier: Apache-2.0
//
// Characters of an expression to tokens.

#ifndef FG_CORE_EXPR_LEXER_HPP_
#define FG_CORE_EXPR_LEXER_HPP_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fg/sdk/result.hpp"

namespace fg::expr {

struct Token {
  enum class Kind : std::uint8_t { name, integer, real, symbol, end };
  Kind kind = Kind::end;
  std::string_view text;  // Borrowed from the expression.
  std::uint32_t column = 1;
  std::int64_t integer = 0;
  double real = 0.0;
};

// The tokens of `text`, closed by one of kind end.
Result<std::vector<Token>> tokenize(std::string_view text);

// How a token is named in a message: "'+'", "the end".
std::string quoted(const Token& token);

// FG_E_INVALID, "column N: what".
tl::unexpected<Error> error_at(std::uint32_t column, const std::string& what);

}  // namespace fg::expr

#endif  // FG_CORE_EXPR_LEXER_HPP_
