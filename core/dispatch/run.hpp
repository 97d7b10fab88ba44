// SPDX-License-Identifier: Apache-2.0
//
// The ways in which a planned call is served.  Each returns FG_E_UNSUPPORTED, with nothing changed,
// when the next way should be tried.

#ifndef FG_CORE_DISPATCH_RUN_HPP_
#define FG_CORE_DISPATCH_RUN_HPP_

#include <string>

#include "core/dispatch/plan.hpp"

namespace fg::core {

// A call with its mode; what core::call() and composites end in.
Result<void> dispatch(const Call& call);
// A call whose plan is known.  `line` (may be nullptr) keeps the kernel of the flat case.
Result<void> run_planned(const Call& call, const Plan& plan, PlanLine* line);

// Equal, dense operands as one dimension.  False: the general way must decide.
Result<bool> run_flat(const Call& call, const Plan& plan, PlanLine* line);
Result<void> run_map(const Call& call, const Plan& plan);
Result<void> run_reduce(const Call& call, const Plan& plan);
Result<void> run_scan(const Call& call, const Plan& plan);
Result<void> run_named(const Call& call, const Plan& plan);
Result<void> run_view(const Call& call, const Plan& plan);
Result<void> run_composite(const Call& call, const Plan& plan);

// On the fallback plugin, with copies, if the policy allows; `why` is what stood in the way.
Result<void> run_fallback(const Call& call, const Plan& plan, const std::string& why);
// The same call with 0-d tensors of other devices copied to the plan's.
Result<void> run_moved(const Call& call, const Plan& plan);

// A fallback seen so far.
struct FallbackRow {
  std::string op, from, to, why;
  std::uint64_t count = 0;
};
std::vector<FallbackRow> fallback_rows();

}  // namespace fg::core

#endif  // FG_CORE_DISPATCH_RUN_HPP_
