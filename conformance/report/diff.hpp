// SPDX-License-Identifier: Apache-2.0
//
// Two runs compared: of two versions of a plugin, or of two plugins.

#ifndef FG_CONFORMANCE_REPORT_DIFF_HPP_
#define FG_CONFORMANCE_REPORT_DIFF_HPP_

#include "conformance/report/report.hpp"

namespace fg::conformance {

// The same case in both runs.
struct CaseChange {
  std::string id;
  Verdict before, after;
  double ratio_before, ratio_after;
};
// One operator over the cases that both runs have.
struct TimeChange {
  std::string op;
  double before, after;  // milliseconds
};

// Regressions are failures of the comparison: the tool leaves with 1.
struct Diff {
  std::size_t common = 0;  // cases
  // A case serves less than before: from passing to not claimed to failing to severe; and the way back.
  std::vector<CaseChange> regressions, improvements;
  std::vector<CaseChange> others;  // another verdict that is neither better nor worse
  std::vector<CaseChange> ratios;  // pass in both, the share of the allowed error more than doubled or halved
  std::vector<CaseResult> only_before, only_after;
  std::vector<TimeChange> times;  // every operator, greatest change first
};

// Of a case that comes more than once in a run, the last result counts.
Diff diff(const Report& before, const Report& after);

std::string diff_text(const Diff& d, const Report& before, const Report& after);
std::string diff_json(const Diff& d, const Report& before, const Report& after);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_REPORT_DIFF_HPP_
