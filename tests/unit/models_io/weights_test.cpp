// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/weights.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tests/unit/models_io/refusal.hpp"

namespace fg::models {
namespace {

using test::expect_refusal;
using test::refusal_of;
using test::TempFolder;
using Floats = std::vector<float>;
using Names = std::vector<std::string>;

std::string file_of(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::string file(sizeof length, '\0');
  std::memcpy(file.data(), &length, sizeof length);
  return file + header + std::string(data_bytes, '\0');
}

Tensor iota(std::vector<std::int64_t> shape) {
  std::int64_t n = 1;
  for (const std::int64_t s : shape) n *= s;
  Floats values;
  for (std::int64_t i = 0; i < n; ++i) values.push_back(static_cast<float>(i) - 1.5f);
  return Tensor::from(values, shape);
}

TEST(Weights, AreWhatWasSaved) {
  const TempFolder folder;
  save_safetensors(folder.path("model.safetensors"), {{"b", iota({2, 3})}, {"a", iota({4}).to(kBF16)}});
  Weights w = Weights::open(folder.path());
  EXPECT_EQ(w.names(), (Names{"a", "b"}));
  EXPECT_TRUE(w.has("a"));
  EXPECT_FALSE(w.has("c"));
  EXPECT_EQ(w.total_bytes(), 4u * 2 + 6 * 4);
  EXPECT_EQ(w.info("a").dtype, kBF16);
  EXPECT_EQ(w.info("a").dtype_name, "BF16");
  EXPECT_EQ(w.info("b").shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(w.take("b", {2, 3}, kF32).to_vector<float>(), iota({2, 3}).to_vector<float>());
  const Tensor widened = w.take("a", {4}, kF32);
  EXPECT_EQ(widened.dtype(), kF32);
  EXPECT_EQ(widened.to_vector<float>(), (Floats{-1.5f, -0.5f, 0.5f, 1.5f}));
  EXPECT_EQ(w.take("b", {2, 3}, kF16).dtype(), kF16);
}

TEST(Weights, OneFileIsAModelToo) {
  const TempFolder folder;
  save_safetensors(folder.path("x.safetensors"), {{"a", iota({4})}});
  EXPECT_EQ(Weights::open(folder.path("x.safetensors")).names(), (Names{"a"}));
}

TEST(Weights, SayHowFarTheyAreAndWhatWasForgotten) {
  const TempFolder folder;
  save_safetensors(folder.path("model.safetensors"), {{"a", iota({4})}, {"b", iota({2})}, {"c", iota({1})}});
  Weights w = Weights::open(folder.path());
  std::vector<std::pair<std::uint64_t, std::uint64_t>> seen;
  w.on_progress([&](std::uint64_t done, std::uint64_t total) { seen.emplace_back(done, total); });
  w.take("b", {2}, kF32);
  w.take("b", {2}, kF32);  // Tied: counted once.
  w.take("a", {4}, kF32);
  EXPECT_EQ(seen, (decltype(seen){{8, 28}, {8, 28}, {24, 28}}));
  EXPECT_EQ(w.not_taken(), (Names{"c"}));
}

TEST(Weights, ShardsAreOneModel) {
  const TempFolder folder;
  save_safetensors(folder.path("one.safetensors"), {{"a", iota({4})}, {"unlisted", iota({9})}});
  save_safetensors(folder.path("two.safetensors"), {{"b", iota({2})}});
  folder.write("model.safetensors.index.json",
               R"({"metadata": {}, "weight_map": {"a": "one.safetensors", "b": "two.safetensors"}})");
  Weights w = Weights::open(folder.path());
  EXPECT_EQ(w.names(), (Names{"a", "b"}));
  EXPECT_EQ(w.total_bytes(), 24u);
  EXPECT_EQ(w.take("b", {2}, kF32).to_vector<float>(), (Floats{-1.5f, -0.5f}));
}

TEST(Weights, WrongShapeOrDtypeNamesBoth) {
  const TempFolder folder;
  const std::string path = folder.path("model.safetensors");
  save_safetensors(path, {{"w", iota({2, 3})}, {"n", Tensor::from(std::vector<std::int64_t>{1, 2}, {2})}});
  Weights w = Weights::open(folder.path());
  expect_refusal(refusal_of([&] {
                   w.take("w", {3, 2}, kF32);
                 }),
                 FG_E_INVALID, {path, "\"w\" has shape [2, 3], expected [3, 2]"});
  expect_refusal(refusal_of([&] { w.take("w", {6}, kF32); }), FG_E_INVALID, {"expected [6]"});
  expect_refusal(refusal_of([&] { w.take("n", {2}, kF32); }), FG_E_UNSUPPORTED,
                 {path, "\"n\" has dtype i64, expected f32"});
  expect_refusal(refusal_of([&] { w.take("w", {2, 3}, kI64); }), FG_E_UNSUPPORTED, {"dtype f32, expected i64"});
  expect_refusal(refusal_of([&] { w.take("z", {2}, kF32); }), FG_E_NOT_FOUND, {"no tensor \"z\" among its 2"});
  EXPECT_EQ(w.take("n", {2}, kI64).to_vector<std::int64_t>(), (std::vector<std::int64_t>{1, 2}));
}

TEST(Weights, DtypesThatNeedMoreThanTheTensorAreRefused) {
  const TempFolder folder;
  folder.write("model.safetensors", file_of(R"({"e":{"dtype":"F8_E8M0","shape":[4],"data_offsets":[0,4]},)"
                                            R"("f":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[4,8]}})",
                                            8));
  Weights w = Weights::open(folder.path());
  expect_refusal(refusal_of([&] { w.take("e", {4}, kBF16); }), FG_E_UNSUPPORTED, {"\"e\" has dtype F8_E8M0"});
  expect_refusal(refusal_of([&] { w.take("f", {4}, kBF16); }), FG_E_UNSUPPORTED, {"\"f\" has dtype f8_e4m3fn"});
}

struct BadFile {
  const char* what;
  std::string bytes;
  const char* says;
};

TEST(Weights, FilesThatAreNotWhatTheyClaim) {
  const std::string good = R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})";
  const auto with = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"a":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  std::string long_header = file_of(good, 16);
  const std::uint64_t too_long = 200'000'000;
  std::memcpy(long_header.data(), &too_long, sizeof too_long);
  const BadFile files[] = {
      {"empty", "", "0 bytes has no header"},
      {"short", "abc", "3 bytes has no header"},
      {"torn data", file_of(good, 16).substr(0, good.size() + 8 + 10), "bytes 0 to 16 of 10 bytes of data"},
      {"torn header", file_of(good, 16).substr(0, 20), "the file only 20"},
      {"header beyond the limit", long_header, "at most 100000000"},
      {"not JSON", file_of("{\"a\":", 0), "not valid JSON"},
      {"size and shape", file_of(with("F32", "[5]", "[0,16]"), 16), "needs 20 bytes, its data_offsets hold 16"},
      {"negative size", file_of(with("F32", "[-4]", "[0,16]"), 16), "negative number -4"},
      {"negative offset", file_of(with("F32", "[4]", "[-16,0]"), 16), "negative number -16"},
      {"huge size", file_of(with("F32", "[4611686018427387904,4]", "[0,16]"), 16), "\"a\""},
      {"reversed", file_of(with("F32", "[4]", "[16,0]"), 16), "bytes 16 to 0"},
      {"no shape", file_of(R"({"a":{"dtype":"F32","data_offsets":[0,16]}})", 16), "no shape"},
      {"twice",
       file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
               R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
               2),
       "its name twice"},
      {"overlap",
       file_of(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
               R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
               3),
       "overlaps"},
      {"too much data", file_of(good, 17), "end at byte 16 of 17"},
  };
  for (const BadFile& bad : files) {
    SCOPED_TRACE(bad.what);
    const TempFolder folder;
    const std::string path = folder.write("model.safetensors", bad.bytes);
    expect_refusal(refusal_of([&] { Weights::open(folder.path()); }), FG_E_INVALID, {path, bad.says});
  }
}

