// SPDX-License-Identifier: Apache-2.0
//
// Indices outside of their dimension on a GPU: zeros are read, nothing is written.  FG_TEST_DEVICE names the device.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fg/fg.hpp>

namespace {

template <class I>
class GpuBounds : public testing::Test {
 protected:
  void SetUp() override {
    const char* name = std::getenv("FG_TEST_DEVICE");
    ASSERT_NE(name, nullptr);
    device = fg::Device(name);
    line = fg::Tensor::from({1.0f, 2.0f, 3.0f, 4.0f}, {4}, device);
    rows = fg::Tensor::from({1.0f, 2.0f, 3.0f, 4.0f}, {4, 1}, device);
    values = fg::Tensor::from({10.0f, 20.0f, 30.0f, 40.0f, 50.0f, 60.0f}, {6}, device);
    index = fg::Tensor::from({I{0}, I{-1}, I{4}, I{3}, I{-2000000000}, I{2000000000}}, {6}, device);
  }

  fg::Device device;
  fg::Tensor line, rows, values, index;
};

using Floats = std::vector<float>;
using IndexTypes = testing::Types<std::int32_t, std::int64_t>;
TYPED_TEST_SUITE(GpuBounds, IndexTypes);

TYPED_TEST(GpuBounds, ReadingGivesZeros) {
  const Floats expected{1, 0, 0, 4, 0, 0}, wrapped{1, 4, 0, 4, 0, 0};
  EXPECT_EQ(fg::embedding(this->rows, this->index).template to_vector<float>(), expected);
  EXPECT_EQ(fg::index_select(this->line, 0, this->index).template to_vector<float>(), expected);
  EXPECT_EQ(fg::gather(this->line, 0, this->index).template to_vector<float>(), expected);
  EXPECT_EQ(fg::take(this->line, this->index).template to_vector<float>(), wrapped);
  EXPECT_EQ(fg::index(this->line, {this->index}).template to_vector<float>(), wrapped);
}

TYPED_TEST(GpuBounds, OneOfSeveralIndicesIsEnough) {
  const auto inside = fg::Tensor::from({TypeParam{0}, TypeParam{-1}}, {2}, this->device);
  const auto outside = fg::Tensor::from({TypeParam{0}, TypeParam{1}}, {2}, this->device);
  EXPECT_EQ(fg::index(this->rows, {inside, outside}).template to_vector<float>(), (Floats{1, 0}));
}

TYPED_TEST(GpuBounds, WritingIsLeftOut) {
  const Floats expected{10, 2, 3, 40}, added{11, 2, 3, 44}, wrapped{11, 2, 3, 64};
  EXPECT_EQ(fg::scatter(this->line, 0, this->index, this->values).template to_vector<float>(), expected);
  EXPECT_EQ(fg::index_copy(this->line, 0, this->index, this->values).template to_vector<float>(), expected);
  EXPECT_EQ(fg::scatter_add(this->line, 0, this->index, this->values).template to_vector<float>(), added);
  EXPECT_EQ(fg::index_put(this->line, {this->index}, this->values, true).template to_vector<float>(), wrapped);
  EXPECT_EQ(fg::put(this->line, this->index, this->values, true).template to_vector<float>(), wrapped);
}

}  // namespace
