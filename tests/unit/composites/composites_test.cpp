// SPDX-License-Identifier: Apache-2.0
//
// Composites against plain loops in f64, and that a plugin's own kernel is preferred.

#include <cmath>
#include <functional>
#include <limits>

#include "core/dispatch/state.hpp"
#include "core/tensor/views.hpp"
#include "tests/unit/dispatch/calls.hpp"

namespace fg::test {
namespace {

using Floats = std::vector<float>;
using Longs = std::vector<std::int64_t>;

class Composites : public DispatchTest {};

Floats numbers(std::size_t n, unsigned seed) {
  Floats x(n);
  for (float& f : x) {
    seed = seed * 1664525u + 1013904223u;
    f = static_cast<float>(static_cast<double>(seed >> 8) / (1 << 24) * 4.0 - 2.0);
  }
  return x;
}

void expect_near(const Tensor& t, const std::vector<double>& want, double bound) {
  const Floats got = values_of<float>(t);
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], bound) << "element " << i;
}

TEST_F(Composites, Softmax) {
  const Floats x = numbers(2 * 3 * 4, 1);
  const Tensor r = get("softmax", f32({2, 3, 4}, x), v(1));
  std::vector<double> want(x.size());
  for (std::size_t b = 0; b < 2; ++b) {
    for (std::size_t c = 0; c < 4; ++c) {
      double total = 0;
      for (std::size_t k = 0; k < 3; ++k) total += std::exp(static_cast<double>(x[b * 12 + k * 4 + c]));
      for (std::size_t k = 0; k < 3; ++k)
        want[b * 12 + k * 4 + c] = std::exp(static_cast<double>(x[b * 12 + k * 4 + c])) / total;
    }
  }
  expect_near(r, want, 1e-6);
}

TEST_F(Composites, SoftmaxOfLargeNumbersAndDtype) {
  expect_near(get("softmax", f32({2}, {1e30f, 1e30f}), v(0)), {0.5, 0.5}, 0);
  const Tensor x = tensor_of<std::uint16_t>(device(), FG_F16, {2}, {0x3C00, 0x3C00});
  EXPECT_EQ(get("softmax", x, v(0)).dtype(), FG_F16);
  const Tensor wide = get("softmax", x, v(0), fg_value_dtype(FG_F32));
  EXPECT_EQ(wide.dtype(), FG_F32);
  expect_near(wide, {0.5, 0.5}, 0);
}

TEST_F(Composites, APluginsOwnKernelIsUsedInstead) {
  static FakeDevice& d = *new FakeDevice({.named = {"softmax"}}, "fused:0");
  const Tensor x = tensor_of(d.device(), FG_F32, {2}, Floats{0, 0});
  EXPECT_EQ(values_of<float>(get("softmax", x, v(0))), (Floats{7, 7}));
  const fg_value args[] = {v(x), v(0)};
  fg_tensor_handle made[1] = {nullptr};
  ASSERT_TRUE(core::call_composite(op("softmax"), args, Form::functional, made).has_value());
  EXPECT_EQ(values_of<float>(Tensor::adopt(made[0])), (Floats{0.5f, 0.5f}));
  EXPECT_FALSE(core::call_composite(op("add"), args, Form::functional, made).has_value());
}

TEST_F(Composites, LayerNorm) {
  const Floats x = numbers(3 * 5, 2);
  const Floats w = numbers(5, 3);
  const Floats b = numbers(5, 4);
  const auto r = run("layer_norm", f32({3, 5}, x), Longs{5}, f32({5}, w), f32({5}, b), v(1e-5));
  ASSERT_TRUE(r.has_value()) << r.error().message;
  std::vector<double> out;
  std::vector<double> means;
  std::vector<double> rstds;
  for (std::size_t row = 0; row < 3; ++row) {
    double mean = 0;
    double m2 = 0;
    for (std::size_t k = 0; k < 5; ++k) mean += x[row * 5 + k] / 5.0;
    for (std::size_t k = 0; k < 5; ++k) m2 += (x[row * 5 + k] - mean) * (x[row * 5 + k] - mean) / 5.0;
    means.push_back(mean);
    rstds.push_back(1.0 / std::sqrt(m2 + 1e-5));
    for (std::size_t k = 0; k < 5; ++k) out.push_back((x[row * 5 + k] - mean) * rstds.back() * w[k] + b[k]);
  }
  expect_near((*r)[0], out, 1e-5);
  expect_near((*r)[1], means, 1e-6);
  expect_near((*r)[2], rstds, 1e-5);
  EXPECT_EQ(shape_of((*r)[1]), (Longs{3, 1}));
}

TEST_F(Composites, LayerNormWithoutWeightsAndInSixteenBit) {
  const Tensor x = tensor_of<std::uint16_t>(device(), FG_F16, {1, 2}, {0x3C00, 0x4200});  // 1 3
  const auto r = run("layer_norm", x, Longs{2});
  ASSERT_TRUE(r.has_value()) << r.error().message;
  EXPECT_EQ((*r)[0].dtype(), FG_F16);
  EXPECT_EQ((*r)[1].dtype(), FG_F32) << "statistics of 16-bit tensors are f32";
  EXPECT_EQ(values_of<std::uint16_t>((*r)[0]), (std::vector<std::uint16_t>{0xBC00, 0x3C00}));
}

