// SPDX-License-Identifier: Apache-2.0
//
// The journal of a run: a line of JSON for its subject, one for every verdict as it falls, one for
// the end.  Lines are only ever appended.  Each ends in a SHA-256 over the previous line's and its own
// text, so that a file that was cut, reordered or edited is seen to be.
//
//   {"journal":1,"started":"2027-01-31T12:00:00Z","subject":{...},"chain":"<64 hex digits>"}
//   {"id":"op.add/...","verdict":"PASS",...,"chain":"..."}
//   {"end":{"seconds":12.5,"interrupted":false,"left_out":{}},"chain":"..."}

#ifndef FG_CONFORMANCE_JOURNAL_JOURNAL_HPP_
#define FG_CONFORMANCE_JOURNAL_JOURNAL_HPP_

#include <string>
#include <string_view>

#include "conformance/report/report.hpp"

namespace fg::conformance {

struct Journal {
  // Subject, results in the order of the file, seconds, left_out, interrupted.
  Report report;
  std::string started;    // when the first part of the run began, UTC
  std::string head;       // chain of the last line
  std::size_t lines = 0;  // whole ones
  bool ended = false;     // its last line is an end
  std::size_t bytes = 0;  // of the whole lines: what follows was cut off while it was written
};

// FG_E_NOT_FOUND, or FG_E_INVALID with the number of the line that is wrong and how.  A last line
// without its end is not an error: a process was killed while it wrote.
Result<Journal> read_journal(const std::string& path);
Result<Journal> parse_journal(std::string_view text);

class JournalWriter {
 public:
  JournalWriter() = default;  // writes nowhere
  JournalWriter(JournalWriter&& o) noexcept;
  JournalWriter& operator=(JournalWriter&& o) noexcept;
  ~JournalWriter();

  // A new file: FG_E_INVALID when there is one of this name.
  static Result<JournalWriter> create(const std::string& path, const Subject& subject);
  // Appends to what `journal` was read from, after cutting off an unfinished line.
  static Result<JournalWriter> resume(const std::string& path, const Journal& journal);

  // One write each: a kill loses the last line at most.
  Result<void> add(const CaseResult& result);
  Result<void> end(const Report& report);
  const std::string& head() const { return chain_; }

 private:
  Result<void> append(std::string body);

  std::string path_, chain_;
  int fd_ = -1;
};

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_JOURNAL_JOURNAL_HPP_
