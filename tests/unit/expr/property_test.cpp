// SPDX-License-Identifier: Apache-2.0
//
// What holds for every expression: its text says the same again, and folding changes no value.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "core/expr/evaluate.hpp"
#include "core/expr/fold.hpp"
#include "core/expr/instantiate.hpp"
#include "core/expr/op_table.hpp"
#include "core/expr/parse.hpp"
#include "core/expr/to_text.hpp"

namespace fg::expr {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"x", "y", "b", "s"};
constexpr std::uint32_t kBoolName = 2;

// Grows random syntax, operands before operators as the parser does.
class Grower {
 public:
  Grower(bool typed, std::uint16_t type) : typed_(typed), type_(type) {
    parsed_.names.assign(kNames.begin(), kNames.end());
  }

  Parsed grow(int depth) {
    const std::uint32_t root = value(depth);
    parsed_.roots.push_back(root);
    return std::move(parsed_);
  }

 private:
  // Evenly, whatever the size of the case.
  static int below(int n) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, n)); }

  std::uint32_t push(Term t) {
    parsed_.terms.push_back(t);
    return static_cast<std::uint32_t>(parsed_.terms.size() - 1);
  }

  std::uint32_t leaf() {
    Term t;
    const int kind = below(typed_ ? 5 : 7);
    if (kind <= 2) {
      t.kind = Term::Kind::name;
      const std::uint32_t number_names[] = {0, 1, 3};
      t.arg[0] = number_names[kind];
    } else if (kind <= 4) {
      t.kind = Term::Kind::integer;
      const std::int64_t numbers[] = {0, 1, 2, 3, 7, 32, 100};
      t.integer = numbers[below(7)];
    } else if (kind == 5) {
      t.kind = Term::Kind::real;
      const double numbers[] = {0.0, 0.5, 1.0, 1e-300, 1e22, 0.1, std::numeric_limits<double>::infinity()};
      t.real = numbers[below(7)];
    } else {
      t.kind = below(2) == 0 ? Term::Kind::index : Term::Kind::boolean;
      const int bit = below(2);
      if (t.kind == Term::Kind::index) {
        t.arg[0] = static_cast<std::uint32_t>(bit);
      } else {
        t.integer = bit;
      }
    }
    return push(t);
  }

  std::uint32_t bool_leaf() {
    Term t;
    t.kind = Term::Kind::name;
    t.arg[0] = kBoolName;
    return push(t);
  }

  bool fits(const OpRow& row) const {
    if (row.rule == TypeRule::leaf) return false;
    if (!typed_) return true;
    switch (row.rule) {
      case TypeRule::any:
      case TypeRule::number: return true;
      case TypeRule::floating:
      case TypeRule::rounding: return is_float_type(type_);
      case TypeRule::logic:
      case TypeRule::shift: return is_integer_type(type_);
      case TypeRule::where: return true;
      default: return false;
    }
  }

  const OpRow& pick(bool truth) {
    std::vector<const OpRow*> rows;
    for (const OpRow& row : op_table()) {
      const bool is_truth = row.rule == TypeRule::compare;
      if (truth ? is_truth : fits(row)) rows.push_back(&row);
    }
    return *rows[static_cast<std::size_t>(below(static_cast<int>(rows.size())))];
  }

  std::uint32_t value(int depth) {
    if (depth == 0 || below(6) == 0) return leaf();
    return operation(pick(false), depth);
  }

  std::uint32_t truth(int depth) {
    if (!typed_) return value(depth);
    if (depth == 0 || below(4) == 0) return bool_leaf();
    if (below(3) == 0) return logical(depth);
    return operation(pick(true), depth);
  }

  std::uint32_t logical(int depth) {
    Term t;
    t.logical = true;
    const std::uint16_t ops[] = {FG_EX_AND, FG_EX_OR, FG_EX_NOT};
    t.op = ops[below(3)];
    t.arg[0] = truth(depth - 1);
    if (t.op != FG_EX_NOT) t.arg[1] = truth(depth - 1);
    return push(t);
  }

  std::uint32_t operation(const OpRow& row, int depth) {
    if (!typed_ && row.rule == TypeRule::logic && row.op != FG_EX_XOR && below(2) == 0) return logical(depth);
    Term t;
    t.op = row.op;
    if (row.op == FG_EX_CAST) t.type = static_cast<std::uint16_t>(below(5));
    for (int k = 0; k < row.arity; ++k) {
      t.arg[k] = row.rule == TypeRule::where && k == 0 ? truth(depth - 1) : value(depth - 1);
    }
    return push(t);
  }

  bool typed_;
  std::uint16_t type_;
  Parsed parsed_;
};

