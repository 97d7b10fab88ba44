// SPDX-License-Identifier: Apache-2.0
//
// Reverse mode: from the output down, every term hands its share to its operands.  The result reads
// the terms of the original and shares what is common, so it grows linearly with the expression.

#include "core/expr/derivative.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include "core/expr/op_table.hpp"

namespace fg::expr {
namespace {

using Id = std::uint32_t;

class Differentiator {
 public:
  Differentiator(const Parsed& parsed, Id name) : out_(parsed), n_(static_cast<Id>(parsed.terms.size())) {
    find_active(name);
  }

  Result<Parsed> run(Id root, Id name) {
    share_.assign(n_, kNone);
    share_[root] = integer(1);
    Id total = kNone;
    for (Id k = root + 1; k-- > 0;) {
      if (share_[k] == kNone || !active_[k]) continue;
      column_ = out_.terms[k].column;
      if (out_.terms[k].kind == Term::Kind::name && out_.terms[k].arg[0] == name) {
        total = total == kNone ? share_[k] : add(total, share_[k]);
      } else {
        FG_TRY(hand_down(k));
      }
    }
    out_.roots = {total == kNone ? integer(0) : total};
    if (out_.terms.size() > kMaxTerms) {
      return unsupported("the derivative has more than " + std::to_string(kMaxTerms) + " terms", FG_R_LIMIT);
    }
    drop_unused();
    return std::move(out_);
  }

 private:
  static constexpr Id kNone = 0xFFFFFFFFu;

  // Terms whose value depends on the name through functions that have slopes.
  void find_active(Id name) {
    active_.assign(n_, false);
    for (Id k = 0; k < n_; ++k) {
      const Term& t = out_.terms[k];
      if (t.kind == Term::Kind::name) active_[k] = t.arg[0] == name;
      if (t.kind != Term::Kind::op || is_flat(t)) continue;
      for (int a = t.op == FG_EX_WHERE ? 1 : 0; a < find_op(t.op)->arity; ++a)
        active_[k] = active_[k] || active_[t.arg[a]];
    }
  }

  static bool is_flat(const Term& t) {
    const TypeRule rule = find_op(t.op)->rule;
    if (rule == TypeRule::compare || rule == TypeRule::isnan || rule == TypeRule::rounding || t.logical) return true;
    if (t.op == FG_EX_CAST) return !is_float_type(t.type);
    return t.op == FG_EX_SIGN || t.op == FG_EX_FLOOR_DIV || t.op == FG_EX_TRUNC_DIV;
  }

  Id push(Term t) {
    t.column = column_;
    out_.terms.push_back(t);
    return static_cast<Id>(out_.terms.size() - 1);
  }
  Id integer(std::int64_t x) {
    Term t;
    t.kind = Term::Kind::integer;
    t.integer = x;
    return push(t);
  }
  Id real(double x) {
    Term t;
    t.kind = Term::Kind::real;
    t.real = x;
    return push(t);
  }
  Id op(std::uint16_t code, Id a, Id b = 0, Id c = 0) {
    Term t;
    t.op = code;
    t.arg[0] = a;
    t.arg[1] = b;
    t.arg[2] = c;
    return push(t);
  }
  bool is(Id id, std::int64_t x) const {
    const Term& t = out_.terms[id];
    return t.kind == Term::Kind::integer && t.integer == x;
  }
  Id add(Id a, Id b) { return op(FG_EX_ADD, a, b); }
  Id sub(Id a, Id b) { return op(FG_EX_SUB, a, b); }
  Id mul(Id a, Id b) {
    if (is(a, 1)) return b;
    if (is(b, 1)) return a;
    return op(FG_EX_MUL, a, b);
  }
  Id div(Id a, Id b) { return op(FG_EX_DIV, a, b); }
  Id neg(Id a) {
    const Term& t = out_.terms[a];
    return t.kind == Term::Kind::op && t.op == FG_EX_NEG ? t.arg[0] : op(FG_EX_NEG, a);
  }
  Id where(Id c, Id a, Id b) { return op(FG_EX_WHERE, c, a, b); }

  void give(Id to, Id share) {
    if (active_[to]) share_[to] = share_[to] == kNone ? share : add(share_[to], share);
  }

