// SPDX-License-Identifier: Apache-2.0
//
// The view operators: another shape, strides and offset over the same storage.  Meaning and limits
// are ATen's; dimensions may be negative.  Nothing here moves data.  All [any-thread].

#ifndef FG_CORE_TENSOR_VIEWS_HPP_
#define FG_CORE_TENSOR_VIEWS_HPP_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/catalogue/shape_rules.hpp"
#include "core/tensor/tensor.hpp"

namespace fg::core::views {

using Dims = std::span<const std::int64_t>;

// One size may be -1 and is inferred.  view() is FG_E_INVALID, FG_R_STRIDE where only a copy could
// have that shape; reshape() and flatten() then give nullopt, and `inferred_shape` what to copy to.
Result<Tensor> view(const Tensor& self, Dims size);
Result<std::optional<Tensor>> reshape(const Tensor& self, Dims shape);
Result<std::optional<Tensor>> flatten(const Tensor& self, std::int64_t start_dim = 0, std::int64_t end_dim = -1);

// The shape that reshape() and flatten() mean.
Result<Shape> inferred_shape(const Tensor& self, Dims size);
Result<Shape> flattened_shape(const Tensor& self, std::int64_t start_dim, std::int64_t end_dim);

Result<Tensor> expand(const Tensor& self, Dims size);  // -1 keeps a size.
Result<Tensor> permute(const Tensor& self, Dims dims);
Result<Tensor> transpose(const Tensor& self, std::int64_t dim0, std::int64_t dim1);
Result<Tensor> t(const Tensor& self);
Result<Tensor> select(const Tensor& self, std::int64_t dim, std::int64_t index);
// start and end are clamped to the dimension; step >= 1.
Result<Tensor> slice(const Tensor& self, std::int64_t dim, std::optional<std::int64_t> start,
                     std::optional<std::int64_t> end, std::int64_t step = 1);
Result<Tensor> squeeze(const Tensor& self);             // Every dimension of length 1.
Result<Tensor> squeeze(const Tensor& self, Dims dims);  // Those of `dims` that have length 1.
Result<Tensor> unsqueeze(const Tensor& self, std::int64_t dim);
// storage_offset counts elements from the storage's start; absent, it is self's.
Result<Tensor> as_strided(const Tensor& self, Dims size, Dims stride, std::optional<std::int64_t> storage_offset);
Result<Tensor> detach(const Tensor& self);

// views_parts.cpp
Result<Tensor> narrow(const Tensor& self, std::int64_t dim, std::int64_t start, std::int64_t length);
// The elements (i, i + offset) of dim1 and dim2, as a new last dimension.
Result<Tensor> diagonal(const Tensor& self, std::int64_t offset, std::int64_t dim1, std::int64_t dim2);
Result<Tensor> movedim(const Tensor& self, Dims source, Dims destination);
// Windows of `size` elements, `step` apart, as a new last dimension.
Result<Tensor> unfold(const Tensor& self, std::int64_t dimension, std::int64_t size, std::int64_t step);
// Negative strides: the elements backwards along `dims`.  No operator of the catalogue.
Result<Tensor> reversed(const Tensor& self, Dims dims);

// A dimension in [-n, n) as 0 .. n-1, n = max(ndim, 1); the error names `op`.
Result<int> wrap_dim(std::string_view op, std::int64_t dim, int ndim);

}  // namespace fg::core::views

#endif  // FG_CORE_TENSOR_VIEWS_HPP_
