// SPDX-License-Identifier: Apache-2.0
//
// Every rule of a waiver file, and what applying it does to verdicts.

#include "conformance/waivers/waivers.hpp"

#include <gmock/gmock.h>

#include "core/config/date.hpp"

namespace fg::conformance {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kToday = "2027-01-31";
constexpr const char* kAdd = "op.add/self=f32:3,other=f32:3/real/new#0";
constexpr const char* kMul = "op.mul/self=f32:3,other=f32:3/real/new#0";
constexpr const char* kMm = "op.mm/self=f16:3x3,mat2=f16:3x3/real/new#0";
const std::vector<std::string> kPlan{kAdd, kMul, kMm, "claim.mm", "stream.synchronize"};

// One entry, with some members in place of others ("" leaves one out).
std::string entry(const std::map<std::string, std::string>& changes = {}) {
  std::map<std::string, std::string> members{{"cases", "op.add/*"},       {"verdicts", "[FAIL]"},
                                             {"reason", "the last lane"}, {"owner", "a@b.example"},
                                             {"expires", "2027-03-31"},   {"issue", "https://b.example/7"}};
  for (const auto& [key, value] : changes) members[key] = value;
  std::string text;
  for (const auto& [key, value] : members) {
    if (!value.empty()) text += (text.empty() ? "  - " : "    ") + key + ": " + value + "\n";
  }
  return text;
}
Result<std::vector<Waiver>> parse(const std::string& entries) {
  return parse_waivers("waivers:\n" + entries, "w.yaml", kToday);
}
std::string error_of(const std::map<std::string, std::string>& changes) {
  const auto read = parse(entry(changes));
  return read ? "accepted" : read.error().message;
}

Subject subject() {
  Subject s;
  s.vendor = "acme";
  s.description = "Acme One 16G";
  s.driver = "Acme driver 22.3.6 (LLVM 15)";
  return s;
}
CaseResult result(const std::string& id, Verdict v) {
  CaseResult r;
  r.id = id;
  r.verdict = v;
  return r;
}
// Applies entries to the result of `id`; its verdict afterwards, or the error.
std::string applied(const std::string& entries, const std::string& id, Verdict v) {
  const auto waivers = parse(entries);
  if (!waivers) return waivers.error().message;
  std::vector<CaseResult> results{result(id, v)};
  const auto uses = apply_waivers(*waivers, subject(), kPlan, results);
  return uses ? std::string(name(results[0].verdict)) : uses.error().message;
}

TEST(Waivers, ReadEveryKey) {
  const auto read =
      parse(entry({{"plugin", "ac*"}, {"device", "Acme One*"}, {"driver", "{from: \"22.1\", to: \"22.3\"}"}}));
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 1u);
  const Waiver& w = read->front();
  EXPECT_EQ(w.where, "w.yaml:2");
  EXPECT_EQ(w.cases, "op.add/*");
  EXPECT_THAT(w.verdicts, ElementsAre(Verdict::fail));
  EXPECT_EQ(w.plugin + "|" + w.device + "|" + w.driver_from + "|" + w.driver_to, "ac*|Acme One*|22.1|22.3");
  EXPECT_EQ(w.reason + "|" + w.owner + "|" + w.issue + "|" + w.expires,
            "the last lane|a@b.example|https://b.example/7|2027-03-31");
}

TEST(Waivers, EveryMistakeNamesItsLine) {
  for (const char* key : {"cases", "verdicts", "reason", "owner", "issue", "expires"}) {
    EXPECT_THAT(error_of({{key, ""}}), AllOf(HasSubstr("w.yaml:2: a waiver needs "), HasSubstr(key)));
  }
  EXPECT_THAT(error_of({{"verdicts", "[]"}}), HasSubstr("a waiver needs verdicts"));
  EXPECT_THAT(error_of({{"verdicts", "[FIAL]"}}), HasSubstr("FIAL is no verdict, did you mean 'FAIL'?"));
  EXPECT_THAT(error_of({{"verdicts", "[PASS]"}}), HasSubstr("PASS is no failure that can be waived"));
  EXPECT_THAT(error_of({{"issue", "ticket 7"}}), HasSubstr("'ticket 7' is no address"));
  EXPECT_THAT(error_of({{"colour", "red"}}), HasSubstr("unknown key colour"));
  EXPECT_THAT(error_of({{"driver", "{from: new}"}}), HasSubstr("'new' has no version"));
  EXPECT_THAT(error_of({{"driver", "{}"}}), HasSubstr("needs from, to or both"));
  EXPECT_THAT(parse("").error().message, HasSubstr("expected waivers:, a list"));
  EXPECT_THAT(parse_waivers("- a\n", "w.yaml", kToday).error().message, HasSubstr("expected a map"));
}

