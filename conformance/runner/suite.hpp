// SPDX-License-Identifier: Apache-2.0
//
// Running many cases: progress, Ctrl-C, the first failures.  A case is a function from its name to a
// verdict, so that a later runner can put a process between.

#ifndef FG_CONFORMANCE_RUNNER_SUITE_HPP_
#define FG_CONFORMANCE_RUNNER_SUITE_HPP_

#include <functional>

#include "conformance/report/report.hpp"

namespace fg::conformance {

struct Job {
  std::string id;
  std::function<CaseResult()> run;
};

struct SuiteOptions {
  std::size_t fail_fast = 0;  // Stop after so many failures; 0: never.
  bool quiet = false;
  bool terminal = false;  // Progress on one line; otherwise a line for every tenth.
  std::function<void(const CaseResult&)> on_result;
};

// Fills report.results, seconds and interrupted; planned is the number of jobs.
void run_jobs(const std::vector<Job>& jobs, const SuiteOptions& options, Report& report);

// Asks a run to stop after the case in progress; safe in a signal handler.
void request_stop();

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_RUNNER_SUITE_HPP_
