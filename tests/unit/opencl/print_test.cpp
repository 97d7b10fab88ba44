// SPDX-License-Identifier: Apache-2.0
//
// A source printed as OpenCL C.  Needs no device.

#include <gtest/gtest.h>

#include <array>

#include "plugins/gpu/product_matrix.hpp"
#include "plugins/opencl/program.hpp"
#include "plugins/opencl/ptx.hpp"

namespace fg::opencl {
namespace {

constexpr std::string_view kText = R"(
//@out y
//@in x
//@param idx cols
//@param f64 scale
//@param i32 size[3]
//@shared
f32 part[GROUP_SIZE];
//@functions
FN f32 twice(f32 v) { return v + v; }
//@main
y_store(i32(GROUP_ID), twice(x_load(0)));
)";

gpu::Source source(std::string_view text = kText) {
  constexpr std::array kTypes{FG_F16, FG_BOOL};
  auto s = gpu::parse_source("row sum", text, kTypes);
  EXPECT_TRUE(s) << s.error().message;
  return *s;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(OpenClPrint, TheSignatureIsPointersAndOneBlock) {
  const std::string text = print_source(source(), {});
  EXPECT_TRUE(has(text,
                  "__kernel __attribute__((reqd_work_group_size(256, 1, 1)))\n"
                  "void fg_row_sum(__global uchar* b_y, __global uchar* b_x, const struct fg_block fg_block) {"))
      << text;
  EXPECT_TRUE(has(text,
                  "struct fg_block {\n  i64 group_count;\n  u64 at_y;\n  u64 at_x;\n  idx p_cols;\n  f64 p_scale;\n"
                  "  i32 p_size[3];\n} __attribute__((aligned(8)));"))
      << text;
  EXPECT_TRUE(has(text, "  GLOBAL(f16) y_ptr = (GLOBAL(f16))(b_y + fg_block.at_y);"));
  EXPECT_TRUE(has(text, "  const idx cols = fg_block.p_cols;"));
  EXPECT_TRUE(has(text, "  const i32* size = fg_block.p_size;"));
  EXPECT_TRUE(has(text, "  __local f32 part[GROUP_SIZE];"));
}

TEST(OpenClPrint, WithAddressesTheSignatureIsTheBlockAlone) {
  DeviceFacts facts;
  facts.addresses = true;
  const std::string text = print_source(source(), facts);
  EXPECT_TRUE(has(text, "void fg_row_sum(const struct fg_block fg_block) {")) << text;
  EXPECT_TRUE(has(text, "  GLOBAL(f16) y_ptr = (GLOBAL(f16))(fg_block.at_y);"));
}

TEST(OpenClPrint, TheBlockHasTheSizeThatTheStructHas) {
  // 8 for the groups, 8 a buffer, then idx, its padding, f64, three i32 and the struct's padding.
  EXPECT_EQ(block_bytes(2, gpu::params_bytes(source())), 8u + 16u + 4u + 4u + 8u + 12u + 4u);
  EXPECT_EQ(block_bytes(0, 0), 8u);
}

TEST(OpenClPrint, WordsFollowTheDtype) {
  const std::string text = print_source(source(), {});
  EXPECT_TRUE(has(text, "#define y_t f32\n#define y_size 2\n#define y_load(i) ld_f16(y_ptr, i)"));
  EXPECT_TRUE(has(text, "#define x_t bool\n#define x_size 1\n#define x_load(i) ld_b8(x_ptr, i)"));
  EXPECT_TRUE(has(text, "#define y_of16(v, j) FG_OF_VECTOR_2(v, j)"));
  EXPECT_TRUE(has(text, "#define x_put4(v, j, u) FG_TO_WORD_1(v, j, u)"));
}

TEST(OpenClPrint, TheDeviceDecidesWhatTheTextUses) {
  gpu::Source s = source();
  const std::string least = print_source(s, {});
  for (const char* word : {"FG_F64", "FG_FUSES", "FG_PTX", "HAS_ATOMIC64"}) {
    EXPECT_TRUE(has(least, "#define " + std::string(word) + " 0\n")) << word;
  }
  s.uses_f64 = s.wide_index = true;
  DeviceFacts facts;
  facts.fuses = facts.ptx = facts.atomics64 = true;
  const std::string most = print_source(s, facts);
  for (const char* word : {"FG_WIDE_INDEX", "FG_F64", "FG_FUSES", "FG_PTX", "HAS_ATOMIC64"}) {
    EXPECT_TRUE(has(most, "#define " + std::string(word) + " 1\n")) << word;
  }
}

TEST(OpenClPrint, AtomicsStandOnlyWhereTheyAreUsed) {
  EXPECT_FALSE(has(print_source(source(), {}), "FG_ATOMIC_WORD"));
  EXPECT_TRUE(has(print_source(source("//@out y\n//@in x\n//@main\ny_atomic_add(0, 1.0f);\n"), {}), "FG_ATOMIC_WORD"));
}

TEST(OpenClPrint, HalfAGroupRoundsUpToAPowerOfTwo) {
  for (const auto& [size, half] :
       {std::pair{1u, "0u"}, {2u, "1u"}, {3u, "2u"}, {64u, "32u"}, {65u, "64u"}, {256u, "128u"}}) {
    gpu::Source s = source();
    s.group_size = size;
    EXPECT_TRUE(has(print_source(s, {}), "#define FG_HALF_GROUP " + std::string(half) + "\n")) << size;
  }
}

TEST(OpenClPrint, KernelsOfMatrixUnitsHaveTheirTextHere) {
  gpu::MatrixTile tile{FG_BF16, "", 128, 128, 64, 256, 1, 1};
  for (const char* kernel : {"product_mma 3", "product_wgmma 8"}) {
    tile.kernel = kernel;
    const auto s = with_own_text(gpu::matrix_source(tile, true, false, gpu::Finish::with_self, FG_BF16));
    ASSERT_TRUE(s) << s.error().message;
    const std::string text = print_source(*s, {});
    for (const char* part :
         {"void fg_product_", "#define A_ALONG 1\n#define B_ALONG 0\n#define FINISH 2\n#define BF16 1\n",
          "#define STAGES ", "const i64 out_split = fg_block.p_out_split;", "cp.async.cg.shared.global"}) {
      EXPECT_TRUE(has(text, part)) << kernel << ": " << part;
    }
    EXPECT_EQ(hides_instructions(text), tile.kernel == std::string_view("product_wgmma 8"));
  }
  tile.kernel = "nobodys";
  const auto none = with_own_text(gpu::matrix_source(tile, true, false, gpu::Finish::plain, FG_BF16));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "OpenCL has no kernel nobodys of its own");
}

}  // namespace
}  // namespace fg::opencl
