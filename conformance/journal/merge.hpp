// SPDX-License-Identifier: Apache-2.0
//
// Journals of the shards of one run as one run.

#ifndef FG_CONFORMANCE_JOURNAL_MERGE_HPP_
#define FG_CONFORMANCE_JOURNAL_MERGE_HPP_

#include <span>

#include "conformance/journal/journal.hpp"

namespace fg::conformance {

// The last verdict of every case, in the order of `names`; cases that are not among them are an error,
// cases without a verdict are counted in `missing`.
struct Verdicts {
  std::vector<CaseResult> results;
  std::size_t missing = 0;
};
Result<Verdicts> in_order(const std::vector<CaseResult>& results, const std::vector<std::string>& names);

// `names`: all cases of the plan.  FG_E_INVALID when the journals are of different subjects, when their
// plan is another, or when a case has no verdict in any of them: what is merged is proved complete.
Result<Report> merge(std::span<const Journal> journals, const std::vector<std::string>& names);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_JOURNAL_MERGE_HPP_
