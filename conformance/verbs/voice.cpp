// SPDX-License-Identifier: Apache-2.0

#include "conformance/verbs/voice.hpp"

#include <algorithm>

namespace fg::conformance {
namespace {

std::string left_out_text(const Report& report) {
  if (report.left_out.empty()) return "";
  std::vector<std::pair<std::string, std::size_t>> rows(report.left_out.begin(), report.left_out.end());
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text = "left out for lack of an operator:\n";
  for (const auto& [op, n] : rows) text += "  " + std::to_string(n) + "  " + op + "\n";
  return text + "\n";
}

}  // namespace

Voice::Voice(const CommandLine& line, const Report& report)
    : report_(report), style_{wants_color(line), line.verbose}, quiet_(line.quiet) {
  const auto documents = {line.json, line.junit, line.markdown, line.html};
  stream_ = std::find(documents.begin(), documents.end(), "-") != documents.end() ? stderr : stdout;
}

void Voice::say(const std::string& text) const {
  std::fwrite(text.data(), 1, text.size(), stream_);
  std::fflush(stream_);  // a run that is killed has said what it found
}

void Voice::begin() const { say(header(report_, style_)); }

void Voice::result(const CaseResult& r) const {
  if (fails(r.verdict))
    say(failure(r, report_, style_) + "\n");
  else if (style_.verbose)
    say(std::string(name(r.verdict)) + " " + r.id + "\n");
}

void Voice::end(const std::string& waived) const {
  if (!quiet_) say(left_out_text(report_) + table(report_, style_) + "\n");
  if (!waived.empty()) say(waived);
  say(closing(report_, style_));
}

int tell(const CommandLine& line, const Report& report) {
  const Voice voice(line, report);
  voice.begin();
  for (const CaseResult& r : report.results) voice.result(r);
  voice.end();
  return write_reports(line, report);
}

}  // namespace fg::conformance
