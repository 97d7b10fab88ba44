// SPDX-License-Identifier: Apache-2.0
//
// The failures, each with all that is known about it.

#include <fmt/format.h>

#include <algorithm>

#include "conformance/report/html_parts.hpp"
#include "conformance/report/markup.hpp"

namespace fg::conformance::html {
namespace {

constexpr std::size_t kShown = 500;
constexpr std::size_t kOpen = 3;

std::string mismatch(const Mismatch& m) {
  std::string text = fmt::format(
      "<p>{} of {} elements of output {} ({}) differ; the worst is {}.</p>\n<table class=\"numbers\">"
      "<tr><th scope=\"row\">got</th><td>{}</td></tr><tr><th scope=\"row\">want</th><td>{}</td></tr>"
      "<tr><th scope=\"row\">|error|</th><td>{:.3g}</td></tr><tr><th "
      "scope=\"row\">allowed</th><td>{:.3g}</td></tr></table>\n",
      m.bad, m.total, m.output, reference::name(m.type), escaped(index_text(m.index)),
      escaped(number_text(m.type, m.got)), escaped(number_text(m.type, m.want)), static_cast<double>(m.error),
      static_cast<double>(m.allowed));
  if (!m.pattern.empty()) text += fmt::format("<p>Pattern: <b>{}</b></p>\n", escaped(m.pattern));
  return text;
}

std::string sequence(const std::vector<std::string>& ids) {
  std::string text = "<p>Fails in this order, this case last:</p>\n<ol>\n";
  for (const std::string& id : ids) text += fmt::format("<li><code>{}</code></li>\n", escaped(id));
  return text + "</ol>\n";
}

std::string one(const CaseResult& r, const Report& report, bool open) {
  std::string text = fmt::format(
      "<details class=\"failure\" data-name=\"{0}\"{1}><summary><b class=\"{2}\">{3}</b> <code>{0}</code> <span "
      "class=\"note\">{4:.1f} ms</span></summary>\n",
      escaped(r.id), open ? " open" : "", severe(r.verdict) ? "severe" : "fail", name(r.verdict), r.milliseconds);
  if (!r.text.empty()) text += fmt::format("<p>{}</p>\n", escaped(r.text));
  if (!r.phase.empty()) text += fmt::format("<p>During: <b>{}</b></p>\n", escaped(r.phase));
  if (!r.sequence.empty()) text += sequence(r.sequence);
  if (r.mismatch) {
    const std::string map = heat_map(r.mismatch->map);
    text += "<div class=\"numbers-and-map\"><div>" + mismatch(*r.mismatch) + "</div>" + map + "</div>\n";
  }
  return text + fmt::format("<pre class=\"reproduce\">{}</pre></details>\n", escaped(reproduce_line(r, report)));
}

}  // namespace

std::string failures(const Summary& s, const Report& report) {
  if (s.failures.empty()) return "";
  const std::size_t shown = std::min(kShown, s.failures.size());
  std::string text = fmt::format("<section id=\"failures\"><h2>{} failures</h2>\n", s.failures.size());
  if (shown < s.failures.size()) {
    text += fmt::format("<p>The first {} are listed; {} more are in the JSON report.</p>\n", shown,
                        s.failures.size() - shown);
  }
  text +=
      "<p class=\"controls\"><label>Case <input type=\"search\" id=\"failure-filter\"></label> "
      "<span id=\"failure-count\" class=\"note\" aria-live=\"polite\"></span></p>\n" +
      heat_map_legend();
  for (std::size_t i = 0; i < shown; ++i) text += one(*s.failures[i], report, i < kOpen);
  return text + "</section>\n";
}

}  // namespace fg::conformance::html
