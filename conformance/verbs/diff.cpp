// SPDX-License-Identifier: Apache-2.0
//
// diff and report: what journals say.

#include "conformance/report/diff.hpp"

#include "conformance/journal/journal.hpp"
#include "conformance/verbs/voice.hpp"

namespace fg::conformance {
namespace {

// A journal in which the last verdict of every case stands once.
Result<Report> report_of(const std::string& path) {
  FG_TRY_ASSIGN(Journal j, read_journal(path));
  std::map<std::string_view, std::size_t> last;
  for (std::size_t i = 0; i < j.report.results.size(); ++i) last[j.report.results[i].id] = i;
  Report r = j.report;
  r.results.clear();
  for (std::size_t i = 0; i < j.report.results.size(); ++i) {
    if (last[j.report.results[i].id] == i) r.results.push_back(j.report.results[i]);
  }
  r.interrupted = r.interrupted || !j.ended;
  return r;
}

}  // namespace

int diff_verb(const CommandLine& line) {
  std::vector<Run> runs;
  for (const std::string& path : line.files) {
    Result<Report> r = report_of(path);
    if (!r) return complain(r.error());
    runs.push_back({r->subject, std::move(r->results)});
  }
  const Diff d = diff(runs[0], runs[1]);
  if (line.json != "-") out(diff_text(d, runs[0], runs[1]));
  if (!write_file(line.json, diff_json(d, runs[0], runs[1]))) return complain("cannot write " + line.json, kUsage);
  return d.regressions.empty() ? kConformant : kFailures;
}

int report_verb(const CommandLine& line) {
  const Result<Report> report = report_of(line.files.front());
  if (!report) return complain(report.error());
  const Voice voice(line, *report);
  voice.begin();
  for (const CaseResult& r : report->results) voice.result(r);
  voice.end();
  return write_reports(line, *report);
}

}  // namespace fg::conformance
