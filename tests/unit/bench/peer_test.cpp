// SPDX-License-Identifier: Apache-2.0
//
// The conversation with another program, and what comes of it.

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "bench/case_json.hpp"
#include "bench/limits.hpp"
#include "bench/peer_process.hpp"
#include "bench/ratios.hpp"

namespace fg::bench {
namespace {

Case case_of(const char* filter) {
  Options o;
  o.filters = {filter};
  return make_cases(o)->at(0);
}

// A peer that answers every case with `answer`.
std::string script(const std::string& answer) {
  return R"(while read -r line; do case "$line" in *hello*) echo '{"peer":"fake 1"}';; *) )" + answer + ";; esac; done";
}

TEST(CaseJson, SaysWhatToCall) {
  const auto j = nlohmann::json::parse(case_json(case_of("copy_/f32/self=4096x4096,src=4096x4096t")));
  EXPECT_EQ(j["op"], "copy_");
  EXPECT_EQ(j["args"][0]["tensor"]["shape"], (std::vector<int>{4096, 4096}));
  EXPECT_FALSE(j["args"][0]["tensor"].contains("column_major"));
  EXPECT_EQ(j["args"][1]["tensor"]["column_major"], true);
  const auto e = nlohmann::json::parse(case_json(case_of("embedding/f32/weight=32000x4096*")));
  EXPECT_EQ(e["args"][1]["tensor"]["below"], 32000);
  EXPECT_EQ(e["args"][1]["tensor"]["dtype"], "i64");
}

TEST(Peer, AnswersInTurns) {
  auto peer =
      PeerProcess::start(script(R"(echo '{"p20_ns":90,"p50_ns":100,"p80_ns":110,"samples":7,"calls":70}')"), 2, 0.1);
  ASSERT_TRUE(peer) << peer.error().message;
  EXPECT_EQ(peer->name(), "fake 1");
  for (int i = 0; i < 3; ++i) {
    const auto r = peer->measure(case_of("add/f32/self=64,*"));
    ASSERT_TRUE(r);
    EXPECT_EQ(r->times.p50, 100);
    EXPECT_EQ(r->times.calls, 70);
    EXPECT_EQ(r->case_name, "add/f32/self=64,other=64");
  }
  EXPECT_EQ(peer->left_out(), 0);
  EXPECT_EQ(peer->failure(), "");
}

TEST(Peer, MayLeaveCasesOut) {
  auto peer = PeerProcess::start(script(R"(echo '{"left_out":"no such call"}')"), 2, 0.1);
  ASSERT_TRUE(peer);
  EXPECT_FALSE(peer->measure(case_of("add/f32/self=64,*")));
  EXPECT_EQ(peer->left_out(), 1);
  EXPECT_EQ(peer->failure(), "");
}

TEST(Peer, ThatDiesIsNamedAndDisturbsNobody) {
  auto peer = PeerProcess::start(script("exit 3"), 2, 0.1);
  ASSERT_TRUE(peer);
  const Case c = case_of("add/f32/self=64,*");
  EXPECT_FALSE(peer->measure(c));
  EXPECT_NE(peer->failure().find("ended"), std::string::npos) << peer->failure();
  EXPECT_FALSE(peer->measure(c));
}

TEST(Peer, ThatSpeaksAnotherLanguageIsRefused) {
  const auto peer = PeerProcess::start("echo hello", 2, 0.1);
  ASSERT_FALSE(peer);
  EXPECT_NE(peer.error().message.find("answered 'hello'"), std::string::npos) << peer.error().message;
  EXPECT_FALSE(PeerProcess::start("exit 1", 2, 0.1));
}

Report two_cases() {
  Report r;
  for (const auto& [name, ours, theirs] : {std::tuple{"add/f32/a", 100.0, 50.0}, std::tuple{"add/f32/b", 100.0, 800.0},
                                           std::tuple{"mul/f32/a", 10.0, 20.0}}) {
    Measured m;
    m.name = name;
    m.state = Measured::State::timed;
    m.times.p50 = ours;
    r.cases.push_back(m);
    r.peers.push_back({"pytorch 9", name, {.p50 = theirs}, 0});
  }
  return r;
}

TEST(Ratios, AreGeometricMeansWithTheWorstCase) {
  const auto all = ratios(two_cases());
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].cases, 3);
  EXPECT_NEAR(all[0].geomean, 2, 1e-12);  // cube root of 0.5 * 8 * 2
  ASSERT_EQ(all[0].operators.size(), 2u);
  EXPECT_EQ(all[0].operators[0].op, "add");
  EXPECT_NEAR(all[0].operators[0].geomean, 2, 1e-12);
  EXPECT_NEAR(all[0].operators[0].least, 0.5, 1e-12);
  EXPECT_EQ(all[0].operators[0].least_case, "add/f32/a");
}

