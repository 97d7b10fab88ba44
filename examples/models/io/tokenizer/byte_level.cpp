// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/tokenizer/byte_level.hpp"

#include <array>

namespace fg::models {
namespace {

// Latin-1's visible characters stand for themselves, the other bytes for U+0100 and on, in order.
constexpr bool visible(int b) {
  return (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || (b >= 0xAE && b <= 0xFF);
}

constexpr auto kChars = [] {
  std::array<std::uint16_t, 256> chars{};
  std::uint16_t next = 0x100;
  for (int b = 0; b < 256; ++b)
    chars[static_cast<std::size_t>(b)] = visible(b) ? static_cast<std::uint16_t>(b) : next++;
  return chars;
}();

constexpr auto kBytes = [] {
  std::array<std::int16_t, 0x144> bytes{};  // 68 bytes are not visible.
  for (auto& b : bytes) b = -1;
  for (std::size_t b = 0; b < 256; ++b) bytes[kChars[b]] = static_cast<std::int16_t>(b);
  return bytes;
}();

}  // namespace

UChar32 char_of_byte(unsigned char byte) { return kChars[byte]; }

std::optional<unsigned char> byte_of_char(UChar32 c) {
  if (c < 0 || static_cast<std::size_t>(c) >= kBytes.size()) return std::nullopt;
  const std::int16_t byte = kBytes[static_cast<std::size_t>(c)];
  if (byte < 0) return std::nullopt;
  return static_cast<unsigned char>(byte);
}

}  // namespace fg::models
