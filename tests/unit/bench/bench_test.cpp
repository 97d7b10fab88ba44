// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bench/cases.hpp"
#include "bench/compare.hpp"
#include "bench/report.hpp"
#include "bench/run_case.hpp"
#include "bench/verify.hpp"

namespace fg::bench {
namespace {

TEST(Cases, EveryLineOfTheCatalogueMakesOne) {
  const auto cases = make_cases({});
  ASSERT_TRUE(cases) << cases.error().message;
  EXPECT_GT(cases->size(), 100u);
  for (const Case& c : *cases) {
    EXPECT_LE(c.bytes, Options{}.max_bytes) << c.name;
    EXPECT_GT(c.bytes, 0) << c.name;
  }
}

TEST(Cases, AreScaledTogetherAndSaySo) {
  Options o;
  o.filters = {"mm/f32/self=4096x4096*"};
  o.max_bytes = 48.0 * 1024 * 1024;
  const auto cases = make_cases(o);
  ASSERT_TRUE(cases);
  ASSERT_EQ(cases->size(), 1u);
  const Case& c = cases->front();
  EXPECT_EQ(c.scaled, 2);
  EXPECT_EQ(c.out_shapes[0], (std::vector<std::int64_t>{2048, 2048}));
  EXPECT_EQ(c.flops, 2.0 * 2048 * 2048 * 2048);
}

TEST(Cases, UnknownDtypesAreRefused) {
  Options o;
  o.dtypes = {"f33"};
  ASSERT_FALSE(make_cases(o));
  EXPECT_NE(make_cases(o).error().message.find("--dtype f33"), std::string::npos);
}

TEST(Glob, Matches) {
  EXPECT_TRUE(glob("add/*", "add/f32/self=64"));
  EXPECT_TRUE(glob("*/f32/*", "add/f32/self=64"));
  EXPECT_TRUE(glob("a?d/f32", "add/f32"));
  EXPECT_FALSE(glob("add", "add/f32"));
  EXPECT_FALSE(glob("mm/*", "bmm/f32"));
  EXPECT_TRUE(glob("", ""));
}

TEST(Timing, AnswersWithADistribution) {
  TimingOptions o;
  o.min_ns = 1e6;
  std::int64_t calls = 0;
  const Times t = measure([&] { ++calls; }, [] {}, o);
  EXPECT_GE(t.samples, o.min_samples);
  EXPECT_LE(t.p20, t.p50);
  EXPECT_LE(t.p50, t.p80);
  EXPECT_GE(calls, t.calls);
}

class Verifying : public testing::Test {
 protected:
  // The first case of the filter, called once on the CPU plugin.
  void call(const std::string& filter) {
    Options o;
    o.filters = {filter};
    o.max_bytes = 64.0 * 1024 * 1024;
    c = make_cases(o)->at(0);
    in = make_inputs(c, device).value();
    fg_tensor_handle out = nullptr;
    detail::ErrorSlot err;
    err.check(fg_call(c.op->name.data(), FG_FORM_FUNCTIONAL, in.values.data(),
                      static_cast<std::uint32_t>(in.values.size()), &out, 1, device.handle(), err));
    outs = {Tensor::adopt(out)};
  }
  // Changes one element of the result by 2 %.
  void spoil(std::int64_t at) {
    auto* const p = static_cast<float*>(outs[0].data());
    p[at] = p[at] * 1.02f + 1e-3f;
  }
  Verification verify_now() { return verify(c, in, fg_generator{}, outs, device); }

  Device device{"cpu"};
  Case c;
  Inputs in;
  std::vector<Tensor> outs;
};

TEST_F(Verifying, JudgesSmallResultsWhole) {
  call("add/f32/self=64x64,*");
  EXPECT_TRUE(verify_now().correct) << verify_now().text;
  EXPECT_EQ(verify_now().text, "all elements");
  spoil(1234);
  const Verification v = verify_now();
  EXPECT_FALSE(v.correct);
  EXPECT_NE(v.text.find("1 of 4096"), std::string::npos) << v.text;
}

TEST_F(Verifying, JudgesSamplesOfLargeMaps) {
  call("add/f32/self=64x512x512,*");
  EXPECT_TRUE(verify_now().correct) << verify_now().text;
  for (std::int64_t i = 0; i < outs[0].numel(); i += 3) spoil(i);
  EXPECT_FALSE(verify_now().correct);
}

TEST_F(Verifying, JudgesRowsAndColumnsOfProducts) {
  call("mm/f32/self=384x384,*");
  EXPECT_TRUE(verify_now().correct) << verify_now().text;
  EXPECT_EQ(verify_now().text, "12 rows by 12 columns");
  spoil(0);
  EXPECT_FALSE(verify_now().correct);
}

TEST_F(Verifying, AWrongResultIsNotTimed) {
  call("add/f32/self=64,*");
  const Measured m = run_case(c, device, {}, {}, 0.001);
  EXPECT_EQ(m.state, Measured::State::timed) << m.text;
  EXPECT_GT(m.times.p50, 0);
}

std::string document(double p50, const char* name = "a") {
  return nlohmann::json{
      {"cases",
       {{{"name", name}, {"state", "timed"}, {"p20_ns", p50 * 0.99}, {"p50_ns", p50}, {"p80_ns", p50 * 1.01}}}}}
      .dump();
}

TEST(Compare, NamesWhatChanged) {
  EXPECT_EQ(compare_documents(document(100), document(120), 5)->slower, 1);
  EXPECT_EQ(compare_documents(document(100), document(80), 5)->faster, 1);
  EXPECT_EQ(compare_documents(document(100), document(103), 5)->same, 1);
  const auto other = compare_documents(document(100), document(100, "b"), 5);
  EXPECT_EQ(other->only_before, 1);
  EXPECT_EQ(other->only_after, 1);
  EXPECT_FALSE(compare_documents("{", document(1), 5));
  EXPECT_FALSE(compare_documents(document(1), "[]", 5));
  EXPECT_TRUE(compare_documents(R"({"cases":[{"name":7},null,{"state":"timed"}]})", document(1), 5));
}

TEST(Report, LimitsHaveStableKeys) {
  Report r;
  r.has_dispatch = true;
  r.dispatch.add_64_out.p50 = 120;
  const auto j = nlohmann::json::parse(to_json(r));
  for (const char* key : {"dispatch_prepared_ns", "add_64_out_ns", "add_64_new_ns", "two_threads_loss_percent",
                          "add_f32_4096x4096_percent_of_triad", "mm_f32_1024_percent_of_fma"}) {
    EXPECT_TRUE(j["limits"].contains(key)) << key;
  }
  EXPECT_EQ(j["limits"]["add_64_out_ns"]["value"], 120);
  EXPECT_EQ(j["limits"]["add_64_out_ns"]["met"], true);
  EXPECT_TRUE(j["limits"]["mm_f32_1024_percent_of_fma"]["value"].is_null());
  EXPECT_FALSE(to_table(r).empty());
}

}  // namespace
}  // namespace fg::bench
