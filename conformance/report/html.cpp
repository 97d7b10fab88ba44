// SPDX-License-Identifier: Apache-2.0
//
// The report as one page that loads nothing: its policy forbids it, and any script but its own.

#include <fmt/format.h>

#include "conformance/report/html_parts.hpp"
#include "conformance/report/markup.hpp"

namespace fg::conformance {
namespace {

std::string head(const Report& report) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src "
      "'{}'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>fg-conformance: {} on {}</title>\n<style>{}</style></head><body>\n",
      html::script_hash(), escaped(report.subject.vendor), escaped(report.subject.device), html::style());
}

std::string verdict(const Report& report) {
  const Counts c = count(report.results);
  const bool good = conformant(report);
  std::string text = fmt::format("<header><h1>fg-conformance: {}</h1>\n<p class=\"verdict {}\" id=\"verdict\">{}</p>\n",
                                 escaped(report.subject.vendor), good ? "pass" : "fail",
                                 report.interrupted ? "✗ Interrupted"
                                 : good             ? "✓ Conformant"
                                                    : "✗ Not conformant");
  text += fmt::format("<p>{} passed, {} failed, {} neutral; {} of {} cases ran in {:.1f} s.</p></header>\n", c.passed,
                      c.failed, c.neutral, c.run(), report.planned, report.seconds);
  return text;
}

std::string environment(const Report& report) {
  std::string text = "<section id=\"environment\"><h2>What was judged</h2>\n<dl>\n";
  for (const auto& [label, value] : facts(report.subject))
    text += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(label), escaped(value));
  return text + "</dl></section>\n";
}

}  // namespace

std::string to_html(const Report& report) {
  const Summary s = summarise(report);
  return head(report) + verdict(report) + html::verdict_totals(s) + environment(report) + html::failures(s, report) +
         html::matrix(s) + html::histograms(s) + html::timings(s, report) + html::left_out(report) +
         fmt::format("<script>{}</script>\n</body></html>\n", html::script());
}

}  // namespace fg::conformance
