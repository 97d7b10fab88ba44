// SPDX-License-Identifier: Apache-2.0
//
// The header is read event by event: the only nesting accepted is that of the format (an object of
// objects of strings and number lists), so depth needs no limit of its own, and a duplicate key is
// seen, which a document tree would hide.

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <nlohmann/json.hpp>
#include <set>

#include "core/tensor/safetensors.hpp"
#include "core/tensor/safetensors_dtype.hpp"

namespace fg::core {
namespace {

constexpr std::string_view kMetadata = "__metadata__";
constexpr std::size_t kMaxShownName = 80;
constexpr std::size_t kMaxDtypeName = 32;

std::string shown(std::string_view name) {
  return "\"" + std::string(name.substr(0, kMaxShownName)) + (name.size() > kMaxShownName ? "...\"" : "\"");
}

class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  SafetensorsHeader header;
  std::string problem;

  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("a boolean"); }
  bool number_float(double, const std::string&) override { return unexpected("a number with a fraction or exponent"); }
  bool binary(nlohmann::json::binary_t&) override { return unexpected("binary data"); }

  bool number_integer(std::int64_t v) override { return refuse(fmt::format("the negative number {}", v)); }
  bool number_unsigned(std::uint64_t v) override {
    if (in_ == In::shape) {
      if (v > static_cast<std::uint64_t>(INT64_MAX)) return refuse(fmt::format("the size {}", v));
      if (entry_.shape.size() == FG_MAX_NDIM) return refuse(fmt::format("more than {} dimensions", FG_MAX_NDIM));
      entry_.shape.push_back(static_cast<std::int64_t>(v));
      return true;
    }
    if (in_ != In::offsets) return unexpected("a number");
    if (n_offsets_ == 2) return refuse("more than two data_offsets");
    (n_offsets_++ == 0 ? entry_.begin : entry_.end) = v;
    return true;
  }

  bool string(std::string& text) override {
    if (in_ == In::metadata) {
      header.metadata[key_] = text;
      return true;
    }
    if (in_ != In::tensor || key_ != "dtype") return unexpected("a string");
    if (text.empty() || text.size() > kMaxDtypeName) return refuse("the dtype " + shown(text));
    const auto ours = std::ranges::find(kSafetensorsDtypes, std::string_view(text), &SafetensorsDtype::name);
    if (ours != kSafetensorsDtypes.end()) entry_.dtype = ours->dtype;
    entry_.dtype_name = text;
    return true;
  }

  bool start_object(std::size_t) override {
    if (in_ == In::nothing) {
      in_ = In::top;
    } else if (in_ == In::top) {
      in_ = name_ == kMetadata ? In::metadata : In::tensor;
      keys_.clear();
      entry_ = {};
      n_offsets_ = 0;
    } else {
      return unexpected("an object");
    }
    return true;
  }

  bool key(std::string& text) override {
    if (in_ == In::top) {
      name_ = text;
      return names_.insert(text).second || refuse("its name twice");
    }
    key_ = text;
    if (!keys_.insert(text).second) return refuse("the key " + shown(text) + " twice");
    if (in_ == In::metadata || text == "dtype" || text == "shape" || text == "data_offsets") return true;
    return refuse("the unknown key " + shown(text));
  }

  bool end_object() override {
    if (in_ == In::top) {
      in_ = In::done;
      return true;
    }
    if (in_ == In::tensor) {
      for (const char* const needed : {"dtype", "shape", "data_offsets"}) {
        if (!keys_.contains(needed)) return refuse(fmt::format("no {}", needed));
      }
      entry_.name = name_;
      header.entries.push_back(std::move(entry_));
    }
    in_ = In::top;
    return true;
  }

  bool start_array(std::size_t) override {
    if (in_ != In::tensor || key_ == "dtype") return unexpected("a list");
    in_ = key_ == "shape" ? In::shape : In::offsets;
    return true;
  }

  bool end_array() override {
    if (in_ == In::offsets && n_offsets_ != 2) return refuse(fmt::format("{} data_offsets", n_offsets_));
    in_ = In::tensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    problem = fmt::format("the header is not valid JSON at byte {}", position);
    return false;
  }

 private:
  enum class In : std::uint8_t { nothing, top, metadata, tensor, shape, offsets, done };

