// SPDX-License-Identifier: Apache-2.0
#include "core/certificate/keys.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "core/config/yaml_tree.hpp"
#include "core/registry/permissions.hpp"

namespace fg::core {

bool is_lower_hex(std::string_view text, std::size_t bytes) {
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == 2 * bytes && std::all_of(text.begin(), text.end(), digit);
}

const TrustedKey* find_key(const std::vector<TrustedKey>& keys, const PublicKey& key) {
  const auto at = std::find_if(keys.begin(), keys.end(), [&](const TrustedKey& k) { return k.key == key; });
  return at == keys.end() ? nullptr : &*at;
}

bool is_key_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("._@+-").find(c) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed);
}

std::string key_line(std::string_view label, std::string_view hex, std::string_view name) {
  return fmt::format("{} {} {}\n", label, hex, name);
}

Result<KeyLine> parse_key_line(std::string_view text, std::string_view label, const std::string& file) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  const std::size_t first = text.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : text.find(' ', first + 1);
  if (second == std::string_view::npos || text.substr(0, first) != label) {
    return invalid(fmt::format("{}: expected one line '{} <64 hex digits> <name>'", file, label));
  }
  KeyLine line{std::string(text.substr(first + 1, second - first - 1)), std::string(text.substr(second + 1))};
  if (!is_lower_hex(line.hex, 32)) {
    return invalid(fmt::format("{}: a key of {} characters, expected 64 lower-case hex digits", file, line.hex.size()));
  }
  if (!is_key_name(line.name)) {
    return invalid(fmt::format("{}: the key's name '{}', expected 1 to 64 letters, digits and ._@+-", file, line.name));
  }
  return line;
}

Result<TrustedKey> parse_public_key(std::string_view text, const std::string& file) {
  FG_TRY_ASSIGN(KeyLine line, parse_key_line(text, kPublicKeyLabel, file));
  return TrustedKey{*bytes_of_hex<PublicKey>(line.hex), std::move(line.name), file};
}

Result<TrustedKey> read_public_key(const std::string& path) {
  FG_TRY_ASSIGN(const std::string text, read_text_file(path));
  return parse_public_key(text, path);
}

KeyFolder read_key_folder(const std::string& path) {
  namespace fs = std::filesystem;
  KeyFolder out;
  std::error_code error;
  std::vector<std::string> files;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".pub") files.push_back(at->path().string());
  }
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    if (const auto why = writable_by_others(file)) {
      out.notices.push_back(fmt::format("key {} is not trusted: {}", file, *why));
    } else if (auto key = read_public_key(file); !key) {
      out.notices.push_back(fmt::format("key is not trusted: {}", key.error().message));
    } else {
      out.keys.push_back(*std::move(key));
    }
  }
  return out;
}

}  // namespace fg::core
