// SPDX-License-Identifier: Apache-2.0
//
// Reads YAML nodes strictly: a mapping says which keys it knows, every value says what it must be,
// and each mistake is reported with its line.

#ifndef FG_TOOLS_GEN_READER_HPP_
#define FG_TOOLS_GEN_READER_HPP_

#include <yaml-cpp/yaml.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/gen/diagnostics.hpp"

namespace fg::gen {

// What one file's nodes are read with.
struct Source {
  std::string file;
  Diagnostics& diagnostics;

  Where at(const YAML::Node& node) const { return {file, node.Mark().line + 1}; }
  void error(const YAML::Node& node, std::string message) const { diagnostics.error(at(node), std::move(message)); }
};

// Looks `word` up in `names`: its position, or an error that lists what there is.
std::optional<std::size_t> choose(const Source& source, const YAML::Node& node, std::string_view word,
                                  std::initializer_list<std::string_view> names, std::string_view what);

std::optional<std::string> read_text(const Source& source, const YAML::Node& node, std::string_view what);
std::optional<bool> read_bool(const Source& source, const YAML::Node& node, std::string_view what);
std::optional<std::int64_t> read_int(const Source& source, const YAML::Node& node, std::string_view what);
// Numbers, "inf", "-inf" and "nan".
std::optional<double> read_float(const Source& source, const YAML::Node& node, std::string_view what);
// A list of texts; one text counts as a list of one.
std::vector<std::string> read_texts(const Source& source, const YAML::Node& node, std::string_view what);

// A mapping whose keys must be among `keys`; no keys: any.
class Mapping {
 public:
  struct Entry {
    std::string key;
    YAML::Node key_node, value;
  };

  Mapping(const Source& source, const YAML::Node& node, std::string what,
          std::initializer_list<std::string_view> keys = {});

  const std::vector<Entry>& entries() const { return entries_; }
  bool has(std::string_view key) const { return find(key) != nullptr; }
  const YAML::Node* find(std::string_view key) const;
  // Absent keys give the second argument; a wrong value is reported and gives it too.
  std::string text(std::string_view key, std::string fallback = "") const;
  bool flag(std::string_view key, bool fallback) const;
  std::vector<std::string> texts(std::string_view key) const;
  // Reports that `key` is missing.
  const YAML::Node* require(std::string_view key) const;

 private:
  const Source& source_;
  YAML::Node node_;
  std::string what_;
  std::vector<Entry> entries_;
};

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_READER_HPP_
