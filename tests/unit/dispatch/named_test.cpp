// SPDX-License-Identifier: Apache-2.0
//
// Kernels under the operator's name, dynamic outputs, lists, conversions.

#include "core/tensor/views.hpp"
#include "tests/unit/dispatch/calls.hpp"

namespace fg::test {
namespace {

using Floats = std::vector<float>;
using Longs = std::vector<std::int64_t>;

class NamedKernels : public DispatchTest {};

TEST_F(NamedKernels, Multiplies) {
  const Tensor a = f32({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(values_of<float>(get("mm", a, a)), (Floats{7, 10, 15, 22}));
  const Tensor turned = core::views::t(a).value();
  EXPECT_EQ(values_of<float>(get("mm", a, turned)), (Floats{5, 11, 11, 25}));
}

TEST_F(NamedKernels, AnEmptyInnerDimensionStillLaunches) {
  const int launches = fake().launches;
  EXPECT_EQ(values_of<float>(get("mm", f32({2, 0}, {}), f32({0, 1}, {}))), (Floats{0, 0}));
  EXPECT_EQ(fake().launches, launches + 1);
}

TEST_F(NamedKernels, WritesIntoItsInputBeside) {
  const Tensor a = f32({2, 2}, {1, 2, 3, 4});
  ASSERT_TRUE(run_out("mm", a, a, a).has_value());
  EXPECT_EQ(values_of<float>(a), (Floats{7, 10, 15, 22}));
}

TEST_F(NamedKernels, DynamicOutputsAreCut) {
  const Tensor r = get("nonzero", f32({2, 3}, {0, 1, 0, 2, 0, 3}));
  EXPECT_EQ(shape_of(r), (Longs{3, 2}));
  EXPECT_EQ(values_of<std::int64_t>(r), (Longs{0, 1, 1, 0, 1, 2}));
  EXPECT_EQ(shape_of(get("nonzero", f32({2}, {0, 0}))), (Longs{0, 1}));
}

TEST_F(NamedKernels, ListsPromote) {
  const Tensor a = f32({2}, {1, 2});
  const Tensor b = i64({1}, {7});
  const fg_tensor_handle list[] = {a.get(), b.get()};
  const Tensor r = get("cat", fg_value_tensors(list, 2));
  EXPECT_EQ(r.dtype(), FG_F32);
  EXPECT_EQ(values_of<float>(r), (Floats{1, 2, 7}));
}

TEST_F(NamedKernels, NobodyServesIt) {
  static FakeDevice& bare = *new FakeDevice({.map = false}, "bare:0");
  core::set_fallback_policy(core::FallbackPolicy::forbid);
  const auto r = run("exp", tensor_of(bare.device(), FG_F32, {1}, Floats{1}));
  core::set_fallback_policy(core::FallbackPolicy::warn);
  expect_error(r, FG_E_UNSUPPORTED, FG_R_UNKNOWN_OP, "no engine");
}

TEST_F(NamedKernels, DtypesTheEngineDoesNotTake) {
  static FakeDevice& narrow = *new FakeDevice({.dtypes = {FG_F32}}, "narrow:0");
  core::set_fallback_policy(core::FallbackPolicy::forbid);
  const auto r = run("exp", tensor_of<double>(narrow.device(), FG_F64, {1}, {1}));
  core::set_fallback_policy(core::FallbackPolicy::warn);
  expect_error(r, FG_E_UNSUPPORTED, FG_R_UNKNOWN_OP, "does not take f64");
}

}  // namespace
}  // namespace fg::test
