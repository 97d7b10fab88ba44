// SPDX-License-Identifier: Apache-2.0
//
// Ed25519 keys as text: whose certificates are believed.

#ifndef FG_CORE_CERTIFICATE_KEYS_HPP_
#define FG_CORE_CERTIFICATE_KEYS_HPP_

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fg/sdk/result.hpp"

namespace fg::core {

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

// Lower-case hexadecimal of exactly this many bytes: one spelling for each value.
bool is_lower_hex(std::string_view text, std::size_t bytes);
template <class Bytes>
std::optional<Bytes> bytes_of_hex(std::string_view text) {
  Bytes out{};
  if (!is_lower_hex(text, out.size())) return std::nullopt;
  const auto digit = [](char c) { return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); };
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
  return out;
}

// A key that is believed, and where it comes from.
struct TrustedKey {
  PublicKey key{};
  std::string name, source;
};
const TrustedKey* find_key(const std::vector<TrustedKey>& keys, const PublicKey& key);

// A name that a key may have: 1 to 64 letters, digits, and any of ._@+-
bool is_key_name(std::string_view name);

// One line "<label> <hex> <name>"; the label says what the file holds.
inline constexpr std::string_view kPublicKeyLabel = "fg-ed25519-public";
std::string key_line(std::string_view label, std::string_view hex, std::string_view name);
struct KeyLine {
  std::string hex, name;
};
Result<KeyLine> parse_key_line(std::string_view text, std::string_view label, const std::string& file);

Result<TrustedKey> parse_public_key(std::string_view text, const std::string& file);
Result<TrustedKey> read_public_key(const std::string& path);

// Every *.pub of a folder, which need not exist.  A file that others could have written, or with a
// mistake, is left out with a notice.
struct KeyFolder {
  std::vector<TrustedKey> keys;
  std::vector<std::string> notices;
};
KeyFolder read_key_folder(const std::string& path);

}  // namespace fg::core

#endif  // FG_CORE_CERTIFICATE_KEYS_HPP_