Value any_value(std::uint16_t type) {
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<double> floats = {0.0,   -0.0, 1.0,   -1.0, 0.5,  3.0,         -7.25,
                                      1e-45, 1e30, -3e38, inf,  -inf, std::nan("")};
  const std::vector<std::int64_t> ints = {0,
                                          1,
                                          -1,
                                          2,
                                          -2,
                                          31,
                                          32,
                                          -33,
                                          2147483647,
                                          -2147483648LL,
                                          std::numeric_limits<std::int64_t>::max(),
                                          std::numeric_limits<std::int64_t>::min()};
  if (is_float_type(type)) return Value::of_float(*rc::gen::elementOf(floats), type);
  return Value::of_int(*rc::gen::elementOf(ints), type);
}

TEST(Property, TextSaysTheSameAgain) {
  EXPECT_TRUE(rc::check([] {
    const Parsed p = Grower(false, 0).grow(*rc::gen::inRange(0, 6));
    const std::string text = to_text(p);
    const Result<Parsed> again = parse(text, kNames);
    if (!again) RC_FAIL(text + ": " + again.error().message);
    if (!(*again == p)) RC_FAIL(text + " became " + to_text(*again));
  }));
}

void folding_keeps_values(std::uint16_t type) {
  const Parsed parsed = Grower(true, type).grow(*rc::gen::inRange(1, 6));
  Typing t;
  t.common = type;
  t.names = {Binding::state(type), Binding::state(type), Binding::state(FG_CT_BOOL), Binding::number(type)};
  t.out = {type};
  const Result<Program> p = lower(parsed, t);
  RC_PRE(static_cast<bool>(p));  // Literals that divide by zero or overflow are refused.
  const Program folded = fold(*p);
  RC_ASSERT(fold(folded).hash() == folded.hash());
  const std::array<Value, 3> in = {any_value(type), any_value(type), Value::of_bool(*rc::gen::arbitrary<bool>())};
  const Value s = any_value(type);
  fg_scalar scalar{};
  scalar.kind = is_float_type(type) ? FG_SCALAR_FLOAT : FG_SCALAR_INT;
  if (is_float_type(type)) {
    scalar.v.f = s.f;
  } else {
    scalar.v.i = s.i;
  }
  const Value want = evaluate(p->view(), in, {&scalar, 1})[0];
  const Program special = specialise(*p, {&scalar, 1});
  const bool kept = same(evaluate(folded.view(), in, {&scalar, 1})[0], want);
  const bool kept_special = same(evaluate(special.view(), in, {&scalar, 1})[0], want);
  if (!kept || !kept_special) RC_FAIL(to_text(parsed) + "\n" + to_text(folded.view()) + to_text(special.view()));
}

TEST(Property, FoldingKeepsEveryValueOfF32) {
  EXPECT_TRUE(rc::check([] { folding_keeps_values(FG_CT_F32); }));
}
TEST(Property, FoldingKeepsEveryValueOfI32) {
  EXPECT_TRUE(rc::check([] { folding_keeps_values(FG_CT_I32); }));
}
TEST(Property, FoldingKeepsEveryValueOfI64) {
  EXPECT_TRUE(rc::check([] { folding_keeps_values(FG_CT_I64); }));
}

}  // namespace
}  // namespace fg::expr
