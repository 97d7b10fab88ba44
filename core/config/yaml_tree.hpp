// SPDX-License-Identifier: Apache-2.0
//
// A YAML document as a plain tree with line numbers, and readers that say in which line what was
// expected.  yaml-cpp stays behind yaml_tree.cpp.

#ifndef FG_CORE_CONFIG_YAML_TREE_HPP_
#define FG_CORE_CONFIG_YAML_TREE_HPP_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "fg/sdk/result.hpp"

namespace fg::core {

struct YamlMember;

struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string file;
  int line = 0;      // 1-based
  std::string text;  // scalar
  std::vector<YamlNode> items;
  std::vector<YamlMember> members;

  const YamlNode* find(std::string_view key) const;
  // "fg.yaml:12"
  std::string where() const;
  // "fg.yaml:12: <what>", FG_E_INVALID.
  tl::unexpected<Error> complain(std::string_view what) const;

  // Fails unless this is a map (or empty) whose keys are all known; names the nearest known key.
  Result<void> expect_keys(std::initializer_list<std::string_view> known) const;
  Result<std::string> as_text() const;
  Result<bool> as_bool() const;
  // Finite and within [min, max].
  Result<double> as_number(double min, double max) const;
  Result<std::int64_t> as_integer(std::int64_t min, std::int64_t max) const;
  // Bytes: "4096", "512 MiB", "2GB".
  Result<std::uint64_t> as_bytes() const;
  // Index into `words`.
  Result<std::size_t> as_word(std::initializer_list<std::string_view> words) const;
};

struct YamlMember {
  std::string key;
  int line = 0;  // Of the key.
  YamlNode value;
};

inline constexpr std::size_t kMaxYamlBytes = std::size_t{1} << 20;
// Parses text; `file` is for messages.  At most kMaxYamlBytes, 100 000 nodes.
Result<YamlNode> parse_yaml(std::string_view text, const std::string& file);
// The text of a regular file, cut one byte behind `limit`: what a parser takes at most.
// FG_E_NOT_FOUND when there is no such file.
Result<std::string> read_text_file(const std::string& path, std::size_t limit = kMaxYamlBytes);

}  // namespace fg::core

#endif  // FG_CORE_CONFIG_YAML_TREE_HPP_