TEST_F(Composites, RmsNorm) {
  const Floats x = numbers(2 * 4, 5);
  const Floats w = numbers(4, 6);
  std::vector<double> want;
  for (std::size_t row = 0; row < 2; ++row) {
    double squares = 0;
    for (std::size_t k = 0; k < 4; ++k) squares += static_cast<double>(x[row * 4 + k]) * x[row * 4 + k] / 4.0;
    for (std::size_t k = 0; k < 4; ++k) want.push_back(x[row * 4 + k] / std::sqrt(squares + 1e-6) * w[k]);
  }
  expect_near(get("rms_norm", f32({2, 4}, x), Longs{4}, f32({4}, w)), want, 1e-5);
}

struct Attention {
  std::int64_t b = 2, h = 4, hk = 4, l = 3, s = 5, e = 4;
  Floats q, k, v;
  explicit Attention(std::int64_t kv_heads = 4) : hk(kv_heads) {
    q = numbers(static_cast<std::size_t>(b * h * l * e), 7);
    k = numbers(static_cast<std::size_t>(b * hk * s * e), 8);
    v = numbers(static_cast<std::size_t>(b * hk * s * e), 9);
  }
  // `bias(b, h, i, j)` is added to a score; -inf masks it.
  std::vector<double> want(const std::function<double(std::int64_t, std::int64_t)>& bias) const {
    std::vector<double> out;
    for (std::int64_t bi = 0; bi < b; ++bi) {
      for (std::int64_t hi = 0; hi < h; ++hi) {
        const std::int64_t kv = bi * hk + hi / (h / hk);
        for (std::int64_t i = 0; i < l; ++i) row(out, (bi * h + hi) * l + i, kv, i, bias);
      }
    }
    return out;
  }

 private:
  void row(std::vector<double>& out, std::int64_t at, std::int64_t kv, std::int64_t i,
           const std::function<double(std::int64_t, std::int64_t)>& bias) const {
    std::vector<double> p;
    double total = 0;
    for (std::int64_t j = 0; j < s; ++j) {
      double score = 0;
      for (std::int64_t d = 0; d < e; ++d)
        score += static_cast<double>(q[static_cast<std::size_t>(at * e + d)]) *
                 k[static_cast<std::size_t>((kv * s + j) * e + d)];
      p.push_back(std::exp(score / std::sqrt(static_cast<double>(e)) + bias(i, j)));
      total += p.back();
    }
    for (std::int64_t d = 0; d < e; ++d) {
      double sum = 0;
      for (std::int64_t j = 0; j < s; ++j)
        sum += p[static_cast<std::size_t>(j)] * v[static_cast<std::size_t>((kv * s + j) * e + d)];
      out.push_back(total == 0 ? 0.0 : sum / total);
    }
  }
};

constexpr double kMasked = -std::numeric_limits<double>::infinity();

TEST_F(Composites, AttentionPlainAndCausal) {
  const Attention a;
  const Tensor q = f32({a.b, a.h, a.l, a.e}, a.q);
  const Tensor k = f32({a.b, a.hk, a.s, a.e}, a.k);
  const Tensor val = f32({a.b, a.hk, a.s, a.e}, a.v);
  expect_near(get("scaled_dot_product_attention", q, k, val), a.want([](auto, auto) { return 0.0; }), 1e-5);
  expect_near(get("scaled_dot_product_attention", q, k, val, fg_value_none(), v(true)),
              a.want([](auto i, auto j) { return j <= i ? 0.0 : kMasked; }), 1e-5);
}

TEST_F(Composites, AttentionMasks) {
  const Attention a;
  const Tensor q = f32({a.b, a.h, a.l, a.e}, a.q);
  const Tensor k = f32({a.b, a.hk, a.s, a.e}, a.k);
  const Tensor val = f32({a.b, a.hk, a.s, a.e}, a.v);
  std::vector<std::uint8_t> keep(15, 1);
  keep[1] = keep[7] = 0;
  keep[10] = keep[11] = keep[12] = keep[13] = keep[14] = 0;  // The last row sees nothing.
  const Tensor mask = tensor_of(device(), FG_BOOL, {3, 5}, keep);
  expect_near(get("scaled_dot_product_attention", q, k, val, mask),
              a.want([&](auto i, auto j) { return keep[static_cast<std::size_t>(i * 5 + j)] != 0 ? 0.0 : kMasked; }),
              1e-5);
  const Floats bias = numbers(15, 10);
  expect_near(get("scaled_dot_product_attention", q, k, val, f32({3, 5}, bias)),
              a.want([&](auto i, auto j) { return static_cast<double>(bias[static_cast<std::size_t>(i * 5 + j)]); }),
              1e-5);
}

TEST_F(Composites, AttentionWithGroupedHeads) {
  const Attention a(2);
  const Tensor q = f32({a.b, a.h, a.l, a.e}, a.q);
  const Tensor k = f32({a.b, a.hk, a.s, a.e}, a.k);
  const Tensor val = f32({a.b, a.hk, a.s, a.e}, a.v);
  expect_near(get("scaled_dot_product_attention", q, k, val, fg_value_none(), v(false), fg_value_none(), v(true)),
              a.want([](auto, auto) { return 0.0; }), 1e-5);
}

}  // namespace
}  // namespace fg::test
