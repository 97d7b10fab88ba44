// SPDX-License-Identifier: Apache-2.0
//
// JSON in the one form that can be signed: keys in byte order, no blanks, UTF-8, whole numbers and
// texts only.  A document has one spelling, so equal contents are equal bytes.

#ifndef FG_CORE_CERTIFICATE_CANONICAL_JSON_HPP_
#define FG_CORE_CERTIFICATE_CANONICAL_JSON_HPP_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fg/sdk/result.hpp"

namespace fg::core {

struct JsonMember;

struct JsonValue {
  enum class Kind : std::uint8_t { text, integer, list, object };
  Kind kind = Kind::text;
  std::string text;
  std::int64_t integer = 0;
  std::vector<JsonValue> items;
  std::vector<JsonMember> members;  // Keys ascending.

  static JsonValue of(std::string_view text);
  static JsonValue of(std::int64_t number);
  static JsonValue list();
  static JsonValue object();

  const JsonValue* find(std::string_view key) const;
  // Puts a member where it belongs; replaces one of that key.
  void set(std::string_view key, JsonValue value);
};

struct JsonMember {
  std::string key;
  JsonValue value;
};

std::string to_canonical(const JsonValue& value);

inline constexpr std::size_t kMaxJsonDepth = 8;
inline constexpr std::size_t kMaxJsonValues = 200'000;
// Takes what to_canonical() writes and nothing else; `name` is for messages.  Never throws.
Result<JsonValue> parse_canonical(std::string_view text, const std::string& name);

}  // namespace fg::core

#endif  // FG_CORE_CERTIFICATE_CANONICAL_JSON_HPP_
