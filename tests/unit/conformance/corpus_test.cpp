// SPDX-License-Identifier: Apache-2.0
//
// Reading corpora, and what is said about broken ones.

#include "conformance/golden/corpus.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace fg::conformance {
namespace {

// A corpus of one tensor "x" = {1, 2} and the given cases.
class CorpusTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("fg_corpus_" + std::to_string(::getpid()) + "_" +
                                                        testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& cases,
             std::string header = R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})") {
    std::ofstream(folder_ / "cases.json") << cases;
    while (header.size() % 8 != 0) header += ' ';
    const std::uint64_t n = header.size();
    const float data[2] = {1, 2};
    std::ofstream out(folder_ / "tensors.safetensors", std::ios::binary);
    out.write(reinterpret_cast<const char*>(&n), 8);
    out << header;
    out.write(reinterpret_cast<const char*>(data), 8);
  }
  // The message of the first thing that is wrong.
  std::string complaint() {
    const Result<Corpus> corpus = Corpus::open(folder_.string());
    if (!corpus) return corpus.error().message;
    const Result<GoldenCase> c = corpus->load(0);
    return c ? "" : c.error().message;
  }
  std::filesystem::path folder_;
};

constexpr const char* kGood =
    R"([{"id":"aten::exp/1","op":"aten::exp.default","args":[{"tensor":"x","dtype":"float32","shape":[2],"stride":[3]}],
        "kwargs":{"alpha":{"float":"-inf"},"d":{"dtype_arg":"bfloat16"},"m":{"memory_format":"contiguous"},"flag":true,"dims":[1,-2]},
        "outputs":[{"tensor":"x","dtype":"float32","shape":[2],"stride":[1]}],"reference":"float64"}])";

TEST_F(CorpusTest, ReadsACase) {
  write(kGood);
  const Result<Corpus> corpus = Corpus::open(folder_.string());
  ASSERT_TRUE(corpus) << corpus.error().message;
  ASSERT_EQ(corpus->size(), 1u);
  const Result<GoldenCase> c = corpus->load(0);
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->args[0].value.tensor().v, (std::vector<reference::Real>{1, 2}));
  EXPECT_EQ(c->args[0].strides[0], (std::vector<std::int64_t>{3}));
  EXPECT_EQ(c->outputs[0].declared, reference::Type::f32);
  ASSERT_EQ(c->kwargs.size(), 5u);
  EXPECT_EQ(c->kwargs[0].second.value.number, -INFINITY);
  EXPECT_EQ(c->kwargs[1].second.value.category, reference::Type::bf16);
}

TEST_F(CorpusTest, SaysWhichFileIsMissing) {
  EXPECT_NE(complaint().find("cases.json"), std::string::npos) << complaint();
}

TEST_F(CorpusTest, SaysThatItIsNoJson) {
  write("[{]");
  EXPECT_NE(complaint().find("is not a JSON list"), std::string::npos) << complaint();
}

TEST_F(CorpusTest, NamesTheBrokenCase) {
  std::string text = kGood;
  text.replace(text.find("\"tensor\":\"x\""), 12, "\"tensor\":\"y\"");
  write(text);
  EXPECT_EQ(complaint(), "golden corpus: case aten::exp/1: tensors.safetensors has no tensor 'y'");
  text = kGood;
  text.replace(text.find("\"shape\":[2]"), 11, "\"shape\":[3]");
  write(text);
  EXPECT_EQ(complaint(), "golden corpus: case aten::exp/1: tensor 'x' has another shape than the case says");
  text = kGood;
  text.replace(text.find("float64"), 7, "float80");
  write(text);
  EXPECT_NE(complaint().find("case aten::exp/1: 'reference' is 'float80'"), std::string::npos) << complaint();
}

TEST_F(CorpusTest, RefusesHostileTensorFiles) {
  write(kGood, R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,80000000000]}})");
  EXPECT_NE(complaint().find("tensors.safetensors"), std::string::npos) << complaint();
}

}  // namespace
}  // namespace fg::conformance
