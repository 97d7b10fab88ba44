// SPDX-License-Identifier: Apache-2.0
//
// The loop over cases.

#include "conformance/runner/suite.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>

namespace fg::conformance {
namespace {

std::atomic<bool> g_stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set in a signal handler");

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// One line on a terminal, rewritten; elsewhere a line for every tenth of the work.
class Progress {
 public:
  Progress(const SuiteOptions& options, std::size_t total) : options_(options), total_(total), start_(Clock::now()) {}
  ~Progress() { clear(); }

  void show(std::size_t done, std::size_t failed, const std::string& id) {
    if (options_.quiet || total_ == 0) return;
    if (!options_.terminal) {
      const std::size_t tenth = done * 10 / total_;
      if (tenth > tenths_) std::fprintf(stderr, "%zu/%zu  %zu failed\n", done, total_, failed);
      tenths_ = std::max(tenths_, tenth);
      return;
    }
    const double now = seconds_since(start_);
    if (now - shown_ < 0.1) return;
    shown_ = now;
    const auto eta =
        static_cast<int>(done == 0 ? 0 : now / static_cast<double>(done) * static_cast<double>(total_ - done));
    std::fprintf(stderr, "\r\033[K%zu/%zu  %zu failed  ETA %d:%02d  %.50s", done, total_, failed, eta / 60, eta % 60,
                 id.c_str());
    std::fflush(stderr);
    drawn_ = true;
  }
  void clear() {
    if (drawn_) std::fputs("\r\033[K", stderr);
    drawn_ = false;
  }

 private:
  const SuiteOptions& options_;
  std::size_t total_, tenths_ = 0;
  Clock::time_point start_;
  double shown_ = -1;
  bool drawn_ = false;
};

}  // namespace

void request_stop() { g_stop.store(true); }

void run_jobs(const std::vector<Job>& jobs, const SuiteOptions& options, Report& report) {
  const Clock::time_point start = Clock::now();
  report.planned = jobs.size();
  Progress progress(options, jobs.size());
  std::size_t failed = 0;
  for (const Job& job : jobs) {
    if (g_stop.load()) {
      report.interrupted = true;
      break;
    }
    progress.show(report.results.size(), failed, job.id);
    report.results.push_back(job.run());
    const CaseResult& result = report.results.back();
    if (fails(result.verdict)) {
      ++failed;
      progress.clear();
    }
    if (options.on_result) options.on_result(result);
    if (options.fail_fast > 0 && failed >= options.fail_fast) break;
  }
  report.seconds = seconds_since(start);
}

}  // namespace fg::conformance
