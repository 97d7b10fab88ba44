// SPDX-License-Identifier: Apache-2.0
//
// Maps, reductions and scans through the fake engine.

#include <cmath>
#include <limits>

#include "core/tensor/views.hpp"
#include "tests/unit/dispatch/calls.hpp"

namespace fg::test {
namespace {

namespace views = core::views;
using Floats = std::vector<float>;
using Longs = std::vector<std::int64_t>;

class Engine : public DispatchTest {};

TEST_F(Engine, AddsEqualShapesAsOneDimension) {
  const Tensor r = get("add", f32({2, 2}, {1, 2, 3, 4}), f32({2, 2}, {10, 20, 30, 40}));
  EXPECT_EQ(shape_of(r), (Longs{2, 2}));
  EXPECT_EQ(values_of<float>(r), (Floats{11, 22, 33, 44}));
  EXPECT_EQ(fake().last().shape[0], (Longs{4}));
}

TEST_F(Engine, BroadcastsAndTransposes) {
  const Tensor a = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(values_of<float>(get("add", a, f32({3}, {10, 20, 30}))), (Floats{11, 22, 33, 14, 25, 36}));
  EXPECT_EQ(values_of<float>(get("add", a, f32({2, 1}, {10, 20}))), (Floats{11, 12, 13, 24, 25, 26}));
  const Tensor turned = views::transpose(a, 0, 1).value();
  EXPECT_EQ(values_of<float>(get("mul", turned, f32({}, {2}))), (Floats{2, 8, 4, 10, 6, 12}));
}

TEST_F(Engine, NumbersKeepTheTensorsDtype) {
  const Tensor r = get("add", f32({2}, {1, 2}), v(3));
  EXPECT_EQ(r.dtype(), FG_F32);
  EXPECT_EQ(values_of<float>(r), (Floats{4, 5}));
  EXPECT_EQ(get("add", i32({2}, {1, 2}), v(3)).dtype(), FG_I32);
  EXPECT_EQ(get("add", i32({2}, {1, 2}), v(0.5)).dtype(), FG_F32);
  EXPECT_EQ(get("add", i64({2}, {1, 2}), i32({2}, {1, 2})).dtype(), FG_I64);
  EXPECT_EQ(values_of<float>(get("sub", v(10), f32({1}, {4}))), (Floats{6}));
}

TEST_F(Engine, AlphaIsAnArgumentAndItsDefaultCostsNothing) {
  const Tensor x = f32({2}, {1, 2});
  get("add", x, x);
  const std::uint64_t plain = fake().last().nodes;
  EXPECT_EQ(values_of<float>(get("add", x, x, v(3))), (Floats{4, 8}));
  EXPECT_GT(fake().last().nodes, plain);
  const int prepares = fake().prepares;
  EXPECT_EQ(values_of<float>(get("add", x, x, v(5))), (Floats{6, 12}));
  EXPECT_EQ(fake().prepares, prepares) << "another alpha compiled another kernel";
}

TEST_F(Engine, VariantsByEnum) {
  const Tensor x = i32({4}, {7, -7, 7, -7});
  const Tensor y = i32({4}, {2, 2, -2, -2});
  EXPECT_EQ(values_of<std::int32_t>(get("div", x, y, fg_value_string("floor"))),
            (std::vector<std::int32_t>{3, -4, -4, 3}));
  EXPECT_EQ(values_of<std::int32_t>(get("div", x, y, fg_value_string("trunc"))),
            (std::vector<std::int32_t>{3, -3, -3, 3}));
  EXPECT_EQ(values_of<float>(get("div", x, y)), (Floats{3.5f, -3.5f, -3.5f, 3.5f}));
}

TEST_F(Engine, IntegerDivisionByANumberZeroIsAnErrorByATensorZero) {
  const Tensor x = i32({1}, {7});
  expect_error(run("div", x, v(0), fg_value_string("trunc")), FG_E_INVALID, FG_R_PARAMETER, "other is 0");
  EXPECT_EQ(values_of<std::int32_t>(get("div", x, i32({1}, {0}), fg_value_string("trunc")))[0], 0);
  EXPECT_EQ(values_of<float>(get("div", x, v(0)))[0], std::numeric_limits<float>::infinity());
  expect_error(run("pow", x, v(-1)), FG_E_INVALID, FG_R_PARAMETER, "negative powers");
}

TEST_F(Engine, WhereConvertsAndCompares) {
  const Tensor c = tensor_of<std::uint8_t>(device(), FG_BOOL, {3}, {1, 0, 1});
  EXPECT_EQ(values_of<float>(get("where", c, f32({3}, {1, 2, 3}), v(0))), (Floats{1, 0, 3}));
  const Tensor e = get("lt", f32({2}, {1, 5}), v(3));
  EXPECT_EQ(e.dtype(), FG_BOOL);
  EXPECT_EQ(values_of<std::uint8_t>(e), (std::vector<std::uint8_t>{1, 0}));
}

TEST_F(Engine, RoundsSixteenBitOnce) {
  const Tensor x = tensor_of<std::uint16_t>(device(), FG_F16, {1}, {0x3C00});  // 1
  const Tensor r = get("add", x, v(0.0009765625), v(1));                       // 1 + 2^-10
  EXPECT_EQ(r.dtype(), FG_F16);
  EXPECT_EQ(values_of<std::uint16_t>(r)[0], 0x3C01);
}

TEST_F(Engine, AGivenOutputOfAnotherDtypeSeesTheRoundedResult) {
  const Tensor x = tensor_of<std::int8_t>(device(), FG_I8, {1}, {100});
  const Tensor out = i32({1}, {0});
  ASSERT_TRUE(run_out("add", out, x, x).has_value());
  EXPECT_EQ(values_of<std::int32_t>(out)[0], -56) << "i8 wraps before it is widened";
}

TEST_F(Engine, CreationAndIndexPrograms) {
  const fg_value args[] = {v(2), v(10), v(3)};
  fg_tensor_handle made[1] = {nullptr};
  ASSERT_TRUE(core::call(op("arange"), args, Form::functional, made, device()).has_value());
  const Tensor r = Tensor::adopt(made[0]);
  EXPECT_EQ(r.dtype(), FG_I64);
  EXPECT_EQ(values_of<std::int64_t>(r), (Longs{2, 5, 8}));
  const Longs size{2, 2};
  const fg_value full[] = {v(size), v(1.5)};
  ASSERT_TRUE(core::call(op("full"), full, Form::functional, made, device()).has_value());
  EXPECT_EQ(values_of<float>(Tensor::adopt(made[0])), (Floats{1.5f, 1.5f, 1.5f, 1.5f}));
}

TEST_F(Engine, SumsOverDimensions) {
  const Tensor x = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(values_of<float>(get("sum", x)), (Floats{21}));
  EXPECT_EQ(shape_of(get("sum", x)), (Longs{}));
  EXPECT_EQ(values_of<float>(get("sum", x, Longs{0})), (Floats{5, 7, 9}));
  EXPECT_EQ(values_of<float>(get("sum", x, Longs{-1})), (Floats{6, 15}));
  EXPECT_EQ(shape_of(get("sum", x, Longs{1}, v(true))), (Longs{2, 1}));
  EXPECT_EQ(values_of<float>(get("sum", x, Longs{1}, v(true))), (Floats{6, 15}));
  EXPECT_EQ(shape_of(get("sum", x, Longs{})), (Longs{}));
  EXPECT_EQ(get("sum", i32({2}, {1, 2})).dtype(), FG_I64);
  EXPECT_EQ(values_of<float>(get("sum", views::transpose(x, 0, 1).value(), Longs{0})), (Floats{6, 15}));
  EXPECT_EQ(values_of<float>(get("sum", f32({}, {4}), Longs{0})), (Floats{4}));
}

TEST_F(Engine, EmptyReductions) {
  EXPECT_EQ(values_of<float>(get("sum", f32({0}, {})))[0], 0.0f);
  EXPECT_EQ(values_of<float>(get("sum", f32({2, 0}, {}), Longs{1})), (Floats{0, 0}));
  expect_error(run("amax", f32({2, 0}, {}), Longs{1}), FG_E_INVALID, FG_R_SHAPE, "length 0");
  EXPECT_EQ(shape_of(get("amax", f32({0, 2}, {}), Longs{1})), (Longs{0}));
}

TEST_F(Engine, ArgmaxAndVariance) {
  const Tensor x = f32({2, 3}, {1, 9, 3, 4, 5, 9});
  EXPECT_EQ(values_of<std::int64_t>(get("argmax", x))[0], 1);
  EXPECT_EQ(values_of<std::int64_t>(get("argmax", x, v(1))), (Longs{1, 2}));
  EXPECT_EQ(values_of<std::int64_t>(get("argmax", views::transpose(x, 0, 1).value()))[0], 2)
      << "positions are those of the view";
  const auto r = run("var_mean", f32({4}, {1, 2, 3, 4}));
  ASSERT_TRUE(r.has_value());
  EXPECT_FLOAT_EQ(values_of<float>((*r)[0])[0], 5.0f / 3.0f);
  EXPECT_FLOAT_EQ(values_of<float>((*r)[1])[0], 2.5f);
}

TEST_F(Engine, ScansAlongAnyDimension) {
  const Tensor x = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(values_of<float>(get("cumsum", x, v(1))), (Floats{1, 3, 6, 4, 9, 15}));
  EXPECT_EQ(values_of<float>(get("cumsum", x, v(0))), (Floats{1, 2, 3, 5, 7, 9}));
  ASSERT_TRUE(run_inplace("cumsum", x, v(-1)).has_value());
  EXPECT_EQ(values_of<float>(x), (Floats{1, 3, 6, 4, 9, 15}));
}

TEST_F(Engine, MoreThanEightDimensions) {
  const Longs shape(10, 2);
  std::vector<float> numbers(1024);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
  const Tensor x = f32(shape, numbers);
  Longs back(10);
  for (std::size_t d = 0; d < 10; ++d) back[d] = static_cast<std::int64_t>(9 - d);
  const Tensor turned = views::permute(x, back).value();
  const Tensor r = get("add", turned, x);  // Nothing merges.
  EXPECT_EQ(values_of<float>(r)[1], 512.0f + 1.0f);
  EXPECT_EQ(values_of<float>(r)[1023], 2046.0f);
  EXPECT_EQ(values_of<float>(get("sum", get("add", turned, x)))[0], 1023.0f * 1024.0f);
  EXPECT_EQ(values_of<float>(get("sum", turned, Longs{0, 1, 2, 3, 4, 5, 6, 7, 8}))[1], (512.0f + 1023.0f) * 256.0f);
}

TEST_F(Engine, CloneKeepsTheOrderOfDimensions) {
  const Tensor x = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor turned = get("clone", views::transpose(x, 0, 1).value());
  EXPECT_EQ((Longs{turned.stride().begin(), turned.stride().end()}), (Longs{1, 3}));
  EXPECT_EQ(values_of<float>(turned), (Floats{1, 4, 2, 5, 3, 6}));
  EXPECT_TRUE(get("clone", views::slice(x, 1, 0, 2, 1).value()).dense()) << "gaps are not kept";
}

TEST_F(Engine, EmptyTensorsLaunchNothing) {
  const int launches = fake().launches;
  EXPECT_EQ(shape_of(get("add", f32({0, 3}, {}), f32({3}, {1, 2, 3}))), (Longs{0, 3}));
  EXPECT_EQ(fake().launches, launches);
}

TEST_F(Engine, ViewsMoveNoData) {
  const int launches = fake().launches;
  const Tensor x = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor r = get("select", get("transpose", x, v(0), v(1)), v(0), v(2));
  EXPECT_EQ(r.storage(), x.storage());
  EXPECT_EQ(fake().launches, launches);
  EXPECT_EQ(values_of<float>(r), (Floats{3, 6}));
  EXPECT_EQ(shape_of(get("reshape", get("t", x), Longs{-1})), (Longs{6}));
  EXPECT_EQ(values_of<float>(get("reshape", get("t", x), Longs{-1})), (Floats{1, 4, 2, 5, 3, 6}));
  expect_error(run("view", get("t", x), Longs{6}), FG_E_INVALID, FG_R_STRIDE, "");
}

}  // namespace
}  // namespace fg::test
