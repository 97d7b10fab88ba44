// SPDX-License-Identifier: Apache-2.0
//
// Tables of the page.

#include <fmt/format.h>

#include <algorithm>

#include "conformance/report/html_parts.hpp"
#include "conformance/report/markup.hpp"

namespace fg::conformance::html {
namespace {

struct Mark {
  const char* style;  // class, which decides the colour
  const char* sign;   // and what says the same without colour
  const char* word;
};
constexpr Mark kPass{"pass", "✓", "all pass"};
constexpr Mark kWarn{"warn", "≈", "all pass, some beyond the statistical bound"};
constexpr Mark kFail{"fail", "✗", "some fail"};
constexpr Mark kSevere{"severe", "‼", "some fail severely: memory or processes were harmed"};
constexpr Mark kNeutral{"neutral", "–", "not claimed, waived or out of memory"};

Mark mark_of(const Counts& c) {
  if (c.severe > 0) return kSevere;
  if (c.failed > 0) return kFail;
  if (c.warned > 0) return kWarn;
  return c.passed > 0 ? kPass : kNeutral;
}

std::string cell(const Counts& c) {
  const Mark m = mark_of(c);
  const std::string numbers = c.failed > 0 ? fmt::format("{}/{}", c.failed, c.run()) : std::to_string(c.run());
  return fmt::format("<td class=\"{}\" title=\"{} passed, {} failed, {} neutral\">{} {}</td>", m.style, c.passed,
                     c.failed, c.neutral, m.sign, numbers);
}

std::string matrix_row(const OperatorSummary& op, const std::vector<std::string>& dtypes) {
  const std::string accuracy = op.accuracy.empty() ? "" : fmt::format(" <small>class {}</small>", escaped(op.accuracy));
  std::string row =
      fmt::format("<tr data-name=\"{0}\" data-failed=\"{1}\"><th scope=\"row\" title=\"{0}\">{0}{2}</th>{3}",
                  escaped(op.name), op.counts.failed, accuracy, cell(op.counts));
  for (const std::string& d : dtypes) {
    const auto found = op.by_dtype.find(d);
    row += found == op.by_dtype.end() ? "<td></td>" : cell(found->second);
  }
  return row + "</tr>\n";
}

std::string legend() {
  std::string text = "<p class=\"legend\">";
  for (const Mark& m : {kPass, kWarn, kFail, kSevere, kNeutral})
    text += fmt::format("<span><b class=\"{}\">{}</b> {}</span> ", m.style, m.sign, m.word);
  return text + "A cell counts its cases; of failing ones it says how many of how many.</p>\n";
}

std::string_view style_of(Verdict v) {
  return severe(v)                    ? "severe"
         : fails(v)                   ? "fail"
         : v == Verdict::quality_warn ? "warn"
         : passes(v)                  ? "pass"
                                      : "neutral";
}

}  // namespace

std::string verdict_totals(const Summary& s) {
  std::string text = "<ul class=\"totals\" id=\"totals\">\n";
  for (const auto& [verdict, n] : s.verdicts)
    text += fmt::format("<li class=\"{}\"><b>{}</b> {}</li>\n", style_of(verdict), n, name(verdict));
  return text + "</ul>\n";
}

std::string matrix(const Summary& s) {
  std::string head = "<tr><th scope=\"col\">operator</th><th scope=\"col\">all</th>";
  for (const std::string& d : s.dtypes) head += fmt::format("<th scope=\"col\">{}</th>", escaped(d));
  std::string text = "<section id=\"matrix\"><h2>Operators by dtype</h2>\n" + legend() +
                     "<p class=\"controls\"><label>Operator <input type=\"search\" id=\"operator-filter\"></label> "
                     "<label><input type=\"checkbox\" id=\"failed-only\"> with failures only</label></p>\n"
                     "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"verdicts by operator and "
                     "dtype\"><table class=\"matrix\"><thead>" +
                     head + "</tr></thead><tbody>\n";
  for (const OperatorSummary& op : s.operators) text += matrix_row(op, s.dtypes);
  return text + "</tbody></table></div></section>\n";
}

std::string timings(const Summary& s, const Report& report) {
  constexpr std::size_t kRows = 20;
  std::vector<const OperatorSummary*> slowest;
  double all = 0;
  for (const OperatorSummary& op : s.operators) {
    slowest.push_back(&op);
    all += op.milliseconds;
  }
  std::ranges::stable_sort(slowest, std::greater{}, &OperatorSummary::milliseconds);
  slowest.resize(std::min(kRows, slowest.size()));
  std::string rows;
  for (const OperatorSummary* op : slowest) {
    const auto n = static_cast<double>(op->counts.run());
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{:.2f} s</td><td>{:.0f} %</td><td>{:.2f} ms</td><td>{:.1f} "
        "ms</td><td class=\"id\"><code>{}</code></td></tr>\n",
        escaped(op->name), op->counts.run(), op->milliseconds / 1000, all > 0 ? 100 * op->milliseconds / all : 0,
        op->milliseconds / n, op->slowest, escaped(op->slowest_id));
  }
  return fmt::format(
             "<section id=\"timings\"><h2>Time</h2>\n<p>{} cases in {:.1f} s, {:.0f} a second; the cases themselves "
             "took {:.1f} s. The {} operators that took longest:</p>\n",
             report.results.size(), report.seconds,
             static_cast<double>(report.results.size()) / std::max(report.seconds, 1e-3), all / 1000, slowest.size()) +
         "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"time by operator\"><table "
         "class=\"plain\"><thead><tr><th scope=\"col\">operator</th><th scope=\"col\">cases</th>"
         "<th scope=\"col\">all</th><th scope=\"col\">share</th><th scope=\"col\">a case</th><th "
         "scope=\"col\">slowest</th><th scope=\"col\" class=\"id\">which</th></tr></thead><tbody>\n" +
         rows + "</tbody></table></div></section>\n";
}

std::string left_out(const Report& report) {
  if (report.left_out.empty()) return "";
  std::vector<std::pair<std::string, std::size_t>> rows(report.left_out.begin(), report.left_out.end());
  std::ranges::stable_sort(rows, std::greater{}, &std::pair<std::string, std::size_t>::second);
  std::string text = "<section id=\"left-out\"><h2>Left out for lack of an operator</h2>\n<ul class=\"columns\">\n";
  for (const auto& [op, n] : rows) text += fmt::format("<li><b>{}</b> {}</li>\n", n, escaped(op));
  return text + "</ul></section>\n";
}

}  // namespace fg::conformance::html
