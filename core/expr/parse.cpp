// SPDX-License-Identifier: Apache-2.0
//
// Recursive descent over brackets, precedence climbing over operators.  Depth is counted, so the
// stack is bounded whatever the text.

#include "core/expr/parse.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <numbers>
#include <optional>
#include <utility>

#include "core/catalogue/nearest.hpp"
#include "core/expr/lexer.hpp"
#include "core/expr/op_table.hpp"

namespace fg::expr {
namespace {

struct Binary {
  std::string_view symbol;
  int level;  // Higher binds tighter.
  std::uint16_t op;
  bool logical;
};
constexpr int kCompareLevel = 3;
constexpr int kLowestLevel = 1;
constexpr auto kBinary = std::to_array<Binary>({
    {"||", 1, FG_EX_OR, true},
    {"&&", 2, FG_EX_AND, true},
    {"==", kCompareLevel, FG_EX_EQ, false},
    {"!=", kCompareLevel, FG_EX_NE, false},
    {"<", kCompareLevel, FG_EX_LT, false},
    {"<=", kCompareLevel, FG_EX_LE, false},
    {">", kCompareLevel, FG_EX_GT, false},
    {">=", kCompareLevel, FG_EX_GE, false},
    {"|", 4, FG_EX_OR, false},
    {"^", 5, FG_EX_XOR, false},
    {"&", 6, FG_EX_AND, false},
    {"<<", 7, FG_EX_SHL, false},
    {">>", 7, FG_EX_SHR, false},
    {"+", 8, FG_EX_ADD, false},
    {"-", 8, FG_EX_SUB, false},
    {"*", 9, FG_EX_MUL, false},
    {"/", 9, FG_EX_DIV, false},
    {"%", 9, FG_EX_REMAINDER, false},
});

struct Constant {
  std::string_view name;
  Term::Kind kind;
  std::int64_t integer;
  double real;
};
constexpr auto kConstants = std::to_array<Constant>({
    {"true", Term::Kind::boolean, 1, 0.0},
    {"false", Term::Kind::boolean, 0, 0.0},
    {"inf", Term::Kind::real, 0, std::numeric_limits<double>::infinity()},
    {"nan", Term::Kind::real, 0, std::numeric_limits<double>::quiet_NaN()},
    {"pi", Term::Kind::real, 0, std::numbers::pi},
});

constexpr std::array<std::string_view, 5> kCasts = {"cast_bool", "cast_i32", "cast_i64", "cast_f32", "cast_f64"};

// Functions that are written with others.
enum class Sugar : std::uint8_t { clamp, isinf, isfinite };
struct SugarRow {
  std::string_view name;
  int arity;
  Sugar sugar;
};
constexpr auto kSugar = std::to_array<SugarRow>({
    {"clamp", 3, Sugar::clamp},
    {"isinf", 1, Sugar::isinf},
    {"isfinite", 1, Sugar::isfinite},
});

struct Function {
  int arity = 0;
  std::uint16_t op = 0, type = 0;
  std::optional<Sugar> sugar;
};

std::optional<Function> find_function(std::string_view name) {
  for (std::size_t k = 0; k < kCasts.size(); ++k) {
    if (name == kCasts[k]) return Function{1, FG_EX_CAST, static_cast<std::uint16_t>(k), {}};
  }
  for (const SugarRow& row : kSugar) {
    if (name == row.name) return Function{row.arity, 0, 0, row.sugar};
  }
  for (const OpRow& row : op_table()) {
    if (row.arity > 0 && row.op != FG_EX_CAST && name == row.name) return Function{row.arity, row.op, 0, {}};
  }
  return std::nullopt;
}

std::vector<std::string_view> function_names() {
  std::vector<std::string_view> names(kCasts.begin(), kCasts.end());
  for (const SugarRow& row : kSugar) names.push_back(row.name);
  for (const OpRow& row : op_table()) {
    if (row.arity > 0 && row.op != FG_EX_CAST) names.push_back(row.name);
  }
  names.push_back("index");
  return names;
}

std::string plural(int n) { return n == 1 ? "1 argument" : std::to_string(n) + " arguments"; }

class Parser {
 public:
  Parser(Parsed& out, bool any_name) : out_(out), any_name_(any_name) {}