// 25 GB/s.
Measured exp_case() {
  Measured m;
  m.name = "exp/f32/self=4096x4096";
  m.state = Measured::State::timed;
  m.bytes = 100;
  m.times.p20 = 4;
  return m;
}

TEST(Limits, JudgePeersAndCases) {
  Report r = two_cases();
  r.roofline.triad_gbps = 50;
  r.cases.push_back(exp_case());
  int judged = 0;
  for (const Limit& l : limits(r)) {
    if (l.key == "pytorch_geomean") {
      EXPECT_NEAR(l.value, 2, 1e-12);
      EXPECT_TRUE(l.met());
    } else if (l.key == "exp_f32_percent_of_triad") {
      EXPECT_NEAR(l.value, 50, 1e-12);
      EXPECT_FALSE(l.met());
    } else {
      EXPECT_FALSE(l.measured) << l.key;
      EXPECT_FALSE(l.met()) << l.key;
      continue;
    }
    ++judged;
  }
  EXPECT_EQ(judged, 2);
}

// The machine that was beside the case judges it, not the one of the run's beginning.
TEST(Limits, TakeTheBandwidthMeasuredBesideTheCase) {
  Report r;
  r.roofline.triad_gbps = 50;
  Measured m = exp_case();
  m.beside.triad_gbps = 25;
  r.cases.push_back(m);
  const auto all = limits(r);
  const auto exp = std::ranges::find(all, "exp_f32_percent_of_triad", &Limit::key);
  ASSERT_NE(exp, all.end());
  EXPECT_NEAR(exp->value, 100, 1e-12);
  EXPECT_TRUE(judged_by_memory("exp/f32/self=4096x4096"));
  EXPECT_FALSE(judged_by_memory("mm/f32/self=1024x1024,mat2=1024x1024"));
}

// One case is promised, whatever others of the operator do.
TEST(Limits, SortIsJudgedByItsCase) {
  Report r;
  for (const char* name : {"sort/f32/self=1048576", "sort/f32/self=1024x1"}) {
    Measured m;
    m.name = name;
    m.state = Measured::State::timed;
    m.times.p50 = 10;
    r.cases.push_back(m);
    r.peers.push_back({"std::sort", name, {}, 0});
    r.peers.back().times.p50 = r.peers.size() == 1 ? 50 : 1;
  }
  const auto all = limits(r);
  const auto sort = std::ranges::find(all, "sort_over_std_sort", &Limit::key);
  ASSERT_NE(sort, all.end());
  EXPECT_NEAR(sort->value, 5, 1e-12);
}

// A limit whose case is in no bench line could never be measured.
TEST(Limits, NameCasesOfTheCatalogue) {
  const auto cases = make_cases({});
  ASSERT_TRUE(cases);
  for (const std::string& name : limit_cases())
    EXPECT_TRUE(std::ranges::any_of(*cases, [&](const Case& c) { return c.name == name; })) << name;
}

}  // namespace
}  // namespace fg::bench
