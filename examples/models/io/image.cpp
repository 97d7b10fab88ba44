// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/image.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "examples/models/io/error.hpp"

namespace fg::models {
namespace {

constexpr double kSupport = 2.0;  // Of the bicubic filter, in source pixels where it scales up.

// Keys' cubic with a = -1/2, as Pillow has it.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

// Which source pixels make one of the result, and how much of each, in units of 2^-22: the steps are
// Pillow's, so that the bytes are.
constexpr int kUnitBits = 22;
struct Weights1d {
  std::int64_t first = 0;
  std::vector<std::int64_t> weights;
};

Weights1d weights_at(std::int64_t i, double scale, std::int64_t from) {
  const double filter_scale = std::max(scale, 1.0), support = kSupport * filter_scale;
  const double center = (static_cast<double>(i) + 0.5) * scale;
  const auto first = std::max<std::int64_t>(0, static_cast<std::int64_t>(center - support + 0.5));
  const auto end = std::min(from, static_cast<std::int64_t>(center + support + 0.5));
  std::vector<double> exact;
  double sum = 0.0;
  for (std::int64_t x = first; x < end; ++x) {
    exact.push_back(cubic((static_cast<double>(x) - center + 0.5) / filter_scale));
    sum += exact.back();
  }
  Weights1d w{first, {}};
  for (const double x : exact) w.weights.push_back(std::llround(x / sum * (1 << kUnitBits)));
  return w;
}

std::vector<Weights1d> weights_of(std::int64_t from, std::int64_t to) {
  std::vector<Weights1d> all;
  for (std::int64_t i = 0; i < to; ++i)
    all.push_back(weights_at(i, static_cast<double>(from) / static_cast<double>(to), from));
  return all;
}

// Along one axis: `lines` lines of `weights.size()` results, whose pixels lie `step` bytes apart.
void resample(const std::vector<std::uint8_t>& from, std::vector<std::uint8_t>& to,
              const std::vector<Weights1d>& weights, std::int64_t lines, std::int64_t from_line, std::int64_t to_line,
              std::int64_t step) {
  for (std::int64_t line = 0; line < lines; ++line) {
    std::int64_t target = line * to_line;
    for (const Weights1d& w : weights) {
      for (std::int64_t c = 0; c < 3; ++c) {
        std::int64_t at = line * from_line + w.first * step + c;
        std::int64_t sum = std::int64_t{1} << (kUnitBits - 1);
        for (const std::int64_t x : w.weights) {
          sum += x * from[static_cast<std::size_t>(at)];
          at += step;
        }
        to[static_cast<std::size_t>(target + c)] =
            static_cast<std::uint8_t>(std::clamp<std::int64_t>(sum >> kUnitBits, 0, 255));
      }
      target += step;
    }
  }
}

std::size_t bytes_of(std::int64_t width, std::int64_t height) { return static_cast<std::size_t>(width * height * 3); }

}  // namespace

Image resize(const Image& image, std::int64_t width, std::int64_t height) {
  Image wide{width, image.height, std::vector<std::uint8_t>(bytes_of(width, image.height))};
  resample(image.rgb, wide.rgb, weights_of(image.width, width), image.height, image.width * 3, width * 3, 3);
  Image out{width, height, std::vector<std::uint8_t>(bytes_of(width, height))};
  resample(wide.rgb, out.rgb, weights_of(image.height, height), width, 3, 3, width * 3);
  return out;
}

Image center_crop(const Image& image, std::int64_t width, std::int64_t height) {
  Image out{width, height, std::vector<std::uint8_t>(bytes_of(width, height))};
  // Divided as Python does: towards minus infinity.
  const auto half = [](std::int64_t x) { return x >= 0 ? x / 2 : -((1 - x) / 2); };
  const std::int64_t top = half(image.height - height), left = half(image.width - width);
  for (std::int64_t y = std::max<std::int64_t>(0, -top); y < std::min(height, image.height - top); ++y) {
    const std::int64_t begin = std::max<std::int64_t>(0, -left), end = std::min(width, image.width - left);
    const auto source = image.rgb.begin() + ((y + top) * image.width + begin + left) * 3;
    if (end > begin) std::copy_n(source, (end - begin) * 3, out.rgb.begin() + (y * width + begin) * 3);
  }
  return out;
}

PixelValues preprocess(const Image& image, const ImageConfig& config) {
  Image work = image;
  if (config.do_resize) {
    std::int64_t width = config.resize_width, height = config.resize_height;
    if (config.shortest_edge > 0) {
      const std::int64_t shorter = std::min(image.width, image.height);
      width = config.shortest_edge * image.width / shorter;
      height = config.shortest_edge * image.height / shorter;
    }
    if (width > kMaxImageSide || height > kMaxImageSide || width * height > kMaxImagePixels) {
      refuse(FG_E_INVALID,
             fmt::format("an image of {} x {} pixels becomes one of {} x {}: too large", image.width, image.height,
                         width, height),
             FG_R_LIMIT);
    }
    work = resize(work, width, height);
  }
  if (config.do_center_crop) work = center_crop(work, config.crop_width, config.crop_height);
  PixelValues out{work.height, work.width, std::vector<float>(work.rgb.size())};
  const std::size_t pixels = work.rgb.size() / 3;
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < pixels; ++i) {
      double x = work.rgb[i * 3 + c];
      if (config.do_rescale) x *= config.rescale_factor;
      if (config.do_normalize) x = (x - config.image_mean[c]) / config.image_std[c];
      out.values[c * pixels + i] = static_cast<float>(x);
    }
  }
  return out;
}

}  // namespace fg::models
