// SPDX-License-Identifier: Apache-2.0
//
// A catalogue written to a temporary folder and read by the generator.

#ifndef FG_TESTS_UNIT_GEN_GENERATOR_HPP_
#define FG_TESTS_UNIT_GEN_GENERATOR_HPP_

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tools/gen/checker.hpp"
#include "tools/gen/loader.hpp"

namespace fg::gen {

struct Read {
  Catalogue catalogue;
  std::string errors;  // "t.yaml:3: message\n…"
};

// Reads `text` as the file t.yaml.
inline Read read_text(const std::string& text) {
  namespace fs = std::filesystem;
  const fs::path dir = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
  fs::create_directories(dir);
  const fs::path old = fs::current_path();
  fs::current_path(dir);
  std::ofstream("t.yaml") << text;
  Diagnostics diagnostics;
  Read r;
  r.catalogue = load({"t.yaml"}, diagnostics);
  check(r.catalogue, diagnostics);
  r.errors = diagnostics.text();
  fs::current_path(old);
  fs::remove_all(dir);
  return r;
}

}  // namespace fg::gen

#endif  // FG_TESTS_UNIT_GEN_GENERATOR_HPP_
