// SPDX-License-Identifier: Apache-2.0
//
// Prints a program (fg/abi/expr.h) in a C-like language, for plugins that compile kernels at run time.
//
//   sdk::ExprPrinter<sdk::OpenClDialect> printer(program);
//   printer.prelude()             the helper functions that the program needs
//   printer.statements(sources)   "float v0 = ...;", a line for each node
//   printer.output(j)             "v7", the value of output j, of type printer.output_type(j)

#ifndef FG_SDK_EXPR_PRINTER_HPP_
#define FG_SDK_EXPR_PRINTER_HPP_

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fg/abi/expr.h"
#include "fg/sdk/expr_dialects.hpp"
#include "fg/sdk/expr_helpers.hpp"
#include "fg/sdk/expr_patterns.hpp"
#include "fg/sdk/expr_series.hpp"
#include "fg/sdk/result.hpp"

namespace fg::sdk {

// How a program reads its surroundings, as text of the dialect.
struct ExprSources {
  std::function<std::string(std::uint32_t)> input;                  // input k, already in its compute type
  std::function<std::string(std::uint32_t, std::uint16_t)> scalar;  // scalar k, in the given FG_CT_*
  std::function<std::string(std::uint32_t)> index;                  // position in dimension d, as i64
};

template <class Dialect>
class ExprPrinter {
 public:
  // Borrows the program.  `prefix` stands before every variable.  `stored`: the dtypes of the outputs, where known;
  // what is only stored as f16 may be computed for its range alone.
  explicit ExprPrinter(const fg_expr& program, std::string prefix = "v", std::span<const fg_dtype> stored = {})
      : e_(program), prefix_(std::move(prefix)), stored_(stored) {}

  // FG_E_UNSUPPORTED, FG_R_EXPRESSION, when the dialect cannot say an operation of the program.
  Result<void> check() const {
    for (std::uint32_t k = 0; k < e_.n_node; ++k) {
      const fg_expr_node& n = e_.node[k];
      const std::string where = "node " + std::to_string(k) + ": operation " + std::to_string(n.op);
      if (n.type > FG_CT_F64 || !known(n.op)) return unsupported(where + " is unknown", FG_R_EXPRESSION);
      if (!Dialect::has(n.op, n.type)) {
        return unsupported(where + " does not exist for " + std::string(kShort[n.type]), FG_R_EXPRESSION);
      }
    }
    return {};
  }

  // Helper functions, each once, callees first.  To be called after check().
  std::string prelude() const {
    std::vector<std::string> done;
    return prelude(done);
  }
  // The same for a text that has the helpers named in `done`; adds the names of those that it prints.
  std::string prelude(std::vector<std::string>& done) const {
    std::string text;
    const std::vector<bool> printed = detail::printed_nodes(e_);
    for (std::uint32_t k = 0; k < e_.n_node; ++k) {
      const fg_expr_node& n = e_.node[k];
      if (!printed[k]) continue;
      if (detail::gelu_input(e_, k) != k) {
        add_helper(*find_helper("gelu", n.type), n.type, text, done);
      } else if (n.op == FG_EX_CAST) {
        add_saturation(e_.node[n.arg[0]].type, n.type, text, done);
      } else if (needs_helper(n.op, n.type)) {
        add_helper(*helper_of(k), n.type, text, done);
      }
    }
    return text;
  }

  // One declaration a line.  To be called after check().
  std::string statements(const ExprSources& sources, std::string_view indent = "  ") const {
    std::string text;
    const std::vector<bool> printed = detail::printed_nodes(e_);
    for (std::uint32_t k = 0; k < e_.n_node; ++k) {
      const fg_expr_node& n = e_.node[k];
      if (!printed[k]) continue;
      text += std::string(indent) + std::string(Dialect::type_name(n.type)) + " " + variable(k) + " = " +
              value(k, sources) + ";\n";
    }
    return text;
  }

  std::string output(std::uint32_t j) const { return variable(e_.out[j]); }
  std::uint16_t output_type(std::uint32_t j) const { return e_.node[e_.out[j]].type; }

 private:
  static constexpr std::string_view kShort[] = {"bool", "i32", "i64", "f32", "f64"};
  using Helper = detail::ExprHelper;

  std::string variable(std::uint32_t k) const { return prefix_ + std::to_string(k); }

