// SPDX-License-Identifier: Apache-2.0
//
// Broadcasting, ordering and merging of dimensions.

#include "core/dispatch/iteration.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "fg/sdk/dtype.hpp"

namespace fg::core {

Iteration::Iteration(std::span<const std::int64_t> shape) : ndim_(static_cast<int>(shape.size())) {
  std::copy(shape.begin(), shape.end(), shape_);
}

void Iteration::add(const fg_tensor& t) {
  std::int64_t* stride = stride_[n_++];
  const int skipped = ndim_ - t.ndim;
  for (int d = 0; d < ndim_; ++d) {
    const int own = d - skipped;
    stride[d] = (own < 0 || t.shape[own] == 1) ? 0 : t.stride[own];
  }
}

void Iteration::add(const fg_tensor& t, std::span<const int> dims) {
  std::int64_t* stride = stride_[n_++];
  std::fill_n(stride, ndim_, std::int64_t{0});
  for (std::size_t k = 0; k < dims.size(); ++k) {
    if (t.shape[k] != 1) stride[dims[k]] = t.stride[k];
  }
}

void Iteration::move_back(std::uint32_t mask) {
  int position[FG_MAX_NDIM];
  int head = 0;
  for (int d = 0; d < ndim_; ++d) {
    if ((mask >> d & 1u) == 0) position[head++] = d;
  }
  n_tail_ = ndim_ - head;
  for (int d = 0; d < ndim_; ++d) {
    if ((mask >> d & 1u) != 0) position[head++] = d;
  }
  const auto permute = [&](std::int64_t* row) {
    std::int64_t old[FG_MAX_NDIM];
    std::copy_n(row, ndim_, old);
    for (int d = 0; d < ndim_; ++d) row[d] = old[position[d]];
  };
  permute(shape_);
  for (int i = 0; i < n_; ++i) permute(stride_[i]);
}

void Iteration::compact(bool order_tail) {
  const bool had_tail = n_tail_ > 0;
  drop_ones();
  order(0, ndim_ - n_tail_);
  if (order_tail) order(ndim_ - n_tail_, ndim_);
  merge(ndim_ - n_tail_, ndim_);
  merge(0, ndim_ - n_tail_);
  if (ndim_ == 0 || (had_tail && n_tail_ == 0)) {
    shape_[ndim_] = 1;
    for (int i = 0; i < n_; ++i) stride_[i][ndim_] = 1;
    ++ndim_;
    n_tail_ = had_tail ? 1 : 0;
  }
}

std::int64_t Iteration::numel(int ndim) const {
  std::int64_t n = 1;
  for (int d = 0; d < ndim; ++d) n *= shape_[d];
  return n;
}

void Iteration::erase(int dim) {
  if (dim >= ndim_ - n_tail_) --n_tail_;
  for (int d = dim; d + 1 < ndim_; ++d) {
    shape_[d] = shape_[d + 1];
    for (int i = 0; i < n_; ++i) stride_[i][d] = stride_[i][d + 1];
  }
  --ndim_;
}

void Iteration::drop_ones() {
  for (int d = ndim_ - 1; d >= 0; --d) {
    if (shape_[d] == 1) erase(d);
  }
}

// Whether dimension `a`, now outside of `b`, should be inside it: the first operand that steps in
// both decides.
bool Iteration::inner_first(int a, int b) const {
  for (int i = 0; i < n_; ++i) {
    const std::int64_t sa = std::abs(stride_[i][a]);
    const std::int64_t sb = std::abs(stride_[i][b]);
    if (sa == 0 || sb == 0 || sa == sb) continue;
    return sa < sb;
  }
  return false;
}

void Iteration::swap_dims(int a, int b) {
  std::swap(shape_[a], shape_[b]);
  for (int i = 0; i < n_; ++i) std::swap(stride_[i][a], stride_[i][b]);
}

void Iteration::order(int begin, int end) {
  for (int d = begin + 1; d < end; ++d) {
    for (int k = d; k > begin && inner_first(k - 1, k); --k) swap_dims(k - 1, k);
  }
}

void Iteration::merge(int begin, int end) {
  for (int d = end - 2; d >= begin; --d) {
    bool joins = true;
    for (int i = 0; joins && i < n_; ++i) joins = stride_[i][d] == shape_[d + 1] * stride_[i][d + 1];
    if (!joins) continue;
    shape_[d + 1] *= shape_[d];
    erase(d);
  }
}

fg_tensor Iteration::descriptor(int i, const fg_tensor& base, int first, int ndim) const {
  fg_tensor t = base;
  t.shape = shape_ + first;
  t.stride = stride_[i] + first;
  t.ndim = ndim - first;
  bool dense = true;
  std::int64_t expected = 1;
  for (int d = t.ndim - 1; dense && d >= 0; --d) {
    dense = t.shape[d] == 1 || t.stride[d] == expected;
    expected *= t.shape[d];
  }
  t.flags = (base.flags & ~static_cast<std::uint32_t>(FG_T_DENSE)) | (dense ? std::uint32_t{FG_T_DENSE} : 0u);
  return t;
}

std::int64_t Iteration::offset(int i, std::int64_t linear, int outer) const {
  std::int64_t at = 0;
  for (int d = outer - 1; d >= 0; --d) {
    at += linear % shape_[d] * stride_[i][d];
    linear /= shape_[d];
  }
  return at;
}

}  // namespace fg::core
