// SPDX-License-Identifier: Apache-2.0
//
// The outcome of a run, in memory, and its forms.  Every writer is a pure function of the report.

#ifndef FG_CONFORMANCE_REPORT_REPORT_HPP_
#define FG_CONFORMANCE_REPORT_REPORT_HPP_

#include <map>
#include <string>
#include <vector>

#include "conformance/report/subject.hpp"
#include "conformance/runner/judge.hpp"

namespace fg::conformance {

struct Report {
  Subject subject;
  std::size_t planned = 0;  // cases of this run: of its shard
  std::vector<CaseResult> results;
  std::map<std::string, std::size_t> left_out;  // of a corpus: operators that the catalogue lacks
  double seconds = 0;
  bool interrupted = false;
};

struct Counts {
  std::size_t passed = 0, warned = 0, failed = 0, severe = 0, neutral = 0;
  std::size_t run() const { return passed + failed + neutral; }
  void add(Verdict v);
};
Counts count(const std::vector<CaseResult>& results);
// Whether the run says so: nothing failed, and nothing was left undone.
bool conformant(const Report& report);
// Operators whose cases were judged by another accuracy class than the standard one, and which.
std::map<std::string, std::string> accuracy_classes(const std::vector<CaseResult>& results);
// "2 FAIL, 1 OOB_WRITE": what failed, most frequent first.
std::string failures_by_verdict(const std::vector<CaseResult>& results);

std::string to_json(const Report& report);      // json.cpp: one document
std::string to_junit(const Report& report);     // junit.cpp: one suite per operator
std::string to_markdown(const Report& report);  // markdown.cpp: for a pull request
std::string to_html(const Report& report);      // html.cpp: one page that needs nothing else

// Of a device without FG_D_DENORMALS.
inline constexpr std::string_view kFlushes = "subnormal f32 numbers are flushed to zero, and bounds allow for it";

// terminal.cpp
struct Style {
  bool color = false;
  bool verbose = false;  // every case
};
std::string header(const Report& report, const Style& style);
std::string table(const Report& report, const Style& style);  // one line per operator
std::string failure(const CaseResult& result, const Report& report, const Style& style);
std::string closing(const Report& report, const Style& style);
// The command that runs this case again.
std::string reproduce_line(const CaseResult& result, const Report& report);
std::string index_text(const std::vector<std::int64_t>& index);  // "[1, 2]"
// A number as people read it, and its bits when it is a float.
std::string number_text(reference::Type type, reference::Real x);

// report/glob.cpp: * any text, ? one character; everything else is itself.
bool glob_matches(std::string_view pattern, std::string_view text);
// Patterns with ! in front exclude; without any that includes, all are included.
bool selected(const std::vector<std::string>& patterns, std::string_view id);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_REPORT_REPORT_HPP_
