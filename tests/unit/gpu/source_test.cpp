// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/source.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "plugins/gpu/kernel_files.hpp"

namespace fg::gpu {

std::span<const KernelFile> kernel_files() { return {}; }  // The texts here are the test's own.

namespace {

constexpr std::string_view kText = R"(// A comment before the first section is dropped.
//@out y
//@in x
//@param i32 n
//@param f64 scale
//@param idx size[3]
//@shared
f32 part[GROUP_SIZE];
//@functions
FN f32 twice(f32 a) { return a + a; }
//@main
y_store(n, twice(x_load(n)));
)";

constexpr fg_dtype kDtypes[] = {FG_F16, FG_F32};

Source parsed() { return parse_source("test", kText, kDtypes).value(); }

template <class T>
T at(const std::vector<std::byte>& bytes, std::size_t offset) {
  T v;
  std::memcpy(&v, bytes.data() + offset, sizeof v);
  return v;
}

TEST(Source, SectionsBuffersAndParametersAreRead) {
  const Source s = parsed();
  ASSERT_EQ(s.buffers.size(), 2u);
  EXPECT_EQ(s.buffers[0].name, "y");
  EXPECT_EQ(s.buffers[0].access, Access::write);
  EXPECT_EQ(s.buffers[0].dtype, FG_F16);
  EXPECT_EQ(s.buffers[1].access, Access::read);
  ASSERT_EQ(s.params.size(), 3u);
  EXPECT_EQ(s.params[2].name, "size");
  EXPECT_EQ(s.params[2].count, 3u);
  EXPECT_EQ(s.shared, "f32 part[GROUP_SIZE];\n");
  EXPECT_EQ(s.functions, "FN f32 twice(f32 a) { return a + a; }\n");
  EXPECT_EQ(s.body, "y_store(n, twice(x_load(n)));\n");
  EXPECT_FALSE(s.uses_f64);
}

TEST(Source, AnF64BufferSaysSo) {
  constexpr fg_dtype kWithF64[] = {FG_F64, FG_F32};
  EXPECT_TRUE(parse_source("test", kText, kWithF64).value().uses_f64);
}

TEST(Source, MistakesAreNamed) {
  const auto message = [](std::string_view text, std::span<const fg_dtype> dtypes) {
    return parse_source("broken", text, dtypes).error().message;
  };
  EXPECT_EQ(message("//@in x\n", {}), "kernel broken: more buffers than dtypes were given");
  EXPECT_EQ(message("", kDtypes), "kernel broken: 2 dtypes for 0 buffers");
  EXPECT_EQ(message("//@param f16 a\n", {}), "kernel broken: unknown parameter type \"f16\"");
  EXPECT_EQ(message("//@body\n", {}), "kernel broken: unknown directive //@body");
  EXPECT_EQ(message("//@param i32\n", {}), "kernel broken: a parameter without a name or a length");
}

TEST(Source, ParametersAreAlignedToTheirSize) {
  Source s = parsed();
  const Value values[] = {7, 0.5, 1, 2, 3};
  const auto narrow = pack_params(s, values).value();
  ASSERT_EQ(narrow.size(), 28u);
  EXPECT_EQ(at<std::int32_t>(narrow, 0), 7);
  EXPECT_EQ(at<double>(narrow, 8), 0.5);
  EXPECT_EQ(at<std::int32_t>(narrow, 24), 3);
  s.wide_index = true;
  const auto wide = pack_params(s, values).value();
  ASSERT_EQ(wide.size(), 40u);
  EXPECT_EQ(at<std::int64_t>(wide, 32), 3);
}

TEST(Source, TheNumberOfValuesIsChecked) {
  const Source s = parsed();
  const Value few[] = {7, 0.5, 1};
  const Value many[] = {7, 0.5, 1, 2, 3, 4};
  EXPECT_EQ(pack_params(s, few).error().message, "kernel test: 3 values for its parameters, expected 5");
  EXPECT_EQ(pack_params(s, many).error().message, "kernel test: 6 values for its parameters, expected 5");
}

TEST(Source, TheKeyTellsProgramsApart) {
  const Source s = parsed();
  Source defined = s, wide = s, smaller = s;
  defined.define("TILE", 16);
  wide.wide_index = true;
  smaller.group_size = 64;
  EXPECT_EQ(source_key(s), source_key(parsed()));
  EXPECT_NE(source_key(s), source_key(defined));
  EXPECT_NE(source_key(s), source_key(wide));
  EXPECT_NE(source_key(s), source_key(smaller));
}

}  // namespace
}  // namespace fg::gpu
