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

enum class ShapeRule : unsigned char { arange, layer_norm, rms_norm, attention, rotary, gather, cat, nonzero, reduce };

inline constexpr std::array<std::string_view, 9> kShapeRuleNames{
    "arange", "layer_norm", "rms_norm", "scaled_dot_product_attention", "apply_rotary_pos_emb", "gather",
    "cat",    "nonzero",    "reduce"};

inline constexpr std::array<std::string_view, 7> kAttentionSymbols{"b", "hq", "hk", "sq", "sk", "d", "dv"};
inline constexpr std::array<std::string_view, 2> kNormSymbols{"rows", "columns"};

constexpr std::span<const std::string_view> shape_rule_symbols(std::string_view rule) {
  if (rule == "scaled_dot_product_attention") return kAttentionSymbols;
  if (rule == "layer_norm" || rule == "rms_norm") return kNormSymbols;
  return {};
}

}  // namespace fg::core

#endif  // FG_CORE_CATALOGUE_SHAPE_RULE_NAMES_HPP_
