// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>
#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "examples/models/io/error.hpp"
#include "examples/models/io/image.hpp"
#include "examples/models/io/json.hpp"

namespace fg::models {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{256} << 20;
constexpr std::size_t kMaxChunkBytes = std::size_t{8} << 20;  // Of a PNG: what is not the picture itself.

void check_size(std::int64_t width, std::int64_t height, const std::string& where) {
  if (width > 0 && height > 0 && width <= kMaxImageSide && height <= kMaxImageSide && width * height <= kMaxImagePixels)
    return;
  refuse(FG_E_INVALID,
         fmt::format("{}: {} x {} pixels, expected sides of 1 to {} and at most {} pixels", where, width, height,
                     kMaxImageSide, kMaxImagePixels),
         FG_R_LIMIT);
}

// --- PNG: errors jump, so nothing with a destructor lives in the functions that they leave ---

struct PngSource {
  std::span<const std::byte> rest;
  char message[128];
};

void png_read(png_structp png, png_bytep to, std::size_t bytes) {
  auto* const source = static_cast<PngSource*>(png_get_io_ptr(png));
  if (bytes > source->rest.size()) png_error(png, "the file ends too early");
  std::memcpy(to, source->rest.data(), bytes);
  source->rest = source->rest.subspan(bytes);
}
[[noreturn]] void png_failed(png_structp png, png_const_charp why) {
  auto* const source = static_cast<PngSource*>(png_get_error_ptr(png));
  const std::size_t n = std::min(std::strlen(why), sizeof source->message - 1);
  std::memcpy(source->message, why, n);
  source->message[n] = '\0';
  png_longjmp(png, 1);
}
void png_warned(png_structp, png_const_charp) {}

struct Png {
  explicit Png(PngSource& source)
      : png(png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, png_failed, png_warned)),
        info(png != nullptr ? png_create_info_struct(png) : nullptr) {
    if (info == nullptr) refuse(FG_E_OOM_HOST, "no memory for libpng");
    png_set_read_fn(png, &source, png_read);
  }
  Png(const Png&) = delete;
  Png& operator=(const Png&) = delete;
  ~Png() { png_destroy_read_struct(&png, &info, nullptr); }
  png_structp png;
  png_infop info;
};

// Everything becomes 8 bits of RGB.
bool read_png_header(const Png& p) {
  if (setjmp(png_jmpbuf(p.png)) != 0) return false;  // NOLINT: libpng's way.
  png_set_user_limits(p.png, kMaxImageSide, kMaxImageSide);
  png_set_chunk_malloc_max(p.png, kMaxChunkBytes);
  png_read_info(p.png, p.info);
  png_set_expand(p.png);
  png_set_strip_16(p.png);
  png_set_gray_to_rgb(p.png);
  png_set_strip_alpha(p.png);
  png_set_interlace_handling(p.png);
  png_read_update_info(p.png, p.info);
  return true;
}
bool read_png_rows(const Png& p, png_bytepp rows) {
  if (setjmp(png_jmpbuf(p.png)) != 0) return false;  // NOLINT
  png_read_image(p.png, rows);
  return true;
}

Image decode_png(std::span<const std::byte> file, const std::string& where) {
  PngSource source{file, {}};
  const Png p(source);
  const auto fail = [&] { refuse(FG_E_INVALID, fmt::format("{}: not a whole PNG: {}", where, source.message)); };
  if (!read_png_header(p)) fail();
  Image image{png_get_image_width(p.png, p.info), png_get_image_height(p.png, p.info), {}};
  check_size(image.width, image.height, where);
  const std::size_t row = png_get_rowbytes(p.png, p.info);
  if (row != static_cast<std::size_t>(image.width) * 3) refuse(FG_E_UNSUPPORTED, where + ": a PNG that is not RGB");
  image.rgb.resize(row * static_cast<std::size_t>(image.height));
  std::vector<png_bytep> rows;
  for (std::size_t at = 0; at < image.rgb.size(); at += row) rows.push_back(image.rgb.data() + at);
  if (!read_png_rows(p, rows.data())) fail();
  return image;
}

Image decode_jpeg(std::span<const std::byte> file, const std::string& where) {
  struct Close {
    void operator()(void* h) const { tjDestroy(h); }
  };
  const std::unique_ptr<void, Close> jpeg(tjInitDecompress());
  if (!jpeg) refuse(FG_E_OOM_HOST, "no memory for libjpeg-turbo");
  const auto fail = [&](const char* why) { refuse(FG_E_INVALID, fmt::format("{}: not a whole JPEG: {}", where, why)); };
  const auto* const bytes = reinterpret_cast<const unsigned char*>(file.data());
  int width = 0, height = 0, subsampling = 0, colours = 0;
  if (tjDecompressHeader3(jpeg.get(), bytes, file.size(), &width, &height, &subsampling, &colours) != 0)
    fail(tjGetErrorStr2(jpeg.get()));
  if (width == 0) fail("it ends in its header");  // Which the library takes for no error.
  check_size(width, height, where);
  if (colours == TJCS_CMYK || colours == TJCS_YCCK) refuse(FG_E_UNSUPPORTED, where + ": a JPEG in CMYK, expected RGB");
  Image image{width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height * 3)};
  // A picture in a thousand passes is an attack, and a torn one is an error, not a warning.
  constexpr int kFlags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS | TJFLAG_STOPONWARNING;
  if (tjDecompress2(jpeg.get(), bytes, file.size(), image.rgb.data(), width, 0, height, TJPF_RGB, kFlags) != 0)
    fail(tjGetErrorStr2(jpeg.get()));
  return image;
}

}  // namespace

Image decode_image(std::span<const std::byte> file, const std::string& where) {
  const auto begins = [&](std::string_view magic) {
    return file.size() >= magic.size() && std::memcmp(file.data(), magic.data(), magic.size()) == 0;
  };
  if (begins("\x89PNG\r\n\x1A\n")) return decode_png(file, where);
  if (begins("\xFF\xD8\xFF")) return decode_jpeg(file, where);
  refuse(FG_E_INVALID, fmt::format("{}: {} bytes that are neither PNG nor JPEG", where, file.size()));
}

Image load_image(const std::string& path) {
  const std::string bytes = read_text_file(path, kMaxFileBytes);
  return decode_image(std::as_bytes(std::span(bytes)), path);
}

}  // namespace fg::models
