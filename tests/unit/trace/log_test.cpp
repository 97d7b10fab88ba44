// SPDX-License-Identifier: Apache-2.0

#include "core/trace/log.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "core/trace/json_text.hpp"

namespace fg::core::log {
namespace {

struct Line {
  Level level;
  std::string file;
  std::int32_t line;
  std::string message;
};

class Log : public testing::Test {
 protected:
  void SetUp() override {
    set_hook(hook, this);
    set_level(Level::warn);
  }
  void TearDown() override {
    set_hook(nullptr, nullptr);
    set_level(Level::warn);
    set_format(Format::text);
  }
  static void hook(void* ctx, Level level, const char* file, std::int32_t line, const char* message) noexcept {
    Log& self = *static_cast<Log*>(ctx);
    if (self.again) FG_LOG(warn, "from inside the hook");
    const std::scoped_lock lock(self.mutex);
    self.lines.push_back({level, file, line, message});
  }

  std::mutex mutex;
  std::vector<Line> lines;
  bool again = false;
};

TEST_F(Log, HandsFormattedLinesToTheHook) {
  FG_LOG(warn, "plugin {} has {} devices", "x", 3);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].level, Level::warn);
  EXPECT_EQ(lines[0].message, "plugin x has 3 devices");
  EXPECT_NE(lines[0].file.find("log_test.cpp"), std::string::npos);
  EXPECT_GT(lines[0].line, 0);
}

TEST_F(Log, EvaluatesNothingBelowTheLevel) {
  int evaluated = 0;
  FG_LOG(info, "{}", ++evaluated);
  EXPECT_EQ(evaluated, 0);
  write(Level::debug, "f", 1, "neither");
  EXPECT_TRUE(lines.empty());
  set_level(Level::trace);
  FG_LOG(info, "{}", ++evaluated);
  EXPECT_EQ(evaluated, 1);
  EXPECT_EQ(lines.size(), 1u);
}

TEST_F(Log, OffIsSilent) {
  set_level(Level::off);
  FG_LOG(error, "not even this");
  EXPECT_TRUE(lines.empty());
}

TEST_F(Log, HoldsBackRepeatedLinesAndSaysHowMany) {
  for (int i = 0; i < 1000; ++i) FG_LOG(warn, "the same line");
  EXPECT_GE(lines.size(), kBurst);
  EXPECT_LE(lines.size(), 3 * kBurst) << "at most a burst for each second that the loop took";
  lines.clear();
  for (int i = 0; i < 100; ++i) FG_LOG(warn, "another line {}", i);
  EXPECT_EQ(lines.size(), 100u) << "different lines are not the same";
}

TEST_F(Log, AHookThatLogsDoesNotRecurse) {
  again = true;
  testing::internal::CaptureStderr();
  FG_LOG(warn, "outer");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("from inside the hook"), std::string::npos);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].message, "outer");
}

TEST_F(Log, TheDefaultSinkIsStderr) {
  set_hook(nullptr, nullptr);
  testing::internal::CaptureStderr();
  FG_LOG(error, "to the screen");
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("error to the screen"), std::string::npos) << text;
}

TEST_F(Log, WritesJsonLines) {
  set_hook(nullptr, nullptr);
  set_format(Format::json);
  testing::internal::CaptureStderr();
  FG_LOG(warn, "a \"quoted\"\nline with \x01 and {}", "\xFF");
  const auto doc = nlohmann::json::parse(testing::internal::GetCapturedStderr());
  EXPECT_EQ(doc["level"], "warn");
  EXPECT_EQ(doc["message"], "a \"quoted\"\nline with \x01 and \xEF\xBF\xBD");
  EXPECT_TRUE(doc["line"].is_number());
  EXPECT_EQ(doc["time"].get<std::string>().size(), std::string("2026-01-01T00:00:00.000Z").size());
}

TEST_F(Log, ReadsItsSetting) {
  EXPECT_TRUE(configure("debug"));
  EXPECT_EQ(level(), Level::debug);
  EXPECT_TRUE(configure(" JSON , Error"));
  EXPECT_EQ(level(), Level::error);
  EXPECT_TRUE(configure(""));
  EXPECT_FALSE(configure("loud"));
  EXPECT_FALSE(configure("info,loud"));
  EXPECT_EQ(level(), Level::error) << "a setting with a mistake changes nothing";
  EXPECT_EQ(level_from_name("WARNING"), Level::warn);
  EXPECT_EQ(level_from_name("x"), std::nullopt);
}

TEST_F(Log, ThreadsMayLogWhileTheHookChanges) {
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) FG_LOG(warn, "line {}", i);
  });
  testing::internal::CaptureStderr();
  for (int i = 0; i < 50; ++i) {
    set_hook(i % 2 == 0 ? nullptr : hook, i % 2 == 0 ? nullptr : this);
    std::this_thread::yield();
  }
  stop = true;
  writer.join();
  testing::internal::GetCapturedStderr();
}

TEST(JsonText, EscapesWhatJsonForbids) {
  const auto text = [](std::string_view s) {
    std::string out;
    append_json_string(out, s);
    return out;
  };
  EXPECT_EQ(text("a\"b\\c\n\t\r"), R"("a\"b\\c\n\t\r")");
  EXPECT_EQ(text(std::string_view("\0\x1f", 2)), R"("\u0000\u001f")");
  EXPECT_EQ(text("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
  // Stray continuation, overlong, surrogate, beyond U+10FFFF, cut short.
  for (const char* bad : {"\x80", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    const auto parsed = nlohmann::json::parse(text(bad), nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << bad;
    EXPECT_NE(text(bad).find("\xEF\xBF\xBD"), std::string::npos);
  }
}

}  // namespace
}  // namespace fg::core::log
