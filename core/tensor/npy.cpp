// SPDX-License-Identifier: Apache-2.0
//
// The header is a Python dictionary of three known keys; this reads exactly that.

#include "core/tensor/npy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

#include "core/tensor/mapped_tensor.hpp"
#include "core/tensor/npy_dtype.hpp"

namespace fg::core {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeader = 1 << 20;  // Bytes; a header of plain types has about a hundred.

tl::unexpected<Error> bad(std::string why, fg_reason reason = FG_R_OTHER) {
  return invalid("npy: " + std::move(why), reason);
}

Result<fg_dtype> dtype_of(std::string_view descr) {
  for (const NpyDtype& d : kNpyDtypes) {
    if (d.descr == descr) return d.dtype;
    // One byte has no order; NumPy writes '|', others '<'.
    if (d.descr[0] == '|' && descr.size() == 3 && descr.substr(1) == d.descr.substr(1)) return d.dtype;
  }
  const std::string text = "npy: dtype '" + std::string(descr.substr(0, 32)) + "' ";
  if (descr.starts_with('>')) return unsupported(text + "is big-endian, expected little-endian", FG_R_DTYPE);
  if (descr.find('O') != std::string_view::npos) return unsupported(text + "holds Python objects", FG_R_DTYPE);
  return unsupported(text + "has no counterpart among " + "f64 f32 f16 i64 i32 i16 i8 u8 bool", FG_R_DTYPE);
}

class DictReader {
 public:
  explicit DictReader(std::string_view text) : text_(text) {}

  Result<NpyHeader> read() {
    NpyHeader h;
    FG_TRY(expect('{'));
    bool descr = false;
    bool order = false;
    bool shape = false;
    while (!accept('}')) {
      FG_TRY_ASSIGN(const std::string_view key, quoted());
      FG_TRY(expect(':'));
      bool& seen = key == "descr" ? descr : key == "fortran_order" ? order : shape;
      if (&seen == &shape && key != "shape") return bad("the header has the unknown key '" + std::string(key) + "'");
      if (std::exchange(seen, true)) return bad("the header has the key '" + std::string(key) + "' twice");
      if (&seen == &descr)
        FG_TRY(read_descr(h));
      else if (&seen == &order)
        FG_TRY(read_order(h));
      else
        FG_TRY(read_shape(h));
      if (accept('}')) break;
      FG_TRY(expect(','));
    }
    skip_space();
    if (at_ != text_.size()) return bad("text after the header's dictionary");
    if (!descr || !order || !shape) return bad("the header lacks descr, fortran_order or shape");
    return h;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool accept(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  Result<void> expect(char c) {
    if (accept(c)) return {};
    return bad(fmt::format("the header has no '{}' at byte {}", c, at_));
  }
  bool accept_word(std::string_view word) {
    skip_space();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  Result<std::string_view> quoted() {
    skip_space();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') return bad(fmt::format("the header has no string at byte {}", at_));
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return bad("the header has a string without an end");
    const std::string_view s = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return s;
  }

  Result<void> read_descr(NpyHeader& h) {
    skip_space();
    if (at_ < text_.size() && text_[at_] == '[') {
      return unsupported("npy: structured dtypes are not supported, expected one number type", FG_R_DTYPE);
    }
    FG_TRY_ASSIGN(const std::string_view descr, quoted());
    FG_TRY_ASSIGN(h.dtype, dtype_of(descr));
    return {};
  }

  Result<void> read_order(NpyHeader& h) {
    if (accept_word("True"))
      h.fortran_order = true;
    else if (!accept_word("False"))
      return bad("fortran_order is neither True nor False");
    return {};
  }

  Result<void> read_shape(NpyHeader& h) {
    FG_TRY(expect('('));
    while (!accept(')')) {
      skip_space();
      std::int64_t n = 0;
      const char* const first = text_.data() + at_;
      const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), n);
      if (error != std::errc{} || n < 0) return bad(fmt::format("the shape has no size at byte {}", at_), FG_R_SHAPE);
      at_ += static_cast<std::size_t>(end - first);
      if (h.shape.size() == FG_MAX_NDIM) {
        return bad(fmt::format("the shape has more than {} dimensions", FG_MAX_NDIM), FG_R_RANK);
      }
      h.shape.push_back(n);
      accept_word("L");  // Python 2 wrote long integers so.
      if (accept(')')) break;
      FG_TRY(expect(','));
    }
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

struct Envelope {
  std::size_t text_at = 0;
  std::size_t text_size = 0;
};

Result<Envelope> read_envelope(std::string_view file) {
  if (!file.starts_with(kMagic)) return bad("the file does not begin with \\x93NUMPY");
  if (file.size() < 10) return bad("the file ends within its header", FG_R_BOUNDS);
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(file[i])); };
  const std::size_t major = byte(6);
  if (major < 1 || major > 3 || byte(7) != 0) {
    return unsupported(fmt::format("npy: format version {}.{}, expected 1.0 to 3.0", major, byte(7)));
  }
  Envelope e;
  e.text_at = major == 1 ? 10 : 12;
  if (file.size() < e.text_at) return bad("the file ends within its header", FG_R_BOUNDS);
  e.text_size = byte(8) | byte(9) << 8;
  if (major > 1) e.text_size |= byte(10) << 16 | byte(11) << 24;
  if (e.text_size > kMaxHeader) {
    return bad(fmt::format("the header has {} bytes, at most {} are allowed", e.text_size, kMaxHeader), FG_R_LIMIT);
  }
  if (e.text_size > file.size() - e.text_at) {
    return bad(fmt::format("the header has {} bytes, the file only {}", e.text_size, file.size()), FG_R_BOUNDS);
  }
  return e;
}

}  // namespace

Result<NpyHeader> parse_npy(std::span<const std::byte> file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  FG_TRY_ASSIGN(const Envelope e, read_envelope(text));
  FG_TRY_ASSIGN(NpyHeader h, DictReader(text.substr(e.text_at, e.text_size)).read());
  h.data_offset = e.text_at + e.text_size;
  auto numel = checked_numel(h.shape, dtype_bytes(h.dtype));
  if (!numel) return tl::unexpected(std::move(numel).error().while_doing("npy"));
  const auto wanted = static_cast<std::uint64_t>(*numel * dtype_bytes(h.dtype));
  const std::uint64_t held = file.size() - h.data_offset;
  if (wanted == held) return h;
  return bad(fmt::format("{} of shape {} needs {} bytes, the file holds {}", dtype_name(h.dtype), shape_text(h.shape),
                         wanted, held),
             FG_R_BOUNDS);
}

Result<Tensor> load_npy(const std::string& path, Device* device) {
  FG_TRY_ASSIGN(MappedFile mapped, MappedFile::open(path));
  auto h = parse_npy(mapped.bytes());
  if (!h) return tl::unexpected(std::move(h).error().while_doing(path));
  std::int64_t stride[FG_MAX_NDIM];
  std::int64_t step = 1;
  const std::size_t n = h->shape.size();
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t d = h->fortran_order ? k : n - 1 - k;
    stride[d] = step;
    step *= std::max<std::int64_t>(h->shape[d], 1);
  }
  auto file = std::make_shared<MappedFile>(std::move(mapped));
  return mapped_tensor(device, file, file->bytes().subspan(h->data_offset), h->dtype, h->shape, {stride, n});
}

}  // namespace fg::core
