// SPDX-License-Identifier: Apache-2.0

#include "core/expr/lexer.hpp"

#include <array>
#include <charconv>
#include <system_error>

#include "core/expr/parse.hpp"

namespace fg::expr {
namespace {

// The C locale's classes; <cctype> would follow the caller's.
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Longest first.
constexpr std::array<std::string_view, 26> kSymbols = {"**", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||",
                                                       "+",  "-",  "*",  "/",  "%",  "<",  ">",  "&",  "|",
                                                       "^",  "~",  "!",  "?",  ":",  "(",  ")",  ","};

std::string printable(char c) {
  if (c > ' ' && c <= '~') return std::string("'") + c + "'";
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return std::string("byte 0x") + kHex[byte >> 4] + kHex[byte & 15u];
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    std::vector<Token> tokens;
    for (;;) {
      while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
      if (at_ == text_.size()) break;
      FG_TRY_ASSIGN(Token token, next());
      tokens.push_back(token);
    }
    Token end;
    end.column = column();
    tokens.push_back(end);
    return tokens;
  }

 private:
  std::uint32_t column() const { return static_cast<std::uint32_t>(at_) + 1; }

  Token take(Token::Kind kind, std::size_t size) {
    Token token;
    token.kind = kind;
    token.text = text_.substr(at_, size);
    token.column = column();
    at_ += size;
    return token;
  }

  Result<Token> next() {
    const char c = text_[at_];
    if (is_letter(c)) {
      std::size_t size = 1;
      while (at_ + size < text_.size() && (is_letter(text_[at_ + size]) || is_digit(text_[at_ + size]))) ++size;
      return take(Token::Kind::name, size);
    }
    if (is_digit(c) || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) return number();
    for (const std::string_view symbol : kSymbols) {
      if (text_.substr(at_, symbol.size()) == symbol) return take(Token::Kind::symbol, symbol.size());
    }
    if (c == '=') return error_at(column(), "found '=', expected '==' to compare");
    return error_at(column(), "found " + printable(c) + ", which no expression has");
  }

  Result<Token> number() {
    const std::string_view rest = text_.substr(at_);
    const bool hex = rest.size() > 2 && rest[0] == '0' && (rest[1] == 'x' || rest[1] == 'X');
    std::size_t size = hex ? 2 : 0;
    bool real = false;
    for (; size < rest.size(); ++size) {
      const char c = rest[size];
      if (is_digit(c) || is_letter(c)) continue;
      const bool sign = (c == '+' || c == '-') && !hex && size > 0 && (rest[size - 1] == 'e' || rest[size - 1] == 'E');
      if (c != '.' && !sign) break;
    }
    const std::string_view word = rest.substr(0, size);
    if (!hex) real = word.find_first_of(".eE") != std::string_view::npos;
    Token token = take(real ? Token::Kind::real : Token::Kind::integer, size);
    const char* first = word.data() + (hex ? 2 : 0);
    const char* last = word.data() + word.size();
    const std::from_chars_result r =
        real ? std::from_chars(first, last, token.real) : std::from_chars(first, last, token.integer, hex ? 16 : 10);
    if (r.ec == std::errc::result_out_of_range) {
      return error_at(token.column, quoted(token) + (real ? " is beyond f64" : " does not fit i64"));
    }
    if (r.ec != std::errc() || r.ptr != last) return error_at(token.column, quoted(token) + " is not a number");
    return token;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    return invalid("the text has " + std::to_string(text.size()) + " bytes, at most " + std::to_string(kMaxTextBytes) +
                       " are taken",
                   FG_R_LIMIT);
  }
  return Lexer(text).run();
}

std::string quoted(const Token& token) {
  if (token.kind == Token::Kind::end) return "the end";
  constexpr std::size_t kLongest = 40;
  if (token.text.size() <= kLongest) return "'" + std::string(token.text) + "'";
  return "'" + std::string(token.text.substr(0, kLongest)) + "...'";
}

tl::unexpected<Error> error_at(std::uint32_t column, const std::string& what) {
  return invalid("column " + std::to_string(column) + ": " + what, FG_R_EXPRESSION);
}

}  // namespace fg::expr
