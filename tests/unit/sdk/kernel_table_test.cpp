// SPDX-License-Identifier: Apache-2.0

#include "fg/sdk/kernel_table.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

namespace fg::sdk {
namespace {

struct Doubling {
  int factor = 2;
};

Result<void> run(const Doubling&, const Launch&) { return {}; }
Result<std::uint64_t> ask(const Doubling& d, const Launch&) { return static_cast<std::uint64_t>(d.factor) * 100; }

// New memory is not zero: what make_kernel() does not set must be seen.
class Kernels : public testing::Test {
 protected:
  void SetUp() override { mallopt(M_PERTURB, 0x5A); }
  void TearDown() override { mallopt(M_PERTURB, 0); }
};

TEST_F(Kernels, TheHeadOfAKernelWithStateIsWhollySet) {
  const PreparedKernel k = make_kernel<run>(Doubling{});
  EXPECT_NE(k->launch, nullptr);
  EXPECT_EQ(k->workspace, nullptr);
  EXPECT_EQ(k->release, nullptr);
  EXPECT_EQ(k->ws_fixed, 0u);
  EXPECT_EQ(k->guards, 0u);
  EXPECT_EQ(k->flags, 0u);
  EXPECT_EQ(k->kernel_uid, 0u);
  EXPECT_EQ(k->name, nullptr);
}

TEST_F(Kernels, AWorkspaceIsAskedForAtEachLaunch) {
  const PreparedKernel k = make_kernel<run, ask>(Doubling{3});
  const fg_launch launch{};
  std::uint64_t bytes = 0;
  ASSERT_EQ(k->workspace(k.get(), &launch, &bytes), FG_OK);
  EXPECT_EQ(bytes, 300u);
}

}  // namespace
}  // namespace fg::sdk