TEST(Waivers, SevereVerdictsAndTheSuitesOwnCannotBeWaived) {
  for (unsigned k = 0; k <= static_cast<unsigned>(kLastVerdict); ++k) {
    const auto v = static_cast<Verdict>(k);
    const std::string error = error_of({{"verdicts", "[FAIL, " + std::string(name(v)) + "]"}});
    EXPECT_EQ(error == "accepted", can_be_waived(v)) << error;
    EXPECT_EQ(error.find(std::string(name(v)) + " is severe") != std::string::npos, severe(v)) << error;
  }
  EXPECT_TRUE(can_be_waived(Verdict::fail));
  for (const Verdict v : {Verdict::mistrusted, Verdict::oracle_doubt, Verdict::not_run, Verdict::xpass, Verdict::crash,
                          Verdict::pass, Verdict::not_claimed}) {
    EXPECT_FALSE(can_be_waived(v)) << name(v);
  }
}

TEST(Waivers, LastAtMostHalfAYear) {
  EXPECT_EQ(error_of({{"expires", kToday}}), "accepted");
  EXPECT_THAT(error_of({{"expires", "2027-01-30"}}), HasSubstr("expired on 2027-01-30"));
  const core::Day last = *core::parse_date(kToday) + std::chrono::days(kMaxWaiverDays);
  EXPECT_EQ(error_of({{"expires", core::date_text(last)}}), "accepted");
  EXPECT_THAT(error_of({{"expires", core::date_text(last + std::chrono::days(1))}}),
              HasSubstr("at most 180 days ahead are allowed: 2027-07-30"));
  for (const char* text : {"2027-02-29", "tomorrow", "2027-3-1", "2027-03-311", "'+027-03-01'"})
    EXPECT_THAT(error_of({{"expires", text}}), HasSubstr("is no date")) << text;
}

TEST(Waivers, AFailureIsWaivedAndSaysByWhom) {
  const auto waivers = parse(entry());
  ASSERT_TRUE(waivers);
  std::vector<CaseResult> results{result(kAdd, Verdict::fail), result(kMul, Verdict::fail)};
  results[0].text = "3 of 6 differ";
  const auto uses = apply_waivers(*waivers, subject(), kPlan, results);
  ASSERT_TRUE(uses) << uses.error().message;
  EXPECT_EQ(results[0].verdict, Verdict::waived);
  EXPECT_EQ(results[0].text, "FAIL waived until 2027-03-31 (a@b.example: the last lane); 3 of 6 differ");
  EXPECT_EQ(results[1].verdict, Verdict::fail);
  ASSERT_EQ(uses->size(), 1u);
  EXPECT_EQ(uses->front().matched, 1u);
  EXPECT_EQ(uses->front().waived, 1u);
  EXPECT_EQ(text_of(*uses), "1 of 1 cases of op.add/* waived until 2027-03-31 (a@b.example: the last lane)\n");
}

TEST(Waivers, OnlyTheVerdictsThatAreNamed) {
  EXPECT_EQ(applied(entry(), kAdd, Verdict::bias), "BIAS");
  EXPECT_EQ(applied(entry({{"verdicts", "[FAIL, BIAS]"}}), kAdd, Verdict::bias), "WAIVED");
  EXPECT_EQ(applied(entry(), kAdd, Verdict::not_claimed), "NOT_CLAIMED");
}

