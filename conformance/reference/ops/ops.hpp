// SPDX-License-Identifier: Apache-2.0
//
// Operators that no expression describes: one function each, in a file of its family.

#ifndef FG_CONFORMANCE_REFERENCE_OPS_OPS_HPP_
#define FG_CONFORMANCE_REFERENCE_OPS_OPS_HPP_

#include "conformance/reference/reference.hpp"
#include "conformance/reference/sums.hpp"

namespace fg::reference::ops {

using Outputs = std::vector<Output>;

Outputs mm(const Call& call);  // products.cpp
Outputs bmm(const Call& call);
Outputs addmm(const Call& call);
Outputs baddbmm(const Call& call);
Outputs addbmm(const Call& call);
Outputs mv(const Call& call);
Outputs addmv(const Call& call);
Outputs dot_product(const Call& call);  // vdot too
Outputs linear(const Call& call);
Outputs addr(const Call& call);
Outputs outer(const Call& call);  // outer.cpp
Outputs kron(const Call& call);
Outputs softmax(const Call& call);  // softmax.cpp
Outputs log_softmax(const Call& call);
Outputs safe_softmax(const Call& call);
Outputs softmax_backward(const Call& call);
Outputs log_softmax_backward(const Call& call);
Outputs layer_norm(const Call& call);  // norm.cpp
Outputs rms_norm(const Call& call);
Outputs group_norm(const Call& call);
Outputs weight_norm(const Call& call);
Outputs layer_norm_backward(const Call& call);  // norm_backward.cpp
Outputs rms_norm_backward(const Call& call);
Outputs group_norm_backward(const Call& call);
Outputs cross_entropy_loss(const Call& call);  // loss.cpp
Outputs cross_entropy_loss_prob(const Call& call);
Outputs nll_loss(const Call& call);
Outputs nll_loss_backward(const Call& call);
Outputs mse_loss(const Call& call);
Outputs mse_loss_backward(const Call& call);
Outputs scaled_dot_product_attention(const Call& call);  // attention.cpp
Outputs apply_rotary_pos_emb(const Call& call);          // rotary.cpp
Outputs embedding(const Call& call);                     // index.cpp
Outputs gather(const Call& call);
Outputs cat(const Call& call);
Outputs embedding_dense_backward(const Call& call);  // scatter.cpp
Outputs index(const Call& call);                     // positions.cpp
Outputs index_put(const Call& call);
Outputs take(const Call& call);
Outputs put(const Call& call);
Outputs masked_select(const Call& call);
Outputs masked_scatter(const Call& call);
Outputs scatter(const Call& call);  // scatter.cpp
Outputs scatter_add(const Call& call);
Outputs scatter_reduce(const Call& call);
Outputs index_add(const Call& call);
Outputs index_copy(const Call& call);
Outputs index_fill(const Call& call);
Outputs index_reduce(const Call& call);
Outputs index_select(const Call& call);
Outputs nonzero(const Call& call);
Outputs sort(const Call& call);  // sort.cpp
Outputs topk(const Call& call);
Outputs topk_softmax(const Call& call);  // experts.cpp
Outputs grouped_topk(const Call& call);
Outputs fused_experts(const Call& call);
Outputs moe_sum(const Call& call);
Outputs uniform(const Call& call);  // random.cpp
Outputs normal(const Call& call);
Outputs exponential(const Call& call);
Outputs bernoulli(const Call& call);
Outputs bernoulli_tensor(const Call& call);
Outputs dropout(const Call& call);  // native_dropout too
Outputs rand(const Call& call);     // rand_like too
Outputs randn(const Call& call);
Outputs randperm(const Call& call);
Outputs multinomial(const Call& call);
Outputs linalg_vector_norm(const Call& call);  // folds.cpp
Outputs dist(const Call& call);
Outputs aminmax(const Call& call);
Outputs eye(const Call& call);  // layout.cpp
Outputs flip(const Call& call);
Outputs roll(const Call& call);
Outputs repeat(const Call& call);
Outputs tile(const Call& call);
Outputs repeat_interleave(const Call& call);
Outputs constant_pad_nd(const Call& call);
Outputs stack(const Call& call);
Outputs hstack(const Call& call);
Outputs vstack(const Call& call);
Outputs tril(const Call& call);  // parts.cpp
Outputs triu(const Call& call);
Outputs tril_indices(const Call& call);
Outputs triu_indices(const Call& call);
Outputs diag(const Call& call);
Outputs diag_embed(const Call& call);
Outputs select_scatter(const Call& call);
Outputs slice_scatter(const Call& call);
Outputs diagonal_scatter(const Call& call);
Outputs select_backward(const Call& call);
Outputs slice_backward(const Call& call);
Outputs diagonal_backward(const Call& call);

// Row-major positions that a view operator's arguments choose from a tensor of `shape`.
View elements_of(std::string_view view_name, const Call& call, const Shape& shape);

// Tensors joined along a dimension, in their common type.
Output joined(Type type, const std::vector<Tensor>& parts, std::int64_t dim);
Outputs gated(const Call& call);  // gated.cpp
Outputs closeness(const Call& call);
Outputs nan_to_num(const Call& call);

// exp(x - peak) for a score x that may be off by its interval.  Scaling the argument by log2 e, as
// kernels built on exp2 do, costs one more rounding of the argument, which is granted.
Value exp_shifted(const Value& x, Real peak);
// x - peak - log(total), in either order.
Value log_probability(const Value& x, Real peak, const Value& total);

}  // namespace fg::reference::ops

#endif  // FG_CONFORMANCE_REFERENCE_OPS_OPS_HPP_
