// SPDX-License-Identifier: Apache-2.0

#include "conformance/report/diff.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace fg::conformance {
namespace {

CaseResult result(std::string id, Verdict verdict, double ratio = 0, double milliseconds = 1) {
  CaseResult r;
  r.id = std::move(id);
  r.op = r.id.substr(0, 1);
  r.verdict = verdict;
  r.ratio = ratio;
  r.milliseconds = milliseconds;
  return r;
}

Report before() {
  Report r;
  r.subject.vendor = "acme";
  r.subject.plugin_version = "1.0";
  r.subject.tier = "quick";
  r.results = {result("a1", Verdict::pass, 0.1),  result("a2", Verdict::fail), result("a3", Verdict::pass, 0.001),
               result("b1", Verdict::fail),       result("b2", Verdict::pass), result("b3", Verdict::not_claimed),
               result("b4", Verdict::pass),       result("c1", Verdict::pass), result("d1", Verdict::pass, 0, 100),
               result("d1", Verdict::pass, 0, 10)};
  return r;
}

Report after() {
  Report r = before();
  r.subject.plugin_version = "2.0";
  r.results = {
      result("a1", Verdict::pass, 0.3), result("a2", Verdict::pass),        result("a3", Verdict::pass, 0.009),
      result("b1", Verdict::crash),     result("b2", Verdict::not_claimed), result("b3", Verdict::fail),
      result("b4", Verdict::resource),  result("e1", Verdict::fail),        result("d1", Verdict::pass, 0, 30)};
  return r;
}

std::vector<std::string> ids(const std::vector<CaseChange>& changes) {
  std::vector<std::string> all;
  for (const CaseChange& c : changes) all.push_back(c.id);
  return all;
}

TEST(Diff, SortsChangesByWhatTheyMean) {
  const Diff d = diff(before(), after());
  EXPECT_EQ(d.common, 8u);
  EXPECT_EQ(ids(d.regressions), (std::vector<std::string>{"b1", "b2", "b3"}));
  EXPECT_EQ(ids(d.improvements), (std::vector<std::string>{"a2"}));
  EXPECT_EQ(ids(d.others), (std::vector<std::string>{"b4"}));
  EXPECT_EQ(ids(d.ratios), (std::vector<std::string>{"a1"})) << "a3 uses too little of its bound to count";
  ASSERT_EQ(d.only_before.size(), 1u);
  EXPECT_EQ(d.only_before[0].id, "c1");
  ASSERT_EQ(d.only_after.size(), 1u);
  EXPECT_EQ(d.only_after[0].id, "e1");
}

TEST(Diff, ARunDoesNotDifferFromItself) {
  const Diff d = diff(before(), before());
  EXPECT_EQ(d.common, 9u);
  EXPECT_EQ(diff_text(d, before(), before()), "9 cases in both: 0 regressions, 0 improvements (exit 0)\n");
}

TEST(Diff, TextForPeople) {
  EXPECT_EQ(diff_text(diff(before(), after()), before(), after()),
            "Plugin: acme 1.0 -> acme 2.0\n\n"
            "3 regressions\n  FAIL -> CRASH  b1\n  PASS -> NOT_CLAIMED  b2\n  NOT_CLAIMED -> FAIL  b3\n\n"
            "1 improvements\n  FAIL -> PASS  a2\n\n"
            "1 other changes of verdict\n  PASS -> RESOURCE  b4\n\n"
            "1 passing cases whose error more than doubled or halved\n  0.1 -> 0.3 of what is allowed  a1\n\n"
            "1 cases in the first run alone\n  PASS  c1\n\n"
            "1 cases in the second run alone\n  FAIL  e1\n\n"
            "1 operators with another time\n  10.0 ms -> 30.0 ms (3.00x)  d\n\n"
            "8 cases in both: 3 regressions, 1 improvements (exit 1)\n");
}

TEST(Diff, Json) {
  const auto j = nlohmann::json::parse(diff_json(diff(before(), after()), before(), after()));
  EXPECT_EQ(j["regressions"].size(), 3u);
  EXPECT_EQ(j["regressions"][0]["after"], "CRASH");
  EXPECT_EQ(j["subject"][0]["what"], "Plugin");
  EXPECT_EQ(j["times"][0]["op"], "d");
  EXPECT_EQ(j["times"][0]["ms_after"], 30);
  EXPECT_EQ(j["only_after"][0]["verdict"], "FAIL");
}

}  // namespace
}  // namespace fg::conformance
