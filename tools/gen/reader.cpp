// SPDX-License-Identifier: Apache-2.0
#include "tools/gen/reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/catalogue/nearest.hpp"

namespace fg::gen {
namespace {

std::string describe(const YAML::Node& node) {
  if (node.IsScalar()) return fmt::format("'{}'", node.Scalar());
  if (node.IsMap()) return "a mapping";
  if (node.IsSequence()) return "a list";
  return "nothing";
}

}  // namespace

std::optional<std::size_t> choose(const Source& source, const YAML::Node& node, std::string_view word,
                                  std::initializer_list<std::string_view> names, std::string_view what) {
  const auto it = std::find(names.begin(), names.end(), word);
  if (it != names.end()) return static_cast<std::size_t>(it - names.begin());
  source.error(node, fmt::format("{} '{}' is not one of {}{}", what, word, fmt::join(names, ", "),
                                 core::did_you_mean(word, names)));
  return std::nullopt;
}

std::optional<std::string> read_text(const Source& source, const YAML::Node& node, std::string_view what) {
  if (node.IsScalar()) return node.Scalar();
  source.error(node, fmt::format("{} is {}, expected a text", what, describe(node)));
  return std::nullopt;
}

std::optional<bool> read_bool(const Source& source, const YAML::Node& node, std::string_view what) {
  if (node.IsScalar() && node.Scalar() == "true") return true;
  if (node.IsScalar() && node.Scalar() == "false") return false;
  source.error(node, fmt::format("{} is {}, expected true or false", what, describe(node)));
  return std::nullopt;
}

std::optional<std::int64_t> read_int(const Source& source, const YAML::Node& node, std::string_view what) {
  std::int64_t value = 0;
  if (node.IsScalar() && YAML::convert<std::int64_t>::decode(node, value)) return value;
  source.error(node, fmt::format("{} is {}, expected an integer", what, describe(node)));
  return std::nullopt;
}

std::optional<double> read_float(const Source& source, const YAML::Node& node, std::string_view what) {
  double value = 0;
  if (node.IsScalar()) {
    if (node.Scalar() == "inf") return std::numeric_limits<double>::infinity();
    if (node.Scalar() == "-inf") return -std::numeric_limits<double>::infinity();
    if (YAML::convert<double>::decode(node, value)) return value;
  }
  source.error(node, fmt::format("{} is {}, expected a number", what, describe(node)));
  return std::nullopt;
}

std::vector<std::string> read_texts(const Source& source, const YAML::Node& node, std::string_view what) {
  std::vector<std::string> out;
  if (!node.IsSequence()) {
    if (auto one = read_text(source, node, what)) out.push_back(*one);
    return out;
  }
  for (const YAML::Node& item : node) {
    if (auto one = read_text(source, item, what)) out.push_back(*one);
  }
  return out;
}

Mapping::Mapping(const Source& source, const YAML::Node& node, std::string what,
                 std::initializer_list<std::string_view> keys)
    : source_(source), node_(node), what_(std::move(what)) {
  if (!node.IsMap()) {
    source.error(node, fmt::format("{} is {}, expected a mapping", what_, describe(node)));
    return;
  }
  for (const auto& pair : node) {
    if (!pair.first.IsScalar()) {
      source.error(pair.first, fmt::format("a key of {} is {}, expected a text", what_, describe(pair.first)));
      continue;
    }
    const std::string& key = pair.first.Scalar();
    if (has(key)) {
      source.error(pair.first, fmt::format("key '{}' of {} is given twice", key, what_));
      continue;
    }
    if (keys.size() != 0 && std::find(keys.begin(), keys.end(), key) == keys.end()) {
      const std::string guess = core::did_you_mean(key, keys);
      source.error(pair.first,
                   fmt::format("unknown key '{}' of {}{}", key, what_,
                               guess.empty() ? fmt::format(", expected one of {}", fmt::join(keys, ", ")) : guess));
      continue;
    }
    entries_.push_back({key, pair.first, pair.second});
  }
}

const YAML::Node* Mapping::find(std::string_view key) const {
  const auto it = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.key == key; });
  return it == entries_.end() ? nullptr : &it->value;
}

const YAML::Node* Mapping::require(std::string_view key) const {
  const YAML::Node* node = find(key);
  if (node == nullptr && node_.IsMap()) source_.error(node_, fmt::format("{} has no '{}'", what_, key));
  return node;
}

std::string Mapping::text(std::string_view key, std::string fallback) const {
  const YAML::Node* node = find(key);
  if (node == nullptr) return fallback;
  return read_text(source_, *node, fmt::format("'{}' of {}", key, what_)).value_or(std::move(fallback));
}

bool Mapping::flag(std::string_view key, bool fallback) const {
  const YAML::Node* node = find(key);
  if (node == nullptr) return fallback;
  return read_bool(source_, *node, fmt::format("'{}' of {}", key, what_)).value_or(fallback);
}

std::vector<std::string> Mapping::texts(std::string_view key) const {
  const YAML::Node* node = find(key);
  if (node == nullptr) return {};
  return read_texts(source_, *node, fmt::format("'{}' of {}", key, what_));
}

}  // namespace fg::gen
