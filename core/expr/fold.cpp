// SPDX-License-Identifier: Apache-2.0
//
// Every rule here holds bit for bit.  What is missing is missing on purpose: x + 0 would lose the
// sign of -0, x * 0 a NaN, pow(x, 0.5) differs from sqrt(x) at -0 and -inf, and reassociation rounds
// elsewhere.

#include "core/expr/fold.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "core/expr/builder.hpp"
#include "core/expr/op_table.hpp"

namespace fg::expr {
namespace {

using Id = Builder::Id;
using Found = std::optional<Id>;

bool commutes(std::uint16_t op) {
  switch (op) {
    case FG_EX_ADD:
    case FG_EX_MUL:
    case FG_EX_MIN:
    case FG_EX_MAX:
    case FG_EX_EQ:
    case FG_EX_NE:
    case FG_EX_AND:
    case FG_EX_OR:
    case FG_EX_XOR: return true;
    default: return false;
  }
}

class Folder {
 public:
  // The node that computes `n`, whose arguments are nodes of this folder.
  Id simplify(fg_expr_node n) {
    const OpRow& row = *find_op(n.op);
    if (row.rule == TypeRule::leaf) return b_.add(n);
    if (commutes(n.op) && (b_.value_of(n.arg[0]) || (n.arg[0] > n.arg[1] && !b_.value_of(n.arg[1])))) {
      std::swap(n.arg[0], n.arg[1]);
    }
    if (const Found f = constant(n, row)) return *f;
    if (const Found f = identity(n, row)) return *f;
    return b_.add(n);
  }

  Builder& builder() { return b_; }

 private:
  const fg_expr_node& node(Id id) const { return b_[id]; }
  bool is(Id id, double number) const {
    const std::optional<Value> v = b_.value_of(id);
    if (!v) return false;
    if (is_float_type(v->type)) return v->f == number && !(number == 0.0 && std::signbit(v->f));
    return v->i == static_cast<std::int64_t>(number);
  }
  bool is_minus_zero(Id id) const {
    const std::optional<Value> v = b_.value_of(id);
    return v && is_float_type(v->type) && v->f == 0.0 && std::signbit(v->f);
  }
  Id integer(std::int64_t x, std::uint16_t type) { return b_.constant(Value::of_int(x, type)); }
  Id truth(bool x) { return b_.constant(Value::of_bool(x)); }

  Found constant(const fg_expr_node& n, const OpRow& row) {
    Value in[3];
    for (int k = 0; k < row.arity; ++k) {
      const std::optional<Value> v = b_.value_of(n.arg[k]);
      if (!v) return std::nullopt;
      in[k] = *v;
    }
    return b_.constant(apply(n.op, n.type, {in, row.arity}));
  }

  Found identity(const fg_expr_node& n, const OpRow& row) {
    const Id x = n.arg[0], y = n.arg[1];
    switch (row.rule) {
      case TypeRule::cast: return cast(x, n.type);
      case TypeRule::compare: return compare(n.op, x, y);
      case TypeRule::logic: return logic(n.op, n.type, x, y);
      case TypeRule::where: return where(x, y, n.arg[2]);
      case TypeRule::shift: return is(y, 0) ? Found(x) : std::nullopt;
      case TypeRule::rounding: return is_whole(x) ? Found(x) : std::nullopt;
      case TypeRule::isnan: return node(x).op == FG_EX_CAST && is_whole(x) ? Found(truth(false)) : std::nullopt;
      default: break;
    }
    if (row.arity == 1) return unary(n.op, n.type, x);
    if (is_float_type(n.type)) return float_arithmetic(n.op, n.type, x, y);
    if (n.type != FG_CT_BOOL) return integer_arithmetic(n.op, n.type, x, y);
    return std::nullopt;
  }

  // Rounding such a value changes nothing.
  bool is_whole(Id x) const {
    const fg_expr_node& n = node(x);
    if (n.op == FG_EX_CAST) return !is_float_type(node(n.arg[0]).type);
    return n.op >= FG_EX_FLOOR && n.op <= FG_EX_ROUND;
  }

  Found cast(Id x, std::uint16_t type) {
    const fg_expr_node inner = node(x);
    if (inner.type == type) return x;
    if (inner.op != FG_EX_CAST) return std::nullopt;
    const std::uint16_t from = node(inner.arg[0]).type;
    const bool keeps_zero = type == FG_CT_BOOL && is_float_type(inner.type) && !is_float_type(from);
    if (!keeps_zero && !holds_all(from, inner.type)) return std::nullopt;
    return simplify({FG_EX_CAST, type, {inner.arg[0], 0, 0}});
  }

