// SPDX-License-Identifier: Apache-2.0
//
// JSON files of strangers: parsed with limits, read field by field with errors that name file and
// field.  Heavy to include: for .cpp files alone.

#ifndef FG_EXAMPLES_MODELS_IO_JSON_HPP_
#define FG_EXAMPLES_MODELS_IO_JSON_HPP_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fg::models {

// All of a regular file.  FG_E_NOT_FOUND, or FG_E_INVALID when it cannot be read or is larger.
std::string read_text_file(const std::string& path, std::size_t max_bytes);

// One JSON object.  FG_E_INVALID, naming `where`, for text that is not JSON, not an object, too deep, or
// has a key twice.
nlohmann::json parse_json_object(std::string_view text, const std::string& where);

// The fields of an object.  A field that is absent and one that is null are the same: not there.
class Fields {
 public:
  // Borrows `object`.  `where` is what messages begin with: "m/config.json: rope_parameters".
  Fields(const nlohmann::json& object, std::string where);

  const std::string& where() const { return where_; }
  std::string at(std::string_view key) const;  // "m/config.json: rope_parameters.factor"
  bool has(const char* key) const { return find(key) != nullptr; }
  const nlohmann::json* find(const char* key) const;  // nullptr when it is not there.
  const nlohmann::json& need(const char* key) const;

  std::optional<std::int64_t> integer(const char* key) const;
  std::optional<std::int64_t> size(const char* key) const;  // 1 to 2^31 - 1.
  std::optional<double> number(const char* key) const;      // Finite.
  std::optional<bool> boolean(const char* key) const;
  std::optional<std::string> text(const char* key) const;
  std::optional<Fields> object(const char* key) const;
  const nlohmann::json* list(const char* key) const;

  std::string need_text(const char* key) const;
  Fields need_object(const char* key) const;
  const nlohmann::json& need_list(const char* key) const;

  // FG_E_INVALID: "<field> is <value>, expected <what>".
  [[noreturn]] void wrong(const char* key, const nlohmann::json& value, std::string_view expected) const;

 private:
  const nlohmann::json* object_;
  std::string where_;
};

// A value as a message shows it, cut short.
std::string shown(const nlohmann::json& value);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_IO_JSON_HPP_
