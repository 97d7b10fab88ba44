// SPDX-License-Identifier: Apache-2.0
//
// Which definition belongs to which operator.

#include "conformance/reference/reference.hpp"

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference {
namespace {

using Definition = std::vector<Output> (*)(const Call&);

constexpr std::pair<std::string_view, Definition> kNamed[] = {
    {"mm", ops::mm},
    {"bmm", ops::bmm},
    {"addmm", ops::addmm},
    {"baddbmm", ops::baddbmm},
    {"addbmm", ops::addbmm},
    {"mv", ops::mv},
    {"addmv", ops::addmv},
    {"dot", ops::dot_product},
    {"vdot", ops::dot_product},
    {"linear", ops::linear},
    {"addr", ops::addr},
    {"outer", ops::outer},
    {"kron", ops::kron},
    {"softmax", ops::softmax},
    {"layer_norm", ops::layer_norm},
    {"rms_norm", ops::rms_norm},
    {"log_softmax", ops::log_softmax},
    {"safe_softmax", ops::safe_softmax},
    {"softmax_backward", ops::softmax_backward},
    {"log_softmax_backward", ops::log_softmax_backward},
    {"group_norm", ops::group_norm},
    {"weight_norm", ops::weight_norm},
    {"layer_norm_backward", ops::layer_norm_backward},
    {"rms_norm_backward", ops::rms_norm_backward},
    {"group_norm_backward", ops::group_norm_backward},
    {"cross_entropy_loss", ops::cross_entropy_loss},
    {"cross_entropy_loss_prob", ops::cross_entropy_loss_prob},
    {"nll_loss", ops::nll_loss},
    {"nll_loss_backward", ops::nll_loss_backward},
    {"mse_loss", ops::mse_loss},
    {"mse_loss_backward", ops::mse_loss_backward},
    {"fused_add_rms_norm", ops::rms_norm},
    {"skip_layer_norm", ops::layer_norm},
    {"scaled_dot_product_attention", ops::scaled_dot_product_attention},
    {"apply_rotary_pos_emb", ops::apply_rotary_pos_emb},
    {"embedding", ops::embedding},
    {"gather", ops::gather},
    {"cat", ops::cat},
    {"embedding_dense_backward", ops::embedding_dense_backward},
    {"index", ops::index},
    {"index_put", ops::index_put},
    {"take", ops::take},
    {"put", ops::put},
    {"masked_select", ops::masked_select},
    {"masked_scatter", ops::masked_scatter},
    {"scatter", ops::scatter},
    {"scatter_add", ops::scatter_add},
    {"scatter_reduce", ops::scatter_reduce},
    {"index_add", ops::index_add},
    {"index_copy", ops::index_copy},
    {"index_fill", ops::index_fill},
    {"index_reduce", ops::index_reduce},
    {"index_select", ops::index_select},
    {"sort", ops::sort},
    {"nonzero", ops::nonzero},
    {"topk", ops::topk},
    {"uniform_", ops::uniform},
    {"linalg_vector_norm", ops::linalg_vector_norm},
    {"dist", ops::dist},
    {"aminmax", ops::aminmax},
    {"normal_", ops::normal},
    {"exponential_", ops::exponential},
    {"bernoulli_", ops::bernoulli},
    {"bernoulli_tensor", ops::bernoulli_tensor},
    {"native_dropout", ops::dropout},
    {"dropout", ops::dropout},
    {"rand", ops::rand},
    {"rand_like", ops::rand},
    {"randn", ops::randn},
    {"randn_like", ops::randn},
    {"eye", ops::eye},
    {"flip", ops::flip},
    {"roll", ops::roll},
    {"repeat", ops::repeat},
    {"tile", ops::tile},
    {"repeat_interleave", ops::repeat_interleave},
    {"constant_pad_nd", ops::constant_pad_nd},
    {"stack", ops::stack},
    {"hstack", ops::hstack},
    {"vstack", ops::vstack},
    {"tril", ops::tril},
    {"triu", ops::triu},
    {"tril_indices", ops::tril_indices},
    {"triu_indices", ops::triu_indices},
    {"diag", ops::diag},
    {"diag_embed", ops::diag_embed},
    {"select_scatter", ops::select_scatter},
    {"slice_scatter", ops::slice_scatter},
    {"diagonal_scatter", ops::diagonal_scatter},
    {"select_backward", ops::select_backward},
    {"slice_backward", ops::slice_backward},
    {"diagonal_backward", ops::diagonal_backward},
    {"randperm", ops::randperm},
    {"multinomial", ops::multinomial},
    {"glu", ops::gated},
    {"glu_backward", ops::gated},
    {"geglu", ops::gated},
    {"dgeglu", ops::gated},
    {"reglu", ops::gated},
    {"dreglu", ops::gated},
    {"swiglu", ops::gated},
    {"dswiglu", ops::gated},
    {"allclose", ops::closeness},
    {"equal", ops::closeness},
    {"nan_to_num", ops::nan_to_num},
    {"topk_softmax", ops::topk_softmax},
    {"grouped_topk", ops::grouped_topk},
    {"fused_experts", ops::fused_experts},
    {"moe_sum", ops::moe_sum},
};

std::vector<Output> elements_of_view(const Call& call) {
  const Tensor& self = call.tensor("self");
  View view = evaluate_view(call);
  Output out = make_output(self.type, view.shape);
  for (const std::int64_t source : view.source) push(out, element(self, source));
  return {out};
}

Definition definition_of(const Operator& op) {
  for (const auto& [name, definition] : kNamed) {
    if (name == op.name) return definition;
  }
  switch (op.kind) {
    case Kind::view: return elements_of_view;
    case Kind::map: return evaluate_map;
    case Kind::reduce: return evaluate_reduce;
    case Kind::scan: return evaluate_scan;
    default: return nullptr;
  }
}

}  // namespace

bool knows(const Operator& op) { return definition_of(op) != nullptr; }

std::vector<Output> evaluate(const Call& call) {
  const Definition definition = definition_of(call.op());
  if (definition == nullptr) throw Mistake{"the oracle has no definition of '" + call.op().name + "'"};
  const ArithmeticScope scope(call.declared());
  return definition(call);
}

}  // namespace fg::reference
