// SPDX-License-Identifier: Apache-2.0

#include "core/expr/to_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <vector>

#include "core/expr/evaluate.hpp"
#include "core/expr/op_table.hpp"

namespace fg::expr {
namespace {

// How tightly a term's text binds; the parser's levels (parse.cpp), unary and power above them.
constexpr int kTernary = 0, kCompare = 3, kUnary = 10, kPower = 11, kClosed = 12;

std::string number(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x < 0 ? "-inf" : "inf";
  char text[40];
  const std::to_chars_result r = std::to_chars(text, text + sizeof(text), x);
  std::string word(text, r.ptr);
  return word.find_first_of(".e") == std::string::npos ? word + ".0" : word;
}

struct Style {
  std::string_view symbol;  // Empty: written as a function.
  int level = kClosed;
};

Style style_of(const Term& t) {
  const OpRow& row = *find_op(t.op);
  if (t.logical) {
    if (t.op == FG_EX_NOT) return {"!", kUnary};
    return t.op == FG_EX_AND ? Style{"&&", 2} : Style{"||", 1};
  }
  switch (t.op) {
    case FG_EX_NEG:
    case FG_EX_NOT: return {row.symbol, kUnary};
    case FG_EX_POW: return {"**", kPower};
    case FG_EX_OR: return {"|", 4};
    case FG_EX_XOR: return {"^", 5};
    case FG_EX_AND: return {"&", 6};
    case FG_EX_SHL:
    case FG_EX_SHR: return {row.symbol, 7};
    case FG_EX_ADD:
    case FG_EX_SUB: return {row.symbol, 8};
    case FG_EX_MUL:
    case FG_EX_DIV:
    case FG_EX_REMAINDER: return {row.symbol, 9};
    default: return row.rule == TypeRule::compare ? Style{row.symbol, kCompare} : Style{};
  }
}

// Writes without recursion: a long chain of operators is a deep tree.
class Writer {
 public:
  explicit Writer(const Parsed& p) : p_(p) {}

  std::string run(std::uint32_t root) {
    push_term(root, kTernary);
    while (!stack_.empty() && text_.size() <= kMaxTextBytes) {
      const Item item = stack_.back();
      stack_.pop_back();
      if (item.is_term) {
        term(p_.terms[item.id], item.level);
      } else {
        text_ += item.word;
      }
    }
    return stack_.empty() ? text_ : text_ + "...";  // A derivative shares terms and may be far longer as text.
  }

 private:
  struct Item {
    bool is_term;
    std::uint32_t id;
    int level;  // Weaker terms get brackets.
    std::string_view word;
  };
  void push_term(std::uint32_t id, int level) { stack_.push_back({true, id, level, {}}); }
  void push_word(std::string_view word) { stack_.push_back({false, 0, 0, word}); }

  void term(const Term& t, int level) {
    switch (t.kind) {
      case Term::Kind::name: text_ += p_.names[t.arg[0]]; return;
      case Term::Kind::index: text_ += "index(" + std::to_string(t.arg[0]) + ")"; return;
      case Term::Kind::boolean: text_ += t.integer != 0 ? "true" : "false"; return;
      case Term::Kind::integer: text_ += std::to_string(t.integer); return;
      case Term::Kind::real: text_ += number(t.real); return;
      default: operation(t, level); return;
    }
  }

  void operation(const Term& t, int level) {
    const OpRow& row = *find_op(t.op);
    const Style style = style_of(t);
    if (style.symbol.empty()) return function(t, row);
    const bool brackets = style.level < level;
    if (brackets) {
      text_ += '(';
      push_word(")");
    }
    if (row.arity == 1) {
      text_ += style.symbol;
      push_term(t.arg[0], kUnary);
      return;
    }
    // Left-associative, but for power (whose exponent may be unary) and comparisons, which do not chain.
    const bool power = style.level == kPower;
    push_term(t.arg[1], power ? kUnary : style.level + 1);
    if (!power) push_word(" ");
    push_word(style.symbol);
    if (!power) push_word(" ");
    push_term(t.arg[0], power || style.level == kCompare ? style.level + 1 : style.level);
  }

  void function(const Term& t, const OpRow& row) {
    text_ += row.name;
    if (t.op == FG_EX_CAST) text_ += "_" + std::string(type_name(t.type));
    text_ += '(';
    push_word(")");
    for (int k = row.arity; k-- > 0;) {
      push_term(t.arg[k], kTernary);
      if (k > 0) push_word(", ");
    }
  }

  const Parsed& p_;
  std::vector<Item> stack_;
  std::string text_;
};

}  // namespace

std::string to_text(const Parsed& parsed, std::size_t output) { return Writer(parsed).run(parsed.roots[output]); }

std::string to_text(const fg_expr& program) {
  std::string text;
  for (std::uint32_t k = 0; k < program.n_node; ++k) {
    const fg_expr_node& n = program.node[k];
    const OpRow* row = find_op(n.op);
    text += "v" + std::to_string(k) + " = " + (row == nullptr ? "unknown" : std::string(row->name));
    if (n.op == FG_EX_CONST) {
      const Value v = constant_value(n);
      text += " " + (is_float_type(n.type) ? number(v.f) : std::to_string(v.i));
    } else if (row != nullptr && row->arity == 0) {
      text += " " + std::to_string(n.arg[0]);
    }
    for (int a = 0; row != nullptr && a < row->arity; ++a) text += " v" + std::to_string(n.arg[a]);
    text += " : " + std::string(type_name(n.type)) + "\n";
  }
  for (std::uint32_t j = 0; j < program.n_out; ++j)
    text += "out " + std::to_string(j) + " = v" + std::to_string(program.out[j]) + "\n";
  return text;
}

}  // namespace fg::expr
