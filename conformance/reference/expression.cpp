// SPDX-License-Identifier: Apache-2.0
//
// Parser and evaluator of expression text.

#include "conformance/reference/expression.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>

namespace fg::reference {

// One function per level of precedence, loosest first, as in C but with the bit operators above the
// comparisons.
class Parser {
 public:
  Parser(std::string_view text, std::span<const std::string> names, Expression& out)
      : text_(text), names_(names), out_(out) {}

  void parse() {
    conditional();
    skip_space();
    if (at_ != text_.size()) fail("end of text");
  }

 private:
  using Step = Expression::Step;
  using Id = std::uint32_t;

  Id conditional() {
    const Id condition = binary_level(0);
    if (!take("?")) return condition;
    const Id yes = conditional();
    expect(":");
    const Id no = conditional();
    return push({Step::Kind::select, condition, yes, no});
  }

  Id binary_level(std::size_t level) {
    static const std::array<std::vector<std::string_view>, 9> kLevels{
        {{"||"}, {"&&"}, {"==", "!="}, {"<=", ">=", "<", ">"}, {"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-"}}};
    if (level == kLevels.size()) return product();
    Id left = binary_level(level + 1);
    while (const std::string_view* op = take_any(kLevels[level])) {
      const Id right = binary_level(level + 1);
      left = push_binary(*op, left, right);
    }
    return left;
  }

  Id product() {
    static const std::vector<std::string_view> kOperators{"*", "/", "%"};
    Id left = prefix();
    while (const std::string_view* op = take_any(kOperators)) {
      const Id right = prefix();
      left = push_binary(*op, left, right);
    }
    return left;
  }

  Id prefix() {
    if (take("-")) return push_unary("neg", prefix());
    if (take("+")) return prefix();
    if (peek() == '!' && peek(1) != '=') {
      ++at_;
      return push_unary("!", prefix());
    }
    if (take("~")) return push_unary("not", prefix());
    const Id base = primary();
    return take("**") ? push_binary("pow", base, prefix()) : base;
  }

  Id primary() {
    skip_space();
    if (take("(")) {
      const Id inner = conditional();
      expect(")");
      return inner;
    }
    if (std::isdigit(static_cast<unsigned char>(peek())) != 0 || peek() == '.') return number();
    const std::string word = identifier();
    skip_space();
    if (peek() == '(') return function(word);
    const auto operand = std::find(names_.begin(), names_.end(), word);
    if (operand != names_.end()) return push({Step::Kind::operand, static_cast<Id>(operand - names_.begin())});
    return constant(word);
  }

  Id number() {
    std::size_t end = at_;
    bool real = false;
    while (end < text_.size()) {
      const char c = text_[end];
      const bool exponent_sign = (c == '+' || c == '-') && (text_[end - 1] == 'e' || text_[end - 1] == 'E');
      if (c == '.' || c == 'e' || c == 'E') real = true;
      if (std::isdigit(static_cast<unsigned char>(c)) == 0 && c != '.' && c != 'e' && c != 'E' && !exponent_sign) break;
      ++end;
    }
    const std::string digits(text_.substr(at_, end - at_));
    at_ = end;
    Step step{Step::Kind::number};
    // Literals mean the double nearest to the text, as everywhere in the catalogue.
    step.number =
        weak_number(real ? std::strtod(digits.c_str(), nullptr) : std::strtold(digits.c_str(), nullptr), real);
    return push(step);
  }

  Id constant(const std::string& word) {
    Step step{Step::Kind::number};
    if (word == "inf") {
      step.number = weak_number(std::numeric_limits<Real>::infinity(), true);
    } else if (word == "nan") {
      step.number = weak_number(std::numeric_limits<Real>::quiet_NaN(), true);
    } else if (word == "true" || word == "false") {
      step.number = exact(word == "true" ? 1 : 0, Ct::boolean);
    } else if (word == "pi") {
      step.number = weak_number(3.14159265358979323846, true);
    } else if (word == "e") {
      step.number = weak_number(2.71828182845904523536, true);
    } else {
      fail("a known name instead of '" + word + "'");
    }
    return push(step);
  }

