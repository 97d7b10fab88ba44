// SPDX-License-Identifier: Apache-2.0
//
// Reading fg_tensor: counts, layout questions and typed views of flat memory.  Views borrow; they
// live as long as the launch that lent the tensor.

#ifndef FG_SDK_TENSOR_VIEW_HPP_
#define FG_SDK_TENSOR_VIEW_HPP_

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "fg/abi/kernel.h"
#include "fg/sdk/dtype.hpp"

namespace fg::sdk {

inline std::span<const std::int64_t> shape_of(const fg_tensor& t) {
  return {t.shape, static_cast<std::size_t>(t.ndim)};
}
inline std::span<const std::int64_t> strides_of(const fg_tensor& t) {
  return {t.stride, static_cast<std::size_t>(t.ndim)};
}
inline std::int64_t numel(const fg_tensor& t) {
  std::int64_t n = 1;
  for (std::int64_t s : shape_of(t)) n *= s;
  return n;
}
// Row-major contiguous; dimensions of length 1 may have any stride.
inline bool is_dense(const fg_tensor& t) {
  std::int64_t expected = 1;
  for (std::int32_t d = t.ndim - 1; d >= 0; --d) {
    if (t.shape[d] == 0) return true;
    if (t.shape[d] != 1 && t.stride[d] != expected) return false;
    expected *= t.shape[d];
  }
  return true;
}
// "[2, 3]", for messages.
inline std::string shape_text(const fg_tensor& t) {
  std::string s = "[";
  for (std::int32_t d = 0; d < t.ndim; ++d) s += (d != 0 ? ", " : "") + std::to_string(t.shape[d]);
  return s + "]";
}

// A typed view of a tensor in flat memory.  T is the storage type (fg::f16 for FG_F16, ...).
template <class T>
class TensorView {
 public:
  explicit TensorView(const fg_tensor& t) : tensor_(&t), data_(static_cast<T*>(t.ptr)) {}
  std::int32_t ndim() const { return tensor_->ndim; }
  std::int64_t size(std::int32_t d) const { return tensor_->shape[d]; }
  std::int64_t stride(std::int32_t d) const { return tensor_->stride[d]; }
  std::int64_t numel() const { return sdk::numel(*tensor_); }
  bool dense() const { return is_dense(*tensor_); }
  T* data() const { return data_; }
  // Element at (i, j, ...); one index per dimension.
  template <class... I>
  T& operator()(I... index) const {
    std::int64_t offset = 0;
    std::int32_t d = 0;
    ((offset += static_cast<std::int64_t>(index) * tensor_->stride[d++]), ...);
    return data_[offset];
  }

 private:
  const fg_tensor* tensor_;
  T* data_;
};

// Walks an index space in row-major order and keeps the element offset of N tensors over it.
//   for (Odometer<2> at(shape, {strides_a, strides_b}); !at.done(); at.next()) use(at.offset(0), at.offset(1));
template <std::size_t N>
class Odometer {
 public:
  Odometer(std::span<const std::int64_t> shape, std::array<std::span<const std::int64_t>, N> strides)
      : shape_(shape), strides_(strides) {
    for (std::int64_t s : shape) done_ = done_ || s == 0;
  }
  bool done() const { return done_; }
  std::int64_t offset(std::size_t tensor) const { return offset_[tensor]; }
  std::int64_t index(std::size_t d) const { return index_[d]; }
  void next() {
    for (std::size_t d = shape_.size(); d-- > 0;) {
      for (std::size_t k = 0; k < N; ++k) offset_[k] += strides_[k][d];
      if (++index_[d] < shape_[d]) return;
      for (std::size_t k = 0; k < N; ++k) offset_[k] -= strides_[k][d] * shape_[d];
      index_[d] = 0;
    }
    done_ = true;
  }

 private:
  std::span<const std::int64_t> shape_;
  std::array<std::span<const std::int64_t>, N> strides_;
  std::array<std::int64_t, FG_MAX_NDIM> index_{};
  std::array<std::int64_t, N> offset_{};
  bool done_ = false;
};

}  // namespace fg::sdk

#endif  // FG_SDK_TENSOR_VIEW_HPP_
