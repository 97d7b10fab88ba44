// SPDX-License-Identifier: Apache-2.0
//
// An application of today calls operators on the plugin frozen at interface 1.0: operators of the
// catalogue and an expression of its own, none of which the plugin knows by name.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fg/fg.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace {

class FrozenCall : public ::testing::Test {
 protected:
  // Before the first call of the process: the core looks at the environment once.
  static void SetUpTestSuite() {
    std::string folder = (std::filesystem::temp_directory_path() / "fg-test-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) std::abort();
    folder_ = folder;
    ::setenv("XDG_CACHE_HOME", folder.c_str(), 1);
    ::setenv("XDG_CONFIG_HOME", folder.c_str(), 1);
    ::setenv("FG_PLUGIN_PATH", FG_FROZEN_DIR, 1);
    ::setenv("GEMS_VENDOR", "frozen_1_0", 1);
    ::setenv("FG_LOG", "error", 1);
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(folder_); }

  static std::filesystem::path folder_;
};
std::filesystem::path FrozenCall::folder_;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

const std::vector<float> kX{-2, -0.5f, 0, 1, 3, 0.25f};

TEST_F(FrozenCall, RunsMapOperatorsByTheirProgram) {
  EXPECT_EQ(fg::Device::current().name(), "frozen_1_0:0");
  const auto x = fg::Tensor::from({-2.0f, -0.5f, 0.0f, 1.0f, 3.0f, 0.25f});
  const auto gated = fg::silu_and_mul(x, x * 2 + 1).to_vector<float>();
  ASSERT_EQ(gated.size(), kX.size());
  for (std::size_t i = 0; i < kX.size(); ++i) {
    EXPECT_NEAR(gated[i], kX[i] * sigmoid(kX[i]) * (kX[i] * 2 + 1), 1e-5);
  }
}

TEST_F(FrozenCall, RunsAnExpressionOfTheApplication) {
  const auto x = fg::Tensor::from({-2.0f, -0.5f, 0.0f, 1.0f, 3.0f, 0.25f});
  const auto y = fg::map("x * sigmoid(1.702 * x)", {x}).to_vector<float>();
  for (std::size_t i = 0; i < kX.size(); ++i) EXPECT_NEAR(y[i], kX[i] * sigmoid(1.702 * kX[i]), 1e-6);
}

TEST_F(FrozenCall, WhatItDoesNotKnowIsAnErrorNotAWrongResult) {
  const auto x = fg::Tensor::from({-2.0f, 1.0f});
  try {
    const auto y = fg::tanh(x);
    ADD_FAILURE() << "tanh ran on a plugin that has no such node";
  } catch (const fg::Exception& e) {
    EXPECT_EQ(e.status(), FG_E_UNSUPPORTED) << e.what();
  }
}

}  // namespace
