// SPDX-License-Identifier: Apache-2.0
//
// The report as pages: what they hold, that no text of a plugin becomes markup, and their size.

#include <gtest/gtest.h>

#include "conformance/report/markup.hpp"
#include "conformance/report/summary.hpp"
#include "sample_report.hpp"

namespace fg::conformance {
namespace {

std::size_t occurrences(const std::string& text, std::string_view word) {
  std::size_t n = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
  return n;
}

TEST(Markup, EscapesWhatLeavesTextOrAttributes) {
  EXPECT_EQ(escaped("<a b='c' d=\"e\">&\n\t\x01\xC3\xA9"),
            "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;&#10;&#9;?\xC3\xA9");
}

TEST(Histogram, BarsAreFactorsOfTwo) {
  Histogram h;
  h.add(0);
  h.add(1);
  h.add(0.51);
  h.add(0.5);
  h.add(1e-30);
  EXPECT_EQ(h.cases.front(), 1u);
  EXPECT_EQ(h.cases[Histogram::kBars - 1], 2u);
  EXPECT_EQ(h.cases[Histogram::kBars - 2], 1u);
  EXPECT_EQ(h.cases[1], 1u);
  EXPECT_EQ(h.total(), 5u);
}

TEST(Summary, DtypeIsThatOfTheFirstTensor) {
  CaseResult r;
  r.id = "op.add/self=bf16:3,other=f32:3/real/out#0";
  EXPECT_EQ(dtype_of(r), "bf16");
  r.id = "aten::add.Tensor/3";
  EXPECT_EQ(dtype_of(r), kNoDtype);
}

TEST(Summary, CountsOnce) {
  const Report report = sample_report();
  const Summary s = summarise(report);
  const Counts all = count(report.results);
  std::size_t by_dtype = 0;
  std::size_t by_verdict = 0;
  for (const OperatorSummary& op : s.operators) {
    for (const auto& [dtype, c] : op.by_dtype) by_dtype += c.run();
  }
  for (const auto& [verdict, n] : s.verdicts) by_verdict += n;
  EXPECT_EQ(by_dtype, report.results.size());
  EXPECT_EQ(by_verdict, report.results.size());
  EXPECT_EQ(s.failures.size(), all.failed);
  EXPECT_EQ(s.all.total(), all.passed);
}

TEST(Html, HoldsWhatARunHas) {
  const Report report = sample_report();
  const std::string page = to_html(report);
  for (const char* id : {"verdict", "totals", "environment", "failures", "matrix", "histograms", "timings", "left-out"})
    EXPECT_EQ(occurrences(page, std::string("id=\"") + id + "\""), 1u) << id;
  EXPECT_NE(page.find("Not conformant"), std::string::npos);
  EXPECT_NE(page.find(report.subject.plugin_sha256), std::string::npos);
  EXPECT_EQ(occurrences(page, "<details class=\"failure\""), count(report.results).failed);
  EXPECT_NE(page.find(escaped(reproduce_line(report.results.front(), report))), std::string::npos);
  EXPECT_NE(page.find("<path class=\"h6\""), std::string::npos) << "a map with NaN";
}

TEST(Html, TextsOfAPluginStayText) {
  const std::string page = to_html(sample_report());
  EXPECT_EQ(occurrences(page, "<script"), 1u);
  EXPECT_EQ(occurrences(page, "<img"), 0u);
  EXPECT_EQ(occurrences(page, "onerror=alert(1)>"), 0u);
  EXPECT_GT(occurrences(page, "&lt;script&gt;"), 5u);
  EXPECT_EQ(occurrences(page, "http:") + occurrences(page, "https:"), 0u) << "nothing is loaded from elsewhere";
}

TEST(Html, ManyPassingCasesAddNothing) {
  Report report = sample_report();
  const std::string small = to_html(report);
  const std::vector<CaseResult> once = report.results;
  for (int k = 0; k < 20; ++k) {
    for (const CaseResult& r : once) {
      if (passes(r.verdict)) report.results.push_back(r);
    }
  }
  EXPECT_LT(to_html(report).size(), small.size() * 11 / 10);
}

TEST(Html, ListsAtMostFiveHundredFailures) {
  Report report = sample_report();
  const CaseResult failed = report.results.front();
  report.results.assign(620, failed);
  const std::string page = to_html(report);
  EXPECT_EQ(occurrences(page, "<details class=\"failure\""), 500u);
  EXPECT_NE(page.find("120 more are in the JSON report"), std::string::npos);
}

TEST(Html, ACleanRunSaysSo) {
  Report report = sample_report();
  std::erase_if(report.results, [](const CaseResult& r) { return fails(r.verdict); });
  const std::string page = to_html(report);
  EXPECT_NE(page.find("✓ Conformant"), std::string::npos);
  EXPECT_EQ(page.find("id=\"failures\""), std::string::npos);
  report.interrupted = true;
  EXPECT_NE(to_html(report).find("✗ Interrupted"), std::string::npos);
}

TEST(Markdown, SaysVerdictFailuresAndEnvironment) {
  const Report report = sample_report();
  const std::string text = to_markdown(report);
  EXPECT_EQ(text.substr(0, 34), "## fg-conformance: not conformant\n");
  EXPECT_NE(text.find("| SHA-256 | ` " + report.subject.plugin_sha256 + " ` |"), std::string::npos);
  EXPECT_NE(text.find("reproduce: fg-conformance --plugin libfg_acme.so"), std::string::npos);
  EXPECT_LT(occurrences(text, "reproduce: "), 51u);
}

TEST(Markdown, TextsOfAPluginStayText) {
  Report report = sample_report();
  report.results.resize(1);
  report.results.front().text = "```\n<script>";
  const std::string text = to_markdown(report);
  EXPECT_NE(text.find("````text\n"), std::string::npos) << "the fence is longer than any in the text";
  EXPECT_NE(text.find("`` </pre>"), std::string::npos);
  EXPECT_EQ(text.find("onerror=alert(1)>`|&"), text.find("onerror=alert(1)>`|&", text.find("### Failures")))
      << "a bare | ends a cell";
}

}  // namespace
}  // namespace fg::conformance
