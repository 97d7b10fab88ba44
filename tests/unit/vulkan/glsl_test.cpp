// SPDX-License-Identifier: Apache-2.0
//
// Sources of the dialect as GLSL, judged by glslang and by SPIRV-Tools' validator.

#include "plugins/vulkan/glsl.hpp"

#include <gtest/gtest.h>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/runtime.hpp"
#include "plugins/vulkan/validate.hpp"

namespace fg::vulkan {
namespace {

gpu::Source doubled(fg_dtype to, fg_dtype from) {
  gpu::Source s;
  s.name = "doubled";
  s.buffers = {{"y", to, gpu::Access::write}, {"x", from, gpu::Access::read}};
  s.params = {{gpu::ParamType::idx, "count"}, {gpu::ParamType::f64, "factor", 2}};
  s.uses_f64 = true;
  s.body = "idx at = idx(GROUP_ID) * idx(GROUP_SIZE) + idx(LOCAL_ID);\nif (at < count) y_store(at, x_load(at));\n";
  return s;
}

std::string message(const Result<void>& r) { return r ? "" : r.error().message; }

TEST(Glsl, EveryPairOfDtypesIsValid) {
  for (const DtypeName& to : kDtypes) {
    for (const DtypeName& from : kDtypes) {
      EXPECT_EQ(message(validate_source(doubled(to.dtype, from.dtype))), "") << to.name << " from " << from.name;
    }
  }
}

TEST(Glsl, ArgumentsLieWhereTheyArePacked) {
  gpu::Source s = doubled(FG_F32, FG_F16);
  GlslTarget t{false, false, false, 128};
  ArgumentLayout l = argument_layout(s, t);
  EXPECT_EQ(l.buffers_at, 0u);
  EXPECT_EQ(l.params_at, 16u);
  EXPECT_EQ(l.bytes, 40u);  // count, its padding, two f64
  EXPECT_FALSE(l.in_memory);
  t.split_groups = true;  // the count of groups stands first
  EXPECT_EQ(argument_layout(s, t).params_at, 24u);
  EXPECT_NE(print_glsl(s, t).find("if (GROUP_ID >= GROUP_COUNT) return;"), std::string::npos);
}

TEST(Glsl, ArgumentsThatDoNotFitArePassedInMemory) {
  gpu::Source s = doubled(FG_F32, FG_F16);
  s.params.push_back({gpu::ParamType::i64, "length", 10});  // 40 + 80 bytes
  const GlslTarget t{false, false, false, 128};
  EXPECT_FALSE(argument_layout(s, t).in_memory);
  EXPECT_NE(print_glsl(s, t).find("layout(push_constant, scalar) uniform Arguments"), std::string::npos);
  s.params.push_back({gpu::ParamType::i64, "one_more", 2});  // 136
  EXPECT_TRUE(argument_layout(s, t).in_memory);
  EXPECT_NE(print_glsl(s, t).find("const i64 length[10] = arguments_.length_;"), std::string::npos);
  EXPECT_EQ(message(validate_source(s)), "");
}

TEST(Glsl, ACompileErrorNamesTheKernelAndTheLine) {
  gpu::Source s = doubled(FG_F32, FG_F32);
  s.body = "i32 fine = 1;\ny_store(at, nothing);\n";
  const auto r = compile_glsl(s.name, print_glsl(s, {}));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().status, FG_E_COMPILE);
  EXPECT_NE(r.error().message.find("kernel doubled: glslang: ERROR"), std::string::npos) << r.error().message;
  EXPECT_NE(r.error().message.find(": y_store(at, nothing);"), std::string::npos) << r.error().message;
}

TEST(Glsl, AnUnknownWordOfAKernelFileIsAnError) {
  const std::string text = "//@out y\n//@check f32\n//@check f16\n//@main\ny_store(0, nonsense);\n";
  const auto variants = variants_of("broken", text);
  ASSERT_TRUE(variants);
  ASSERT_EQ(variants->size(), 2u);
  EXPECT_FALSE(validate_source(variants->front()));
}

TEST(Glsl, PrintedExpressionsKeepNan) {
  const fg_expr_node nodes[] = {{FG_EX_INPUT, FG_CT_F32, {0, 0, 0}}, {FG_EX_ISNAN, FG_CT_BOOL, {0, 0, 0}}};
  const std::uint32_t out[] = {1};
  fg_expr e{};
  e.node = nodes;
  e.out = out;
  e.n_node = 2;
  e.n_out = e.n_in = 1;
  std::vector<std::string> helpers;
  const auto p = gpu::print_expr(e, {"v", "a", "s", "i", &helpers});
  ASSERT_TRUE(p);
  EXPECT_EQ(p->statements, "  float v0 = a0;\n  bool v1 = ISNAN(v0);\n");
}

}  // namespace
}  // namespace fg::vulkan
