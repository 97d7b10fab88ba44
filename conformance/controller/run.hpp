// SPDX-License-Identifier: Apache-2.0
//
// A whole run: every case in a worker process, failures run again alone, sequences narrowed down.

#ifndef FG_CONFORMANCE_CONTROLLER_RUN_HPP_
#define FG_CONFORMANCE_CONTROLLER_RUN_HPP_

#include <chrono>
#include <functional>

#include "conformance/report/report.hpp"
#include "conformance/worker/worker.hpp"

namespace fg::conformance {

struct RunOptions {
  WorkerArguments worker;
  unsigned jobs = 1;                     // processes at once
  std::size_t fail_fast = 0;             // stop after so many failures; 0: never
  std::chrono::milliseconds deadline{};  // of every case; 0: by what such cases take
  std::size_t confirmed = 50;            // at most so many failures are run again alone
  bool quiet = false;
  bool terminal = false;  // progress on one line; otherwise a line for every tenth
  // The plugin was opened: what is known of it is in the report's subject.  An error ends the run.
  std::function<Result<void>(const Subject&)> on_open;
  // A verdict that stands.  An error ends the run.
  std::function<Result<void>(const CaseResult&)> on_result;
};

// Runs `names`, filling report.results in their order, planned, seconds, interrupted and the parts of
// the subject that describe the plugin.  Returns why the plugin cannot be opened.
Result<void> run_cases(const std::vector<std::string>& names, const RunOptions& options, Report& report);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_CONTROLLER_RUN_HPP_
