// SPDX-License-Identifier: Apache-2.0
//
// diff and report: what journals say.

#include "conformance/report/diff.hpp"

#include "conformance/verbs/voice.hpp"

namespace fg::conformance {
int diff_verb(const CommandLine& line) {
  std::vector<Report> runs;
  for (const std::string& path : line.files) {
    Result<Journal> j = last_verdicts(path);
    if (!j) return complain(j.error());
    runs.push_back(std::move(j->report));
  }
  const Diff d = diff(runs[0], runs[1]);
  if (line.json != "-") out(diff_text(d, runs[0], runs[1]));
  if (!write_file(line.json, diff_json(d, runs[0], runs[1]))) return complain("cannot write " + line.json, kUsage);
  return d.regressions.empty() ? kConformant : kFailures;
}

int report_verb(const CommandLine& line) {
  const Result<Journal> journal = last_verdicts(line.files.front());
  if (!journal) return complain(journal.error());
  return tell(line, journal->report);
}

}  // namespace fg::conformance
