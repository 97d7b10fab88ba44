// SPDX-License-Identifier: Apache-2.0
//
// From a call and what the oracle says to a verdict.

#ifndef FG_CONFORMANCE_RUNNER_JUDGE_HPP_
#define FG_CONFORMANCE_RUNNER_JUDGE_HPP_

#include "conformance/compare/compare.hpp"
#include "conformance/runner/execute.hpp"

namespace fg::conformance {

struct CaseResult {
  std::string id;
  std::string op;
  Verdict verdict = Verdict::pass;
  std::string text;                  // what went wrong, in words
  std::optional<Mismatch> mismatch;  // and in numbers
  double ratio = 0;                  // greatest error of a passing case over what is allowed
  double milliseconds = 0;
  std::string accuracy;               // class that the bounds follow, empty: the standard one
  std::string phase;                  // crash, hang: what the worker was doing
  std::vector<std::string> sequence;  // sequence: the shortest list of cases found that fails, this one last

  bool operator==(const CaseResult&) const = default;
};

// Runs the call twice, with two patterns in the memory around and in the outputs, and compares.
// `key` decides the patterns.
CaseResult judge(const Device& device, const Prepared& call, const std::vector<reference::Output>& want,
                 std::uint64_t key);

// Judges results by what the oracle says: verdict, mismatch and ratio, kept where a call before gave a warning.
void compare_outputs(CaseResult& r, const Prepared& call, const std::vector<Produced>& outs,
                     const std::vector<reference::Output>& want);

// A case by its name; never throws.  [any-thread]
CaseResult run_case(const Device& device, const Case& c);

// The call that a case describes, with its data; without a device its bounds are the strictest.
Prepared prepare(const Case& c);
// What `device` declares of the call's arithmetic joins it.
void declare(Prepared& call, const Device& device);

// What its outputs must be; their dtypes and shapes are kept in the call.  Throws reference::Mistake.
std::vector<reference::Output> expected_outputs(Prepared& call);

// as_strided's storage offset counts from the start of the storage, which here begins with a guard:
// call after the oracle has seen the offset from element 0.
void count_offset_from_storage(Prepared& call);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_RUNNER_JUDGE_HPP_