  Result<void> hand_down(Id k) {
    const Term t = out_.terms[k];
    const Id g = share_[k], x = t.arg[0], y = t.arg[1];
    const OpRow& row = *find_op(t.op);
    if (row.arity == 1 && row.rule == TypeRule::floating) return give_function(t.op, g, x, k, row);
    switch (t.op) {
      case FG_EX_CAST: give(x, g); return {};
      case FG_EX_ADD:
        give(x, g);
        give(y, g);
        return {};
      case FG_EX_SUB:
        give(x, g);
        give(y, active_[y] ? neg(g) : g);
        return {};
      case FG_EX_MUL:
        if (active_[x]) give(x, mul(g, y));
        if (active_[y]) give(y, mul(g, x));
        return {};
      case FG_EX_DIV:
        if (active_[x]) give(x, div(g, y));
        if (active_[y]) give(y, neg(div(mul(g, k), y)));
        return {};
      case FG_EX_FMOD:
      case FG_EX_REMAINDER: {
        const auto whole = static_cast<std::uint16_t>(t.op == FG_EX_FMOD ? FG_EX_TRUNC_DIV : FG_EX_FLOOR_DIV);
        give(x, g);
        if (active_[y]) give(y, neg(mul(g, op(whole, x, y))));
        return {};
      }
      case FG_EX_POW: give_power(g, x, y, k); return {};
      case FG_EX_MIN:
      case FG_EX_MAX: give_extreme(t.op, g, x, y); return {};
      case FG_EX_ATAN2: {
        const Id square = add(mul(x, x), mul(y, y));
        if (active_[x]) give(x, mul(g, div(y, square)));
        if (active_[y]) give(y, neg(mul(g, div(x, square))));
        return {};
      }
      case FG_EX_FMA:
        if (active_[x]) give(x, mul(g, y));
        if (active_[y]) give(y, mul(g, x));
        give(t.arg[2], g);
        return {};
      case FG_EX_NEG: give(x, neg(g)); return {};
      case FG_EX_ABS: give(x, mul(g, op(FG_EX_SIGN, x))); return {};
      case FG_EX_WHERE:
        if (active_[y]) give(y, where(x, g, integer(0)));
        if (active_[t.arg[2]]) give(t.arg[2], where(x, integer(0), g));
        return {};
      default: return none(row, t.column);
    }
  }

  static tl::unexpected<Error> none(const OpRow& row, std::uint32_t column) {
    return unsupported("column " + std::to_string(column) + ": '" + std::string(row.name) + "' has no derivative",
                       FG_R_EXPRESSION);
  }

  // Of x ** y.  At y = 0 the slope over x is 0, and at x = 0, y >= 0 that over y.
  void give_power(Id g, Id x, Id y, Id k) {
    if (active_[x] && is(y, 2)) {
      give(x, mul(g, mul(integer(2), x)));
    } else if (active_[x]) {
      const bool fixed = out_.terms[y].kind == Term::Kind::integer || out_.terms[y].kind == Term::Kind::real;
      const Id slope = mul(y, op(FG_EX_POW, x, sub(y, integer(1))));
      give(x, mul(g, fixed && !is(y, 0) ? slope : where(op(FG_EX_EQ, y, integer(0)), integer(0), slope)));
    }
    if (!active_[y]) return;
    const Id at_zero = op(FG_EX_AND, op(FG_EX_EQ, x, integer(0)), op(FG_EX_GE, y, integer(0)));
    give(y, mul(g, where(at_zero, integer(0), mul(k, op(FG_EX_LOG, x)))));
  }

  void give_extreme(std::uint16_t code, Id g, Id x, Id y) {
    const auto loses = static_cast<std::uint16_t>(code == FG_EX_MAX ? FG_EX_LT : FG_EX_GT);
    const std::array<std::pair<Id, Id>, 2> sides = {{{x, y}, {y, x}}};
    for (const auto& [mine, other] : sides) {
      if (!active_[mine]) continue;
      const Id unequal = where(op(loses, mine, other), integer(0), g);
      give(mine, where(op(FG_EX_EQ, mine, other), mul(g, real(0.5)), unequal));
    }
  }

  Id square(Id x) { return mul(x, x); }
  Id one_minus(Id x) { return sub(integer(1), x); }
  // (1 - x) (1 + x): 1 - x * x without the cancellation near 1.
  Id one_minus_square(Id x) { return mul(one_minus(x), add(integer(1), x)); }

