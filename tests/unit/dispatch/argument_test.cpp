// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with a call, and how it is said.

#include "tests/unit/dispatch/calls.hpp"

namespace fg::test {
namespace {

class Arguments : public DispatchTest {};

TEST_F(Arguments, ShapesThatDoNotBroadcast) {
  expect_error(run("add", f32({2}, {1, 2}), f32({3}, {1, 2, 3})), FG_E_INVALID, FG_R_SHAPE, "add");
}

TEST_F(Arguments, MatrixSizes) {
  expect_error(run("mm", f32({2, 2}, {1, 2, 3, 4}), f32({3, 1}, {1, 2, 3})), FG_E_INVALID, FG_R_SHAPE, "mm");
  expect_error(run("mm", f32({2}, {1, 2}), f32({2, 1}, {1, 2})), FG_E_INVALID, FG_R_RANK, "mm");
}

TEST_F(Arguments, Dtypes) {
  expect_error(run("gelu", i64({1}, {1})), FG_E_INVALID, FG_R_DTYPE, "self is i64");
  const Tensor b = tensor_of<std::uint8_t>(device(), FG_BOOL, {1}, {1});
  expect_error(run("sub", b, b), FG_E_INVALID, FG_R_DTYPE, "self is bool");
  expect_error(run("sub", f32({1}, {1}), v(true)), FG_E_INVALID, FG_R_DTYPE, "other is a bool");
  expect_error(run("mm", f32({1, 1}, {1}), tensor_of<double>(device(), FG_F64, {1, 1}, {1})), FG_E_INVALID, FG_R_DTYPE,
               "must be the same");
  const auto r = run("mm", f32({1, 1}, {1}), i64({1, 1}, {1}));
  ASSERT_FALSE(r.has_value());
  EXPECT_EQ(r.error().arg_index, 1);
}

TEST_F(Arguments, AlphaOfIntegersIsAnInteger) {
  expect_error(run("add", i64({1}, {1}), i64({1}, {1}), v(0.5)), FG_E_INVALID, FG_R_PARAMETER, "alpha");
  EXPECT_EQ(values_of<std::int64_t>(get("add", i64({1}, {1}), i64({1}, {1}), v(2)))[0], 3);
  expect_error(run("add", f32({1}, {1}), f32({1}, {1}), v(true)), FG_E_INVALID, FG_R_PARAMETER, "alpha");
}

TEST_F(Arguments, CountsTagsAndNull) {
  const Tensor x = f32({1}, {1});
  expect_error(run("exp", x, x), FG_E_INVALID, FG_R_PARAMETER, "2 arguments");
  expect_error(run("add", x), FG_E_INVALID, FG_R_PARAMETER, "other is missing");
  expect_error(run("add", x, fg_value_tensor(nullptr)), FG_E_INVALID, FG_R_NULL_POINTER, "other is NULL");
  expect_error(run("exp", v(1.0)), FG_E_INVALID, FG_R_PARAMETER, "must be a tensor");
  expect_error(run("add", x, fg_value_string("x")), FG_E_INVALID, FG_R_PARAMETER, "other must be");
  fg_value wild = v(1);
  wild.tag = 77;
  EXPECT_FALSE(run("add", x, wild).has_value());
  expect_error(run("cat", fg_value_tensors(nullptr, 0)), FG_E_INVALID, FG_R_PARAMETER, "at least one");
}

TEST_F(Arguments, FormsThatDoNotExist) {
  EXPECT_FALSE(run_inplace("where", f32({1}, {1})).has_value());
  const Tensor x = f32({1}, {1});
  const fg_value args[] = {v(x)};
  expect_error(core::call(op("exp"), args, Form::functional, {}), FG_E_INVALID, FG_R_PARAMETER, "0 outputs");
  fg_tensor_handle none[1] = {nullptr};
  expect_error(core::call(op("exp"), args, Form::out, none), FG_E_INVALID, FG_R_NULL_POINTER, "out is NULL");
}

TEST_F(Arguments, EnumsAndDimensions) {
  expect_error(run("gelu", f32({1}, {1}), fg_value_string("tahn")), FG_E_INVALID, FG_R_PARAMETER, "tahn");
  EXPECT_FALSE(run("sum", f32({2}, {1, 2}), std::vector<std::int64_t>{1}).has_value());
  EXPECT_FALSE(run("sum", f32({2}, {1, 2}), std::vector<std::int64_t>{0, -1}).has_value());
  EXPECT_FALSE(run("cumsum", f32({2}, {1, 2}), v(2)).has_value());
}

TEST_F(Arguments, DevicesMustAgree) {
  static FakeDevice& other = *new FakeDevice({}, "other:0");
  const Tensor here = f32({2}, {1, 2});
  const Tensor there = tensor_of<float>(other.device(), FG_F32, {2}, {1, 2});
  expect_error(run("add", here, there), FG_E_INVALID, FG_R_DEVICE, "other:0");
  // A number in a 0-d tensor may come from anywhere.
  const Tensor zero_d = tensor_of<float>(other.device(), FG_F32, {}, {5});
  const Tensor r = get("add", here, zero_d);
  EXPECT_EQ(r.device(), device());
  EXPECT_EQ(values_of<float>(r), (std::vector<float>{6, 7}));
  ASSERT_TRUE(run_inplace("copy_", here, there).has_value());
  EXPECT_EQ(values_of<float>(here), (std::vector<float>{1, 2}));
}

TEST_F(Arguments, UnknownOperatorsAreGuessed) {
  expect_error(core::lookup("geluu"), FG_E_NOT_FOUND, FG_R_UNKNOWN_OP, "gelu");
}

TEST_F(Arguments, AFailedCallLeavesOutputsAlone) {
  const Tensor x = f32({1}, {1});
  const fg_value args[] = {v(x), v(x)};
  fg_tensor_handle out[1] = {nullptr};
  fake().next_launch = FG_E_INTERNAL;
  EXPECT_FALSE(core::call(op("add"), args, Form::functional, out).has_value());
  EXPECT_EQ(out[0], nullptr);
}

}  // namespace
}  // namespace fg::test
