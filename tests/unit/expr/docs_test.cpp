// SPDX-License-Identifier: Apache-2.0
//
// docs/expressions.md says what the language does: its examples parse and have types, its mistakes
// read as written, and every function is mentioned.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "core/expr/instantiate.hpp"
#include "core/expr/op_table.hpp"

namespace fg::expr {
namespace {

std::string page() {
  std::ifstream file(FG_DOCS_DIR "/expressions.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

bool has_types(const Parsed& parsed, std::uint16_t type) {
  Typing t;
  t.common = type;
  t.names.assign(parsed.names.size(), Binding::state(type));
  t.out = {kNatural};
  return static_cast<bool>(instantiate(parsed, t));
}

TEST(Docs, ExamplesHaveTypes) {
  const std::string text = page();
  const std::size_t begin = text.find("```expr\n") + 8, end = text.find("```", begin);
  ASSERT_LT(begin, end);
  std::istringstream lines(text.substr(begin, end - begin));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const Result<Parsed> parsed = parse_any(line);
    ASSERT_TRUE(parsed) << line << ": " << parsed.error().message;
    EXPECT_TRUE(has_types(*parsed, FG_CT_F32) || has_types(*parsed, FG_CT_I32)) << line;
  }
  EXPECT_EQ(count, 5);
}

TEST(Docs, MistakesReadAsWritten) {
  const std::string text = page();
  std::istringstream lines(text.substr(text.find("| text | message |")));
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t open = line.find("| `"), close = line.find("` | ");
    if (open != 0 || close == std::string::npos) continue;
    const Result<Parsed> parsed = parse_any(line.substr(3, close - 3));
    ASSERT_FALSE(parsed) << line;
    EXPECT_EQ(parsed.error().message, line.substr(close + 4, line.size() - close - 6));
    ++count;
  }
  EXPECT_EQ(count, 5);
}

TEST(Docs, EveryFunctionIsMentioned) {
  const std::string text = page();
  for (const OpRow& row : op_table()) {
    if (row.rule == TypeRule::leaf || row.rule == TypeRule::cast) continue;
    const std::string name = "`" + std::string(row.name);
    EXPECT_TRUE(text.find(name + "(") != std::string::npos || text.find(name + "`") != std::string::npos) << row.name;
  }
}

}  // namespace
}  // namespace fg::expr
