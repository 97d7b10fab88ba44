// SPDX-License-Identifier: Apache-2.0
//
// fg-common-calls: operators that most programs call, on the current device, so that a plugin that collects kernels is
// asked for theirs (plugins/vulkan/embed/collect.sh).

#include <cstdio>
#include <exception>
#include <fg/fg.hpp>

namespace {

void elementwise(const fg::Tensor& x, const fg::Tensor& y) {
  for (const fg::Tensor& z : {x + y, x - y, x * y, x / y, x + 1.0f, x * 2.0f, x - 1.0f, x / 2.0f}) (void)z;
  for (const auto f :
       {fg::abs, fg::exp, fg::log, fg::neg, fg::relu, fg::rsqrt, fg::sigmoid, fg::silu, fg::sqrt, fg::tanh})
    f(x);
  fg::gelu(x);
  fg::gelu(x, "tanh");
  fg::silu_and_mul(x, y);
  fg::where(fg::gt(x, y), x, y);
  for (const fg::Dtype to : {fg::Dtype{FG_F32}, fg::Dtype{FG_F16}, fg::Dtype{FG_BF16}}) x.to(to);
}

void rows(const fg::Tensor& x, const fg::Tensor& weight) {
  const std::int64_t n = x.size(-1);
  fg::sum(x);
  fg::sum(x, {-1});
  fg::mean(x, {-1});
  fg::amax(x, {-1});
  fg::argmax(x, -1);
  fg::softmax(x, -1);
  fg::log_softmax(x, -1);
  fg::cumsum(x, -1);
  fg::layer_norm(x, {n}, weight, weight);
  fg::rms_norm(x, {n}, weight);
  fg::fused_add_rms_norm(x, x, {n}, weight);
}

void moves(const fg::Tensor& x) {
  x.clone();
  x.t().contiguous();
  fg::zeros(fg::Dims{8, 4}, x.dtype());
  fg::fill(x, 1.0f);
  fg::cat({x, x}, 0);
  fg::rand({8, 4}, x.dtype());
  fg::randn({8, 4}, x.dtype());
  const fg::Tensor places = fg::Tensor::empty({4}, fg::Dtype{FG_I64});
  fg::embedding(x, places);
  fg::index_select(x, 0, places);
}

void products(fg::Dtype dtype) {
  const auto a = fg::Tensor::empty({64, 4096}, dtype), row = fg::Tensor::empty({1, 4096}, dtype);
  const auto w = fg::Tensor::empty({4096, 4096}, dtype), bias = fg::Tensor::empty({4096}, dtype);
  for (const fg::Tensor& x : {a, row}) {
    fg::mm(x, w);
    fg::linear(x, w);
    fg::linear(x, w, bias);
  }
  const auto q = fg::Tensor::empty({1, 32, 64, 128}, dtype), one = fg::Tensor::empty({1, 32, 1, 128}, dtype);
  fg::bmm(q.select(0, 0), q.select(0, 0).transpose(1, 2));
  fg::scaled_dot_product_attention(q, q, q, {}, true);
  fg::scaled_dot_product_attention(q, q, q);
  fg::scaled_dot_product_attention(one, q, q);
}

void call_operators() {
  for (const std::uint32_t d : {FG_F32, FG_F16, FG_BF16}) {
    const fg::Dtype dtype{d};
    const auto x = fg::Tensor::empty({8, 4096}, dtype), y = fg::Tensor::empty({8, 4096}, dtype);
    elementwise(x, y);
    elementwise(fg::Tensor::empty({4, 3}, dtype), fg::Tensor::empty({4, 3}, dtype));
    for (const std::int64_t n : {768, 1024, 4096})
      rows(fg::Tensor::empty({8, n}, dtype), fg::Tensor::empty({n}, dtype));
    moves(x);
    products(dtype);
  }
  fg::arange(0, 16);
}

}  // namespace

int main() {
  try {
    call_operators();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "fg-common-calls: %s\n", e.what());
    return 1;
  }
  return 0;
}