  bool unexpected(std::string_view what) { return refuse(fmt::format("{} where the format has none", what)); }
  bool refuse(std::string_view what) {
    problem = in_ == In::nothing || in_ == In::done ? fmt::format("the header has {}", what)
                                                    : fmt::format("{} has {}", shown(name_), what);
    return false;
  }

  In in_ = In::nothing;
  std::string name_, key_;
  std::set<std::string, std::less<>> names_, keys_;
  SafetensorsEntry entry_;
  int n_offsets_ = 0;
};

tl::unexpected<Error> bad(std::string why, fg_reason reason = FG_R_OTHER) {
  return invalid("safetensors: " + std::move(why), reason);
}

// Bits of an element; 0 for a dtype that this program has never heard of.
std::int64_t element_bits(const SafetensorsEntry& e) {
  if (e.dtype != 0) return dtype_bytes(e.dtype) * 8;
  const auto it = std::ranges::find(kSafetensorsForeign, e.dtype_name, &SafetensorsForeign::name);
  return it == kSafetensorsForeign.end() ? 0 : it->bits;
}

Result<void> check_entry(const SafetensorsEntry& e, std::uint64_t data_bytes) {
  const std::int64_t bits = element_bits(e);
  auto numel = checked_numel(e.shape, std::max<std::int64_t>(bits / 8, 1));
  if (!numel) return bad(shown(e.name) + ": " + numel.error().message, FG_R_SHAPE);
  if (e.begin > e.end || e.end > data_bytes) {
    return bad(fmt::format("{} lies at bytes {} to {} of {} bytes of data", shown(e.name), e.begin, e.end, data_bytes),
               FG_R_BOUNDS);
  }
  const std::int64_t rest = *numel % 8 * bits;  // Bits of the elements beyond the last group of eight.
  const auto wanted = static_cast<std::uint64_t>(*numel / 8 * bits + rest / 8);
  if (bits == 0 || (rest % 8 == 0 && wanted == e.end - e.begin)) return {};
  return bad(fmt::format("{} of dtype {} and shape {} needs {} bytes, its data_offsets hold {}", shown(e.name),
                         e.dtype_name, shape_text(e.shape), wanted, e.end - e.begin),
             FG_R_SHAPE);
}

// The entries, in the order of their data, must cover it without a gap or an overlap.
Result<void> check_cover(std::vector<SafetensorsEntry>& entries, std::uint64_t data_bytes) {
  std::ranges::sort(entries, {}, [](const SafetensorsEntry& e) { return std::pair(e.begin, e.end); });
  std::uint64_t at = 0;
  for (const SafetensorsEntry& e : entries) {
    if (e.begin != at) {
      return bad(fmt::format("{} begins at byte {}, where {} was expected: the data {}", shown(e.name), e.begin, at,
                             e.begin < at ? "overlaps" : "has a gap"),
                 FG_R_BOUNDS);
    }
    at = e.end;
  }
  if (at == data_bytes) return {};
  return bad(fmt::format("the tensors end at byte {} of {} bytes of data", at, data_bytes), FG_R_BOUNDS);
}

}  // namespace

Result<SafetensorsHeader> parse_safetensors(std::span<const std::byte> file) {
  std::uint64_t length = 0;
  if (file.size() < sizeof length) return bad(fmt::format("a file of {} bytes has no header", file.size()));
  std::memcpy(&length, file.data(), sizeof length);
  if (length > kMaxSafetensorsHeader) {
    return bad(fmt::format("the header has {} bytes, at most {} are allowed", length, kMaxSafetensorsHeader),
               FG_R_LIMIT);
  }
  if (length > file.size() - sizeof length) {
    return bad(fmt::format("the header has {} bytes, the file only {}", length, file.size()), FG_R_BOUNDS);
  }
  const auto* const text = reinterpret_cast<const char*>(file.data()) + sizeof length;
  if (length == 0 || *text != '{') return bad("the header does not begin with '{'");
  HeaderReader reader;
  try {
    if (!nlohmann::json::sax_parse(text, text + length, &reader)) return bad(reader.problem);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {
    return bad(std::string("the header is not valid JSON: ") + e.what());
  }
  SafetensorsHeader header = std::move(reader.header);
  header.data_offset = sizeof length + length;
  const std::uint64_t data_bytes = file.size() - header.data_offset;
  for (const SafetensorsEntry& e : header.entries) FG_TRY(check_entry(e, data_bytes));
  FG_TRY(check_cover(header.entries, data_bytes));
  return header;
}

}  // namespace fg::core