  static bool known(std::uint16_t op) {
    return op_symbol(op) != nullptr || (op >= FG_EX_INPUT && op <= FG_EX_INDEX) || op == FG_EX_CAST ||
           op == FG_EX_NEG || op == FG_EX_NOT || op == FG_EX_WHERE || op == FG_EX_ISNAN ||
           find_helper(op, FG_CT_F64) != nullptr || find_helper(op, FG_CT_I64) != nullptr ||
           !detail::c99_function(op).empty();
  }

  static const char* op_symbol(std::uint16_t op) {
    switch (op) {
      case FG_EX_ADD: return "+";
      case FG_EX_SUB: return "-";
      case FG_EX_MUL: return "*";
      case FG_EX_DIV: return "/";
      case FG_EX_EQ: return "==";
      case FG_EX_NE: return "!=";
      case FG_EX_LT: return "<";
      case FG_EX_LE: return "<=";
      case FG_EX_GT: return ">";
      case FG_EX_GE: return ">=";
      case FG_EX_AND: return "&";
      case FG_EX_OR: return "|";
      case FG_EX_XOR: return "^";
      default: return nullptr;
    }
  }

  static bool serves(const Helper& h, std::uint16_t type) {
    switch (h.types) {
      case detail::For::integers: return !detail::float_type(type);
      case detail::For::floats: return detail::float_type(type);
      case detail::For::f32: return type == FG_CT_F32;
      case detail::For::f64: return type == FG_CT_F64;
    }
    return false;
  }
  template <class Wanted>
  static const Helper* find_where(std::uint16_t type, const Wanted& wanted) {
    for (const auto& family : detail::kExprHelpers) {
      for (const Helper& h : family) {
        if (serves(h, type) && wanted(h)) return &h;
      }
    }
    return nullptr;
  }
  static const Helper* find_helper(std::uint16_t op, std::uint16_t type) {
    return op == 0 ? nullptr : find_where(type, [&](const Helper& h) { return h.op == op; });
  }
  static const Helper* find_helper(std::string_view name, std::uint16_t type) {
    return find_where(type, [&](const Helper& h) { return h.name == name; });
  }
  static bool needs_helper(std::uint16_t op, std::uint16_t type) {
    return type != FG_CT_BOOL && find_helper(op, type) != nullptr && Dialect::native(op, type).empty();
  }
  // Whether node k is an output, or several, of f16 and nothing else.
  bool only_f16(std::uint32_t k) const {
    for (std::uint32_t other = k + 1; other < e_.n_node; ++other) {
      const fg_expr_node& n = e_.node[other];
      if (n.op >= FG_EX_CAST && std::find(std::begin(n.arg), std::end(n.arg), k) != std::end(n.arg)) return false;
    }
    bool any = false;
    for (std::size_t j = 0; j < e_.n_out; ++j) {
      if (e_.out[j] != k) continue;
      if (j >= stored_.size() || stored_[j] != FG_F16) return false;
      any = true;
    }
    return any;
  }
  const Helper* helper_of(std::uint32_t k) const {
    const fg_expr_node& n = e_.node[k];
    if (n.op == FG_EX_EXP && n.type == FG_CT_F32 && only_f16(k)) return find_helper("exp_f16", n.type);
    return find_helper(n.op, n.type);
  }
  static std::string helper_name(std::string_view name, std::uint16_t type) {
    return "fg_" + std::string(name) + "_" + std::string(kShort[type]);
  }

  std::string value(std::uint32_t k, const ExprSources& sources) const {
    const fg_expr_node& n = e_.node[k];
    switch (n.op) {
      case FG_EX_INPUT: return sources.input(n.arg[0]);
      case FG_EX_SCALAR: return sources.scalar(n.arg[0], n.type);
      case FG_EX_INDEX: return sources.index(n.arg[0]);
      case FG_EX_CONST: return constant(n);
      default: break;
    }
    if (const std::uint32_t x = detail::gelu_input(e_, k); x != k) {
      return helper_name("gelu", n.type) + "(" + variable(x) + ")";
    }
    const std::string a = variable(n.arg[0]), b = variable(n.arg[1]), c = variable(n.arg[2]);
    const std::uint16_t in = e_.node[n.arg[0]].type;
    switch (n.op) {
      case FG_EX_CAST: return cast(a, in, n.type);
      case FG_EX_ISNAN: return Dialect::isnan(a);
      case FG_EX_WHERE: return a + " ? " + b + " : " + c;
      case FG_EX_NEG:
        return detail::float_type(n.type) ? "-" + a : through_unsigned(n.type, "-", integer(0, n.type), a);
      case FG_EX_NOT: return (n.type == FG_CT_BOOL ? "!" : "~") + a;
      default: break;
    }
    if (n.type == FG_CT_BOOL && in == FG_CT_BOOL) return truth(n.op, a, b);
    if (const char* symbol = op_symbol(n.op); symbol != nullptr && !needs_helper(n.op, n.type)) {
      const bool wraps = n.op == FG_EX_ADD || n.op == FG_EX_SUB || n.op == FG_EX_MUL;
      if (wraps && !detail::float_type(n.type)) return through_unsigned(n.type, symbol, a, b);
      return a + " " + symbol + " " + b;
    }
    return call(k, a, b, c);
  }

