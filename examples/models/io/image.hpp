// SPDX-License-Identifier: Apache-2.0
//
// Pictures for vision models: PNG and JPEG, scaled, cut and normalised as CLIP's preprocessor does it
// with Pillow.

#ifndef FG_EXAMPLES_MODELS_IO_IMAGE_HPP_
#define FG_EXAMPLES_MODELS_IO_IMAGE_HPP_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fg::models {

struct Image {
  std::int64_t width = 0, height = 0;
  std::vector<std::uint8_t> rgb;  // Rows from the top; three bytes a pixel.
};

// More than any model looks at, and what a small file may ask for at most.
inline constexpr std::int64_t kMaxImageSide = 16384;
inline constexpr std::int64_t kMaxImagePixels = std::int64_t{1} << 26;

// Transparency is dropped, grey and palettes become RGB, 16 bits become 8.
// FG_E_NOT_FOUND without the file; FG_E_INVALID for what is neither PNG nor JPEG, torn, or too large;
// FG_E_UNSUPPORTED for colours that are no RGB (CMYK).
Image load_image(const std::string& path);
Image decode_image(std::span<const std::byte> file, const std::string& where);

// preprocessor_config.json; the defaults are CLIP's.
struct ImageConfig {
  bool do_resize = true, do_center_crop = true, do_rescale = true, do_normalize = true;
  std::int64_t shortest_edge = 224;  // 0: height and width are given.
  std::int64_t resize_height = 0, resize_width = 0;
  std::int64_t crop_height = 224, crop_width = 224;
  double rescale_factor = 1.0 / 255;
  std::array<double, 3> image_mean{0.48145466, 0.4578275, 0.40821073};
  std::array<double, 3> image_std{0.26862954, 0.26130258, 0.27577711};
};
// Of `folder`; the defaults with `image_size` where there is no such file.
ImageConfig load_image_config(const std::string& folder, std::int64_t image_size);
ImageConfig parse_image_config(std::string_view text, const std::string& where, std::int64_t image_size = 224);

// Bicubic, with the filter widened when it scales down.
Image resize(const Image& image, std::int64_t width, std::int64_t height);
// What lies beyond the image is black.
Image center_crop(const Image& image, std::int64_t width, std::int64_t height);

// Channels, rows, columns: [3, height, width].
struct PixelValues {
  std::int64_t height = 0, width = 0;
  std::vector<float> values;
};
PixelValues preprocess(const Image& image, const ImageConfig& config);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_IMAGE_HPP_
