// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a picture: refused with a message, or one whose pixels are all there and that a
// preprocessor takes.

#include <cstdlib>

#include "examples/models/io/image.hpp"
#include "fg/tensor.hpp"

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const fg::models::Image image = fg::models::decode_image(std::as_bytes(std::span(data, size)), "x");
    must(image.width > 0 && image.height > 0 && image.width * image.height <= fg::models::kMaxImagePixels);
    must(image.rgb.size() == static_cast<std::size_t>(image.width * image.height * 3));
    if (image.width * image.height > 1'000'000) return 0;  // Slow, and no different.
    fg::models::ImageConfig config;
    config.shortest_edge = config.crop_width = config.crop_height = 8;
    const auto pixels = fg::models::preprocess(image, config);
    must(pixels.width == 8 && pixels.height == 8 && pixels.values.size() == 3 * 64);
  } catch (const fg::Exception& e) {
    must(e.status() < 0 && e.what()[0] != '\0');
  }
  return 0;
}
