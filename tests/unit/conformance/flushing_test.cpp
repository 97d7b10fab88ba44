// SPDX-License-Identifier: Apache-2.0
//
// What a device that flushes may do, as one rule over the whole expression language: each subnormal operand
// is read as it is or as zero of its sign, and a subnormal result is kept or zero of its sign.  Everything
// that the strict oracle accepts of any such reading is legal there, and nothing of it is where subnormals
// are kept.

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "conformance/cases/operators.hpp"
#include "conformance/cases/plan.hpp"
#include "conformance/compare/compare.hpp"
#include "conformance/data/values.hpp"
#include "conformance/reference/declared.hpp"
#include "conformance/reference/expression.hpp"

namespace fg::reference {
namespace {

constexpr Real kInf = std::numeric_limits<Real>::infinity();
constexpr Real kLeast = 0x1p-149L, kNormal = 0x1p-126L;
const std::vector<std::string> kNames{"x", "y", "z"};

// Of each kind of number one or two, with both signs.
const std::vector<Real>& numbers() {
  static const std::vector<Real> all = [] {
    std::vector<Real> list{NAN};
    for (const Real x : {Real{0}, kLeast, 3 * kLeast, kNormal / 2, kNormal - kLeast, kNormal, 3 * kNormal, Real{0.5L},
                         Real{1}, Real{2}, Real{3}, Real{0x1p127L}, kInf}) {
      list.push_back(x);
      list.push_back(-x);
    }
    return list;
  }();
  return all;
}

std::vector<Real> readings(Real x) {
  if (x == 0 || std::isnan(x) || std::fabs(x) >= kNormal) return {x};
  return {x, std::copysign(Real{0}, x)};
}

Value eval(const Expression& e, std::span<const Real> at, bool subnormals) {
  const ArithmeticScope scope({subnormals, SumClass::standard});
  std::vector<Value> operands;
  for (const Real x : at) operands.push_back(exact(x, Ct::f32));
  return e.evaluate(operands, {}, Ct::f32);
}

bool legal(const Value& v, Real x) {
  return conformance::legal(v, v.type == Ct::boolean ? Type::boolean : Type::f32, x);
}

// Results that a kernel may give for the operands as read: both ends of what the strict oracle accepts.
std::vector<Real> results(const Expression& e, std::span<const Real> read) {
  const Value v = eval(e, read, true);
  const conformance::Range r = conformance::legal_range(v, v.type == Ct::boolean ? Type::boolean : Type::f32);
  std::vector<Real> all;
  if (r.nan) all.push_back(NAN);
  if (!r.number) return all;
  for (const Real x : {r.lo, r.hi}) {
    for (const Real y : readings(x)) all.push_back(y);
  }
  return all;
}

std::vector<std::vector<Real>> products(const std::vector<std::vector<Real>>& choices) {
  std::vector<std::vector<Real>> all{{}};
  for (const std::vector<Real>& of_one : choices) {
    std::vector<std::vector<Real>> longer;
    for (const std::vector<Real>& begun : all) {
      for (const Real x : of_one) {
        longer.push_back(begun);
        longer.back().push_back(x);
      }
    }
    all = std::move(longer);
  }
  return all;
}

std::string words(std::span<const Real> list) {
  std::ostringstream out;
  for (const Real x : list) out << static_cast<double>(x) << ' ';
  return out.str();
}

// The first mistakes of an expression, each a line.
std::string mistakes(const char* text, std::size_t n) {
  const Expression e(text, kNames);
  std::string found;
  int left = 5;
  for (const std::vector<Real>& operands : products(std::vector<std::vector<Real>>(n, numbers()))) {
    const Value allowed = eval(e, operands, false);
    std::vector<std::vector<Real>> choices;
    for (const Real x : operands) choices.push_back(readings(x));
    for (const std::vector<Real>& read : products(choices)) {
      for (const Real x : results(e, read)) {
        if (legal(allowed, x) || left-- <= 0) continue;
        found += std::string(text) + " of " + words(operands) + "read as " + words(read) + "may be " + words({&x, 1}) +
                 "and is not legal\n";
      }
    }
  }
  return found;
}

constexpr const char* kUnary[] = {
    "-x",       "abs(x)",   "sign(x)",  "floor(x)", "ceil(x)",  "trunc(x)",    "round(x)",   "sqrt(x)",
    "rsqrt(x)", "exp(x)",   "exp2(x)",  "expm1(x)", "log(x)",   "log2(x)",     "log10(x)",   "log1p(x)",
    "sin(x)",   "cos(x)",   "tan(x)",   "asin(x)",  "acos(x)",  "atan(x)",     "sinh(x)",    "cosh(x)",
    "tanh(x)",  "asinh(x)", "acosh(x)", "atanh(x)", "erf(x)",   "erfc(x)",     "lgamma(x)",  "sigmoid(x)",
    "1 / x",    "x * x",    "!x",       "x != 0",   "sqrt(-x)", "1 / sqrt(x)", "log(abs(x))"};
constexpr const char* kBinary[] = {"x + y",      "x - y",           "x * y",           "x / y",          "x % y",
                                   "x < y",      "x <= y",          "x > y",           "x >= y",         "x == y",
                                   "x != y",     "pow(x, y)",       "min(x, y)",       "max(x, y)",      "atan2(x, y)",
                                   "fmod(x, y)", "trunc_div(x, y)", "floor_div(x, y)", "remainder(x, y)"};

TEST(Flushing, EveryReadingOfTheOperandsIsLegal) {
  for (const char* text : kUnary) EXPECT_EQ(mistakes(text, 1), "");
  for (const char* text : kBinary) EXPECT_EQ(mistakes(text, 2), "");
}

struct Claim {
  const char* text;
  Real x, y, result;
};

TEST(Flushing, NothingIsAllowedWhereSubnormalsAreKept) {
  for (const Claim& c : {Claim{"sqrt(x)", -kLeast, 0, -Real{0}}, Claim{"x / y", kLeast, kLeast, NAN},
                         Claim{"floor_div(x, y)", kLeast, -kLeast, NAN}, Claim{"floor_div(x, y)", 1, kNormal / 2, kInf},
                         Claim{"x * y", kLeast, kInf, NAN}, Claim{"max(x, y)", kLeast, 0, 0},
                         Claim{"log(x)", kLeast, 0, -kInf}, Claim{"pow(x, y)", kLeast, -1, NAN}}) {
    const std::array at{c.x, c.y, Real{0}};
    EXPECT_FALSE(legal(eval(Expression(c.text, kNames), at, true), c.result)) << c.text;
  }
}

TEST(Flushing, WhatItDoesNotExplainIsWrong) {
  for (const Claim& c :
       {// Compared as zeros, and then moved as it was: no reading gives it.
        Claim{"max(x, y)", -kLeast, 0, -kLeast}, Claim{"min(x, y)", kLeast, 0, kLeast},
        Claim{"max(x, y)", -kLeast, kLeast, -kLeast}, Claim{"min(max(x, y), 1)", -kLeast, 0, -kLeast},
        // The least normal number is none.
        Claim{"sqrt(x)", -kNormal, 0, -Real{0}}, Claim{"x / y", kNormal, kNormal, NAN},
        Claim{"floor_div(x, y)", kNormal, kNormal, NAN}, Claim{"x * y", kNormal, kInf, NAN},
        Claim{"x + y", kNormal, 0, 0},
        // The sign stays, and a zero gives nothing in between.
        Claim{"sqrt(x)", kLeast, 0, NAN}, Claim{"1 / x", -kLeast, 0, kInf}, Claim{"x / y", 1, kNormal / 2, 1},
        Claim{"x - y", kLeast, kLeast, kNormal}, Claim{"floor_div(x, y)", kLeast, -1, NAN}}) {
    const std::array at{c.x, c.y, Real{0}};
    EXPECT_FALSE(legal(eval(Expression(c.text, kNames), at, false), c.result))
        << c.text << " of " << words(at) << "is not " << words({&c.result, 1});
  }
}

bool has_subnormals(const Argument& a) {
  return std::any_of(a.tensors.begin(), a.tensors.end(), [](const Tensor& t) {
    return compute_type(t.type) == Ct::f32 &&
           std::any_of(t.v.begin(), t.v.end(), [](Real x) { return readings(x).size() > 1; });
  });
}

// The arguments with every subnormal zero; the same where there is none.
std::vector<Argument> zeroed(std::vector<Argument> args) {
  for (Argument& a : args) {
    for (Tensor& t : a.tensors) {
      if (compute_type(t.type) != Ct::f32) continue;
      for (Real& x : t.v) x = readings(x).back();
    }
  }
  return args;
}

// What is moved keeps its subnormals: the oracle allows nothing but the element itself.
bool is_moved(const Value& v) { return v.point() && readings(v.mid).size() > 1; }

std::string mistakes(const std::string& name, const std::vector<Output>& allowed, const std::vector<Output>& zeros) {
  for (std::size_t j = 0; j < zeros.size(); ++j) {
    for (std::size_t i = 0; i < zeros[j].hard.size(); ++i) {
      const Value& v = zeros[j].hard[i];
      const Real result =
          v.nan == Nan::always && is_float(zeros[j].type) ? NAN : store(zeros[j].type, v.mid, is_float(v.type));
      if (is_moved(allowed[j].hard[i]) || conformance::legal(allowed[j].hard[i], zeros[j].type, result)) continue;
      return name + ": element " + std::to_string(i) + " may be " + words({&result, 1}) + "and is not legal";
    }
  }
  return "";
}

// The suite's own data: what comes of them with all subnormals zero is legal.
TEST(Flushing, EveryOperatorMayReadZeros) {
  int judged = 0;
  for (const conformance::Case& c : conformance::plan(conformance::Tier::quick)) {
    if (c.area != "op" || c.bad || c.values != conformance::Values::special) continue;
    const std::vector<Argument> args = conformance::arguments_of(c);
    const std::vector<Argument> read = zeroed(args);
    const Operator& op = conformance::oracle_operator(*core::find_op(c.op));
    if (op.kind == Kind::view || !std::any_of(args.begin(), args.end(), has_subnormals)) continue;
    ++judged;
    const Arithmetic flushing{false, SumClass::standard};
    EXPECT_EQ(mistakes(conformance::name_of(c), evaluate(Call(op, args, flushing)), evaluate(Call(op, read))), "");
  }
  EXPECT_GT(judged, 500);
}

// One value that joins alone is combined with what a kernel begins with, so it may be flushed as any operand.
TEST(Flushing, OneJoinedValueIsAnOperand) {
  const Operator& op = conformance::oracle_operator(*core::find_op("scatter_reduce"));
  std::vector<Argument> args(op.args.size());
  const auto tensor = [&](std::string_view name, Type type, Real x) {
    for (std::size_t i = 0; i < args.size(); ++i) {
      if (op.args[i].name != name) continue;
      args[i].kind = Argument::Kind::tensor;
      args[i].tensors = {Tensor{type, {1}, {x}}};
    }
  };
  tensor("self", Type::f32, 1);
  tensor("index", Type::i64, 0);
  tensor("src", Type::f32, kLeast);
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (op.args[i].name == "reduce") args[i].kind = Argument::Kind::word, args[i].word = "amin";
    if (op.args[i].name == "dim") args[i].kind = Argument::Kind::number, args[i].number = 0;
    if (op.args[i].name == "include_self")
      args[i].kind = Argument::Kind::number, args[i].category = Type::boolean, args[i].number = 0;
  }
  const std::vector<Output> kept = evaluate(Call(op, args)),
                            flushed = evaluate(Call(op, args, {false, SumClass::standard}));
  EXPECT_TRUE(legal(kept[0].hard[0], kLeast));
  EXPECT_FALSE(legal(kept[0].hard[0], 0));
  EXPECT_TRUE(legal(flushed[0].hard[0], kLeast));
  EXPECT_TRUE(legal(flushed[0].hard[0], 0));
  EXPECT_FALSE(legal(flushed[0].hard[0], 1));
}

}  // namespace
}  // namespace fg::reference
