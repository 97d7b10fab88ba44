// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/error.hpp"

#include <algorithm>
#include <cstring>

namespace fg::models {
namespace {

constexpr std::size_t kMaxShown = 80;

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u; }

// The longest part of at most `bytes` bytes that does not end inside a character.
std::string_view cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && continues(text[bytes])) --bytes;
  return text.substr(0, bytes);
}

}  // namespace

void refuse(fg_status status, std::string_view message, fg_reason reason) {
  fg_error e = FG_ERROR_INIT;
  e.code = status;
  e.reason = reason;
  const std::string_view kept = cut(message, sizeof e.message - 1);
  std::memcpy(e.message, kept.data(), kept.size());
  throw Exception(status, e);
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"" + std::string(cut(text, kMaxShown)) + (text.size() > kMaxShown ? "...\"" : "\"");
  std::ranges::replace_if(
      out, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return out;
}

}  // namespace fg::models
