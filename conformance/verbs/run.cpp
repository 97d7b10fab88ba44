// SPDX-License-Identifier: Apache-2.0
//
// run and repro.

#include "conformance/controller/run.hpp"

#include <unistd.h>

#include <set>

#include "conformance/cases/case.hpp"
#include "conformance/journal/merge.hpp"
#include "conformance/journal/selection.hpp"
#include "conformance/verbs/voice.hpp"

namespace fg::conformance {
namespace {

// A run with its journal.
class Session {
 public:
  Session(const CommandLine& line, Selection selection, Shard shard)
      : line_(line), selection_(std::move(selection)), voice_(line, report_) {
    report_.subject = suite_subject();
    report_.left_out = selection_.left_out;
    Subject& s = report_.subject;
    s.spec = line.plugin;
    s.profile = line.profile;
    s.tier = line.golden.empty() ? line.tier : line.golden;
    s.filters = line.filters;
    s.seed = line.seed;
    s.plan_root = root_of(selection_.names);
    s.planned = selection_.names.size();
    s.shard = shard.number;
    s.shards = shard.of;
    for (std::string& n : selection_.names) {
      if (in_shard(n, shard)) names_.push_back(std::move(n));
    }
  }

  int run() {
    if (Result<void> read = read_earlier(); !read) return complain(read.error());
    RunOptions options;
    options.worker = {line_.plugin, line_.golden, {}, line_.profile};
    options.jobs = line_.jobs;
    options.fail_fast = line_.fail_fast;
    options.deadline = std::chrono::milliseconds(static_cast<std::int64_t>(line_.deadline * 1000));
    options.quiet = line_.quiet;
    options.terminal = isatty(STDERR_FILENO) != 0;
    options.on_open = [this](const Subject& plugin) { return open(plugin); };
    options.on_result = [this](const CaseResult& r) {
      voice_.result(r);
      return journal_.add(r);
    };
    const Result<void> done = run_cases(left_to_run(), options, report_);
    if (!done) return complain(done.error());
    return finish();
  }

 private:
  Result<void> read_earlier() {
    if (!line_.resume) return {};
    if (line_.journal.empty()) return invalid("--resume needs the --journal that it continues");
    FG_TRY_ASSIGN(earlier_, read_journal(line_.journal));
    return {};
  }

  std::vector<std::string> left_to_run() const {
    std::set<std::string_view> judged;
    for (const CaseResult& r : earlier_.report.results) judged.insert(r.id);
    std::vector<std::string> left;
    for (const std::string& n : names_) {
      if (judged.count(n) == 0) left.push_back(n);
    }
    return left;
  }

  Result<void> open(const Subject& plugin) {
    describe_plugin(report_.subject, plugin);
    voice_.begin();
    if (line_.journal.empty()) return {};
    if (!line_.resume) {
      FG_TRY_ASSIGN(journal_, JournalWriter::create(line_.journal, report_.subject));
      return {};
    }
    if (earlier_.report.subject != report_.subject)
      return invalid("the journal " + line_.journal +
                     " is of another plugin, device, suite or selection: it cannot be continued");
    FG_TRY_ASSIGN(journal_, JournalWriter::resume(line_.journal, earlier_));
    return {};
  }

  // Verdicts of the report change; the journal keeps what was seen.
  Result<std::string> waive() {
    if (line_.waivers.empty()) return std::string();
    FG_TRY_ASSIGN(const std::vector<WaiverUse> uses, waivers_used(line_.waivers, report_));
    return text_of(uses);
  }

  int finish() {
    if (Result<void> ended = journal_.end(report_); !ended) return complain(ended.error());
    report_.results.insert(report_.results.begin(), earlier_.report.results.begin(), earlier_.report.results.end());
    report_.seconds += earlier_.report.seconds;
    report_.planned = names_.size();
    if (Result<Verdicts> ordered = in_order(report_.results, names_)) report_.results = std::move(ordered->results);
    const Result<std::string> waived = waive();
    if (!waived) return complain(waived.error());
    voice_.end(*waived);
    return write_reports(line_, report_);
  }

  const CommandLine& line_;
  Selection selection_;
  std::vector<std::string> names_;  // of the shard
  Report report_;
  Voice voice_;
  Journal earlier_;
  JournalWriter journal_;
};

Result<Selection> selection_of(const CommandLine& line) {
  if (line.verb != "repro") return select_cases(line.tier, line.golden, line.filters, line.seed);
  Selection s;
  for (const std::string& id : line.ids) {
    FG_TRY(parse_case(id));
    s.names.push_back(id);
  }
  return s;
}

}  // namespace

int run_verb(const CommandLine& line) {
  const std::optional<Shard> shard = parse_shard(line.shard);
  if (!shard) return complain("--shard " + line.shard + ": expected i/n with 1 <= i <= n", kUsage);
  Result<Selection> selection = selection_of(line);
  if (!selection) return complain(selection.error().message, kUsage);
  if (selection->names.empty() && selection->left_out.empty())
    return complain("the filter selected nothing", kNothingSelected);
  return Session(line, std::move(*selection), *shard).run();
}

}  // namespace fg::conformance
