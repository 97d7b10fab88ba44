// SPDX-License-Identifier: Apache-2.0
//
// The shape rules of operators that read or write at positions.

#ifndef FG_CORE_CATALOGUE_INDEX_RULES_HPP_
#define FG_CORE_CATALOGUE_INDEX_RULES_HPP_

#include "core/catalogue/named_rules.hpp"

namespace fg::core::index_rules {

Result<void> gather(const RuleCall& call);
Result<void> scatter(const RuleCall& call);  // scatter, scatter_add, scatter_reduce
Result<void> index_select(const RuleCall& call);
Result<void> index_write(const RuleCall& call);  // index_add, index_copy, index_reduce
Result<void> index_fill(const RuleCall& call);
Result<void> index(const RuleCall& call);
Result<void> index_put(const RuleCall& call);
Result<void> take(const RuleCall& call);
Result<void> put(const RuleCall& call);
Result<void> masked_select(const RuleCall& call);
Result<void> masked_scatter(const RuleCall& call);
Result<void> embedding_dense_backward(const RuleCall& call);
Result<void> nonzero(const RuleCall& call);

}  // namespace fg::core::index_rules

#endif  // FG_CORE_CATALOGUE_INDEX_RULES_HPP_