  // Whether type `to` has every value of `from`, so that a cast over it says the same as one past it.
  static bool holds_all(std::uint16_t from, std::uint16_t to) {
    if (from == FG_CT_BOOL || from == to) return true;
    if (from == FG_CT_I32) return to == FG_CT_I64 || to == FG_CT_F64;
    return from == FG_CT_F32 && to == FG_CT_F64;
  }

  Found compare(std::uint16_t op, Id x, Id y) {
    const std::uint16_t t = node(x).type;
    if (x == y && !is_float_type(t)) return truth(op == FG_EX_EQ || op == FG_EX_LE || op == FG_EX_GE);
    if (t != FG_CT_BOOL || !b_.value_of(y)) return std::nullopt;
    if (op == FG_EX_EQ || op == FG_EX_NE) {
      return is(y, op == FG_EX_EQ ? 1 : 0) ? x : simplify({FG_EX_NOT, FG_CT_BOOL, {x, 0, 0}});
    }
    return std::nullopt;
  }

  Found logic(std::uint16_t op, std::uint16_t type, Id x, Id y) {
    if (op == FG_EX_NOT) return negation(x);
    const Id all = integer(type == FG_CT_BOOL ? 1 : -1, type), none = integer(0, type);
    if (op == FG_EX_XOR) {
      if (x == y) return none;
      if (y == all) return simplify({FG_EX_NOT, type, {x, 0, 0}});
      return y == none ? Found(x) : std::nullopt;
    }
    if (x == y) return x;
    const Id neutral = op == FG_EX_AND ? all : none, absorbing = op == FG_EX_AND ? none : all;
    if (y == neutral) return x;
    return y == absorbing ? Found(y) : std::nullopt;
  }

  // Of an order (<, <=) there is none: NaN makes both false.
  Found negation(Id x) {
    const fg_expr_node inner = node(x);
    if (inner.op == FG_EX_NOT) return inner.arg[0];
    if (inner.op != FG_EX_EQ && inner.op != FG_EX_NE) return std::nullopt;
    const auto op = static_cast<std::uint16_t>(inner.op == FG_EX_EQ ? FG_EX_NE : FG_EX_EQ);
    return b_.add(op, FG_CT_BOOL, inner.arg[0], inner.arg[1]);
  }

  Found where(Id condition, Id yes, Id no) {
    if (const std::optional<Value> v = b_.value_of(condition)) return v->i != 0 ? yes : no;
    if (yes == no) return yes;
    if (node(condition).op == FG_EX_NOT)
      return simplify({FG_EX_WHERE, node(yes).type, {node(condition).arg[0], no, yes}});
    if (node(yes).type == FG_CT_BOOL && is(yes, 1) && is(no, 0)) return condition;
    return std::nullopt;
  }

  Found unary(std::uint16_t op, std::uint16_t type, Id x) {
    const fg_expr_node inner = node(x);
    if (op == FG_EX_NEG && inner.op == FG_EX_NEG) return inner.arg[0];
    if (op == FG_EX_ABS && inner.op == FG_EX_NEG) return simplify({FG_EX_ABS, type, {inner.arg[0], 0, 0}});
    if ((op == FG_EX_ABS || op == FG_EX_SIGN) && (type == FG_CT_BOOL || (inner.op == op && is_float_type(type))))
      return x;
    return std::nullopt;
  }

  Found float_arithmetic(std::uint16_t op, std::uint16_t type, Id x, Id y) {
    switch (op) {
      case FG_EX_ADD: return is_minus_zero(y) ? Found(x) : std::nullopt;
      case FG_EX_SUB: return is(y, 0) ? Found(x) : std::nullopt;
      case FG_EX_MUL:
        if (is(y, 1)) return x;
        return is(y, -1) ? Found(simplify({FG_EX_NEG, type, {x, 0, 0}})) : std::nullopt;
      case FG_EX_DIV: return divide(type, x, y);
      case FG_EX_POW: return power(type, x, y);
      case FG_EX_MIN:
      case FG_EX_MAX: return x == y ? Found(x) : std::nullopt;
      default: return std::nullopt;
    }
  }

