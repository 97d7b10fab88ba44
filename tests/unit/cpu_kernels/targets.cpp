// SPDX-License-Identifier: Apache-2.0
//
// FG_TEST_TARGET=avx2 or scalar makes a kernel test run on a lesser instruction set than the
// machine's; the name must be one that the kernels were compiled for.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

#include "hwy/highway.h"

namespace fg::cpu::testing {
namespace {

class Target : public ::testing::Environment {
 public:
  void SetUp() override {
    const char* name = std::getenv("FG_TEST_TARGET");
    if (name == nullptr) return;
    if (std::string_view(name) == "avx2" && (hwy::SupportedTargets() & HWY_AVX2) != 0)
      return hwy::SetSupportedTargetsForTest(HWY_AVX2);
    if (std::string_view(name) == "scalar") return hwy::SetSupportedTargetsForTest(HWY_SCALAR);
    FAIL() << "no such target on this machine: " << name;
  }
};

const auto* const kTarget = ::testing::AddGlobalTestEnvironment(new Target);

}  // namespace
}  // namespace fg::cpu::testing
