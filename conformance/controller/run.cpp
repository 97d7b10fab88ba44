// SPDX-License-Identifier: Apache-2.0

#include "conformance/controller/run.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "conformance/controller/confirm.hpp"
#include "conformance/controller/progress.hpp"
#include "conformance/golden/golden.hpp"

namespace fg::conformance {
namespace {

// A worker runs so many cases: what the plugin keeps from one to the next shows, what it leaks does
// not add up for ever, and a sequence is soon narrowed down.
constexpr std::size_t kFreshAfter = 1000;

// Cases that time something or load the machine run last and alone.
bool runs_alone(std::string_view id) {
  constexpr std::array<std::string_view, 7> kAreas{"device.", "memory.", "stream.", "thread.",
                                                   "leak.",   "cache.",  "value."};
  return std::any_of(kAreas.begin(), kAreas.end(), [&](std::string_view area) { return id.rfind(area, 0) == 0; });
}

// The operator of a case that could not say it itself.
std::string operator_named_in(std::string_view id) {
  const std::string_view kind = kind_of(id);
  if (const core::OpInfo* op = operator_of(kind)) return std::string(op->name);
  const std::size_t dot = kind.find('.');
  const std::string_view area = kind.substr(0, dot);
  return std::string(is_operator_area(area) && dot != kind.npos ? kind.substr(dot + 1) : area);
}

class Run {
 public:
  Run(const std::vector<std::string>& names, const RunOptions& options, Report& report)
      : names_(names),
        options_(options),
        report_(report),
        pool_(options.worker, names, Deadlines(options.deadline)),
        progress_(options.quiet, options.terminal, names.size()),
        verdicts_(names.size()) {
    pool_.when_opened([this](const Subject& plugin) {
      if (options_.on_open) error_ = options_.on_open(plugin);
      return error_.has_value();
    });
  }

  Result<void> all() {
    report_.planned = names_.size();
    Result<void> done = pass(false, options_.jobs);
    if (done && !enough()) done = pass(true, 1);
    if (done) done = confirm_failures();
    if (!done && pool_.opened() && error_) done = leave_rest(done.error());
    progress_.clear();
    report_.seconds = progress_.seconds();
    report_.interrupted = stop_requested();
    for (std::optional<CaseResult>& r : verdicts_) {
      if (r) report_.results.push_back(std::move(*r));
    }
    return done;
  }

 private:
  bool enough() const {
    return stop_requested() || !error_ || (options_.fail_fast > 0 && failed_.size() >= options_.fail_fast);
  }

  // The device went away for good: what was not run is not right.
  Result<void> leave_rest(const Error& why) {
    for (Outcome& o : failed_) stands(o.index, std::move(o.result));
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (verdicts_[i]) continue;
      CaseResult r;
      r.id = names_[i];
      r.op = operator_named_in(r.id);
      r.verdict = Verdict::not_run;
      r.text = why.message;
      stands(i, std::move(r));
    }
    return error_;
  }

  Result<void> pass(bool alone, unsigned jobs) {
    std::vector<std::size_t> cases;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (runs_alone(names_[i]) == alone) cases.push_back(i);
    }
    if (cases.empty() && pool_.opened()) return {};
    FG_TRY(pool_.run(cases, jobs, kFreshAfter, [&](Outcome o) { return take(std::move(o)); }));
    return error_;
  }

  bool take(Outcome o) {
    if (o.result.op.empty()) o.result.op = operator_named_in(o.result.id);
    progress_.show(finished_, failed_.size(), o.result.id);
    if (fails(o.result.verdict)) {
      failed_.push_back(std::move(o));
    } else {
      ++finished_;
      stands(o.index, std::move(o.result));
    }
    return !enough();
  }

  void stands(std::size_t index, CaseResult r) {
    if (fails(r.verdict)) progress_.clear();
    if (options_.on_result && error_) error_ = options_.on_result(r);
    verdicts_[index] = std::move(r);
  }

  Result<void> confirm_failures() {
    // A case that failed twice, in its own time and with its worker, counts once.
    std::stable_sort(failed_.begin(), failed_.end(),
                     [](const Outcome& a, const Outcome& b) { return a.index < b.index; });
    std::size_t confirmed = 0;
    for (std::size_t k = 0; k < failed_.size() && error_; ++k) {
      if (k + 1 < failed_.size() && failed_[k + 1].index == failed_[k].index) continue;
      progress_.show(finished_, failed_.size(), "again: " + failed_[k].result.id);
      CaseResult r = failed_[k].result;
      if (++confirmed <= options_.confirmed && !stop_requested()) r = confirm(pool_, names_, failed_[k]);
      if (r.op.empty()) r.op = failed_[k].result.op;
      stands(failed_[k].index, std::move(r));
    }
    return error_;
  }

  const std::vector<std::string>& names_;
  const RunOptions& options_;
  Report& report_;
  Pool pool_;
  Progress progress_;
  std::vector<std::optional<CaseResult>> verdicts_;
  std::vector<Outcome> failed_;
  std::size_t finished_ = 0;
  Result<void> error_;
};

}  // namespace

Result<void> run_cases(const std::vector<std::string>& names, const RunOptions& options, Report& report) {
  return Run(names, options, report).all();
}

}  // namespace fg::conformance
