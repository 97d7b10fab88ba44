// SPDX-License-Identifier: Apache-2.0
//
// Lists of fused programs: what a line makes, and what is answered to mistakes.

#include <gtest/gtest.h>

#include "tests/unit/gen/generator.hpp"
#include "tools/gen/emit_fused.hpp"

namespace fg::gen {
namespace {

constexpr std::string_view kCatalogue = R"(family: test
ops:
- op: scaled
  kind: map
  summary: alpha times x.
  in: {x: float, y: float}
  attrs: {alpha: {type: scalar, default: 1}, mode: {enum: [up, down], default: up}}
  promote: default
  scalar_operands: [y]
  expr: {up: alpha * x + y, down: "pow(x, y) - alpha"}
  cases: {quick: [x=4x8 y=4x8 alpha=2]}
  aten: [scaled]
  profile: core
)";

std::string all(const std::string& list, std::string* errors) {
  const Read r = read_text(std::string(kCatalogue));
  EXPECT_EQ(r.errors, "");
  Diagnostics diagnostics;
  std::string text;
  for (const Page& page : emit_fused(r.catalogue, "list.txt", list, diagnostics)) text += page.text;
  *errors = diagnostics.text();
  return text;
}

TEST(FusedList, LinesBecomeProgramsOnce) {
  std::string errors;
  const std::string text = all("# a comment\n\nscaled\nscaled alpha\nscaled #y\nscaled\n", &errors);
  EXPECT_EQ(errors, "");
  EXPECT_NE(text.find("struct Fused2"), std::string::npos);
  EXPECT_EQ(text.find("struct Fused3"), std::string::npos);
  EXPECT_NE(text.find("OpMul()"), std::string::npos);
}

TEST(FusedList, ExpressionsBecomePrograms) {
  std::string errors;
  const std::string text = all("= x #n: where(x == -inf, n, where(isnan(x), nan, x))\n", &errors);
  EXPECT_EQ(errors, "");
  EXPECT_NE(text.find("-std::numeric_limits<float>::infinity()"), std::string::npos);
  EXPECT_NE(text.find("std::numeric_limits<float>::quiet_NaN()"), std::string::npos);
  all("= x #n\n", &errors);
  EXPECT_EQ(errors, "list.txt:1: '= x #n' has no ':' before its expression\n");
}

TEST(FusedList, MistakesAreNamedWithTheirLine) {
  std::string errors;
  all("scaled\nunknown\n", &errors);
  EXPECT_EQ(errors, "list.txt:2: 'unknown' is no map operator\n");
  all("scaled #z\n", &errors);
  EXPECT_EQ(errors, "list.txt:1: scaled has no argument 'z'\n");
  all("scaled mode=sideways\n", &errors);
  EXPECT_EQ(errors, "list.txt:1: scaled has no choice 'mode=sideways'\n");
  all("scaled mode=down\n", &errors);
  EXPECT_NE(errors.find("list.txt:1: scaled mode=down: operation 24"), std::string::npos);
}

}  // namespace
}  // namespace fg::gen
