// SPDX-License-Identifier: Apache-2.0
//
// The report as Markdown, short enough for a comment in a pull request.

#include <fmt/format.h>

#include <algorithm>

#include "conformance/report/summary.hpp"

namespace fg::conformance {
namespace {

constexpr std::size_t kFailures = 50;

std::size_t longest_run_of(char c, std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char x : text) {
    run = x == c ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

// Text as code: nothing in it is markup, whatever it holds.
std::string code(std::string_view text) {
  const std::string fence(longest_run_of('`', text) + 1, '`');
  std::string inside;
  for (const char c : text) {
    if (c == '|') inside += '\\';  // a cell of a table ends at a bare one, also inside of code
    inside += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return fence + " " + inside + " " + fence;
}

std::string block(const std::string& text) {
  const std::string fence(std::max<std::size_t>(3, longest_run_of('`', text) + 1), '`');
  return fence + "text\n" + text + (text.ends_with('\n') ? "" : "\n") + fence + "\n";
}

std::string verdict_words(const std::map<Verdict, std::size_t>& verdicts) {
  std::string text;
  for (const auto& [verdict, n] : verdicts) {
    if (fails(verdict)) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, name(verdict));
  }
  return text;
}

std::string totals(const Report& report, const Summary& s) {
  const Counts c = count(report.results);
  std::string text =
      fmt::format("## fg-conformance: {}\n\n{} passed, {} failed, {} neutral; {} of {} cases ran in {:.1f} s.\n\n",
                  report.interrupted   ? "interrupted"
                  : conformant(report) ? "conformant"
                                       : "not conformant",
                  c.passed, c.failed, c.neutral, c.run(), report.planned, report.seconds);
  text += "| verdict | cases |\n|---|---:|\n";
  for (const auto& [verdict, n] : s.verdicts) text += fmt::format("| {} | {} |\n", name(verdict), n);
  return text + "\n";
}

std::string operators(const Summary& s) {
  std::string rows;
  for (const OperatorSummary& op : s.operators) {
    if (op.counts.failed > 0)
      rows += fmt::format("| {} | {} | {} | {} |\n", code(op.name), op.counts.passed, op.counts.failed,
                          verdict_words(op.verdicts));
  }
  if (rows.empty()) return "";
  return "### Operators with failures\n\n| operator | passed | failed | verdicts |\n|---|---:|---:|---|\n" + rows +
         "\n";
}

std::string accuracy(const Report& report) {
  std::string rows;
  for (const auto& [op, accuracy] : accuracy_classes(report.results))
    rows += fmt::format("| {} | {} |\n", code(op), code(accuracy));
  return rows.empty() ? "" : "### Accuracy classes\n\n| operator | class |\n|---|---|\n" + rows + "\n";
}

std::string failures(const Report& report, const Summary& s) {
  if (s.failures.empty()) return "";
  std::string text = "### Failures\n\n";
  const std::size_t shown = std::min(kFailures, s.failures.size());
  for (std::size_t i = 0; i < shown; ++i) text += block(failure(*s.failures[i], report, {}));
  if (shown < s.failures.size()) text += fmt::format("\n{} more are not shown.\n", s.failures.size() - shown);
  return text + "\n";
}

std::string environment(const Report& report) {
  std::string text = "### Environment\n\n| | |\n|---|---|\n";
  for (const auto& [label, value] : facts(report.subject)) text += fmt::format("| {} | {} |\n", label, code(value));
  return text;
}

}  // namespace

std::string to_markdown(const Report& report) {
  const Summary s = summarise(report);
  return totals(report, s) + operators(s) + accuracy(report) + failures(report, s) + environment(report);
}

}  // namespace fg::conformance
