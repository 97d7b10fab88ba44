// SPDX-License-Identifier: Apache-2.0
//
// Shape rules of mixtures of experts.

#ifndef FG_CORE_CATALOGUE_MOE_RULES_HPP_
#define FG_CORE_CATALOGUE_MOE_RULES_HPP_

#include "core/catalogue/named_rules.hpp"

namespace fg::core::moe_rules {

Result<void> topk_softmax(const RuleCall& call);
Result<void> grouped_topk(const RuleCall& call);
Result<void> fused_experts(const RuleCall& call);

}  // namespace fg::core::moe_rules

#endif  // FG_CORE_CATALOGUE_MOE_RULES_HPP_
