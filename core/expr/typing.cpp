// SPDX-License-Identifier: Apache-2.0

#include "core/expr/typing.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "core/expr/lexer.hpp"
#include "core/expr/op_table.hpp"

namespace fg::expr {
namespace {

std::string word(const OpRow& row) {
  return "'" + std::string(row.symbol.empty() || row.arity == 1 ? row.name : row.symbol) + "'";
}
std::string word(std::uint16_t type) { return std::string(type_name(type)); }

std::string word(const Value& v) {
  char text[40];
  const std::to_chars_result r = v.type == FG_CT_F64 ? std::to_chars(text, text + sizeof(text), v.f)
                                                     : std::to_chars(text, text + sizeof(text), v.i);
  return std::string(text, r.ptr);
}

class Typer {
 public:
  Typer(const Parsed& parsed, const Typing& typing) : parsed_(parsed), typing_(typing) {}

  Result<std::vector<TermType>> run() {
    types_.reserve(parsed_.terms.size());
    for (const Term& term : parsed_.terms) {
      FG_TRY_ASSIGN(TermType t, type_of(term));
      types_.push_back(t);
    }
    return std::move(types_);
  }

 private:
  using R = Result<TermType>;

  bool common_is_float() const { return is_float_type(typing_.common); }
  const TermType& arg(const Term& term, int k) const { return types_[term.arg[k]]; }

  R type_of(const Term& term) {
    switch (term.kind) {
      case Term::Kind::name: {
        const std::uint16_t t = typing_.names[term.arg[0]].used;
        return TermType::strong(t, t);
      }
      case Term::Kind::index: return TermType::strong(FG_CT_I64, FG_CT_I64);
      case Term::Kind::boolean: return TermType::strong(FG_CT_BOOL, FG_CT_BOOL);
      case Term::Kind::integer: return TermType::number(Value::of_int(term.integer));
      case Term::Kind::real: return TermType::number(Value::of_float(term.real));
      default: break;
    }
    const OpRow& row = *find_op(term.op);
    if (row.rule == TypeRule::cast) return TermType::strong(term.type, cast_operand(term));
    if (term.logical) return TermType::strong(FG_CT_BOOL, FG_CT_BOOL);
    if (all_known(term, row)) return compute(term, row);
    return combine(term, row);
  }

  // In which type cast reads its operand; literals go straight to the target where they can.
  std::uint16_t cast_operand(const Term& term) const {
    const TermType& x = arg(term, 0);
    if (!x.weak) return x.type;
    if (x.known) return x.real ? FG_CT_F64 : FG_CT_I64;
    return is_float_type(term.type) || !x.real ? term.type : neutral_type(x, typing_.common);
  }

  bool all_known(const Term& term, const OpRow& row) const {
    for (int k = 0; k < row.arity; ++k) {
      if (!arg(term, k).weak || !arg(term, k).known) return false;
    }
    return true;
  }

  // Literals with literals: numbers, exact in i64 or computed in f64.
  R compute(const Term& term, const OpRow& row) const {
    Value in[3];
    bool real = row.rule == TypeRule::floating || row.rule == TypeRule::isnan;
    const int first = row.rule == TypeRule::where ? 1 : 0;
    for (int k = 0; k < row.arity; ++k) {
      in[k] = arg(term, k).value;
      if (k >= first) real = real || arg(term, k).real;
    }
    if (row.rule == TypeRule::where) in[0] = convert(in[0], FG_CT_BOOL);
    if (row.rule == TypeRule::rounding && !real) return arg(term, 0);
    if ((row.rule == TypeRule::logic || row.rule == TypeRule::shift) && real)
      return needs_integers(term, row, FG_CT_F64);
    if (!real && term.op == FG_EX_POW && in[1].i < 0) real = true;
    const std::uint16_t type = real ? std::uint16_t{FG_CT_F64} : std::uint16_t{FG_CT_I64};
    for (int k = first; k < row.arity; ++k) in[k] = convert(in[k], type);
    if (!real) FG_TRY(check_integers(term, row, in));
    const bool to_bool = row.rule == TypeRule::compare || row.rule == TypeRule::isnan;
    const Value v = apply(term.op, to_bool ? std::uint16_t{FG_CT_BOOL} : type, {in, row.arity});
    if (!to_bool) return TermType::number(v);
    TermType t = TermType::strong(FG_CT_BOOL, FG_CT_BOOL);
    t.known = true;
    t.value = v;
    return t;
  }

