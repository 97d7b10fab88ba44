// SPDX-License-Identifier: Apache-2.0
//
// Attention large enough for matrix units, against that of the same numbers in f32, which no matrix units compute.
// FG_TEST_DEVICE names the device; one without matrix units takes its other kernels.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fg/fg.hpp>

#include "fg/sdk/dtype.hpp"

namespace {

struct Shape {
  std::int64_t batch, heads, key_heads, queries, keys, channels, values;
  bool causal;
};

class GpuAttention : public testing::TestWithParam<fg_dtype> {
 protected:
  void SetUp() override {
    const char* name = std::getenv("FG_TEST_DEVICE");
    ASSERT_NE(name, nullptr);
    device = fg::Device(name);
  }
  // Numbers of -1 .. 1 that the dtype has, as [batch, heads, rows, cols].
  fg::Tensor draw(std::int64_t batch, std::int64_t heads, std::int64_t rows, std::int64_t cols, std::uint32_t seed) {
    std::vector<float> values(static_cast<std::size_t>(batch * heads * rows * cols));
    for (float& v : values) v = static_cast<float>((seed = seed * 1664525 + 1013904223) >> 16) / 32768.0f - 1;
    return fg::Tensor::from(values, {batch, heads, rows, cols}, device).to(dtype);
  }
  // One rounding to the dtype, and what sums in f32 may differ by in another order.
  void expect_near(const fg::Tensor& got, const fg::Tensor& exact) const {
    const std::vector<float> values = got.to_vector<float>(), expected = exact.to_vector<float>();
    ASSERT_EQ(values.size(), expected.size());
    const float half_ulp = GetParam() == FG_F16 ? 0x1p-11f : 0x1p-8f;
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float bound = half_ulp * std::fabs(expected[i]) + 0x1p-16f;
      if (!(std::fabs(values[i] - expected[i]) <= bound) && wrong++ < 3)
        ADD_FAILURE() << "element " << i << ": " << values[i] << ", expected " << expected[i];
    }
    EXPECT_EQ(wrong, 0u);
  }

  fg::Device device;
  fg::Dtype dtype{GetParam()};
};

fg::Tensor attention(const fg::Tensor& q, const fg::Tensor& k, const fg::Tensor& v, const Shape& s) {
  return fg::scaled_dot_product_attention(q, k, v, {}, s.causal, std::nullopt, s.heads != s.key_heads);
}

TEST_P(GpuAttention, IsThatOfF32RoundedOnce) {
  const fg::Dtype f32{FG_F32};
  for (const Shape& s : {Shape{2, 4, 4, 64, 128, 64, 64, false}, Shape{1, 4, 2, 73, 150, 64, 32, false},
                         Shape{1, 2, 2, 200, 200, 128, 128, true}, Shape{2, 6, 1, 33, 17, 80, 48, true},
                         Shape{1, 2, 2, 17, 1000, 16, 16, false}}) {
    SCOPED_TRACE(testing::Message() << s.queries << "x" << s.keys << "x" << s.channels);
    const fg::Tensor q = draw(s.batch, s.heads, s.queries, s.channels, 1) * 3.0f;
    const fg::Tensor k = draw(s.batch, s.key_heads, s.keys, s.channels, 2);
    const fg::Tensor v = draw(s.batch, s.key_heads, s.keys, s.values, 3);
    const fg::Tensor exact = attention(q.to(f32), k.to(f32), v.to(f32), s);
    expect_near(attention(q, k, v, s), exact);
    // As models have them: heads of a position side by side.
    const auto turned = [](const fg::Tensor& x) { return x.transpose(1, 2).contiguous().transpose(1, 2); };
    expect_near(attention(turned(q), turned(k), turned(v), s), exact);
  }
}

// Queries of 0 weigh all keys alike; the values of the later half alone are 1.
TEST_P(GpuAttention, SeesEachOfManyKeys) {
  constexpr std::int64_t keys = 100000, channels = 8;
  const auto filled = [&](std::int64_t rows, float v) { return fg::full({1, 1, rows, channels}, v, dtype, device); };
  const fg::Tensor values = fg::cat(std::vector<fg::Tensor>{filled(keys / 2, 0), filled(keys / 2, 1)}, 2);
  const fg::Tensor got = fg::scaled_dot_product_attention(filled(2, 0), draw(1, 1, keys, channels, 4), values);
  for (const float v : got.to_vector<float>()) EXPECT_NEAR(v, 0.5f, 0x1p-8f);
}

INSTANTIATE_TEST_SUITE_P(Dtypes, GpuAttention, testing::Values(FG_F16, FG_BF16),
                         [](const auto& tested) { return std::string(fg::dtype_name(tested.param)); });

}  // namespace
