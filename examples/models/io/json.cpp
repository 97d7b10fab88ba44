// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <new>
#include <unordered_set>
#include <utility>

#include "examples/models/io/error.hpp"

namespace fg::models {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 64;

// Called for every event of the parser; a document tree would hide a key that comes twice.
class Checks {
 public:
  explicit Checks(const std::string& where) : where_(where) {}
  bool operator()(int depth, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::object_start) {
      if (depth >= kMaxDepth) refuse(FG_E_INVALID, fmt::format("{}: nested deeper than {}", where_, kMaxDepth));
      keys_.emplace_back();
    } else if (event == json::parse_event_t::array_start && depth >= kMaxDepth) {
      refuse(FG_E_INVALID, fmt::format("{}: nested deeper than {}", where_, kMaxDepth));
    } else if (event == json::parse_event_t::object_end) {
      keys_.pop_back();
    } else if (event == json::parse_event_t::key) {
      const auto& key = value.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second)
        refuse(FG_E_INVALID, fmt::format("{}: the key {} comes twice", where_, in_quotes(key)));
    }
    return true;
  }

 private:
  const std::string& where_;
  std::vector<std::unordered_set<std::string>> keys_;
};

}  // namespace

std::string read_text_file(const std::string& path, std::size_t max_bytes) {
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  if (!std::filesystem::exists(status)) refuse(FG_E_NOT_FOUND, path + ": no such file");
  if (!std::filesystem::is_regular_file(status)) refuse(FG_E_INVALID, path + ": not a regular file");
  const auto size = std::filesystem::file_size(path, failed);
  if (failed) refuse(FG_E_INVALID, path + ": " + failed.message());
  if (size > max_bytes) {
    refuse(FG_E_INVALID, fmt::format("{}: {} bytes, at most {} are read", path, size, max_bytes), FG_R_LIMIT);
  }
  std::string text(size, '\0');
  std::ifstream in(path, std::ios::binary);
  if (!in.read(text.data(), static_cast<std::streamsize>(size))) refuse(FG_E_INVALID, path + ": cannot be read");
  return text;
}

json parse_json_object(std::string_view text, const std::string& where) {
  json parsed;
  Checks checks(where);
  try {
    parsed = json::parse(text.begin(), text.end(), std::ref(checks));
  } catch (const json::parse_error& e) {
    refuse(FG_E_INVALID, fmt::format("{}: not valid JSON at byte {} of {}", where, e.byte, text.size()));
  } catch (const json::exception& e) {
    refuse(FG_E_INVALID, fmt::format("{}: not valid JSON: {}", where, e.what()));
  }
  if (!parsed.is_object()) refuse(FG_E_INVALID, fmt::format("{}: {}, expected an object", where, shown(parsed)));
  return parsed;
}

std::string shown(const json& value) {
  if (value.is_string()) return in_quotes(value.get_ref<const std::string&>());
  if (value.is_structured()) return value.is_array() ? "a list" : "an object";
  return value.dump();
}

Fields::Fields(const json& object, std::string where) : object_(&object), where_(std::move(where)) {
  if (!object.is_object()) refuse(FG_E_INVALID, fmt::format("{} is {}, expected an object", where_, shown(object)));
}

std::string Fields::at(std::string_view key) const {
  // "file.json: a.b": only the first field stands after the file's name.
  const bool nested = where_.find(": ") != std::string::npos;
  return fmt::format("{}{}{}", where_, nested ? "." : ": ", key);
}

void Fields::wrong(const char* key, const json& value, std::string_view expected) const {
  refuse(FG_E_INVALID, fmt::format("{} is {}, expected {}", at(key), shown(value), expected), FG_R_PARAMETER);
}

const json* Fields::find(const char* key) const {
  const auto it = object_->find(key);
  return it == object_->end() || it->is_null() ? nullptr : &*it;
}

const json& Fields::need(const char* key) const {
  if (const json* value = find(key)) return *value;
  refuse(FG_E_INVALID, at(key) + " is missing", FG_R_PARAMETER);
}

std::optional<std::int64_t> Fields::integer(const char* key) const {
  const json* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_integer() || (value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX))
    wrong(key, *value, "a whole number");
  return value->get<std::int64_t>();
}

std::optional<std::int64_t> Fields::size(const char* key) const {
  const auto value = integer(key);
  if (value && (*value < 1 || *value > INT32_MAX)) wrong(key, *find(key), fmt::format("1 to {}", INT32_MAX));
  return value;
}

std::optional<double> Fields::number(const char* key) const {
  const json* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number() || !std::isfinite(value->get<double>())) wrong(key, *value, "a finite number");
  return value->get<double>();
}

std::optional<bool> Fields::boolean(const char* key) const {
  const json* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) wrong(key, *value, "true or false");
  return value->get<bool>();
}

std::optional<std::string> Fields::text(const char* key) const {
  const json* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) wrong(key, *value, "a text");
  return value->get<std::string>();
}

std::optional<Fields> Fields::object(const char* key) const {
  const json* const value = find(key);
  if (value == nullptr) return std::nullopt;
  return Fields(*value, at(key));
}

const json* Fields::list(const char* key) const {
  const json* const value = find(key);
  if (value != nullptr && !value->is_array()) wrong(key, *value, "a list");
  return value;
}

std::string Fields::need_text(const char* key) const {
  need(key);
  return *text(key);
}

Fields Fields::need_object(const char* key) const { return {need(key), at(key)}; }

const json& Fields::need_list(const char* key) const {
  need(key);
  return *list(key);
}

}  // namespace fg::models
