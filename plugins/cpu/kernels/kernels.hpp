// SPDX-License-Identifier: Apache-2.0
//
// The named kernels of the CPU plugin.  A new one is a file with its mathematics, an entry that reads
// the launch, a declaration here and a row in table.cpp.

#ifndef FG_PLUGINS_CPU_KERNELS_KERNELS_HPP_
#define FG_PLUGINS_CPU_KERNELS_KERNELS_HPP_

#include <span>

#include "fg/sdk/kernel_table.hpp"

namespace fg::cpu {

// Rows of all named kernels.
std::span<const sdk::KernelEntry> named_kernels();

// A launch and, where the kernel needs scratch, how many bytes.
namespace entry {
Result<void> mm(const sdk::Launch&);  // bmm too
Result<std::uint64_t> mm_workspace(const sdk::Launch&);
Result<void> addmm(const sdk::Launch&);
Result<std::uint64_t> addmm_workspace(const sdk::Launch&);
Result<void> baddbmm(const sdk::Launch&);
Result<std::uint64_t> baddbmm_workspace(const sdk::Launch&);
Result<void> mv(const sdk::Launch&);  // dot too
Result<std::uint64_t> mv_workspace(const sdk::Launch&);
Result<void> addmv(const sdk::Launch&);
Result<std::uint64_t> addmv_workspace(const sdk::Launch&);
Result<void> linear(const sdk::Launch&);
Result<std::uint64_t> linear_workspace(const sdk::Launch&);
Result<void> softmax(const sdk::Launch&);
Result<std::uint64_t> softmax_workspace(const sdk::Launch&);
Result<void> log_softmax(const sdk::Launch&);
Result<std::uint64_t> log_softmax_workspace(const sdk::Launch&);
Result<void> safe_softmax(const sdk::Launch&);
Result<std::uint64_t> safe_softmax_workspace(const sdk::Launch&);
Result<void> softmax_backward(const sdk::Launch&);
Result<std::uint64_t> softmax_backward_workspace(const sdk::Launch&);
Result<void> log_softmax_backward(const sdk::Launch&);
Result<std::uint64_t> log_softmax_backward_workspace(const sdk::Launch&);
Result<void> skip_layer_norm(const sdk::Launch&);
Result<std::uint64_t> skip_layer_norm_workspace(const sdk::Launch&);
Result<void> group_norm(const sdk::Launch&);
Result<std::uint64_t> group_norm_workspace(const sdk::Launch&);
Result<void> fused_add_rms_norm(const sdk::Launch&);
Result<std::uint64_t> fused_add_rms_norm_workspace(const sdk::Launch&);
Result<void> cross_entropy_loss(const sdk::Launch&);
Result<std::uint64_t> cross_entropy_loss_workspace(const sdk::Launch&);
Result<void> layer_norm(const sdk::Launch&);
Result<std::uint64_t> layer_norm_workspace(const sdk::Launch&);
Result<void> rms_norm(const sdk::Launch&);
Result<std::uint64_t> rms_norm_workspace(const sdk::Launch&);
Result<void> scaled_dot_product_attention(const sdk::Launch&);
Result<std::uint64_t> scaled_dot_product_attention_workspace(const sdk::Launch&);
Result<void> apply_rotary_pos_emb(const sdk::Launch&);
Result<std::uint64_t> apply_rotary_pos_emb_workspace(const sdk::Launch&);
Result<void> embedding(const sdk::Launch&);
Result<void> gather(const sdk::Launch&);
Result<void> cat(const sdk::Launch&);
Result<void> embedding_dense_backward(const sdk::Launch&);
Result<std::uint64_t> embedding_dense_backward_workspace(const sdk::Launch&);
Result<void> index(const sdk::Launch&);
Result<std::uint64_t> index_workspace(const sdk::Launch&);
Result<void> index_put(const sdk::Launch&);
Result<std::uint64_t> index_put_workspace(const sdk::Launch&);
Result<void> take(const sdk::Launch&);
Result<void> put(const sdk::Launch&);
Result<std::uint64_t> put_workspace(const sdk::Launch&);
Result<void> masked_select(const sdk::Launch&);
Result<std::uint64_t> masked_select_workspace(const sdk::Launch&);
Result<void> masked_scatter(const sdk::Launch&);
Result<std::uint64_t> masked_scatter_workspace(const sdk::Launch&);
Result<void> index_add(const sdk::Launch&);
Result<std::uint64_t> index_add_workspace(const sdk::Launch&);
Result<void> index_copy(const sdk::Launch&);
Result<void> index_fill(const sdk::Launch&);
Result<void> index_reduce(const sdk::Launch&);
Result<std::uint64_t> index_reduce_workspace(const sdk::Launch&);
Result<void> index_select(const sdk::Launch&);
Result<void> scatter(const sdk::Launch&);
Result<std::uint64_t> scatter_workspace(const sdk::Launch&);
Result<void> scatter_add(const sdk::Launch&);
Result<std::uint64_t> scatter_add_workspace(const sdk::Launch&);
Result<void> scatter_reduce(const sdk::Launch&);
Result<std::uint64_t> scatter_reduce_workspace(const sdk::Launch&);
Result<void> sort(const sdk::Launch&);
Result<std::uint64_t> sort_workspace(const sdk::Launch&);
Result<void> nonzero(const sdk::Launch&);
Result<std::uint64_t> nonzero_workspace(const sdk::Launch&);
Result<void> topk(const sdk::Launch&);
Result<std::uint64_t> topk_workspace(const sdk::Launch&);
Result<void> constant_pad_nd(const sdk::Launch&);
Result<void> flip(const sdk::Launch&);
Result<void> repeat(const sdk::Launch&);
Result<void> repeat_interleave(const sdk::Launch&);
Result<void> roll(const sdk::Launch&);
Result<void> tile(const sdk::Launch&);
Result<void> tril(const sdk::Launch&);
Result<void> tril_indices(const sdk::Launch&);
Result<void> triu(const sdk::Launch&);
Result<void> triu_indices(const sdk::Launch&);
Result<void> uniform(const sdk::Launch&);
Result<void> normal(const sdk::Launch&);
Result<void> exponential(const sdk::Launch&);
Result<void> bernoulli_fill(const sdk::Launch&);
Result<void> bernoulli_tensor(const sdk::Launch&);
Result<void> randperm(const sdk::Launch&);
Result<std::uint64_t> randperm_workspace(const sdk::Launch&);
Result<void> multinomial(const sdk::Launch&);
Result<std::uint64_t> multinomial_workspace(const sdk::Launch&);
Result<void> native_dropout(const sdk::Launch&);
Result<void> dropout(const sdk::Launch&);
Result<void> topk_softmax(const sdk::Launch&);
Result<std::uint64_t> topk_softmax_workspace(const sdk::Launch&);
Result<void> grouped_topk(const sdk::Launch&);
Result<std::uint64_t> grouped_topk_workspace(const sdk::Launch&);
Result<void> fused_experts(const sdk::Launch&);
Result<std::uint64_t> fused_experts_workspace(const sdk::Launch&);
}  // namespace entry

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_KERNELS_HPP_
