// SPDX-License-Identifier: Apache-2.0
//
// Words for messages of the shape rules.

#ifndef FG_CORE_CATALOGUE_RULE_TEXT_HPP_
#define FG_CORE_CATALOGUE_RULE_TEXT_HPP_

#include <charconv>
#include <cstdint>
#include <span>
#include <string>

namespace fg::core {

// "[2, 3]"
inline std::string shape_text(std::span<const std::int64_t> shape) {
  std::string out = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) out += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return out + "]";
}

// The shortest spelling, in no locale: "0.5", "1e-05".
inline std::string number_text(double x) {
  char buffer[32];
  const std::to_chars_result end = std::to_chars(buffer, buffer + sizeof(buffer), x);
  return {buffer, end.ptr};
}

}  // namespace fg::core

#endif  // FG_CORE_CATALOGUE_RULE_TEXT_HPP_