  // Numbers do not wrap, and nothing is divided by zero unseen.
  static Result<void> check_integers(const Term& term, const OpRow& row, const Value* in) {
    const bool divides = term.op >= FG_EX_TRUNC_DIV && term.op <= FG_EX_REMAINDER;
    if (divides && in[1].i == 0) return error_at(term.column, word(row) + " of " + word(in[0]) + " by 0");
    if (!overflows(term.op, in[0].i, in[1].i)) return {};
    return error_at(term.column, word(in[0]) + " " + std::string(row.symbol) + " " + word(in[1]) + " does not fit i64");
  }

  static bool overflows(std::uint16_t op, std::int64_t a, std::int64_t b) {
    std::int64_t exact = 0;
    switch (op) {
      case FG_EX_ADD: return __builtin_add_overflow(a, b, &exact);
      case FG_EX_SUB: return __builtin_sub_overflow(a, b, &exact);
      case FG_EX_MUL: return __builtin_mul_overflow(a, b, &exact);
      case FG_EX_POW: return std::fabs(std::pow(static_cast<double>(a), static_cast<double>(b))) >= 0x1p63;
      default: return false;
    }
  }

  R combine(const Term& term, const OpRow& row) {
    switch (row.rule) {
      case TypeRule::compare: return compared(term, row);
      case TypeRule::where: return chosen(term, row);
      case TypeRule::isnan: return isnan(term);
      case TypeRule::logic:
      case TypeRule::shift: return bits(term, row);
      default: break;
    }
    bool weak = true, real = row.rule == TypeRule::floating;
    for (int k = 0; k < row.arity; ++k) {
      weak = weak && arg(term, k).weak;
      real = real || arg(term, k).real;
    }
    if (weak) return TermType::unknown(real);
    FG_TRY_ASSIGN(std::uint16_t t, meet(term, row, 0));
    if (row.rule == TypeRule::floating && !is_float_type(t)) {
      if (!common_is_float()) return needs_float(term, row, t);
      t = typing_.common;
    }
    if (row.rule == TypeRule::number && t == FG_CT_BOOL) return not_for_bool(term, row);
    return TermType::strong(t, t);
  }

  // The type in which the operands from `first` on meet.  At least one is strong.
  Result<std::uint16_t> meet(const Term& term, const OpRow& row, int first) const {
    std::uint16_t t = FG_CT_BOOL;
    for (int k = first; k < row.arity; ++k) {
      if (!arg(term, k).weak) t = std::max(t, arg(term, k).type);
    }
    for (int k = first; k < row.arity; ++k) {
      const TermType& x = arg(term, k);
      if (!x.weak || is_float_type(t)) continue;
      if (x.real) {
        if (!common_is_float()) return real_in_integers(term, row, x, t);
        t = typing_.common;
      } else if (t == FG_CT_BOOL && !is_truth(x, row)) {
        FG_TRY_ASSIGN(t, number_beside_bool(term, row));
      }
    }
    return t;
  }

  // Whether the literal is as good as a bool: the result is the same in bool as in numbers.
  static bool is_truth(const TermType& x, const OpRow& row) {
    const bool exact = row.op != FG_EX_ADD && row.rule != TypeRule::number && row.rule != TypeRule::floating;
    return exact && x.known && (x.value.i == 0 || x.value.i == 1);
  }

  Result<std::uint16_t> number_beside_bool(const Term& term, const OpRow& row) const {
    if (typing_.common != FG_CT_BOOL) return typing_.common;
    if (row.rule == TypeRule::compare) return FG_CT_I64;
    return error_at(term.column, word(row) + " of a bool and a number: write cast_i64() or cast_f32() around the bool");
  }

  R compared(const Term& term, const OpRow& row) {
    const TermType &a = arg(term, 0), &b = arg(term, 1);
    if (a.weak && b.weak) {
      return TermType::strong(FG_CT_BOOL, neutral_type(TermType::unknown(a.real || b.real), typing_.common));
    }
    const TermType& strong = a.weak ? b : a;
    const TermType& other = a.weak ? a : b;
    if (other.weak && other.real && !is_float_type(strong.type)) {
      // An integer beside inf or nan: f64 decides it exactly.  Beside another real: as operands of a
      // call promote, in the common float, else the default one.
      const bool endless = other.known && !std::isfinite(other.value.f);
      const std::uint16_t real = common_is_float() ? typing_.common : std::uint16_t{FG_CT_F32};
      return TermType::strong(FG_CT_BOOL, endless ? std::uint16_t{FG_CT_F64} : real);
    }
    FG_TRY_ASSIGN(const std::uint16_t t, meet(term, row, 0));
    return TermType::strong(FG_CT_BOOL, t);
  }

