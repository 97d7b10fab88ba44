// SPDX-License-Identifier: Apache-2.0
//
// A view under construction; for the files that implement views.hpp.

#ifndef FG_CORE_TENSOR_VIEW_LAYOUT_HPP_
#define FG_CORE_TENSOR_VIEW_LAYOUT_HPP_

#include "core/tensor/views.hpp"

namespace fg::core::views {

// Shape and strides under construction, starting as a copy of `self`'s.
struct Layout {
  std::int64_t shape[FG_MAX_NDIM];
  std::int64_t stride[FG_MAX_NDIM];
  int ndim = 0;
  std::uint64_t offset = 0;  // Bytes from the storage's start.

  explicit Layout(const Tensor& self) : offset(storage_offset_bytes(self)) {}
  static Layout of(const Tensor& self) {
    Layout l(self);
    for (int d = 0; d < self.ndim(); ++d) l.push(self->shape[d], self->stride[d]);
    return l;
  }
  void push(std::int64_t size, std::int64_t step) {
    shape[ndim] = size;
    stride[ndim++] = step;
  }
  // `elements` may be negative.
  void advance(const Tensor& self, std::int64_t elements) {
    offset += static_cast<std::uint64_t>(elements * dtype_bytes(self.dtype()));
  }
  Result<Tensor> make(const Tensor& self) const {
    const auto n = static_cast<std::size_t>(ndim);
    return make_view(self, self.dtype(), {shape, n}, {stride, n}, offset);
  }
};

}  // namespace fg::core::views

#endif  // FG_CORE_TENSOR_VIEW_LAYOUT_HPP_