  Result<void> run(std::string_view text) {
    FG_TRY_ASSIGN(tokens_, tokenize(text));
    at_ = 0;
    FG_TRY_ASSIGN(const std::uint32_t root, ternary());
    if (peek().kind != Token::Kind::end) {
      return error_at(peek().column, "found " + quoted(peek()) + ", expected an operator or the end");
    }
    out_.roots.push_back(root);
    return {};
  }

 private:
  using Id = std::uint32_t;

  // Counts nesting for as long as it lives.
  struct Nest {
    explicit Nest(int& d) : depth(d) { ++depth; }
    ~Nest() { --depth; }
    Nest(const Nest&) = delete;
    Nest& operator=(const Nest&) = delete;
    int& depth;
  };

  const Token& peek() const { return tokens_[at_]; }
  bool at_symbol(std::string_view symbol) const { return peek().kind == Token::Kind::symbol && peek().text == symbol; }
  bool take(std::string_view symbol) {
    const bool found = at_symbol(symbol);
    if (found) ++at_;
    return found;
  }
  Result<void> expect(std::string_view symbol, const std::string& why) {
    if (take(symbol)) return {};
    return error_at(peek().column, "found " + quoted(peek()) + ", expected '" + std::string(symbol) + "' " + why);
  }
  Result<void> check_depth() const {
    if (depth_ <= kMaxDepth) return {};
    return error_at(peek().column, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
  }

  Result<Id> push(Term term) {
    if (out_.terms.size() >= kMaxTerms) {
      return error_at(term.column, "more than " + std::to_string(kMaxTerms) + " terms");
    }
    out_.terms.push_back(term);
    return static_cast<Id>(out_.terms.size() - 1);
  }
  Result<Id> push_op(std::uint16_t op, std::uint32_t column, Id a, Id b = 0, Id c = 0, bool logical = false) {
    Term t;
    t.op = op;
    t.column = column;
    t.logical = logical;
    t.arg[0] = a;
    t.arg[1] = b;
    t.arg[2] = c;
    return push(t);
  }
  Result<Id> push_real(double value, std::uint32_t column) {
    Term t;
    t.kind = Term::Kind::real;
    t.column = column;
    t.real = value;
    return push(t);
  }

  Result<Id> ternary() {
    const Nest nest(depth_);
    FG_TRY(check_depth());
    FG_TRY_ASSIGN(const Id condition, binary(kLowestLevel));
    const std::uint32_t column = peek().column;
    if (!take("?")) return condition;
    FG_TRY_ASSIGN(const Id yes, ternary());
    FG_TRY(expect(":", "and the value for false"));
    FG_TRY_ASSIGN(const Id no, ternary());
    return push_op(FG_EX_WHERE, column, condition, yes, no);
  }

  const Binary* peek_binary() const {
    if (peek().kind != Token::Kind::symbol) return nullptr;
    const auto* row =
        std::find_if(kBinary.begin(), kBinary.end(), [&](const Binary& b) { return b.symbol == peek().text; });
    return row == kBinary.end() ? nullptr : row;
  }

  Result<Id> binary(int lowest) {
    FG_TRY_ASSIGN(Id left, unary());
    int last_level = 0;
    for (const Binary* row = peek_binary(); row != nullptr && row->level >= lowest; row = peek_binary()) {
      const std::uint32_t column = peek().column;
      if (row->level == kCompareLevel && last_level == kCompareLevel) {
        return error_at(column, "found " + quoted(peek()) + ", comparisons do not chain; join them with '&&'");
      }
      ++at_;
      FG_TRY_ASSIGN(const Id right, binary(row->level + 1));
      FG_TRY_ASSIGN(left, push_op(row->op, column, left, right, 0, row->logical));
      last_level = row->level;
    }
    return left;
  }

  Result<Id> unary() {
    const Nest nest(depth_);
    FG_TRY(check_depth());
    const std::uint32_t column = peek().column;
    if (take("+")) return unary();
    for (const auto& [symbol, op] : {std::pair{"-", FG_EX_NEG}, std::pair{"!", FG_EX_NOT}, std::pair{"~", FG_EX_NOT}}) {
      const bool logical = *symbol == '!';
      if (!take(symbol)) continue;
      FG_TRY_ASSIGN(const Id operand, unary());
      return push_op(static_cast<std::uint16_t>(op), column, operand, 0, 0, logical);
    }
    FG_TRY_ASSIGN(const Id base, primary());
    const std::uint32_t power_column = peek().column;
    if (!take("**")) return base;
    FG_TRY_ASSIGN(const Id exponent, unary());
    return push_op(FG_EX_POW, power_column, base, exponent);
  }

  Result<Id> primary() {
    const Token token = peek();
    if (token.kind == Token::Kind::integer || token.kind == Token::Kind::real) {
      ++at_;
      Term t;
      t.kind = token.kind == Token::Kind::integer ? Term::Kind::integer : Term::Kind::real;
      t.column = token.column;
      t.integer = token.integer;
      t.real = token.real;
      return push(t);
    }
    if (token.kind == Token::Kind::name) {
      ++at_;
      return at_symbol("(") ? call(token) : name(token);
    }
    if (take("(")) {
      FG_TRY_ASSIGN(const Id inner, ternary());
      FG_TRY(expect(")", "to close the bracket of column " + std::to_string(token.column)));
      return inner;
    }
    return error_at(token.column, "found " + quoted(token) + ", expected a name, a number, a function or '('");
  }

  Result<Id> name(const Token& token) {
    Term t;
    t.column = token.column;
    const auto known = std::find(out_.names.begin(), out_.names.end(), token.text);
    if (known != out_.names.end()) {
      t.kind = Term::Kind::name;
      t.arg[0] = static_cast<std::uint32_t>(known - out_.names.begin());
      return push(t);
    }
    for (const Constant& c : kConstants) {
      if (c.name != token.text) continue;
      t.kind = c.kind;
      t.integer = c.integer;
      t.real = c.real;
      return push(t);
    }
    if (find_function(token.text) || token.text == "index") {
      return error_at(token.column, quoted(token) + " is a function, expected '(' after it");
    }
    if (!any_name_) return unknown_name(token);
    t.kind = Term::Kind::name;
    t.arg[0] = static_cast<std::uint32_t>(out_.names.size());
    out_.names.emplace_back(token.text);
    return push(t);
  }

  tl::unexpected<Error> unknown_name(const Token& token) const {
    std::vector<std::string_view> known(out_.names.begin(), out_.names.end());
    std::string hint;
    if (token.text.size() <= 64) {
      for (const Constant& c : kConstants) known.push_back(c.name);
      hint = core::did_you_mean(token.text, known);
    }
    if (hint.empty() && !out_.names.empty()) {
      hint = ", expected one of ";
      for (std::size_t k = 0; k < out_.names.size(); ++k) hint += (k == 0 ? "" : ", ") + out_.names[k];
    }
    return error_at(token.column, "unknown name " + quoted(token) + hint);
  }

  Result<Id> call(const Token& token) {
    if (token.text == "index") return index(token);
    const std::optional<Function> f = find_function(token.text);
    if (!f) {
      const std::string hint = token.text.size() <= 64 ? core::did_you_mean(token.text, function_names()) : "";
      return error_at(token.column, "unknown function " + quoted(token) + hint);
    }
    ++at_;  // (
    Id arg[3] = {0, 0, 0};
    int given = 0;
    while (!at_symbol(")")) {
      if (given == f->arity)
        return error_at(peek().column, quoted(token) + " takes " + plural(f->arity) + ", found more");
      FG_TRY_ASSIGN(arg[given], ternary());
      ++given;
      if (f->sugar == Sugar::clamp && given == 2) {  // In the order of min(max(x, low), high).
        FG_TRY_ASSIGN(arg[0], push_op(FG_EX_MAX, token.column, arg[0], arg[1]));
      }
      if (at_symbol(")")) break;
      FG_TRY(expect(",", "or ')' in the arguments of " + quoted(token)));
      if (at_symbol(")")) return error_at(peek().column, "found ')', expected an argument of " + quoted(token));
    }
    const std::uint32_t close = peek().column;
    ++at_;  // )
    if (given != f->arity) {
      return error_at(close, quoted(token) + " takes " + plural(f->arity) + ", found " + std::to_string(given));
    }
    if (f->sugar) return expand(*f->sugar, token.column, arg);
    FG_TRY_ASSIGN(const Id id, push_op(f->op, token.column, arg[0], arg[1], arg[2]));
    out_.terms[id].type = f->type;
    return id;
  }

  Result<Id> expand(Sugar sugar, std::uint32_t column, const Id* arg) {
    if (sugar == Sugar::clamp) return push_op(FG_EX_MIN, column, arg[0], arg[2]);
    FG_TRY_ASSIGN(const Id size, push_op(FG_EX_ABS, column, arg[0]));
    FG_TRY_ASSIGN(const Id infinity, push_real(std::numeric_limits<double>::infinity(), column));
    return push_op(sugar == Sugar::isinf ? FG_EX_EQ : FG_EX_LT, column, size, infinity);
  }

  Result<Id> index(const Token& token) {
    ++at_;  // (
    const Token dimension = peek();
    if (dimension.kind != Token::Kind::integer || dimension.integer >= kMaxIndexDims) {
      return error_at(dimension.column, "found " + quoted(dimension) + ", expected a dimension, a number from 0 to " +
                                            std::to_string(kMaxIndexDims - 1));
    }
    ++at_;
    FG_TRY(expect(")", "after the dimension of index"));
    Term t;
    t.kind = Term::Kind::index;
    t.column = token.column;
    t.arg[0] = static_cast<std::uint32_t>(dimension.integer);
    return push(t);
  }

  Parsed& out_;
  bool any_name_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

bool same_term(const Term& a, const Term& b) {
  return a.kind == b.kind && a.logical == b.logical && a.op == b.op && a.type == b.type &&
         std::equal(std::begin(a.arg), std::end(a.arg), std::begin(b.arg)) && a.integer == b.integer &&
         std::bit_cast<std::uint64_t>(a.real) == std::bit_cast<std::uint64_t>(b.real);
}

Result<Parsed> parse_all(std::span<const std::string_view> texts, std::span<const std::string_view> names, bool any) {
  Parsed out;
  out.names.assign(names.begin(), names.end());
  for (std::size_t k = 0; k < texts.size(); ++k) {
    if (Result<void> r = Parser(out, any).run(texts[k]); !r) {
      if (texts.size() == 1) return tl::unexpected(std::move(r).error());
      return tl::unexpected(std::move(r).error().while_doing("expression " + std::to_string(k + 1)));
    }
  }
  return out;
}

}  // namespace

bool operator==(const Parsed& a, const Parsed& b) {
  return a.names == b.names && a.roots == b.roots &&
         std::equal(a.terms.begin(), a.terms.end(), b.terms.begin(), b.terms.end(), same_term);
}

Result<Parsed> parse(std::span<const std::string_view> texts, std::span<const std::string_view> names) {
  return parse_all(texts, names, false);
}

Result<Parsed> parse(std::string_view text, std::span<const std::string_view> names) {
  return parse_all({&text, 1}, names, false);
}

Result<Parsed> parse_any(std::string_view text) { return parse_all({&text, 1}, {}, true); }

}  // namespace fg::expr
