// SPDX-License-Identifier: Apache-2.0
//
// One row for each named kernel.  Every row takes any strides, zero sizes and every dtype row of the
// catalogue, so claims are copied from fg/abi/ops.h.

#include "fg/abi/ops.h"
#include "plugins/cpu/kernels/kernels.hpp"

namespace fg::cpu {
namespace {

// Work is split by shape alone, never by which thread came first.
constexpr std::uint32_t kFlags = FG_K_BITWISE_DETERMINISTIC | FG_K_MAY_BLOCK_HOST;
constexpr std::uint32_t kInPlace = kFlags | FG_K_INPLACE_OK;
// Every dimension of these becomes two, its count and its length.
constexpr std::uint16_t kSplitDims = FG_MAX_NDIM / 2;

template <sdk::KernelFn F, sdk::WorkspaceFn W>
Result<sdk::PreparedKernel> prepare(const fg_sig&) {
  sdk::KernelTraits traits;
  traits.workspace_of = W;
  return sdk::make_kernel(F, traits);
}

#define FG_CPU_ROWS(OP) inline constexpr fg_dtype k##OP##Rows[] = {FG_OP_##OP##_ROWS}
FG_CPU_ROWS(ADDMM);
FG_CPU_ROWS(ADDMV);
FG_CPU_ROWS(APPLY_ROTARY_POS_EMB);
FG_CPU_ROWS(BADDBMM);
FG_CPU_ROWS(BMM);
FG_CPU_ROWS(CAT);
FG_CPU_ROWS(DOT);
FG_CPU_ROWS(BERNOULLI);
FG_CPU_ROWS(BERNOULLI_TENSOR);
FG_CPU_ROWS(DROPOUT);
FG_CPU_ROWS(EMBEDDING);
FG_CPU_ROWS(EXPONENTIAL);
FG_CPU_ROWS(GATHER);
FG_CPU_ROWS(EMBEDDING_DENSE_BACKWARD);
FG_CPU_ROWS(INDEX);
FG_CPU_ROWS(INDEX_PUT);
FG_CPU_ROWS(TAKE);
FG_CPU_ROWS(PUT);
FG_CPU_ROWS(MASKED_SELECT);
FG_CPU_ROWS(MASKED_SCATTER);
FG_CPU_ROWS(INDEX_ADD);
FG_CPU_ROWS(INDEX_COPY);
FG_CPU_ROWS(INDEX_FILL);
FG_CPU_ROWS(INDEX_REDUCE);
FG_CPU_ROWS(INDEX_SELECT);
FG_CPU_ROWS(LOG_SOFTMAX);
FG_CPU_ROWS(SAFE_SOFTMAX);
FG_CPU_ROWS(SOFTMAX_BACKWARD);
FG_CPU_ROWS(LOG_SOFTMAX_BACKWARD);
FG_CPU_ROWS(SKIP_LAYER_NORM);
FG_CPU_ROWS(GROUP_NORM);
FG_CPU_ROWS(FUSED_ADD_RMS_NORM);
FG_CPU_ROWS(FUSED_EXPERTS);
FG_CPU_ROWS(GROUPED_TOPK);
FG_CPU_ROWS(TOPK_SOFTMAX);
FG_CPU_ROWS(CROSS_ENTROPY_LOSS);
FG_CPU_ROWS(LAYER_NORM);
FG_CPU_ROWS(LINEAR);
FG_CPU_ROWS(MM);
FG_CPU_ROWS(MV);
FG_CPU_ROWS(MULTINOMIAL);
FG_CPU_ROWS(NATIVE_DROPOUT);
FG_CPU_ROWS(NONZERO);
FG_CPU_ROWS(NORMAL);
FG_CPU_ROWS(RMS_NORM);
FG_CPU_ROWS(SCALED_DOT_PRODUCT_ATTENTION);
FG_CPU_ROWS(SCATTER);
FG_CPU_ROWS(SCATTER_ADD);
FG_CPU_ROWS(SCATTER_REDUCE);
FG_CPU_ROWS(SOFTMAX);
FG_CPU_ROWS(SORT);
FG_CPU_ROWS(TOPK);
FG_CPU_ROWS(CONSTANT_PAD_ND);
FG_CPU_ROWS(FLIP);
FG_CPU_ROWS(REPEAT);
FG_CPU_ROWS(REPEAT_INTERLEAVE);
FG_CPU_ROWS(ROLL);
FG_CPU_ROWS(TILE);
FG_CPU_ROWS(TRIL);
FG_CPU_ROWS(TRIL_INDICES);
FG_CPU_ROWS(TRIU);
FG_CPU_ROWS(TRIU_INDICES);
FG_CPU_ROWS(UNIFORM);
FG_CPU_ROWS(VDOT);
#undef FG_CPU_ROWS
// It has no tensor whose dtypes the catalogue could list.
inline constexpr fg_dtype kRANDPERMRows[] = {FG_I64, FG_I32, FG_I16, FG_I8, FG_U8, FG_F64, FG_F32};

#define FG_CPU_ENTRY(OP)                                                                       \
  .name = FG_OP_##OP##_NAME, .uid = FG_OP_##OP##_UID, .schema_hash = FG_OP_##OP##_SCHEMA_HASH, \
  .schema_version = FG_OP_##OP##_SCHEMA_VERSION, .n_slots = FG_OP_##OP##_N_SLOTS, .rows = k##OP##Rows

constexpr sdk::KernelEntry kEntries[] = {
    {FG_CPU_ENTRY(ADDMM), .flags = kFlags, .prepare = prepare<entry::addmm, entry::addmm_workspace>},
    {FG_CPU_ENTRY(ADDMV), .flags = kFlags, .prepare = prepare<entry::addmv, entry::addmv_workspace>},
    {FG_CPU_ENTRY(APPLY_ROTARY_POS_EMB), .flags = kInPlace,
     .prepare = prepare<entry::apply_rotary_pos_emb, entry::apply_rotary_pos_emb_workspace>},
    {FG_CPU_ENTRY(BADDBMM), .flags = kFlags, .prepare = prepare<entry::baddbmm, entry::baddbmm_workspace>},
    {FG_CPU_ENTRY(BMM), .flags = kFlags, .prepare = prepare<entry::mm, entry::mm_workspace>},
    {FG_CPU_ENTRY(CAT), .list_slot = 1, .flags = kFlags, .prepare = sdk::plain<entry::cat>},
    {FG_CPU_ENTRY(DOT), .flags = kFlags, .prepare = prepare<entry::mv, entry::mv_workspace>},
    {FG_CPU_ENTRY(BERNOULLI), .flags = kInPlace, .prepare = sdk::plain<entry::bernoulli_fill>},
    {FG_CPU_ENTRY(BERNOULLI_TENSOR), .flags = kFlags, .prepare = sdk::plain<entry::bernoulli_tensor>},
    {FG_CPU_ENTRY(DROPOUT), .flags = kFlags, .prepare = sdk::plain<entry::dropout>},
    {FG_CPU_ENTRY(EMBEDDING), .flags = kFlags, .prepare = sdk::plain<entry::embedding>},
    {FG_CPU_ENTRY(EXPONENTIAL), .flags = kInPlace, .prepare = sdk::plain<entry::exponential>},
    {FG_CPU_ENTRY(GATHER), .flags = kFlags, .prepare = sdk::plain<entry::gather>},
    {FG_CPU_ENTRY(EMBEDDING_DENSE_BACKWARD), .flags = kFlags,
     .prepare = prepare<entry::embedding_dense_backward, entry::embedding_dense_backward_workspace>},
    {FG_CPU_ENTRY(INDEX), .list_slot = 2, .counted = true, .flags = kFlags,
     .prepare = prepare<entry::index, entry::index_workspace>},
    {FG_CPU_ENTRY(INDEX_PUT), .list_slot = 2, .flags = kInPlace,
     .prepare = prepare<entry::index_put, entry::index_put_workspace>},
    {FG_CPU_ENTRY(TAKE), .flags = kFlags, .prepare = sdk::plain<entry::take>},
    {FG_CPU_ENTRY(PUT), .flags = kInPlace, .prepare = prepare<entry::put, entry::put_workspace>},
    {FG_CPU_ENTRY(MASKED_SELECT), .counted = true, .flags = kFlags,
     .prepare = prepare<entry::masked_select, entry::masked_select_workspace>},
    {FG_CPU_ENTRY(MASKED_SCATTER), .flags = kInPlace,
     .prepare = prepare<entry::masked_scatter, entry::masked_scatter_workspace>},
    {FG_CPU_ENTRY(INDEX_ADD), .flags = kInPlace, .prepare = prepare<entry::index_add, entry::index_add_workspace>},
    {FG_CPU_ENTRY(INDEX_COPY), .flags = kInPlace, .prepare = sdk::plain<entry::index_copy>},
    {FG_CPU_ENTRY(INDEX_FILL), .flags = kInPlace, .prepare = sdk::plain<entry::index_fill>},
    {FG_CPU_ENTRY(INDEX_REDUCE), .flags = kInPlace,
     .prepare = prepare<entry::index_reduce, entry::index_reduce_workspace>},
    {FG_CPU_ENTRY(INDEX_SELECT), .flags = kFlags, .prepare = sdk::plain<entry::index_select>},
    {FG_CPU_ENTRY(LOG_SOFTMAX), .flags = kInPlace,
     .prepare = prepare<entry::log_softmax, entry::log_softmax_workspace>},
    {FG_CPU_ENTRY(SAFE_SOFTMAX), .flags = kInPlace,
     .prepare = prepare<entry::safe_softmax, entry::safe_softmax_workspace>},
    {FG_CPU_ENTRY(SOFTMAX_BACKWARD), .flags = kInPlace,
     .prepare = prepare<entry::softmax_backward, entry::softmax_backward_workspace>},
    {FG_CPU_ENTRY(LOG_SOFTMAX_BACKWARD), .flags = kInPlace,
     .prepare = prepare<entry::log_softmax_backward, entry::log_softmax_backward_workspace>},
    {FG_CPU_ENTRY(SKIP_LAYER_NORM), .flags = kInPlace,
     .prepare = prepare<entry::skip_layer_norm, entry::skip_layer_norm_workspace>},
    {FG_CPU_ENTRY(GROUP_NORM), .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<entry::group_norm, entry::group_norm_workspace>},
    {FG_CPU_ENTRY(FUSED_ADD_RMS_NORM), .flags = kInPlace,
     .prepare = prepare<entry::fused_add_rms_norm, entry::fused_add_rms_norm_workspace>},
    {FG_CPU_ENTRY(FUSED_EXPERTS), .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<entry::fused_experts, entry::fused_experts_workspace>},
    {FG_CPU_ENTRY(GROUPED_TOPK), .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<entry::grouped_topk, entry::grouped_topk_workspace>},
    {FG_CPU_ENTRY(TOPK_SOFTMAX), .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<entry::topk_softmax, entry::topk_softmax_workspace>},
    {FG_CPU_ENTRY(CROSS_ENTROPY_LOSS), .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<entry::cross_entropy_loss, entry::cross_entropy_loss_workspace>},
    {FG_CPU_ENTRY(LAYER_NORM), .flags = kInPlace, .prepare = prepare<entry::layer_norm, entry::layer_norm_workspace>},
    {FG_CPU_ENTRY(LINEAR), .flags = kFlags, .prepare = prepare<entry::linear, entry::linear_workspace>},
    {FG_CPU_ENTRY(MM), .flags = kFlags, .prepare = prepare<entry::mm, entry::mm_workspace>},
    {FG_CPU_ENTRY(MV), .flags = kFlags, .prepare = prepare<entry::mv, entry::mv_workspace>},
    {FG_CPU_ENTRY(MULTINOMIAL), .flags = kFlags, .prepare = prepare<entry::multinomial, entry::multinomial_workspace>},
    {FG_CPU_ENTRY(RANDPERM), .flags = kFlags, .prepare = prepare<entry::randperm, entry::randperm_workspace>},
    {FG_CPU_ENTRY(NATIVE_DROPOUT), .flags = kFlags, .prepare = sdk::plain<entry::native_dropout>},
    {FG_CPU_ENTRY(NONZERO), .counted = true, .flags = kFlags,
     .prepare = prepare<entry::nonzero, entry::nonzero_workspace>},
    {FG_CPU_ENTRY(NORMAL), .flags = kInPlace, .prepare = sdk::plain<entry::normal>},
    {FG_CPU_ENTRY(RMS_NORM), .flags = kInPlace, .prepare = prepare<entry::rms_norm, entry::rms_norm_workspace>},
    {FG_CPU_ENTRY(SCALED_DOT_PRODUCT_ATTENTION), .flags = kFlags,
     .prepare = prepare<entry::scaled_dot_product_attention, entry::scaled_dot_product_attention_workspace>},
    {FG_CPU_ENTRY(SCATTER), .flags = kInPlace, .prepare = prepare<entry::scatter, entry::scatter_workspace>},
    {FG_CPU_ENTRY(SCATTER_ADD), .flags = kInPlace,
     .prepare = prepare<entry::scatter_add, entry::scatter_add_workspace>},
    {FG_CPU_ENTRY(SCATTER_REDUCE), .flags = kInPlace,
     .prepare = prepare<entry::scatter_reduce, entry::scatter_reduce_workspace>},
    {FG_CPU_ENTRY(SOFTMAX), .flags = kInPlace, .prepare = prepare<entry::softmax, entry::softmax_workspace>},
    {FG_CPU_ENTRY(SORT), .flags = kInPlace, .prepare = prepare<entry::sort, entry::sort_workspace>},
    {FG_CPU_ENTRY(TOPK), .flags = kFlags, .prepare = prepare<entry::topk, entry::topk_workspace>},
    {FG_CPU_ENTRY(CONSTANT_PAD_ND), .flags = kFlags, .prepare = sdk::plain<entry::constant_pad_nd>},
    {FG_CPU_ENTRY(FLIP), .flags = kFlags, .prepare = sdk::plain<entry::flip>},
    {FG_CPU_ENTRY(REPEAT), .max_ndim = kSplitDims, .flags = kFlags, .prepare = sdk::plain<entry::repeat>},
    {FG_CPU_ENTRY(REPEAT_INTERLEAVE), .max_ndim = FG_MAX_NDIM - 1, .flags = kFlags,
     .prepare = sdk::plain<entry::repeat_interleave>},
    {FG_CPU_ENTRY(ROLL), .flags = kFlags, .prepare = sdk::plain<entry::roll>},
    {FG_CPU_ENTRY(TILE), .max_ndim = kSplitDims, .flags = kFlags, .prepare = sdk::plain<entry::tile>},
    {FG_CPU_ENTRY(TRIL), .flags = kInPlace, .prepare = sdk::plain<entry::tril>},
    {FG_CPU_ENTRY(TRIL_INDICES), .flags = kFlags, .prepare = sdk::plain<entry::tril_indices>},
    {FG_CPU_ENTRY(TRIU_INDICES), .flags = kFlags, .prepare = sdk::plain<entry::triu_indices>},
    {FG_CPU_ENTRY(TRIU), .flags = kInPlace, .prepare = sdk::plain<entry::triu>},
    {FG_CPU_ENTRY(UNIFORM), .flags = kInPlace, .prepare = sdk::plain<entry::uniform>},
    {FG_CPU_ENTRY(VDOT), .flags = kFlags, .prepare = prepare<entry::mv, entry::mv_workspace>},
};
#undef FG_CPU_ENTRY

}  // namespace

std::span<const sdk::KernelEntry> named_kernels() { return kEntries; }

}  // namespace fg::cpu
