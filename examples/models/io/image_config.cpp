// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "examples/models/io/error.hpp"
#include "examples/models/io/image.hpp"
#include "examples/models/io/json.hpp"

namespace fg::models {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
constexpr std::int64_t kBicubic = 3;  // As Pillow counts its filters.

std::int64_t side(const Fields& f, const char* key) {
  f.need(key);
  const std::int64_t n = *f.size(key);
  if (n > kMaxImageSide) f.wrong(key, n, fmt::format("at most {}", kMaxImageSide));
  return n;
}

// 224, {"shortest_edge": 224} or {"height": 224, "width": 224}.
void read_size(const Fields& f, ImageConfig& c) {
  if (!f.has("size")) return;
  if (f.need("size").is_number()) {
    c.shortest_edge = side(f, "size");
    return;
  }
  const Fields size = f.need_object("size");
  if (size.has("shortest_edge")) {
    c.shortest_edge = side(size, "shortest_edge");
    return;
  }
  c.shortest_edge = 0;
  c.resize_height = side(size, "height");
  c.resize_width = side(size, "width");
}

void read_crop(const Fields& f, ImageConfig& c) {
  if (!f.has("crop_size")) return;
  if (f.need("crop_size").is_number()) {
    c.crop_height = c.crop_width = side(f, "crop_size");
    return;
  }
  const Fields size = f.need_object("crop_size");
  c.crop_height = side(size, "height");
  c.crop_width = side(size, "width");
}

void read_three(const Fields& f, const char* key, bool divisor, std::array<double, 3>& to) {
  const nlohmann::json* const list = f.list(key);
  if (list == nullptr) return;
  if (list->size() != 3) f.wrong(key, list->size(), "three numbers");
  for (std::size_t i = 0; i < 3; ++i) {
    const nlohmann::json& x = (*list)[i];
    if (!x.is_number() || !std::isfinite(x.get<double>()) || (divisor && x.get<double>() <= 0))
      f.wrong(key, x, divisor ? "three numbers above 0" : "three numbers");
    to[i] = x.get<double>();
  }
}

ImageConfig read(const Fields& f, std::int64_t image_size) {
  ImageConfig c;
  c.shortest_edge = c.crop_height = c.crop_width = image_size;
  c.do_resize = f.boolean("do_resize").value_or(true);
  c.do_center_crop = f.boolean("do_center_crop").value_or(true);
  c.do_rescale = f.boolean("do_rescale").value_or(true);
  c.do_normalize = f.boolean("do_normalize").value_or(true);
  const std::int64_t filter = f.integer("resample").value_or(kBicubic);
  if (c.do_resize && filter != kBicubic)
    refuse(FG_E_UNSUPPORTED, fmt::format("{} is {}, known: 3 (bicubic)", f.at("resample"), filter));
  read_size(f, c);
  read_crop(f, c);
  c.rescale_factor = f.number("rescale_factor").value_or(c.rescale_factor);
  read_three(f, "image_mean", false, c.image_mean);
  read_three(f, "image_std", true, c.image_std);
  return c;
}

}  // namespace

ImageConfig parse_image_config(std::string_view text, const std::string& where, std::int64_t image_size) {
  const auto root = parse_json_object(text, where);
  const Fields f(root, where);
  const auto inner = f.object("image_processor");  // processor_config.json of newer files holds all processors.
  return read(inner ? *inner : f, image_size);
}

ImageConfig load_image_config(const std::string& folder, std::int64_t image_size) {
  std::error_code ignored;
  for (const char* const name : {"preprocessor_config.json", "processor_config.json"}) {
    const std::string path = (std::filesystem::path(folder) / name).string();
    if (std::filesystem::exists(path, ignored))
      return parse_image_config(read_text_file(path, kMaxBytes), path, image_size);
  }
  return parse_image_config("{}", folder, image_size);
}

}  // namespace fg::models