  // By a power of two whose reciprocal is normal: the product rounds the same exact value.
  Found divide(std::uint16_t type, Id x, Id y) {
    const std::optional<Value> v = b_.value_of(y);
    if (!v || !std::isfinite(v->f) || v->f == 0.0) return std::nullopt;
    int exponent = 0;
    if (std::fabs(std::frexp(v->f, &exponent)) != 0.5) return std::nullopt;
    const int least =
        type == FG_CT_F32 ? std::numeric_limits<float>::min_exponent : std::numeric_limits<double>::min_exponent;
    const int most =
        type == FG_CT_F32 ? std::numeric_limits<float>::max_exponent : std::numeric_limits<double>::max_exponent;
    const int reciprocal = 2 - exponent;  // 1 / (0.5 * 2^e) = 0.5 * 2^(2 - e)
    if (reciprocal < least || reciprocal > most) return std::nullopt;
    return simplify({FG_EX_MUL, type, {x, b_.constant(Value::of_float(1.0 / v->f, type)), 0}});
  }

  Found power(std::uint16_t type, Id x, Id y) {
    if (is(y, 1)) return x;
    if (is(y, 0) || is_minus_zero(y)) return b_.constant(Value::of_float(1.0, type));
    if (is(y, 2)) return simplify({FG_EX_MUL, type, {x, x, 0}});
    if (is(y, -1)) return simplify({FG_EX_DIV, type, {b_.constant(Value::of_float(1.0, type)), x, 0}});
    return std::nullopt;
  }

  Found integer_arithmetic(std::uint16_t op, std::uint16_t type, Id x, Id y) {
    switch (op) {
      case FG_EX_ADD: return is(y, 0) ? Found(x) : std::nullopt;
      case FG_EX_SUB:
        if (x == y) return integer(0, type);
        return is(y, 0) ? Found(x) : std::nullopt;
      case FG_EX_MUL:
        if (is(y, 0) || is(y, 1)) return is(y, 0) ? y : x;
        return is(y, -1) ? Found(simplify({FG_EX_NEG, type, {x, 0, 0}})) : std::nullopt;
      case FG_EX_TRUNC_DIV:
      case FG_EX_FLOOR_DIV:
        if (is(y, 0) || is(y, 1)) return is(y, 0) ? y : x;
        return is(y, -1) ? Found(simplify({FG_EX_NEG, type, {x, 0, 0}})) : std::nullopt;
      case FG_EX_FMOD:
      case FG_EX_REMAINDER: return is(y, 0) || is(y, 1) || is(y, -1) ? Found(integer(0, type)) : std::nullopt;
      case FG_EX_POW:
        if (is(y, 0)) return integer(1, type);
        if (is(y, 2)) return simplify({FG_EX_MUL, type, {x, x, 0}});
        return is(y, 1) ? Found(x) : std::nullopt;
      case FG_EX_MIN:
      case FG_EX_MAX: return x == y ? Found(x) : std::nullopt;
      default: return std::nullopt;
    }
  }

  Builder b_;
};

Program rebuild_once(const Program& program, std::span<const fg_scalar> values) {
  Folder folder;
  std::vector<Id> place;
  for (fg_expr_node n : program.nodes()) {
    if (n.op == FG_EX_SCALAR && n.arg[0] < values.size() && values[n.arg[0]].kind != FG_SCALAR_NONE) {
      place.push_back(folder.builder().constant(convert(values[n.arg[0]], n.type)));
      continue;
    }
    const int arity = find_op(n.op)->arity;
    for (int k = 0; k < arity; ++k) n.arg[k] = place[n.arg[k]];
    place.push_back(folder.simplify(n));
  }
  std::vector<Id> outs;
  for (const std::uint32_t j : program.outs()) outs.push_back(place[j]);
  Result<Program> folded = folder.builder().finish(outs, program.n_in(), program.n_scalar());
  return folded ? *std::move(folded) : program;
}

// Until nothing changes: a rule may open the way for another above it.
Program rebuild(const Program& program, std::span<const fg_scalar> values) {
  constexpr int kMostRounds = 4;
  Program folded = rebuild_once(program, values);
  for (int round = 1; round < kMostRounds; ++round) {
    Program next = rebuild_once(folded, {});
    if (next.hash() == folded.hash()) break;
    folded = std::move(next);
  }
  return folded;
}

}  // namespace

Program fold(const Program& program) { return rebuild(program, {}); }

Program specialise(const Program& program, std::span<const fg_scalar> values) { return rebuild(program, values); }

}  // namespace fg::expr
