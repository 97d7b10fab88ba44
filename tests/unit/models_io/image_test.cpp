// SPDX-License-Identifier: Apache-2.0
//
// Against Pillow: make_images.py drew the pictures and recorded what it makes of them.

#include "examples/models/io/image.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fg/fg.hpp"
#include "tests/unit/models_io/refusal.hpp"

namespace fg::models {
namespace {

using test::expect_refusal;
using test::refusal_of;
using test::TempFolder;

std::string data(const std::string& file) { return std::string(FG_IMAGES) + "/" + file; }

std::string bytes_of(const std::string& file) {
  std::ifstream in(data(file), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
Image decode(const std::string& bytes) { return decode_image(std::as_bytes(std::span(bytes)), "x"); }

ImageConfig plain(std::int64_t edge) {
  ImageConfig c;
  c.shortest_edge = c.crop_height = c.crop_width = edge;
  c.do_rescale = c.do_normalize = false;
  return c;
}

TEST(Images, AreWhatPillowMakesOfThem) {
  const auto all = load_safetensors(data("expected.safetensors"));
  ASSERT_EQ(all.size(), 11u);
  for (const auto& [name, expected] : all) {
    const PixelValues got = preprocess(load_image(data(name)), plain(28));
    ASSERT_EQ(expected.shape(), (std::vector<std::int64_t>{28, 28, 3}));
    EXPECT_EQ(got.height, 28);
    EXPECT_EQ(got.width, 28);
    EXPECT_EQ(got.values, expected.permute({2, 0, 1}).contiguous().to_vector<float>()) << name;
  }
}

TEST(Images, AreScaledAndNormalised) {
  Image grey{2, 2, std::vector<std::uint8_t>(12, 51)};
  ImageConfig c = plain(2);
  c.do_rescale = c.do_normalize = true;
  c.image_mean = {0.1, 0.2, 0.3};
  c.image_std = {0.5, 1.0, 2.0};
  const PixelValues got = preprocess(grey, c);
  EXPECT_FLOAT_EQ(got.values[0], 0.2f);
  EXPECT_NEAR(got.values[4], 0.0f, 1e-7f);
  EXPECT_FLOAT_EQ(got.values[8], -0.05f);
}

TEST(Images, CropsBeyondTheImageAreBlack) {
  const Image white{2, 1, std::vector<std::uint8_t>(6, 255)};
  const Image got = center_crop(white, 4, 3);
  std::vector<std::uint8_t> expected(36, 0);
  for (std::size_t i = 15; i < 21; ++i) expected[i] = 255;
  EXPECT_EQ(got.rgb, expected);
}

TEST(Images, WhatIsNoImageIsRefused) {
  const TempFolder folder;
  expect_refusal(refusal_of([&] { load_image(folder.path("x.png")); }), FG_E_NOT_FOUND, {folder.path("x.png")});
  const std::string text = folder.write("x.png", "this is a text");
  expect_refusal(refusal_of([&] { load_image(text); }), FG_E_INVALID, {text, "14 bytes that are neither PNG nor JPEG"});
  expect_refusal(refusal_of([] { decode(""); }), FG_E_INVALID, {"x: 0 bytes"});
  const std::string png = bytes_of("rgb.png"), jpeg = bytes_of("full.jpg");
  for (const std::size_t n : {std::size_t{10}, std::size_t{40}, png.size() / 2, png.size() - 20})
    expect_refusal(refusal_of([&] { decode(png.substr(0, n)); }), FG_E_INVALID, {"x: not a whole PNG: "});
  for (const std::size_t n : {std::size_t{10}, jpeg.size() / 2, jpeg.size() - 20})
    expect_refusal(refusal_of([&] { decode(jpeg.substr(0, n)); }), FG_E_INVALID, {"x: not a whole JPEG: "});
  expect_refusal(refusal_of([] { decode(bytes_of("cmyk.jpg")); }), FG_E_UNSUPPORTED, {"CMYK"});
}

TEST(Images, SmallFilesOfHugeImagesAreRefused) {
  std::string jpeg = bytes_of("full.jpg");
  const std::size_t frame = jpeg.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  for (std::size_t i = 0; i < 4; ++i) jpeg[frame + 5 + i] = '\x7F';  // Height and width: 32639.
  expect_refusal(refusal_of([&] { decode(jpeg); }), FG_E_INVALID,
                 {"x: 32639 x 32639 pixels, expected sides of 1 to 16384"});
  const Image thin{1, 10000, std::vector<std::uint8_t>(30000, 1)};
  expect_refusal(refusal_of([&] { preprocess(thin, plain(224)); }), FG_E_INVALID,
                 {"an image of 1 x 10000 pixels becomes one of 224 x 2240000: too large"});
}

TEST(Images, PreprocessorFiles) {
  const TempFolder folder;
  EXPECT_EQ(load_image_config(folder.path(), 336).crop_width, 336) << "no file: the model's image size";
  const ImageConfig older =
      parse_image_config(R"({"size": 224, "crop_size": 200, "image_mean": [0.5, 0.5, 0.5]})", "x");
  EXPECT_EQ(older.shortest_edge, 224);
  EXPECT_EQ(older.crop_height, 200);
  EXPECT_EQ(older.image_mean[1], 0.5);
  folder.write("preprocessor_config.json", R"({"size": {"shortest_edge": 336}, "do_center_crop": false, "resample": 3,
      "crop_size": {"height": 330, "width": 320}, "rescale_factor": 0.5})");
  const ImageConfig newer = load_image_config(folder.path(), 28);
  EXPECT_EQ(newer.shortest_edge, 336);
  EXPECT_EQ(newer.crop_width, 320);
  EXPECT_FALSE(newer.do_center_crop);
  EXPECT_EQ(newer.rescale_factor, 0.5);
  const auto refused = [](const char* text) { return refusal_of([&] { parse_image_config(text, "x"); }); };
  expect_refusal(refused(R"({"resample": 2})"), FG_E_UNSUPPORTED, {"x: resample is 2, known: 3 (bicubic)"});
  expect_refusal(refused(R"({"size": {"height": 3}})"), FG_E_INVALID, {"x: size.width is missing"});
  expect_refusal(refused(R"({"size": 0})"), FG_E_INVALID, {"size is 0"});
  expect_refusal(refused(R"({"size": 99999})"), FG_E_INVALID, {"size is 99999, expected at most 16384"});
  expect_refusal(refused(R"({"image_std": [1, 0, 1]})"), FG_E_INVALID,
                 {"image_std is 0, expected three numbers above 0"});
  expect_refusal(refused(R"({"image_mean": [1]})"), FG_E_INVALID, {"image_mean is 1, expected three numbers"});
}

}  // namespace
}  // namespace fg::models