  // `r` is f(x): where the slope has it, it is reused.
  Result<void> give_function(std::uint16_t code, Id g, Id x, Id r, const OpRow& row) {
    switch (code) {
      case FG_EX_SQRT: give(x, div(mul(g, real(0.5)), r)); return {};
      case FG_EX_RSQRT: give(x, div(mul(mul(g, op(FG_EX_NEG, real(0.5))), r), x)); return {};
      case FG_EX_EXP: give(x, mul(g, r)); return {};
      case FG_EX_EXP2: give(x, mul(mul(g, r), real(std::numbers::ln2))); return {};
      case FG_EX_EXPM1: give(x, mul(g, add(r, integer(1)))); return {};
      case FG_EX_LOG: give(x, div(g, x)); return {};
      case FG_EX_LOG2: give(x, div(g, mul(x, real(std::numbers::ln2)))); return {};
      case FG_EX_LOG10: give(x, div(g, mul(x, real(std::numbers::ln10)))); return {};
      case FG_EX_LOG1P: give(x, div(g, add(integer(1), x))); return {};
      case FG_EX_SIN: give(x, mul(g, op(FG_EX_COS, x))); return {};
      case FG_EX_COS: give(x, neg(mul(g, op(FG_EX_SIN, x)))); return {};
      case FG_EX_TAN: give(x, mul(g, add(integer(1), square(r)))); return {};
      case FG_EX_ASIN: give(x, mul(g, op(FG_EX_RSQRT, one_minus_square(x)))); return {};
      case FG_EX_ACOS: give(x, neg(mul(g, op(FG_EX_RSQRT, one_minus_square(x))))); return {};
      case FG_EX_ATAN: give(x, div(g, add(integer(1), square(x)))); return {};
      case FG_EX_SINH: give(x, mul(g, op(FG_EX_COSH, x))); return {};
      case FG_EX_COSH: give(x, mul(g, op(FG_EX_SINH, x))); return {};
      case FG_EX_TANH: give(x, mul(g, one_minus_square(r))); return {};
      case FG_EX_ASINH: give(x, mul(g, op(FG_EX_RSQRT, add(square(x), integer(1))))); return {};
      case FG_EX_ACOSH: give(x, mul(g, op(FG_EX_RSQRT, mul(sub(x, integer(1)), add(x, integer(1)))))); return {};
      case FG_EX_ATANH: give(x, div(g, one_minus_square(x))); return {};
      case FG_EX_ERF: give(x, mul(g, bell(x))); return {};
      case FG_EX_ERFC: give(x, neg(mul(g, bell(x)))); return {};
      case FG_EX_SIGMOID: give(x, mul(g, mul(r, one_minus(r)))); return {};
      default: return none(row, out_.terms[r].column);
    }
  }

  // The slope of erf.
  Id bell(Id x) { return mul(real(2.0 * std::numbers::inv_sqrtpi), op(FG_EX_EXP, neg(square(x)))); }

  void drop_unused() {
    std::vector<bool> used(out_.terms.size(), false);
    used[out_.roots[0]] = true;
    for (std::size_t k = out_.terms.size(); k-- > 0;) {
      const Term& t = out_.terms[k];
      if (!used[k] || t.kind != Term::Kind::op) continue;
      for (int a = 0; a < find_op(t.op)->arity; ++a) used[t.arg[a]] = true;
    }
    std::vector<Id> place(out_.terms.size(), 0);
    std::vector<Term> kept;
    for (std::size_t k = 0; k < out_.terms.size(); ++k) {
      if (!used[k]) continue;
      Term t = out_.terms[k];
      const int arity = t.kind == Term::Kind::op ? find_op(t.op)->arity : 0;
      for (int a = 0; a < arity; ++a) t.arg[a] = place[t.arg[a]];
      place[k] = static_cast<Id>(kept.size());
      kept.push_back(t);
    }
    out_.roots[0] = place[out_.roots[0]];
    out_.terms = std::move(kept);
  }

  Parsed out_;
  Id n_;
  std::vector<bool> active_;
  std::vector<Id> share_;
  std::uint32_t column_ = 1;
};

}  // namespace

Result<Parsed> derivative(const Parsed& parsed, std::string_view name, std::size_t output) {
  const auto it = std::find(parsed.names.begin(), parsed.names.end(), name);
  if (it == parsed.names.end())
    return invalid("no name '" + std::string(name) + "' in the expression", FG_R_EXPRESSION);
  if (output >= parsed.roots.size()) {
    return invalid(
        "no output " + std::to_string(output) + ", the expression has " + std::to_string(parsed.roots.size()),
        FG_R_EXPRESSION);
  }
  const Id id = static_cast<Id>(it - parsed.names.begin());
  return Differentiator(parsed, id).run(parsed.roots[output], id);
}

}  // namespace fg::expr
