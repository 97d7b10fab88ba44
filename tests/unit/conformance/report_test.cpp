// SPDX-License-Identifier: Apache-2.0
//
// Reports as text: what a run with a failure looks like in each form.

#include "conformance/report/report.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace fg::conformance {
namespace {

Report sample() {
  Report r;
  r.subject.version = "0.1.0";
  r.subject.abi = "1.0";
  r.subject.operators = 46;
  r.subject.vendor = "acme";
  r.subject.plugin_version = "2.0";
  r.subject.build_id = "9f3c0000aabb";
  r.subject.device = "acme:0";
  r.subject.description = "Acme One";
  r.subject.spec = "libfg_acme.so";
  r.subject.tier = "quick";
  r.planned = 3;
  r.seconds = 1.5;
  CaseResult good;
  good.id = "op.add/self=f32:3,other=f32:3/real/out#0";
  good.op = "add";
  good.ratio = 0.25;
  good.milliseconds = 0.5;
  CaseResult bad = good;
  bad.id = "op.exp/self=f32:2x3/real/out#0";
  bad.op = "exp";
  bad.verdict = Verdict::fail;
  bad.mismatch = Mismatch{0, reference::Type::f32, {1, 2}, 0.5L, 0.25L, 0.25L, 1e-7L, 3, 6, "only in the last row"};
  CaseResult gap = good;
  gap.id = "claim.sort";
  gap.op = "claim";
  gap.verdict = Verdict::not_claimed;
  gap.text = "no kernel <yet>";
  r.results = {good, bad, gap};
  return r;
}

TEST(Report, FailureForPeople) {
  const Report r = sample();
  EXPECT_EQ(failure(r.results[1], r, {}),
            "FAIL op.exp/self=f32:2x3/real/out#0  0.5 ms\n"
            "     3 of 6 elements of output 0 (f32) differ; worst at [1, 2]\n"
            "       got 0.5 (0x1p-1)  want 0.25 (0x1p-2)  |error| 0.25  allowed 1e-07\n"
            "     pattern: only in the last row\n"
            "     reproduce: fg-conformance --plugin libfg_acme.so repro 'op.exp/self=f32:2x3/real/out#0'\n");
}

TEST(Report, HeaderTableAndClosing) {
  const Report r = sample();
  EXPECT_EQ(header(r, {}),
            "fg-conformance 0.1.0  ABI 1.0  catalogue 46 operators\n"
            "plugin  acme 2.0 (build 9f3c0000)   device  acme:0  Acme One\n\n");
  EXPECT_EQ(table(r, {}),
            "  add                                 1 pass\n"
            "  claim                               0 pass     1 not claimed\n"
            "  exp                                 0 pass     1 fail\n");
  EXPECT_EQ(closing(r, {}),
            "1 passed, 1 failed, 1 not claimed; 3 of 3 cases ran in 1.5 s (1 FAIL)   not conformant (exit 1)\n");
}

TEST(Report, SaysWhatIsNotUsual) {
  Report r = sample();
  EXPECT_EQ(header(r, {}).find("subnormal"), std::string::npos);
  EXPECT_EQ(to_markdown(r).find("subnormal"), std::string::npos);
  r.subject.flushes_subnormals = true;
  r.subject.profile = "llm";
  const std::string flushes(kFlushes);
  EXPECT_NE(header(r, {}).find("profile llm\n" + flushes + "\n\n"), std::string::npos);
  EXPECT_NE(to_markdown(r).find(flushes), std::string::npos);
  EXPECT_NE(to_html(r).find(flushes), std::string::npos);
  const auto j = nlohmann::json::parse(to_json(r));
  EXPECT_EQ(j["device"]["flushes_subnormals"], true);
  EXPECT_EQ(j["profile"], "llm");
  EXPECT_NE(reproduce_line(r.results.front(), r).find(" --profile llm repro "), std::string::npos);
}

TEST(Report, AccuracyClassesAreNamed) {
  Report r = sample();
  const std::string silent = table(r, {}) + to_markdown(r) + to_html(r);
  EXPECT_EQ(silent.find("class f32_rz"), std::string::npos);
  EXPECT_EQ(silent.find("Accuracy classes"), std::string::npos);
  r.results[0].accuracy = "f32_rz";
  r.results.push_back(r.results[0]);
  r.results.push_back(r.results[0]);
  r.results.back().accuracy = "tf32";
  EXPECT_NE(table(r, {}).find("add                                 3 pass  class f32_rz, tf32\n"), std::string::npos)
      << table(r, {});
  EXPECT_NE(
      to_markdown(r).find("### Accuracy classes\n\n| operator | class |\n|---|---|\n| ` add ` | ` f32_rz, tf32 ` |\n"),
      std::string::npos);
  EXPECT_NE(to_html(r).find("add <small>class f32_rz, tf32</small></th>"), std::string::npos);
  const auto j = nlohmann::json::parse(to_json(r));
  EXPECT_EQ(j["classes"], (nlohmann::json{{"add", "f32_rz, tf32"}}));
  EXPECT_EQ(j["cases"][0]["class"], "f32_rz");
}

TEST(Report, ColourIsNeverTheOnlyCarrier) {
  const Report r = sample();
  EXPECT_NE(closing(r, {true, false}).find("\033[31m1 passed, 1 failed\033[0m"), std::string::npos);
}

TEST(Report, GoldenCasesReproduceThroughTheCorpus) {
  Report r = sample();
  r.subject.tier = "golden/aten";
  r.results[1].id = "aten::exp.default/12";
  EXPECT_NE(failure(r.results[1], r, {})
                .find("fg-conformance --plugin libfg_acme.so --golden golden/aten -f 'aten::exp.default/12'"),
            std::string::npos);
}

TEST(Report, Json) {
  const auto j = nlohmann::json::parse(to_json(sample()));
  EXPECT_EQ(j["passed"], 1);
  EXPECT_EQ(j["failed"], 1);
  EXPECT_EQ(j["neutral"], 1);
  EXPECT_EQ(j["conformant"], false);
  EXPECT_EQ(j["cases"][1]["mismatch"]["got"], "0.5 (0x1p-1)");
  EXPECT_EQ(j["cases"][1]["mismatch"]["index"], (std::vector<int>{1, 2}));
  EXPECT_EQ(j["cases"][2]["verdict"], "NOT_CLAIMED");
}

TEST(Report, Junit) {
  const std::string xml = to_junit(sample());
  EXPECT_NE(xml.find("<testsuites name=\"fg-conformance\" tests=\"3\" failures=\"1\" time=\"1.500\">"),
            std::string::npos)
      << xml;
  EXPECT_NE(xml.find("<testcase classname=\"add\" name=\"op.add/self=f32:3,other=f32:3/real/out#0\" time=\"0.001\"/>"),
            std::string::npos)
      << xml;
  EXPECT_NE(xml.find("<failure type=\"FAIL\""), std::string::npos);
  EXPECT_NE(xml.find("<skipped message=\"NOT_CLAIMED: no kernel &lt;yet&gt;\"/>"), std::string::npos);
}

TEST(Glob, Matches) {
  EXPECT_TRUE(glob_matches("op.mm/*", "op.mm/self=f32:3x3"));
  EXPECT_TRUE(glob_matches("*bf16*", "op.mm/self=bf16:3x3"));
  EXPECT_FALSE(glob_matches("op.mm/*", "op.bmm/x"));
  EXPECT_TRUE(glob_matches("a?c*", "abcdef"));
  EXPECT_TRUE(selected({}, "x"));
  EXPECT_TRUE(selected({"op.*", "!*bf16*"}, "op.mm/f16"));
  EXPECT_FALSE(selected({"op.*", "!*bf16*"}, "op.mm/bf16"));
  EXPECT_TRUE(selected({"!*bf16*"}, "op.mm/f16"));
}

TEST(Numbers, IntegersKeepAllDigits) {
  EXPECT_EQ(number_text(reference::Type::i64, 9223372036854775807.0L), "9223372036854775807");
  EXPECT_EQ(number_text(reference::Type::f16, 0.5L), "0.5 (0x1p-1)");
  EXPECT_EQ(number_text(reference::Type::f32, NAN), "nan");
}

}  // namespace
}  // namespace fg::conformance