  std::string call(std::uint32_t k, const std::string& a, const std::string& b, const std::string& c) const {
    const fg_expr_node& n = e_.node[k];
    std::string name = Dialect::native(n.op, n.type);
    if (name.empty()) name = helper_name(helper_of(k)->name, n.type);
    const bool three = n.op == FG_EX_FMA;
    const bool two = three || (n.op >= FG_EX_DIV && n.op <= FG_EX_ATAN2) || n.op == FG_EX_SHL || n.op == FG_EX_SHR;
    return name + "(" + a + (two ? ", " + b : "") + (three ? ", " + c : "") + ")";
  }

  static std::string truth(std::uint16_t op, const std::string& a, const std::string& b) {
    switch (op) {
      case FG_EX_ADD:
      case FG_EX_MAX:
      case FG_EX_OR: return a + " || " + b;
      case FG_EX_MUL:
      case FG_EX_MIN:
      case FG_EX_AND: return a + " && " + b;
      case FG_EX_EQ: return a + " == " + b;
      case FG_EX_XOR:
      case FG_EX_NE: return a + " != " + b;
      case FG_EX_LT: return "!" + a + " && " + b;
      case FG_EX_GT: return a + " && !" + b;
      case FG_EX_LE: return "!" + a + " || " + b;
      case FG_EX_GE: return a + " || !" + b;
      default: return a;  // abs, sign
    }
  }

  static std::string through_unsigned(std::uint16_t type, std::string_view symbol, const std::string& a,
                                      const std::string& b) {
    const std::string_view u = Dialect::unsigned_name(type);
    return Dialect::cast(Dialect::type_name(type),
                         Dialect::cast(u, a) + " " + std::string(symbol) + " " + Dialect::cast(u, b));
  }

  static std::string integer(std::int64_t x, std::uint16_t type) { return Dialect::integer_literal(x, type); }

  static std::string constant(const fg_expr_node& n) {
    const std::uint64_t bits = n.arg[0] | std::uint64_t{n.arg[1]} << 32;
    const auto i = std::bit_cast<std::int64_t>(bits);
    if (n.type == FG_CT_BOOL) return i != 0 ? "true" : "false";
    return detail::float_type(n.type) ? Dialect::float_literal(std::bit_cast<double>(bits), n.type)
                                      : integer(i, n.type);
  }

  static std::string saturation_name(std::uint16_t from, std::uint16_t to) {
    return "fg_" + std::string(kShort[to]) + "_from_" + std::string(kShort[from]);
  }

  static std::string cast(const std::string& a, std::uint16_t from, std::uint16_t to) {
    if (from == to) return a;
    if (to == FG_CT_BOOL) return a + " != " + number("0", from);
    if (from == FG_CT_BOOL) return a + " ? " + number("1", to) + " : " + number("0", to);
    if (detail::float_type(from) && !detail::float_type(to)) return saturation_name(from, to) + "(" + a + ")";
    return Dialect::cast(Dialect::type_name(to), a);
  }

  static void add_saturation(std::uint16_t from, std::uint16_t to, std::string& text, std::vector<std::string>& done) {
    if (!detail::float_type(from) || (to != FG_CT_I32 && to != FG_CT_I64)) return;
    const std::string name = saturation_name(from, to);
    if (std::find(done.begin(), done.end(), name) != done.end()) return;
    done.push_back(name);
    const bool wide = to == FG_CT_I64;
    const double beyond = wide ? 0x1p63 : 0x1p31;  // the first value too large
    const std::int64_t most =
        wide ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int32_t>::max();
    const std::string type(Dialect::type_name(to));
    text +=
        std::string(Dialect::function()) + type + " " + name + "(" + std::string(Dialect::type_name(from)) + " a) {\n";
    text += "  if (" + Dialect::isnan("a") + ") return " + integer(0, to) + ";\n";
    text += "  if (a <= " + Dialect::float_literal(-beyond, from) + ") return " + integer(-most - 1, to) + ";\n";
    text += "  if (a >= " + Dialect::float_literal(beyond, from) + ") return " + integer(most, to) + ";\n";
    text += "  return " + Dialect::cast(type, "a") + ";\n}\n";
  }

