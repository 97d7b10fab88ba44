// SPDX-License-Identifier: Apache-2.0
//
// Matrix products: out = alpha * (a @ b) + beta * self, for a batch of matrices of any strides >= 0.

#ifndef FG_PLUGINS_GPU_PRODUCT_HPP_
#define FG_PLUGINS_GPU_PRODUCT_HPP_

#include <cstdint>
#include <utility>

#include "plugins/gpu/launch.hpp"

namespace fg::gpu {

// Strides in elements; 0 repeats.
struct Operand {
  BufferRef at;
  std::int64_t row = 0, col = 0, batch = 0;
};

inline Operand transposed(Operand x) {
  std::swap(x.row, x.col);
  return x;
}

struct Product {
  fg_dtype dtype = FG_F32;  // Of all operands.
  std::int64_t batch = 1, m = 0, n = 0, k = 0;
  Operand out, a, b;
  Operand self;  // Not read when its buffer is NULL.
  Value alpha{1}, beta{0};
};

// out shares no memory with the inputs.  Sums depend on shapes, strides and the device alone.
Result<void> run_product(const Product& product, Variants& variants, const sdk::Launch& launch);
std::uint64_t product_workspace(const Product& product, Device& device);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_PRODUCT_HPP_
