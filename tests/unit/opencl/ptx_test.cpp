// SPDX-License-Identifier: Apache-2.0

#include "plugins/opencl/ptx.hpp"

#include <gtest/gtest.h>

namespace fg::opencl {
namespace {

TEST(OpenClPtx, CommentsBecomeInstructionsOfTheTargetThatHasThem) {
  const auto made = uncovered(".version 9.0\n.target sm_90, texmode_independent\n//@ a;\nb; // c\n\t//@ d;\n");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(*made, ".version 9.0\n.target sm_90a, texmode_independent\na;\nb; // c\n\td;\n");
  EXPECT_FALSE(hides_instructions(*made));
}

TEST(OpenClPtx, OtherBinariesAreRefused) {
  for (const char* binary : {"",
                             "\x7f"
                             "ELF",
                             ".target sm_90", ".target sm_90a\n", ".target sm_100\n", ".target sm_80\n"}) {
    EXPECT_FALSE(uncovered(binary)) << binary;
  }
}

}  // namespace
}  // namespace fg::opencl
