// SPDX-License-Identifier: Apache-2.0
//
// The suite against plugins with a known bug, and against plugins that are right in unusual ways.

#ifndef FG_CONFORMANCE_MUTANTS_MUTATE_HPP_
#define FG_CONFORMANCE_MUTANTS_MUTATE_HPP_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "fg/sdk/result.hpp"

namespace fg::conformance {

// What the suite said of one plugin.
struct MutantResult {
  std::string name, family, summary;  // family "legal": it must pass
  // Areas in which a case failed, with the verdict and the case; "load": the core refused the file.
  struct Kill {
    std::string verdict, id;
  };
  std::map<std::string, Kill> kills;
  std::size_t cases = 0;  // that ran
  double seconds = 0;

  // Plugins that are after the controller, not after a right answer: judged by tests/controller.
  bool attacks_controller() const { return family == "controller"; }
  bool legal() const { return family == "legal" || family == "none"; }
  bool as_it_should() const { return attacks_controller() || legal() == kills.empty(); }
};

struct MutateOptions {
  std::string folder;              // of libfg_mutant.so and the legal variants
  std::vector<std::string> names;  // of faults, or legal_<variant>; empty: all but those that attack the controller
  std::vector<std::string> plan;   // cases of the tier
  bool all_cases = false;          // not only those where the bug can show
  unsigned jobs = 1;
  std::function<void(const MutantResult&)> on_result;
};

// FG_E_INVALID for an unknown name, FG_E_NOT_FOUND when a plugin is not in the folder.
Result<std::vector<MutantResult>> mutate(const MutateOptions& options);

struct Totals {
  std::size_t bugs = 0, killed = 0, legal = 0, passed = 0;
};
Totals totals_of(const std::vector<MutantResult>& results);

// Every area that a case can be of in the results, in the order of the table.
std::vector<std::string> areas_of(const std::vector<MutantResult>& results);
std::string kill_matrix_markdown(const std::vector<MutantResult>& results, const std::string& tier);
std::string kill_matrix_json(const std::vector<MutantResult>& results, const std::string& tier);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_MUTANTS_MUTATE_HPP_
