// SPDX-License-Identifier: Apache-2.0
//
// Enabling, recording, vendor scopes, log hook, trace, statistics.

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "fg/fg.hpp"

namespace {

std::string slurp(const std::string& path) {
  std::ifstream in(path);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

TEST(Settings, EnableRecordsAndRefusesUnknownNames) {
  const std::string path = testing::TempDir() + "fg_settings_ops.log";
  std::remove(path.c_str());
  const auto x = fg::Tensor::from({1.0f, 2.0f});
  fg::enable({.unused = {"tanh"}, .record = true, .path = path, .once = true});
  fg::exp(x);
  fg::exp(x);
  EXPECT_THROW(fg::tanh(x), fg::Exception) << "no other plugin serves it";
  fg::enable();
  EXPECT_NO_THROW(fg::tanh(x));
  const std::string log = slurp(path);
  EXPECT_NE(log.find("exp(self=f32[2]) -> cpu:0 engine"), std::string::npos) << log;
  EXPECT_EQ(log.find("exp"), log.rfind("exp(")) << "once means once: " << log;
  try {
    fg::only_enable({"ad"});
    FAIL();
  } catch (const fg::Exception& e) {
    EXPECT_NE(std::string(e.what()).find("did you mean 'add'"), std::string::npos) << e.what();
  }
  fg::only_enable({"add"});
  EXPECT_THROW(fg::exp(x), fg::Exception);
  EXPECT_NO_THROW(x + x);
  fg::enable();
  std::remove(path.c_str());
}

TEST(Settings, VendorScopesNestAndBelongToTheThread) {
  EXPECT_EQ(fg::vendor_name(), "cpu");
  {
    const fg::UseVendor outer("cpu");
    const fg::UseVendor inner("cpu:0");
    EXPECT_EQ(fg::vendor_name(), "cpu");
    std::thread([] { EXPECT_EQ(fg_vendor_pop(nullptr), FG_E_STATE); }).join();
  }
  EXPECT_EQ(fg_vendor_pop(nullptr), FG_E_STATE);
  EXPECT_THROW(fg::UseVendor("cqu"), fg::Exception);
}

TEST(Settings, RegisteredOperatorsHaveTheCatalogues) {
  const auto names = fg::registered_ops();
  EXPECT_NE(std::find(names.begin(), names.end(), "scaled_dot_product_attention"), names.end());
}

TEST(Settings, CountersGrow) {
  const auto x = fg::Tensor::from({1.0f, 2.0f});
  fg::silu(x);
  const fg_counters before = fg::stats();
  fg::silu(x);
  const fg_counters after = fg::stats();
  EXPECT_EQ(after.calls, before.calls + 1);
  EXPECT_EQ(after.cache_hits, before.cache_hits + 1);
  EXPECT_EQ(after.launches, before.launches + 1);
  EXPECT_EQ(after.prepares, before.prepares);
  EXPECT_EQ(after.nondeterministic, before.nondeterministic);  // a map promises the same bits
}

TEST(Settings, TraceIsWritten) {
  const std::string path = testing::TempDir() + "fg_settings_trace.json";
  fg_error err = FG_ERROR_INIT;
  ASSERT_EQ(fg_trace_start(path.c_str(), &err), FG_OK) << err.message;
  EXPECT_EQ(fg_trace_start(path.c_str(), &err), FG_E_STATE);
  fg::exp(fg::Tensor::from({1.0f}));
  ASSERT_EQ(fg_trace_stop(&err), FG_OK) << err.message;
  EXPECT_NE(slurp(path).find("\"exp\""), std::string::npos);
  std::remove(path.c_str());
}

TEST(Settings, LogHookReceivesMessages) {
  static std::vector<std::string> seen;
  seen.clear();
  ASSERT_EQ(fg_set_log_hook([](void*, int32_t, const char*, const char* m) { seen.emplace_back(m); }, nullptr, nullptr),
            FG_OK);
  ASSERT_EQ(fg_set_log_hook(nullptr, nullptr, nullptr), FG_OK);
  ASSERT_EQ(fg_set_log_level(FG_LOG_WARN, nullptr), FG_OK);
}

TEST(Settings, WatcherIsToldOfCallsBeforeAndAfter) {
  static std::vector<std::string> seen;
  seen.clear();
  const fg_call_watcher watcher = [](void* ctx, const fg_call_event* e) {
    std::string text = std::string(e->done != 0 ? "after " : "before ") + e->op;
    if (e->expression != nullptr) text += std::string(" ") + e->expression;
    if (e->done != 0 && e->form == FG_FORM_FUNCTIONAL)
      text += fg_tensor_numel(e->outs[0]) == 2 ? " of 2" : " of others";
    seen.push_back(text);
    fg::exp(fg::Tensor::from({1.0f}));  // Not told.
    ++*static_cast<int*>(ctx);
  };
  const auto x = fg::Tensor::from({1.0f, 2.0f});
  int told = 0;
  ASSERT_EQ(fg_watch_calls(watcher, &told, nullptr), FG_OK);
  const auto y = fg::exp(x);
  fg::add_(x, 1);
  fg::map("a * 2", {y});
  EXPECT_THROW(fg::mm(x, x), fg::Exception);
  std::thread([&] { fg::exp(x); }).join();  // Another thread's calls are its own.
  ASSERT_EQ(fg_watch_calls(nullptr, nullptr, nullptr), FG_OK);
  fg::exp(x);
  EXPECT_EQ(seen, (std::vector<std::string>{"before exp", "after exp of 2", "before add", "after add",
                                            "before map a * 2", "after map a * 2 of 2", "before mm"}));
  EXPECT_EQ(told, 7);
}

TEST(Settings, FallbackPolicyIsKept) {
  const std::uint32_t before = fg_get_fallback();
  fg::set_fallback(fg::Fallback::forbid);
  EXPECT_EQ(fg_get_fallback(), std::uint32_t{FG_FALLBACK_FORBID});
  EXPECT_EQ(fg_set_fallback(before, nullptr), FG_OK);
}

TEST(Settings, InitAfterTheStartIsAState) {
  fg::Device::current();
  EXPECT_THROW(fg::init("cpu"), fg::Exception);
  EXPECT_EQ(fg_init(nullptr, nullptr), FG_OK);
}

}  // namespace