  // A number of the helpers' texts; from_chars, because strtod would follow the locale.
  static std::string number(std::string_view word, std::uint16_t type) {
    const char* const last = word.data() + word.size();
    double real = 0.0;
    std::int64_t whole = 0;
    if (detail::float_type(type)) {
      std::from_chars(word.data(), last, real);
      return Dialect::float_literal(real, type);
    }
    std::from_chars(word.data(), last, whole);
    return integer(whole, type);
  }

  static void add_helper(const Helper& helper, std::uint16_t type, std::string& text, std::vector<std::string>& done) {
    const std::string name = helper_name(helper.name, type);
    if (std::find(done.begin(), done.end(), name) != done.end()) return;
    done.push_back(name);
    const std::size_t open = helper.text.find('(');
    const std::string body = expand(helper.text.substr(open), type, text, done);
    const std::string result = expand(open == 0 ? "$T " : helper.text.substr(0, open), type, text, done);
    text += std::string(Dialect::function()) + result + name + body;
  }

  // Of "for f32|for f64".
  static std::string_view choice(std::string_view words, std::uint16_t type) {
    const std::size_t bar = words.find('|');
    if (bar == std::string_view::npos) return words;
    return type == FG_CT_F64 ? words.substr(bar + 1) : words.substr(0, bar);
  }

  // c0 + x * (c1 + x * (...)), each step as multiply_add
  static std::string polynomial(std::string_view name, const std::string& x, std::uint16_t type) {
    const std::span<const double> c = detail::expr_series(name, type == FG_CT_F64);
    std::string result = Dialect::float_literal(c.back(), type);
    for (std::size_t k = c.size() - 1; k-- > 0;)
      result = Dialect::multiply_add(x, result, Dialect::float_literal(c[k], type));
    return result;
  }

  // The same in two parts, coefficients and all: step_wide(step_wide(..., x, high, low), x, high, low)
  static std::string wide_polynomial(std::string_view name, const std::string& x, std::uint16_t type) {
    const std::span<const double> c = detail::expr_series(name, type == FG_CT_F64);
    const auto part = [&](std::size_t k) { return Dialect::float_literal(c[k], type); };
    std::string result = Dialect::make_tuple(2, part(c.size() - 2) + ", " + part(c.size() - 1), type);
    for (std::size_t k = c.size() - 2; k != 0; k -= 2) {
      result = helper_name("step_wide", type) + "(" + result + ", " + x + ", " + part(k - 2) + ", " + part(k - 1) + ")";
    }
    return result;
  }

  // The text between the parentheses at `at`, which moves past them.
  static std::string_view inside(std::string_view from, std::size_t& at) {
    const std::size_t open = at, close = matching(from, at);
    at = close + 1;
    return from.substr(open + 1, close - open - 1);
  }

  // Words that take a text in parentheses, which is expanded too; empty for any other.
  static std::string replace_call(std::string_view word, std::string_view from, std::size_t& at, std::uint16_t type,
                                  std::string& text, std::vector<std::string>& done) {
    const std::string_view t = Dialect::type_name(type);
    if (word == "n") return std::string(choice(inside(from, at), type));
    if (word == "x") return Dialect::hex_literal(choice(inside(from, at), type), type);
    if (word == "poly") {
      const std::string_view both = inside(from, at);
      const std::size_t comma = both.find(',');
      return polynomial(both.substr(0, comma), expand(both.substr(comma + 2), type, text, done), type);
    }
    if (word == "wide_poly") {
      const std::string_view both = inside(from, at);
      const std::size_t comma = both.find(',');
      add_helper(*find_helper("step_wide", type), type, text, done);
      return wide_polynomial(both.substr(0, comma), std::string(both.substr(comma + 2)), type);
    }
    constexpr std::string_view kWords[] = {"u",    "t",      "i",    "int",     "nan", "bits",   "float",
                                           "pair", "triple", "over", "inverse", "fma", "lesser", "greater"};
    if (std::find(std::begin(kWords), std::end(kWords), word) == std::end(kWords)) return {};
    const std::string inner = expand(inside(from, at), type, text, done);
    if (word == "u") return Dialect::cast(Dialect::unsigned_name(type), inner);
    if (word == "t") return Dialect::cast(t, inner);
    if (word == "i") return Dialect::cast(signed_name(type), inner);
    if (word == "int") return Dialect::cast("int", inner);
    if (word == "nan") return Dialect::isnan(inner);
    if (word == "bits") return Dialect::bits_of(inner, type);
    if (word == "float") return Dialect::of_bits(inner, type);
    if (word == "over") return of_two(Dialect::rough_division, inner);
    if (word == "inverse") return inverse(inner, type);
    if (word == "fma") return of_three(Dialect::multiply_add, inner);
    if (word == "lesser") return of_two(Dialect::lesser, inner);
    if (word == "greater") return of_two(Dialect::greater, inner);
    return Dialect::make_tuple(word == "pair" ? 2 : 3, inner, type);
  }

