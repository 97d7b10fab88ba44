// SPDX-License-Identifier: Apache-2.0
//
// enable(): what is served, what is written.

#include "core/dispatch/record.hpp"

#include <cstdio>
#include <fstream>
#include <regex>

#include "core/registry/registry.hpp"
#include "tests/unit/dispatch/calls.hpp"

namespace fg::test {
namespace {

class Enabling : public DispatchTest {
 protected:
  ~Enabling() override {
    check(core::enable({}));
    core::set_fallback_policy(core::FallbackPolicy::warn);
    std::remove(path_.c_str());
  }
  std::vector<std::string> lines() const {
    std::ifstream in(path_);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  std::string path_ = testing::TempDir() + "fg_record_test.log";
};

TEST_F(Enabling, ARecordHasOneLinePerCall) {
  std::remove(path_.c_str());
  ASSERT_TRUE(core::enable({.record = true, .path = path_}).has_value());
  get("add", f32({2, 3}, {1, 2, 3, 4, 5, 6}), f32({3}, {1, 2, 3}));
  EXPECT_FALSE(run("add", f32({2}, {1, 2}), f32({3}, {1, 2, 3})).has_value());
  const auto all = lines();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_TRUE(std::regex_match(
      all[0], std::regex(R"(add\(self=f32\[2,3\], other=f32\[3\]\) -> fake:0 engine fake launches=1 us=[0-9.]+)")))
      << all[0];
  EXPECT_NE(all[1].find("-> failed: "), std::string::npos) << all[1];
}

TEST_F(Enabling, OnceWritesEachSignatureOnce) {
  std::remove(path_.c_str());
  ASSERT_TRUE(core::enable({.record = true, .once = true, .path = path_}).has_value());
  for (int k = 0; k < 3; ++k) get("exp", f32({2}, {1, 2}));
  get("exp", f32({3}, {1, 2, 3}));
  EXPECT_EQ(lines().size(), 2u);
}

TEST_F(Enabling, UnknownNamesChangeNothing) {
  const auto r = core::enable({.unused = {"exp", "summ"}});
  expect_error(r, FG_E_NOT_FOUND, FG_R_UNKNOWN_OP, "did you mean 'sum'");
  EXPECT_TRUE(core::enabled(op("exp")));
}

TEST_F(Enabling, UnusedOperatorsAreRefusedWhereNobodyElseServesThem) {
  ASSERT_TRUE(core::enable({.unused = {"exp"}}).has_value());
  core::set_fallback_policy(core::FallbackPolicy::forbid);
  expect_error(run("exp", f32({1}, {1})), FG_E_UNSUPPORTED, FG_R_UNKNOWN_OP, "not enabled");
  EXPECT_TRUE(run("tanh", f32({1}, {1})).has_value());
  ASSERT_TRUE(core::enable({.only = std::vector<std::string>{"exp"}}).has_value());
  EXPECT_TRUE(run("exp", f32({1}, {1})).has_value());
  EXPECT_FALSE(run("tanh", f32({1}, {1})).has_value());
}

TEST_F(Enabling, DeniedOperatorsOfThisPluginOnly) {
  core::set_fallback_policy(core::FallbackPolicy::forbid);
  core::set_denials({{"exp", "fake", "driver bug", ""}, {"tanh", "other", "", ""}, {"no_such_operator", "", "", ""}});
  expect_error(run("exp", f32({1}, {1})), FG_E_UNSUPPORTED, FG_R_UNKNOWN_OP, "driver bug");
  EXPECT_TRUE(run("tanh", f32({1}, {1})).has_value());
  core::set_denials({});
  EXPECT_TRUE(run("exp", f32({1}, {1})).has_value());
}

TEST_F(Enabling, ADeniedCompositeRunsAsComposite) {
  static FakeDevice& d = *new FakeDevice({.named = {"softmax"}}, "denied:0");
  core::set_denials({{"softmax", "", "", ""}});
  EXPECT_EQ(values_of<float>(get("softmax", tensor_of(d.device(), FG_F32, {2}, std::vector<float>{0, 0}), v(0)))[0],
            0.5f);
  core::set_denials({});
}

TEST_F(Enabling, ARecordThatCannotBeWritten) {
  expect_error(core::enable({.record = true, .path = "/nowhere/x.log"}), FG_E_NOT_FOUND, FG_R_PARAMETER,
               "/nowhere/x.log");
  expect_error(core::enable({.record = true}), FG_E_INVALID, FG_R_PARAMETER, "path");
}

}  // namespace
}  // namespace fg::test
