// SPDX-License-Identifier: Apache-2.0
//
// Products of more than two dimensions as products of matrices: leading dimensions joined, batches
// laid side by side.

#include "core/composites/composites.hpp"
#include "core/dispatch/outputs.hpp"
#include "core/tensor/views.hpp"

namespace fg::core {
namespace {

using Lengths = std::vector<std::int64_t>;

Result<Tensor> reshaped(const Tensor& t, const Lengths& shape) {
  return apply("reshape", {arg(t), arg(std::span<const std::int64_t>(shape))});
}

}  // namespace

// input weight^T + bias
Result<void> linear(CompositeCall& c) {
  const Tensor input = c.tensor("input"), bias = c.tensor("bias");
  const Tensor& out = c.out[0];
  std::int64_t rows = 1;
  for (const std::int64_t n : input.shape().first(input.shape().size() - 1)) rows *= n;
  FG_TRY_ASSIGN(const Tensor x, reshaped(input, {rows, input.shape().back()}));
  FG_TRY_ASSIGN(const Tensor w, views::t(c.tensor("weight")));
  const Lengths flat{rows, out.shape().back()};
  Result<Tensor> target = views::view(out, flat);
  if (target)
    return bias ? apply_into(*target, "addmm", {arg(bias), arg(x), arg(w)})
                : apply_into(*target, "mm", {arg(x), arg(w)});
  FG_TRY_ASSIGN(const Tensor y, bias ? apply("addmm", {arg(bias), arg(x), arg(w)}) : apply("mm", {arg(x), arg(w)}));
  FG_TRY_ASSIGN(const Tensor shaped, views::view(y, out.shape()));
  return copy_into(out, shaped);
}

// The sum over the batch is one long row times one long column.
Result<void> addbmm(CompositeCall& c) {
  const Tensor first = c.tensor("batch1"), second = c.tensor("batch2");
  const std::int64_t k = first->shape[0] * first->shape[2];
  const std::int64_t order[] = {1, 0, 2};
  FG_TRY_ASSIGN(const Tensor turned, views::permute(first, order));
  FG_TRY_ASSIGN(const Tensor a, reshaped(turned, {first->shape[1], k}));
  FG_TRY_ASSIGN(const Tensor b, reshaped(second, {k, second->shape[2]}));
  const fg_dtype common = first.dtype();
  return apply_into(c.out[0], "addmm",
                    {arg(c.tensor("self")), arg(a), arg(b), c.scalar("beta", common), c.scalar("alpha", common)});
}

}  // namespace fg::core
