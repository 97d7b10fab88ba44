// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bench/html.hpp"
#include "bench/html_plots.hpp"
#include "bench/report.hpp"

namespace fg::bench {
namespace {

TEST(Page, IsMadeOfTheDocumentAlone) {
  Report r;
  r.plugin = "cpu";
  r.has_roofline = true;
  r.roofline.triad_gbps = 50;
  r.roofline.fma_f32_gflops = 200;
  Measured m;
  m.name = "mm/f32/<a>";
  m.state = Measured::State::timed;
  m.times.p50 = 1000;
  m.bytes = 1e4;
  m.flops = 1e5;
  r.cases.push_back(m);
  m.name = "add/f32/a";
  m.flops = 0;
  r.cases.push_back(m);
  m.name = "exp/f32/a";
  m.state = Measured::State::wrong;
  m.text = "3 of 4 elements are wrong";
  r.cases.push_back(m);
  r.peers.push_back({"other 1", "add/f32/a", {.p50 = 500}, 0});
  const auto page = html_page(to_json(r));
  ASSERT_TRUE(page) << page.error().message;
  for (const char* part : {"<h2>Roofline</h2>", "<h2>Bandwidth</h2>", "other 1: time over ours", "mm/f32/&lt;a&gt;",
                           "3 of 4 elements are wrong", "100.0 GFLOP/s", ">0.50<"})
    EXPECT_NE(page->find(part), std::string::npos) << part;
  for (const char* part : {"<script", "http://", "https://", "<a>"})
    EXPECT_EQ(page->find(part), std::string::npos) << part;
}

TEST(Page, RefusesOtherDocuments) {
  EXPECT_FALSE(html_page(""));
  EXPECT_FALSE(html_page("[]"));
  EXPECT_FALSE(html_page(R"({"cases": 3})"));
  // Odd members are left out, not tripped over.
  EXPECT_TRUE(
      html_page(R"({"cases": [7, {"state": "timed"}, null], "limits": {"a": 1}, "ratios": [{}], "roofline": []})"));
}

TEST(Plots, KeepEveryPointInside) {
  const std::string svg = scatter("x", "y", {{1, 10, "a"}, {1000, 3, "b"}}, {{0.5, 100, "roof"}});
  EXPECT_NE(svg.find("<title>a</title>"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
  EXPECT_EQ(svg.find("=\"-"), std::string::npos);
  EXPECT_EQ(scatter("x", "y", {}, {}), "");
  EXPECT_EQ(ratio_bars({}), "");
}

}  // namespace
}  // namespace fg::bench
