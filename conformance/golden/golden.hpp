// SPDX-License-Identifier: Apache-2.0
//
// Judging a plugin with a corpus.

#ifndef FG_CONFORMANCE_GOLDEN_GOLDEN_HPP_
#define FG_CONFORMANCE_GOLDEN_GOLDEN_HPP_

#include <map>

#include "conformance/golden/corpus.hpp"
#include "conformance/runner/judge.hpp"

namespace fg::conformance {

// The catalogue's operator behind `aten::name.overload` or `gems::name`; nullptr when it has none.
const core::OpInfo* operator_of(std::string_view golden_op);

// The call in the catalogue's terms.  FG_E_UNSUPPORTED for an argument that the operator has not.
Result<Prepared> adapt(const core::OpInfo& op, const GoldenCase& c);

// The oracle's view of the call; `raised`: floats as f64.
reference::Call call_of(const Prepared& p, bool raised, const reference::Arithmetic& declared);

// Runs one case.
CaseResult run_golden(const Device& device, const core::OpInfo& op, const GoldenCase& c);

struct GoldenPlan {
  std::vector<std::string> ids;
  std::map<std::string, std::size_t> left_out;  // operators that the catalogue lacks, with their cases
};
// The cases that pass the filters.  FG_E_INVALID names a broken case.
Result<GoldenPlan> plan_golden(const Corpus& corpus, const std::vector<std::string>& filters);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_GOLDEN_GOLDEN_HPP_
