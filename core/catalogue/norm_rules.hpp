// SPDX-License-Identifier: Apache-2.0
//
// Shape rules of normalisations and losses.

#ifndef FG_CORE_CATALOGUE_NORM_RULES_HPP_
#define FG_CORE_CATALOGUE_NORM_RULES_HPP_

#include "core/catalogue/named_rules.hpp"

namespace fg::core::rules {

Result<void> norm(const RuleCall& call);           // layer_norm, rms_norm
Result<void> fused_norm(const RuleCall& call);     // fused_add_rms_norm, skip_layer_norm
Result<void> norm_backward(const RuleCall& call);  // layer_norm_backward, rms_norm_backward
Result<void> group_norm(const RuleCall& call);
Result<void> group_norm_backward(const RuleCall& call);
Result<void> weight_norm(const RuleCall& call);

Result<void> cross_entropy(const RuleCall& call);  // loss_rules.cpp
Result<void> cross_entropy_prob(const RuleCall& call);
Result<void> nll_loss(const RuleCall& call);
Result<void> nll_loss_backward(const RuleCall& call);
Result<void> mse_loss(const RuleCall& call);
Result<void> mse_loss_backward(const RuleCall& call);

// Argument `name` must have this shape where it is given; `meaning` says whose shape it is.
Result<void> expect_shape(const RuleCall& call, std::string_view name, std::span<const std::int64_t> shape,
                          const std::string& meaning);

}  // namespace fg::core::rules

#endif  // FG_CORE_CATALOGUE_NORM_RULES_HPP_
