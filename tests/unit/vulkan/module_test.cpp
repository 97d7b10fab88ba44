// SPDX-License-Identifier: Apache-2.0
//
// What is added to a module: no contraction, and the ways in which floats behave.

#include <gtest/gtest.h>

#include <spirv/unified1/spirv.hpp11>

#include "plugins/vulkan/spirv.hpp"
#include "plugins/vulkan/validate.hpp"

namespace fg::vulkan {
namespace {

constexpr const char* kText =
    "#version 460\nlayout(push_constant) uniform A { float a, b, c; };\nshared float s[64];\n"
    "layout(local_size_x = 64) in;\nvoid main() { s[gl_LocalInvocationID.x] = a * b + c; barrier(); }\n";

std::size_t count(const Spirv& m, spv::Op op, std::uint32_t operand_at, std::uint32_t operand) {
  std::size_t n = 0;
  for (std::size_t at = 5; at < m.size(); at += m[at] >> 16) {
    n += (m[at] & 0xFFFFu) == static_cast<std::uint32_t>(op) && m[at + operand_at] == operand ? 1 : 0;
  }
  return n;
}

TEST(Module, ForbidsContraction) {
  const auto m = compile_glsl("test", kText);
  ASSERT_TRUE(m) << m.error().message;
  const auto exact = static_cast<std::uint32_t>(spv::Decoration::NoContraction);
  EXPECT_EQ(count(*m, spv::Op::OpDecorate, 2, exact), 0u);
  const Spirv finished = finish_module(*m, {});
  EXPECT_EQ(count(finished, spv::Op::OpDecorate, 2, exact), 2u);  // the product and the sum
  EXPECT_EQ(finished.size(), m->size() + 6);
  EXPECT_TRUE(validate(finished));
}

TEST(Module, SetsModesForTheWidthsThatItUses) {
  const auto m = compile_glsl("test", kText);
  ASSERT_TRUE(m) << m.error().message;
  const Spirv all = finish_module(*m, {true, true, true, true, true, true, true, true, true});
  const auto mode = [&](spv::ExecutionMode e) {
    return count(all, spv::Op::OpExecutionMode, 2, static_cast<std::uint32_t>(e));
  };
  EXPECT_EQ(mode(spv::ExecutionMode::RoundingModeRTE), 1u);  // f32 alone
  EXPECT_EQ(mode(spv::ExecutionMode::DenormPreserve), 1u);
  EXPECT_EQ(mode(spv::ExecutionMode::SignedZeroInfNanPreserve), 1u);
  EXPECT_TRUE(validate(all));
}

}  // namespace
}  // namespace fg::vulkan
