// SPDX-License-Identifier: Apache-2.0
#include "fg/ops.hpp"

// What a caller writes compiles: numbers in place of tensors, defaults, several results, lists.
void every_kind_of_argument(fg::Tensor& x, const fg::Tensor& y);
void every_kind_of_argument(fg::Tensor& x, const fg::Tensor& y) {
  fg::Tensor z = fg::add(x, y);
  z = fg::add(x, 1, 2.5);
  z = fg::add(true, x);
  fg::add_(x, y);
  fg::add_out(z, x, y);
  z = fg::sum(x, {0, 1});
  z = fg::sum(x, 1, true, fg::kF64);
  z = fg::sum(x);
  auto [values, indices] = fg::sort(x);
  z = fg::full({2, 3}, 1.5);
  z = fg::arange(0, 10);
  z = fg::div(x, y, "floor");
  z = fg::cat({x, y}, 1);
  z = fg::slice(x, 0, 1, std::nullopt);
  z = fg::layer_norm(x, {4}, y).out;
  z = fg::scaled_dot_product_attention(x, x, x, {}, true, 0.5);
  fg::Generator generator(1);
  fg::uniform_(x, 0, 1, &generator);
  fg::copy_(x, y);
}
