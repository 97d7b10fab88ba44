// SPDX-License-Identifier: Apache-2.0

#include "core/trace/trace.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>
#include <vector>

namespace fg::core::trace {
namespace {

nlohmann::json recording() { return nlohmann::json::parse(to_json()); }

std::vector<nlohmann::json> spans(const nlohmann::json& doc) {
  std::vector<nlohmann::json> out;
  for (const auto& e : doc["traceEvents"]) {
    if (e["ph"] == "X") out.push_back(e);
  }
  return out;
}

class Trace : public testing::Test {
 protected:
  void TearDown() override { stop(); }
};

TEST_F(Trace, RecordsNothingWhileOff) {
  EXPECT_FALSE(on());
  EXPECT_EQ(begin("op", "x"), 0u);
  end(0);
  end(12345);
}

TEST_F(Trace, NestsSpans) {
  ASSERT_TRUE(start());
  {
    const Span outer("op", "mm");
    const Span inner("kernel", "gemm_f32");
  }
  stop();
  const auto all = spans(recording());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["name"], "mm");
  EXPECT_EQ(all[1]["cat"], "kernel");
  const double outer_end = all[0]["ts"].get<double>() + all[0]["dur"].get<double>();
  const double inner_end = all[1]["ts"].get<double>() + all[1]["dur"].get<double>();
  EXPECT_LE(all[0]["ts"].get<double>(), all[1]["ts"].get<double>());
  EXPECT_GE(outer_end + 1e-6, inner_end);
  EXPECT_EQ(all[0]["pid"], ::getpid());
}

TEST_F(Trace, EscapesAndCutsNames) {
  ASSERT_TRUE(start());
  end(begin("op", "a\"b\\\n"));
  end(begin("op", std::string(200, 'x')));
  end(begin("op", std::string(78, 'y') + "\xC3\xA9"));  // The last character does not fit whole.
  stop();
  const auto all = spans(recording());
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0]["name"], "a\"b\\\n");
  EXPECT_EQ(all[1]["name"].get<std::string>().size(), kMaxName);
  EXPECT_EQ(all[2]["name"], std::string(78, 'y'));
}

TEST_F(Trace, KeepsTheNewestSpansAndCountsTheRest) {
  ASSERT_TRUE(start(10));
  for (int i = 0; i < 25; ++i) end(begin("op", std::to_string(i)));
  stop();
  const auto doc = recording();
  const auto all = spans(doc);
  ASSERT_EQ(all.size(), 10u);
  EXPECT_EQ(all.front()["name"], "15");
  EXPECT_EQ(all.back()["name"], "24");
  EXPECT_EQ(doc["otherData"]["overwritten"], 15);
}

TEST_F(Trace, ASpanThatWasOverwrittenEndsQuietly) {
  ASSERT_TRUE(start(4));
  const std::uint64_t outer = begin("op", "outer");
  for (int i = 0; i < 8; ++i) end(begin("op", "inner"));
  end(outer);
  stop();
  for (const auto& s : spans(recording())) EXPECT_EQ(s["name"], "inner");
}

TEST_F(Trace, TellsThreadsApart) {
  ASSERT_TRUE(start());
  end(begin("op", "main"));
  std::thread([] { end(begin("op", "worker")); }).join();
  stop();
  std::set<std::int64_t> threads;
  for (const auto& s : spans(recording())) threads.insert(s["tid"].get<std::int64_t>());
  EXPECT_EQ(threads.size(), 2u) << "spans of an ended thread are kept";
}

TEST_F(Trace, StartsAnew) {
  ASSERT_TRUE(start());
  const std::uint64_t open = begin("op", "of the first recording");
  EXPECT_EQ(start().error().status, FG_E_STATE);
  stop();
  ASSERT_TRUE(start());
  const std::uint64_t mine = begin("op", "second");
  end(open);
  end(mine);
  stop();
  const auto all = spans(recording());
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]["name"], "second");
  EXPECT_FALSE(start(0));
}

TEST_F(Trace, WritesAFileOrSaysWhyNot) {
  ASSERT_TRUE(start());
  end(begin("op", "x"));
  const auto missing = stop("/no/such/folder/trace.json");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().status, FG_E_NOT_FOUND);
  const std::string path = testing::TempDir() + "fg_trace_test.json";
  ASSERT_TRUE(stop(path)) << "the recording is still there";
  std::ifstream in(path);
  EXPECT_EQ(spans(nlohmann::json::parse(in)).size(), 1u);
  std::remove(path.c_str());
}

TEST_F(Trace, MayBeWrittenWhileThreadsRecord) {
  ASSERT_TRUE(start(100));
  std::atomic<bool> done{false};
  std::thread worker([&] {
    while (!done) const Span s("op", "busy");
  });
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(recording().is_discarded());
  done = true;
  worker.join();
}

}  // namespace
}  // namespace fg::core::trace