  R chosen(const Term& term, const OpRow& row) {
    const TermType &yes = arg(term, 1), &no = arg(term, 2);
    if (yes.weak && no.weak) return TermType::unknown(yes.real || no.real);
    FG_TRY_ASSIGN(const std::uint16_t t, meet(term, row, 1));
    return TermType::strong(t, t);
  }

  R isnan(const Term& term) {
    const TermType& x = arg(term, 0);
    return TermType::strong(FG_CT_BOOL, x.weak ? neutral_type(x, typing_.common) : x.type);
  }

  R bits(const Term& term, const OpRow& row) {
    std::uint16_t t = is_integer_type(typing_.common) ? typing_.common : std::uint16_t{FG_CT_I64};
    bool weak = true;
    for (int k = 0; k < row.arity; ++k) {
      const TermType& x = arg(term, k);
      if (x.real) return needs_integers(term, row, FG_CT_F64);
      weak = weak && x.weak;
    }
    if (!weak) {
      FG_TRY_ASSIGN(t, meet(term, row, 0));
    }
    if (is_float_type(t) || (row.rule == TypeRule::shift && t == FG_CT_BOOL)) return needs_integers(term, row, t);
    return TermType::strong(t, t);
  }

  static tl::unexpected<Error> needs_integers(const Term& term, const OpRow& row, std::uint16_t t) {
    const bool shifts = row.rule == TypeRule::shift;
    return error_at(term.column, word(row) +
                                     (shifts ? " takes integers, here is " : " takes bool or integers, here is ") +
                                     (t == FG_CT_F64 ? "a float" : word(t)) +
                                     (shifts                 ? ""
                                      : term.op == FG_EX_AND ? "; '&&' joins truths"
                                      : term.op == FG_EX_OR  ? "; '||' joins truths"
                                      : term.op == FG_EX_NOT ? "; '!' negates a truth"
                                                             : ""));
  }
  tl::unexpected<Error> needs_float(const Term& term, const OpRow& row, std::uint16_t t) const {
    const std::string advice =
        term.op == FG_EX_DIV ? "trunc_div() and floor_div() divide integers" : "cast_f32() makes one";
    return error_at(term.column, word(row) + " takes floats, here is " + word(t) + "; " + advice);
  }
  static tl::unexpected<Error> not_for_bool(const Term& term, const OpRow& row) {
    const std::string advice = term.op == FG_EX_SUB   ? "use '^' or '!='"
                               : term.op == FG_EX_NEG ? "use '!'"
                                                      : "cast_i32() makes a number";
    return error_at(term.column, word(row) + " is not defined for bool, " + advice);
  }
  static tl::unexpected<Error> real_in_integers(const Term& term, const OpRow& row, const TermType& x,
                                                std::uint16_t t) {
    const std::string what = x.known ? word(x.value) : "a float literal";
    return error_at(term.column, what + " is a float and meets " + word(t) + " in " + word(row) +
                                     "; write an integer, or cast_f32() around the other operand");
  }

  const Parsed& parsed_;
  const Typing& typing_;
  std::vector<TermType> types_;
};

}  // namespace

Result<std::vector<TermType>> find_types(const Parsed& parsed, const Typing& typing) {
  return Typer(parsed, typing).run();
}

std::uint16_t neutral_type(const TermType& t, std::uint16_t common) {
  if (t.real) return is_float_type(common) ? common : std::uint16_t{FG_CT_F64};
  return common == FG_CT_BOOL ? std::uint16_t{FG_CT_I64} : common;
}

Result<Value> literal_in(const TermType& t, std::uint16_t type, std::uint32_t column) {
  if (is_float_type(type) || type == FG_CT_BOOL) return convert(t.value, type);
  if (t.real) return error_at(column, word(t.value) + " is a float, expected an integer (" + word(type) + ")");
  const Value v = convert(t.value, type);
  if (v.i != t.value.i) return error_at(column, word(t.value) + " does not fit " + word(type));
  return v;
}

std::uint16_t op_in(const Term& term, std::uint16_t type) {
  if (type != FG_CT_BOOL) return term.op;
  switch (term.op) {
    case FG_EX_ADD:
    case FG_EX_MAX: return FG_EX_OR;
    case FG_EX_MUL:
    case FG_EX_MIN: return FG_EX_AND;
    default: return term.op;
  }
}

}  // namespace fg::expr
