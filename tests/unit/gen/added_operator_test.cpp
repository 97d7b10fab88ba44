// SPDX-License-Identifier: Apache-2.0
//
// Adding a map operator takes one entry: this program's catalogue has one operator more than the
// plugin was built with, and it runs there.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/catalogue/op_info.hpp"
#include "fg/fg.hpp"

namespace {

class AddedOperator : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    fg_init_options options{};
    options.hdr.struct_size = sizeof(options);
    options.vendor = "cpu";
    options.plugin_path = FG_TEST_PLUGIN_DIR;
    fg_error err = FG_ERROR_INIT;
    ASSERT_EQ(fg_init(&options, &err), FG_OK) << err.message;
  }
};

const std::vector<float> kIn{-4.0f, -3.0f, -1.5f, 0.0f, 1.5f, 3.0f, 4.0f};
const std::vector<float> kOut{0.0f, 0.0f, -0.375f, 0.0f, 1.125f, 3.0f, 4.0f};

TEST_F(AddedOperator, IsInTheCatalogue) {
  const fg::core::OpInfo* op = fg::core::find_op("ramp");
  ASSERT_NE(op, nullptr);
  EXPECT_TRUE(op->has_functional && op->has_inplace && op->has_out);
  EXPECT_EQ(fg::core::find_op(op->uid), op);
}

TEST_F(AddedOperator, IsCalledByName) {
  const fg::Tensor x = fg::Tensor::from(std::span<const float>(kIn), fg::Dims{7});
  const fg_value args[] = {fg_value_tensor(x.handle())};
  fg_tensor_handle out = nullptr;
  fg_error err = FG_ERROR_INIT;
  ASSERT_EQ(fg_call("ramp", FG_FORM_FUNCTIONAL, args, 1, &out, 1, nullptr, &err), FG_OK) << err.message;
  EXPECT_EQ(fg::Tensor::adopt(out).to_vector<float>(), kOut);
}

TEST_F(AddedOperator, HasTypedFunctions) {
  fg::Tensor x = fg::Tensor::from(std::span<const float>(kIn), fg::Dims{7});
  EXPECT_EQ(fg::ramp(x).to_vector<float>(), kOut);
  const fg::Tensor given = fg::Tensor::empty({7});
  fg::ramp_out(given, x);
  EXPECT_EQ(given.to_vector<float>(), kOut);
  fg::ramp_(x);
  EXPECT_EQ(x.to_vector<float>(), kOut);
}

TEST_F(AddedOperator, RunsInEveryDeclaredDtype) {
  for (const fg::Dtype dtype : {fg::kF64, fg::kF32, fg::kF16, fg::kBF16}) {
    const fg::Tensor x = fg::Tensor::from(std::span<const float>(kIn), fg::Dims{7}).to(dtype);
    const fg::Tensor y = fg::ramp(x);
    EXPECT_EQ(y.dtype(), dtype);
    EXPECT_EQ(y.to(fg::kF32).to_vector<float>(), kOut);
  }
  const fg::Tensor integers = fg::Tensor::from({1, 2, 3});
  EXPECT_THROW(fg::ramp(integers), fg::Exception);
}

// `common:` of an entry.
TEST_F(AddedOperator, DtypesOutsideTheCommonClassAreRefused) {
  const bool bits[] = {true, false};
  const fg::Tensor x = fg::Tensor::from(std::span<const bool>(bits), fg::Dims{2});
  EXPECT_EQ(fg::div(x, x).dtype(), fg::kF32);
  try {
    fg::div(x, x, "floor");
    FAIL() << "bool was taken";
  } catch (const fg::Exception& e) {
    EXPECT_STREQ(e.what(), "div: the operands are bool, expected one of f64 f32 f16 bf16 i64 i32 i16 i8 u8");
    EXPECT_EQ(e.reason(), FG_R_DTYPE);
  }
}

}  // namespace