  // "a, b" cut at the comma that stands in no parentheses.
  static std::pair<std::string, std::string> cut(const std::string& both) {
    std::size_t comma = 0;
    for (int depth = 0; comma < both.size() && (both[comma] != ',' || depth != 0); ++comma)
      depth += both[comma] == '(' ? 1 : both[comma] == ')' ? -1 : 0;
    return {both.substr(0, comma), both.substr(std::min(comma + 2, both.size()))};
  }
  // A function of the dialect, of the text "a, b" or "a, b, c".
  template <class Function>
  static std::string of_two(const Function& function, const std::string& both) {
    const auto [a, b] = cut(both);
    return function(a, b);
  }
  template <class Function>
  static std::string of_three(const Function& function, const std::string& all) {
    const auto [a, rest] = cut(all);
    const auto [b, c] = cut(rest);
    return function(a, b, c);
  }

  static std::string inverse(const std::string& d, std::uint16_t type) {
    return type == FG_CT_F32 ? Dialect::rough_inverse(d) : Dialect::division(Dialect::float_literal(1, type), d);
  }

  static std::string_view signed_name(std::uint16_t type) {
    return Dialect::type_name(type == FG_CT_I64 || type == FG_CT_F64 ? FG_CT_I64 : FG_CT_I32);
  }

  // The word behind a dollar; `at` moves past it.  Helpers that it calls are added to `text`.
  static std::string replace(std::string_view from, std::size_t& at, std::uint16_t type, std::string& text,
                             std::vector<std::string>& done) {
    if (from[at] == '(') {
      const std::string_view word = choice(inside(from, at), type);
      return number(word == "$W" ? (type == FG_CT_I64 ? "64" : "32") : word, type);
    }
    const std::size_t end =
        std::min(from.find_first_not_of("abcdefghijklmnopqrstuvwxyzTUINVPQ_0123456789", at), from.size());
    const std::string_view word = from.substr(at, end - at);
    at = end;
    if (word == "T") return std::string(Dialect::type_name(type));
    if (word == "V") return Dialect::exact_name(type);
    if (word == "U") return std::string(Dialect::unsigned_name(type));
    if (word == "I") return std::string(signed_name(type));
    if (word == "u32") return std::string(Dialect::unsigned_name(FG_CT_I32));
    if (word == "N") return std::string(kShort[type]);
    if (word == "P" || word == "Q") return Dialect::tuple_name(word == "P" ? 2 : 3, type);
    if (std::string call = replace_call(word, from, at, type, text, done); !call.empty()) return call;
    if (const double* value = detail::expr_constant(word, type == FG_CT_F64))
      return Dialect::float_literal(*value, type);
    if (word.substr(0, 3) != "fg_") return Dialect::builtin(word, type);
    const Helper& callee = *find_helper(word.substr(3), type);
    const std::string native = callee.op == 0 ? std::string() : Dialect::native(callee.op, type);
    if (native == "/") return of_two(Dialect::division, expand(inside(from, at), type, text, done));
    if (!native.empty()) return native;
    add_helper(callee, type, text, done);
    return helper_name(callee.name, type);
  }

  static std::string expand(std::string_view from, std::uint16_t type, std::string& text,
                            std::vector<std::string>& done) {
    std::string result;
    for (std::size_t at = 0; at < from.size();) {
      if (from[at] != '$') {
        result += from[at++];
      } else {
        ++at;
        result += replace(from, at, type, text, done);
      }
    }
    return result;
  }

  static std::size_t matching(std::string_view text, std::size_t open) {
    int depth = 0;
    for (std::size_t at = open; at < text.size(); ++at) {
      if (text[at] == '(') ++depth;
      if (text[at] == ')' && --depth == 0) return at;
    }
    return text.size() - 1;
  }

  const fg_expr& e_;
  std::string prefix_;
  std::span<const fg_dtype> stored_;
};

}  // namespace fg::sdk

#endif  // FG_SDK_EXPR_PRINTER_HPP_
