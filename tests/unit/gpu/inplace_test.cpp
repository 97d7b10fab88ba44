// SPDX-License-Identifier: Apache-2.0
//
// Operators with several results that take the place of their operands: one launch, nothing copied, the same bits.
// FG_TEST_DEVICE names the device.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fg/fg.hpp>

namespace {

class InPlace : public testing::TestWithParam<fg::Dtype> {
 protected:
  void SetUp() override {
    const char* name = std::getenv("FG_TEST_DEVICE");
    ASSERT_NE(name, nullptr);
    device = fg::Device(name);
  }
  fg::Tensor random(std::initializer_list<std::int64_t> shape) {
    const fg::Tensor t = fg::Tensor::empty(shape, GetParam(), device);
    fg::normal_(t, 0.0, 1.0, &generator);
    return t;
  }
  // How many launches `call` is, itself; copies count too.
  template <class F>
  std::uint64_t launches_of(F&& call) {
    device.synchronize();
    const fg_counters before = fg::stats();
    call();
    device.synchronize();
    const fg_counters after = fg::stats();
    EXPECT_EQ(after.copies, before.copies);
    return after.launches - before.launches;
  }
  static std::vector<double> values(const fg::Tensor& t) { return t.to(fg::kF64).to_vector<double>(); }

  fg::Device device;
  fg::Generator generator{7};
};

TEST_P(InPlace, AnAddedNorm) {
  for (const std::int64_t n : {3, 64, 1000, 9000}) {
    const fg::Tensor x = random({5, n}), residual = random({5, n}), weight = random({n});
    const auto [normed, sum] = fg::fused_add_rms_norm(x, residual, {n}, weight, 1e-5);
    const fg::Tensor block = x.clone(), stream = residual.clone();
    EXPECT_EQ(launches_of([&] { fg::fused_add_rms_norm_out(block, stream, block, stream, {n}, weight, 1e-5); }), 1u)
        << n;
    EXPECT_EQ(values(block), values(normed)) << n;
    EXPECT_EQ(values(stream), values(sum)) << n;
  }
}

TEST_P(InPlace, TheResultsOfAnAddedNormInEachOthersPlaces) {
  const fg::Tensor x = random({5, 64}), residual = random({5, 64}), weight = random({64});
  const auto [normed, sum] = fg::fused_add_rms_norm(x, residual, {64}, weight, 1e-5);
  const fg::Tensor block = x.clone(), stream = residual.clone();
  fg::fused_add_rms_norm_out(stream, block, block, stream, {64}, weight, 1e-5);
  EXPECT_EQ(values(stream), values(normed));
  EXPECT_EQ(values(block), values(sum));
}

TEST_P(InPlace, Rotations) {
  for (const bool interleaved : {false, true}) {
    const fg::Tensor q = random({2, 3, 4, 40}), k = random({2, 3, 2, 40});
    const fg::Tensor cos = random({16, 20}), sin = random({16, 20});
    const auto [rotated_q, rotated_k] = fg::apply_rotary_pos_emb(q, k, cos, sin, {}, interleaved);
    const fg::Tensor own_q = q.clone(), own_k = k.clone();
    EXPECT_EQ(launches_of([&] { fg::apply_rotary_pos_emb_out(own_q, own_k, own_q, own_k, cos, sin, {}, interleaved); }),
              1u);
    EXPECT_EQ(values(own_q), values(rotated_q));
    EXPECT_EQ(values(own_k), values(rotated_k));
  }
}

// The mean of one element has the shape of its weight, the deviation that of its bias; in f32 the dtypes, too.
class InPlaceF32 : public InPlace {};
TEST_P(InPlaceF32, StatisticsOfOneElement) {
  const fg::Tensor x = random({1}), weight = random({1}), bias = random({1});
  const auto wanted = fg::layer_norm(x, {1}, weight, bias, 1e-3);
  const fg::Tensor y = x.clone(), mean = weight.clone(), rstd = bias.clone();
  fg::layer_norm_out(y, mean, rstd, y, {1}, mean, rstd, 1e-3);
  EXPECT_EQ(values(y), values(wanted.out));
  EXPECT_EQ(values(mean), values(wanted.mean));
  EXPECT_EQ(values(rstd), values(wanted.rstd));
}

INSTANTIATE_TEST_SUITE_P(Dtypes, InPlace, testing::Values(fg::kF32, fg::kF16, fg::kBF16),
                         [](const auto& each) { return "dtype" + std::to_string(each.param.value()); });

INSTANTIATE_TEST_SUITE_P(Dtypes, InPlaceF32, testing::Values(fg::kF32));

}  // namespace