TEST(Weights, MissingFilesAreNamed) {
  const TempFolder folder;
  expect_refusal(refusal_of([&] { Weights::open(folder.path()); }), FG_E_NOT_FOUND, {folder.path(), "neither"});
  expect_refusal(refusal_of([&] { Weights::open(folder.path("no")); }), FG_E_NOT_FOUND, {folder.path("no")});
  folder.write("model.safetensors.index.json", R"({"weight_map": {"a": "gone.safetensors"}})");
  expect_refusal(refusal_of([&] { Weights::open(folder.path()); }), FG_E_NOT_FOUND, {folder.path("gone.safetensors")});
}

TEST(Weights, AnIndexThatLies) {
  const TempFolder folder;
  const std::string index = folder.path("model.safetensors.index.json");
  save_safetensors(folder.path("one.safetensors"), {{"a", iota({4})}});
  const auto says = [&](const std::string& text, std::initializer_list<std::string> parts) {
    folder.write("model.safetensors.index.json", text);
    expect_refusal(refusal_of([&] { Weights::open(folder.path()); }), FG_E_INVALID, parts);
  };
  says("[]", {index, "expected an object"});
  says("{", {index, "not valid JSON"});
  says("{}", {index, "weight_map is missing"});
  says(R"({"weight_map": []})", {"weight_map is a list"});
  says(R"({"weight_map": {"a": 1}})", {"\"a\" lies in 1"});
  says(R"({"weight_map": {"a": "../one.safetensors"}})", {"expected the name of a file beside the index"});
  says(R"({"weight_map": {"a": "one.safetensors", "b": "one.safetensors"}})", {"has no tensor \"b\""});
  says(R"({"weight_map": {"a": "one.safetensors", "a": "one.safetensors"}})", {"the key \"a\" comes twice"});
  says(std::string(1000, '['), {index});
}

}  // namespace
}  // namespace fg::models
