// SPDX-License-Identifier: Apache-2.0
//
// ATen's and gems' calls in the catalogue's terms.

#include <gtest/gtest.h>

#include "conformance/golden/golden.hpp"

namespace fg::conformance {
namespace {

using Kind = reference::Argument::Kind;

GoldenValue tensor(reference::Shape shape) {
  GoldenValue v;
  v.value.kind = Kind::tensor;
  const auto n = static_cast<std::size_t>(reference::numel(shape));
  v.value.tensors.push_back({reference::Type::f32, shape, std::vector<reference::Real>(n, 1)});
  v.strides.push_back(reference::row_major(shape));
  return v;
}
GoldenValue number(double x, reference::Type category) {
  GoldenValue v;
  v.value.kind = Kind::number;
  v.value.number = x;
  v.value.category = category;
  return v;
}

Prepared adapted(const char* op, std::vector<GoldenValue> args,
                 std::vector<std::pair<std::string, GoldenValue>> kwargs = {}) {
  const core::OpInfo* info = operator_of(op);
  EXPECT_NE(info, nullptr) << op;
  GoldenCase c;
  c.op = op;
  c.args = std::move(args);
  c.kwargs = std::move(kwargs);
  const Result<Prepared> p = adapt(*info, c);
  EXPECT_TRUE(p) << p.error().message;
  return p.value_or(Prepared{});
}

const reference::Argument& argument(const Prepared& p, std::string_view name) {
  for (std::size_t i = 0; i < p.op->args.size(); ++i) {
    if (p.op->args[i].name == name) return p.args[i].value;
  }
  throw std::runtime_error("no such argument");
}

TEST(GoldenAdapter, FindsOperators) {
  EXPECT_EQ(operator_of("aten::add.Tensor")->name, "add");
  EXPECT_EQ(operator_of("aten::exp.default")->name, "exp");
  EXPECT_EQ(operator_of("gems::rms_norm")->name, "rms_norm");
  EXPECT_EQ(operator_of("aten::_fft_c2c.default"), nullptr);
}

TEST(GoldenAdapter, SquashesOneDimIntoAList) {
  const Prepared p = adapted("aten::squeeze.dim", {tensor({1, 3}), number(0, reference::Type::i64)});
  EXPECT_EQ(argument(p, "dim").kind, Kind::dims);
  EXPECT_EQ(argument(p, "dim").dims, (std::vector<std::int64_t>{0}));
}

TEST(GoldenAdapter, HalfToFloatAsksForF32) {
  const Prepared p = adapted("aten::_softmax.default",
                             {tensor({3}), number(0, reference::Type::i64), number(1, reference::Type::boolean)});
  EXPECT_EQ(argument(p, "dtype").category, reference::Type::f32);
}

TEST(GoldenAdapter, ArangeHasItsEndFirst) {
  const Prepared p = adapted("aten::arange.default", {number(5, reference::Type::i64)});
  EXPECT_EQ(argument(p, "end").number, 5);
  EXPECT_FALSE(argument(p, "start").given());
}

TEST(GoldenAdapter, IgnoresWhatHasNoEffect) {
  GoldenValue format;
  format.ignored = true;
  const Prepared p = adapted("aten::clone.default", {tensor({3})}, {{"memory_format", format}});
  EXPECT_TRUE(argument(p, "self").given());
  const Prepared e =
      adapted("aten::embedding.default", {tensor({3, 2}), tensor({2}), number(-1, reference::Type::i64),
                                          number(1, reference::Type::boolean), number(1, reference::Type::boolean)});
  EXPECT_EQ(argument(e, "padding_idx").number, -1);
}

TEST(GoldenAdapter, TrailingUnderscoreIsInPlace) {
  EXPECT_EQ(adapted("aten::add_.Tensor", {tensor({3}), tensor({3})}).form, Form::inplace);
  EXPECT_EQ(adapted("aten::add.Tensor", {tensor({3}), tensor({3})}).form, Form::fresh);
  EXPECT_EQ(adapted("aten::transpose_.default",
                    {tensor({3, 2}), number(0, reference::Type::i64), number(1, reference::Type::i64)})
                .form,
            Form::fresh);
}

TEST(GoldenAdapter, GemsRmsNormTakesTheWeightsShape) {
  const Prepared p = adapted("gems::rms_norm", {}, {{"x", tensor({2, 4})}, {"weight", tensor({4})}});
  EXPECT_TRUE(argument(p, "input").given());
  EXPECT_EQ(argument(p, "normalized_shape").dims, (std::vector<std::int64_t>{4}));
}

TEST(GoldenAdapter, UnknownArgumentsAreRefused) {
  GoldenCase c;
  c.op = "aten::exp.default";
  c.args = {tensor({1})};
  c.kwargs = {{"nonsense", number(1, reference::Type::i64)}};
  EXPECT_FALSE(adapt(*operator_of(c.op), c));
}

}  // namespace
}  // namespace fg::conformance