  Id function(const std::string& word) {
    expect("(");
    if (word == "index") {
      const Id dimension = static_cast<Id>(out_.steps_[number()].number.mid);
      out_.steps_.pop_back();
      expect(")");
      return push({Step::Kind::index, dimension});
    }
    std::vector<Id> arguments{conditional()};
    while (take(",")) arguments.push_back(conditional());
    expect(")");
    const std::size_t n = arguments.size();
    if (n == 1 && find_unary(word) != nullptr) return push_unary(word, arguments[0]);
    if (n == 2 && find_binary(word) != nullptr) return push_binary(word, arguments[0], arguments[1]);
    if (n == 3) {
      if (word == "where") return push({Step::Kind::select, arguments[0], arguments[1], arguments[2]});
      if (word == "fma") return push({Step::Kind::fma, arguments[0], arguments[1], arguments[2]});
      if (word == "clamp") return push({Step::Kind::clamp, arguments[0], arguments[1], arguments[2]});
    }
    fail("a function of " + std::to_string(n) + " arguments instead of '" + word + "'");
  }

  Id push(const Step& step) {
    out_.steps_.push_back(step);
    return static_cast<Id>(out_.steps_.size() - 1);
  }
  Id push_unary(std::string_view name, Id a) {
    Step step{Step::Kind::unary, a};
    step.unary = find_unary(name);
    static constexpr std::array<std::string_view, 16> kAnyType{
        "neg",   "abs",   "sign",     "not",       "!",        "floor",    "ceil",     "trunc",
        "round", "isinf", "isfinite", "cast_bool", "cast_i32", "cast_i64", "cast_f32", "cast_f64"};
    step.needs_float = std::find(kAnyType.begin(), kAnyType.end(), name) == kAnyType.end();
    return push(step);
  }
  Id push_binary(std::string_view name, Id a, Id b) {
    Step step{Step::Kind::binary, a, b};
    step.binary = find_binary(name);
    step.needs_float = name == "/" || name == "atan2";
    return push(step);
  }

  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  char peek(std::size_t ahead = 0) {
    if (ahead == 0) skip_space();
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool take(std::string_view token) {
    skip_space();
    if (text_.substr(at_, token.size()) != token) return false;
    const char next = peek(token.size());
    // "<" is not the start of "<<" or "<=", "&" not of "&&", "|" not of "||".
    const bool longer =
        token.size() == 1 && ((token[0] == next && (next == '<' || next == '>' || next == '&' || next == '|')) ||
                              ((token[0] == '<' || token[0] == '>') && next == '='));
    if (longer) return false;
    at_ += token.size();
    return true;
  }
  const std::string_view* take_any(const std::vector<std::string_view>& tokens) {
    for (const std::string_view& token : tokens) {
      if (take(token)) return &token;
    }
    return nullptr;
  }
  void expect(std::string_view token) {
    if (!take(token)) fail("'" + std::string(token) + "'");
  }
  std::string identifier() {
    skip_space();
    std::size_t end = at_;
    while (end < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[end])) != 0 || text_[end] == '_'))
      ++end;
    if (end == at_) fail("a name or a number");
    const std::string word(text_.substr(at_, end - at_));
    at_ = end;
    return word;
  }
  [[noreturn]] void fail(const std::string& expected) const {
    throw Mistake{"expression '" + std::string(text_) + "', column " + std::to_string(at_ + 1) + ": expected " +
                  expected};
  }

  std::string_view text_;
  std::span<const std::string> names_;
  Expression& out_;
  std::size_t at_ = 0;
};

Expression::Expression(std::string_view text, std::span<const std::string> names) {
  Parser(text, names, *this).parse();
}

Value Expression::evaluate(std::span<const Value> operands, std::span<const std::int64_t> index, Ct common) const {
  thread_local std::vector<Value> values;
  values.resize(steps_.size());
  const Ct real = is_float(common) ? common : Ct::f32;
  auto as_float = [&](const Value& v) { return is_float(v.type) || v.weak ? v : cast(v, real); };
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step& s = steps_[i];
    switch (s.kind) {
      case Step::Kind::operand: values[i] = operands[s.a]; break;
      case Step::Kind::index: values[i] = exact(static_cast<Real>(index[s.a]), Ct::i64); break;
      case Step::Kind::number: values[i] = s.number; break;
      case Step::Kind::unary: values[i] = s.unary(s.needs_float ? as_float(values[s.a]) : values[s.a]); break;
      case Step::Kind::binary:
        values[i] =
            s.needs_float ? s.binary(as_float(values[s.a]), as_float(values[s.b])) : s.binary(values[s.a], values[s.b]);
        break;
      case Step::Kind::select: values[i] = select(values[s.a], values[s.b], values[s.c]); break;
      case Step::Kind::fma: values[i] = add(mul(values[s.a], values[s.b]), values[s.c]); break;
      case Step::Kind::clamp: values[i] = minimum(maximum(values[s.a], values[s.b]), values[s.c]); break;
    }
  }
  Value result = values.back();
  return result.weak ? cast(result, common) : result;
}

}  // namespace fg::reference
