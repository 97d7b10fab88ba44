// SPDX-License-Identifier: Apache-2.0
//
// What holds for every expression: its text says the same again, and folding changes no value.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/expr/evaluate.hpp"
#include "core/expr/fold.hpp"
#include "core/expr/instantiate.hpp"
#include "core/expr/op_table.hpp"
#include "core/expr/parse.hpp"
#include "core/expr/to_text.hpp"
#include "tests/unit/expr/grower.hpp"

namespace fg::expr {
namespace {

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
    const Parsed p = Grower(Growth::any).grow(*rc::gen::inRange(0, 6));
    const std::string text = to_text(p);
    const Result<Parsed> again = parse(text, kNames);
    if (!again) RC_FAIL(text + ": " + again.error().message);
    if (!(*again == p)) RC_FAIL(text + " became " + to_text(*again));
  }));
}

void folding_keeps_values(std::uint16_t type) {
  const Parsed parsed = Grower(Growth::typed, type).grow(*rc::gen::inRange(1, 6));
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
