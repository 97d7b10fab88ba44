// SPDX-License-Identifier: Apache-2.0
//
// merge.

#include "conformance/journal/merge.hpp"

#include "conformance/verbs/voice.hpp"

namespace fg::conformance {
namespace {

Result<Report> merged(const CommandLine& line) {
  std::vector<Journal> journals;
  for (const std::string& path : line.files) {
    FG_TRY_ASSIGN(Journal j, read_journal(path));
    journals.push_back(std::move(j));
  }
  FG_TRY_ASSIGN(const Selection plan, plan_of(journals.front().report.subject));
  return merge(journals, plan.names);
}

Result<void> write_journal(const std::string& path, const Report& report) {
  FG_TRY_ASSIGN(JournalWriter writer, JournalWriter::create(path, report.subject));
  for (const CaseResult& r : report.results) FG_TRY(writer.add(r));
  return writer.end(report);
}

}  // namespace

int merge_verb(const CommandLine& line) {
  const Result<Report> report = merged(line);
  if (!report) return complain(report.error());
  if (!line.journal.empty()) {
    if (const Result<void> written = write_journal(line.journal, *report); !written) return complain(written.error());
  }
  return tell(line, *report);
}

}  // namespace fg::conformance
