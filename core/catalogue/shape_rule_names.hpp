// SPDX-License-Identifier: Apache-2.0
//
// The named shape rules and the lengths each of them gives a name to; shape_rules.cpp implements
// them, fg-gen checks that the catalogue names no other.

#ifndef FG_CORE_CATALOGUE_SHAPE_RULE_NAMES_HPP_
#define FG_CORE_CATALOGUE_SHAPE_RULE_NAMES_HPP_

#include <array>
#include <span>
#include <string_view>

namespace fg::core {

// In the order of kShapeRuleNames.
// clang-format off
enum class ShapeRule : unsigned char {
  arange,
  layer_norm,
  rms_norm,
  attention,
  rotary,
  gather,
  cat,
  nonzero,
  reduce,
  dot,
  kron,
  index_select,
  scatter,
  index_write,
  index_fill,
  topk,
  fused_add_rms_norm,
  skip_layer_norm,
  layer_norm_backward,
  rms_norm_backward,
  group_norm,
  group_norm_backward,
  weight_norm,
  cross_entropy_loss,
  cross_entropy_loss_prob,
  nll_loss,
  nll_loss_backward,
  mse_loss,
  mse_loss_backward,
  fill,
  eye,
  steps,
  tril_indices,
  triu_indices,
  stack,
  hstack,
  vstack,
  roll,
  repeat,
  tile,
  repeat_interleave,
  pad,
  diag,
  diag_embed,
  randperm,
  multinomial,
  index,
  index_put,
  take,
  put,
  masked_select,
  masked_scatter,
  embedding_dense_backward,
  glu,
  glu_backward,
  allclose,
  equal,
  topk_softmax,
  grouped_topk,
  fused_experts,
};

inline constexpr std::array kShapeRuleNames{
    std::string_view("arange"),
    std::string_view("layer_norm"),
    std::string_view("rms_norm"),
    std::string_view("scaled_dot_product_attention"),
    std::string_view("apply_rotary_pos_emb"),
    std::string_view("gather"),
    std::string_view("cat"),
    std::string_view("nonzero"),
    std::string_view("reduce"),
    std::string_view("dot"),
    std::string_view("kron"),
    std::string_view("index_select"),
    std::string_view("scatter"),
    std::string_view("index_write"),
    std::string_view("index_fill"),
    std::string_view("topk"),
    std::string_view("fused_add_rms_norm"),
    std::string_view("skip_layer_norm"),
    std::string_view("layer_norm_backward"),
    std::string_view("rms_norm_backward"),
    std::string_view("group_norm"),
    std::string_view("group_norm_backward"),
    std::string_view("weight_norm"),
    std::string_view("cross_entropy_loss"),
    std::string_view("cross_entropy_loss_prob"),
    std::string_view("nll_loss"),
    std::string_view("nll_loss_backward"),
    std::string_view("mse_loss"),
    std::string_view("mse_loss_backward"),
    std::string_view("fill"),
    std::string_view("eye"),
    std::string_view("steps"),
    std::string_view("tril_indices"),
    std::string_view("triu_indices"),
    std::string_view("stack"),
    std::string_view("hstack"),
    std::string_view("vstack"),
    std::string_view("roll"),
    std::string_view("repeat"),
    std::string_view("tile"),
    std::string_view("repeat_interleave"),
    std::string_view("pad"),
    std::string_view("diag"),
    std::string_view("diag_embed"),
    std::string_view("randperm"),
    std::string_view("multinomial"),
    std::string_view("index"),
    std::string_view("index_put"),
    std::string_view("take"),
    std::string_view("put"),
    std::string_view("masked_select"),
    std::string_view("masked_scatter"),
    std::string_view("embedding_dense_backward"),
    std::string_view("glu"),
    std::string_view("glu_backward"),
    std::string_view("allclose"),
    std::string_view("equal"),
    std::string_view("topk_softmax"),
    std::string_view("grouped_topk"),
    std::string_view("fused_experts"),
};
// clang-format on

inline constexpr std::array<std::string_view, 7> kAttentionSymbols{"b", "hq", "hk", "sq", "sk", "d", "dv"};
inline constexpr std::array<std::string_view, 2> kNormSymbols{"rows", "columns"};
inline constexpr std::array<std::string_view, 1> kDotSymbols{"n"};
inline constexpr std::array<std::string_view, 4> kExpertSymbols{"t", "k", "m", "c"};

constexpr std::span<const std::string_view> shape_rule_symbols(std::string_view rule) {
  if (rule == "scaled_dot_product_attention") return kAttentionSymbols;
  if (rule == "layer_norm" || rule == "rms_norm" || rule == "fused_add_rms_norm" || rule == "skip_layer_norm" ||
      rule == "layer_norm_backward" || rule == "rms_norm_backward") {
    return kNormSymbols;
  }
  if (rule == "dot") return kDotSymbols;
  if (rule == "fused_experts") return kExpertSymbols;
  return {};
}

}  // namespace fg::core

#endif  // FG_CORE_CATALOGUE_SHAPE_RULE_NAMES_HPP_
