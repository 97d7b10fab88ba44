// SPDX-License-Identifier: Apache-2.0
//
// Outputs that share memory with inputs or with themselves.

#include "core/dispatch/state.hpp"
#include "core/tensor/views.hpp"
#include "tests/unit/dispatch/calls.hpp"

namespace fg::test {
namespace {

namespace views = core::views;
using Floats = std::vector<float>;

class Alias : public DispatchTest {
 protected:
  static std::uint64_t copies() { return core::counter_sums()[core::ThreadCounters::copies]; }
};

TEST_F(Alias, InPlaceWritesTheInput) {
  const Tensor x = f32({3}, {1, 2, 3});
  const std::uint64_t before = copies();
  ASSERT_TRUE(run_inplace("add", x, x).has_value());
  EXPECT_EQ(values_of<float>(x), (Floats{2, 4, 6}));
  EXPECT_EQ(copies(), before);
}

TEST_F(Alias, InPlaceDoesNotGrow) {
  expect_error(run_inplace("add", f32({2}, {1, 2}), f32({3, 2}, {1, 2, 3, 4, 5, 6})), FG_E_INVALID, FG_R_SHAPE,
               "self has shape [2]");
}

TEST_F(Alias, InPlaceKeepsTheDtype) {
  const Tensor x = i64({1}, {1});
  expect_error(run_inplace("add", x, f32({1}, {1})), FG_E_INVALID, FG_R_DTYPE, "cannot be written");
  const Tensor y = f32({1}, {1});
  ASSERT_TRUE(run_inplace("add", y, i64({1}, {2})).has_value());
  EXPECT_EQ(values_of<float>(y)[0], 3.0f);
}

TEST_F(Alias, RepeatedElementsCannotBeWritten) {
  const Tensor one = f32({1}, {1});
  const Tensor wide = views::expand(one, std::vector<std::int64_t>{4}).value();
  expect_error(run_inplace("add", wide, v(1)), FG_E_INVALID, FG_R_ALIAS, "stride 0");
  expect_error(run_out("add", wide, f32({4}, {1, 2, 3, 4}), v(1)), FG_E_INVALID, FG_R_ALIAS, "stride 0");
}

TEST_F(Alias, PartialOverlapIsComputedBeside) {
  const Tensor x = f32({4}, {1, 2, 3, 4});
  const Tensor head = views::slice(x, 0, 0, 3, 1).value();
  const Tensor tail = views::slice(x, 0, 1, 4, 1).value();
  const std::uint64_t before = copies();
  ASSERT_TRUE(run_out("add", tail, head, v(10)).has_value());
  EXPECT_EQ(values_of<float>(x), (Floats{1, 11, 12, 13}));
  EXPECT_EQ(copies(), before + 1);
}

TEST_F(Alias, AReversedOverlapIsComputedBeside) {
  const Tensor x = f32({2, 2}, {1, 2, 3, 4});
  const Tensor turned = views::transpose(x, 0, 1).value();
  ASSERT_TRUE(run_inplace("add", x, turned).has_value());
  EXPECT_EQ(values_of<float>(x), (Floats{2, 5, 5, 8}));
}

TEST_F(Alias, AReductionIntoItsInput) {
  const Tensor x = f32({2, 2}, {1, 2, 3, 4});
  const Tensor row = views::select(x, 0, 0).value();
  ASSERT_TRUE(run_out("sum", row, x, std::vector<std::int64_t>{0}).has_value());
  EXPECT_EQ(values_of<float>(x), (Floats{4, 6, 3, 4}));
}

TEST_F(Alias, GivenOutputsHaveTheExactShape) {
  expect_error(run_out("exp", f32({1, 2}, {0, 0}), f32({2}, {1, 2})), FG_E_INVALID, FG_R_SHAPE, "out has shape [1, 2]");
}

TEST_F(Alias, TwoOutputsMayNotOverlap) {
  const Tensor x = f32({2}, {1, 2});
  const Tensor out = f32({}, {0});
  const fg_value args[] = {v(x)};
  fg_tensor_handle outs[2] = {out.get(), out.get()};
  expect_error(core::call(op("var_mean"), args, Form::out, outs), FG_E_INVALID,
               op("var_mean").has_out ? FG_R_ALIAS : FG_R_PARAMETER, "");
}

TEST_F(Alias, SharedInputsAreMarked) {
  const Tensor x = f32({2}, {1, 2});
  get("add", x, x);
  EXPECT_NE(fake().last().flags[1] & FG_T_OVERLAPS_OTHER, 0u);
  get("add", x, f32({2}, {1, 2}));
  EXPECT_EQ(fake().last().flags[1] & FG_T_OVERLAPS_OTHER, 0u);
}

TEST_F(Alias, StridedOutputs) {
  const Tensor base = f32({2, 3}, {0, 0, 0, 0, 0, 0});
  const Tensor column = views::select(base, 1, 1).value();
  ASSERT_TRUE(run_out("add", column, f32({2}, {1, 2}), v(1)).has_value());
  EXPECT_EQ(values_of<float>(base), (Floats{0, 2, 0, 0, 3, 0}));
}

}  // namespace
}  // namespace fg::test