TEST(Waivers, ASevereVerdictStaysWhateverAnEntryHolds) {
  auto waivers = parse(entry());
  ASSERT_TRUE(waivers);
  waivers->front().verdicts = {Verdict::oob_write, Verdict::crash};  // as no file can say
  std::vector<CaseResult> results{result(kAdd, Verdict::oob_write)};
  ASSERT_TRUE(apply_waivers(*waivers, subject(), kPlan, results));
  EXPECT_EQ(results[0].verdict, Verdict::oob_write);
}

TEST(Waivers, AnUnexpectedPassIsAFailure) {
  EXPECT_EQ(applied(entry(), kAdd, Verdict::pass), "XPASS");
  EXPECT_EQ(applied(entry(), kAdd, Verdict::quality_warn), "XPASS");
  EXPECT_TRUE(fails(Verdict::xpass));
}

TEST(Waivers, OthersEntriesDoNotApply) {
  EXPECT_EQ(applied(entry({{"plugin", "other"}}), kAdd, Verdict::fail), "FAIL");
  EXPECT_EQ(applied(entry({{"device", "Acme Two*"}}), kAdd, Verdict::fail), "FAIL");
  const auto with_driver = [](const std::string& range) {
    return applied(entry({{"driver", range}}), kAdd, Verdict::fail);
  };
  EXPECT_EQ(with_driver("{from: \"22.3\"}"), "WAIVED");
  EXPECT_EQ(with_driver("{from: \"22.3.7\"}"), "FAIL");
  EXPECT_EQ(with_driver("{from: \"22.10\"}"), "FAIL");
  EXPECT_EQ(with_driver("{to: \"22.3\"}"), "WAIVED");
  EXPECT_EQ(with_driver("{to: \"22.2\"}"), "FAIL");
  EXPECT_EQ(with_driver("{from: \"9\", to: \"22.3.6\"}"), "WAIVED");
}

TEST(Waivers, PatternsAreCountedOverThePlan) {
  EXPECT_EQ(applied(entry({{"cases", "op.sub/*"}}), kAdd, Verdict::fail),
            "w.yaml:2: op.sub/* matches no case of the plan");
  std::vector<std::string> plan;
  for (int i = 0; i <= static_cast<int>(kMaxWaivedCases); ++i)
    plan.push_back("op.add/self=f32:3,other=f32:3/real/new#" + std::to_string(i));
  const auto waivers = parse(entry());
  ASSERT_TRUE(waivers);
  std::vector<CaseResult> results{result(plan[0], Verdict::fail)};
  const auto many = apply_waivers(*waivers, subject(), plan, results);
  ASSERT_FALSE(many);
  EXPECT_THAT(many.error().message, HasSubstr("w.yaml:2: op.add/* matches 201 cases of the plan, at most 200"));
  EXPECT_EQ(results[0].verdict, Verdict::fail);
  plan.pop_back();
  EXPECT_TRUE(apply_waivers(*waivers, subject(), plan, results));
}

TEST(Waivers, EveryBadPatternIsReported) {
  const std::string error =
      applied(entry({{"cases", "op.sub/*"}}) + entry({{"cases", "op.div/*"}}), kAdd, Verdict::fail);
  EXPECT_THAT(error, AllOf(HasSubstr("w.yaml:2: op.sub/*"), HasSubstr("w.yaml:8: op.div/*")));
}

TEST(Waivers, ACaseHasOneOwner) {
  EXPECT_THAT(applied(entry() + entry({{"cases", "\"*other=f32*\""}}), kAdd, Verdict::fail),
              AllOf(HasSubstr("w.yaml:8: "), HasSubstr("as w.yaml:2 does")));
  // Unless one of the two is for somebody else.
  EXPECT_EQ(applied(entry() + entry({{"plugin", "other"}}), kAdd, Verdict::fail), "WAIVED");
}

TEST(Waivers, WhatNoOperatorAnswersForCannotBeWaived) {
  EXPECT_THAT(applied(entry({{"cases", "stream.*"}}), kAdd, Verdict::fail),
              HasSubstr("stream.synchronize: it is no case of an"));
  EXPECT_EQ(applied(entry({{"cases", "claim.mm"}, {"verdicts", "[PROFILE_GAP]"}}), "claim.mm", Verdict::profile_gap),
            "WAIVED");
}

}  // namespace
}  // namespace fg::conformance
