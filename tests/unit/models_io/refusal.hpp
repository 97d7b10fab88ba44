// SPDX-License-Identifier: Apache-2.0
//
// What a reader says about bad input, for tests; and files to be bad.

#ifndef FG_TESTS_UNIT_MODELS_IO_REFUSAL_HPP_
#define FG_TESTS_UNIT_MODELS_IO_REFUSAL_HPP_

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "fg/tensor.hpp"

namespace fg::models::test {

struct Refusal {
  fg_status status = FG_OK;
  std::string message = "(nothing was refused)";
};

template <class F>
Refusal refusal_of(F&& call) {
  try {
    call();
  } catch (const Exception& e) {
    return {e.status(), e.what()};
  }
  return {};
}

// Every one of `parts` stands in the message.
inline void expect_refusal(const Refusal& got, fg_status status, std::initializer_list<std::string> parts) {
  EXPECT_EQ(got.status, status) << got.message;
  for (const std::string& part : parts) {
    EXPECT_NE(got.message.find(part), std::string::npos) << "\"" << part << "\" is not in: " << got.message;
  }
}

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "fg-models-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() { std::filesystem::remove_all(path_); }

  std::string path(const std::string& file = {}) const { return file.empty() ? path_ : path_ + "/" + file; }
  std::string write(const std::string& file, const std::string& bytes) const {
    std::ofstream(path(file), std::ios::binary) << bytes;
    return path(file);
  }

 private:
  std::string path_;
};

}  // namespace fg::models::test

#endif  // FG_TESTS_UNIT_MODELS_IO_REFUSAL_HPP_
