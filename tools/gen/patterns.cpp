// SPDX-License-Identifier: Apache-2.0
#include "tools/gen/patterns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <sstream>

#include "core/catalogue/shape_rule_names.hpp"

namespace fg::gen {
namespace {

struct Parts {
  bool broadcast = false;
  std::vector<std::string> entries;
};

Parts split(std::string text) {
  Parts parts;
  std::erase(text, ' ');
  if (text.starts_with("broadcast(") && text.ends_with(')')) {
    parts.broadcast = true;
    text = text.substr(10, text.size() - 11);
  }
  std::istringstream in(text);
  for (std::string entry; std::getline(in, entry, ',');) parts.entries.push_back(entry);
  return parts;
}

// The attribute that a pattern of one name stands for, -1 when it is a length.
int sizes_attribute(const Op& op, const Parts& parts) {
  if (parts.entries.size() != 1) return -1;
  const int i = op.arg_index(parts.entries.front());
  return i >= 0 && op.args[static_cast<std::size_t>(i)].type == ArgType::sizes ? i : -1;
}

bool is_name(const std::string& s) {
  return !s.empty() && std::isdigit(static_cast<unsigned char>(s[0])) == 0 &&
         std::all_of(s.begin(), s.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

}  // namespace

std::vector<std::string> symbols_of(const Op& op) {
  std::vector<std::string> out;
  for (const std::string_view s : core::shape_rule_symbols(op.shape_rule)) out.emplace_back(s);
  const auto add = [&](const std::string& text) {
    const Parts parts = split(text);
    if (sizes_attribute(op, parts) >= 0) return;
    for (const std::string& e : parts.entries) {
      if (is_name(e) && std::find(out.begin(), out.end(), e) == out.end()) out.push_back(e);
    }
  };
  for (const Arg& a : op.args) add(a.shape);
  for (const Out& o : op.outs) add(o.shape);
  return out;
}

core::ShapePattern compile_pattern(const Op& op, const std::string& text, std::string& error) {
  core::ShapePattern pattern;
  const Parts parts = split(text);
  pattern.broadcast = parts.broadcast;
  if (const int attr = sizes_attribute(op, parts); attr >= 0) {
    pattern.attr = static_cast<std::int8_t>(attr);
    return pattern;
  }
  const std::vector<std::string> symbols = symbols_of(op);
  if (parts.entries.size() > core::ShapePattern::kMaxEntries) {
    error = fmt::format("shape '{}' has {} entries, at most {} are possible", text, parts.entries.size(),
                        core::ShapePattern::kMaxEntries);
    return pattern;
  }
  for (const std::string& e : parts.entries) {
    if (e == "...") {
      pattern.entry[pattern.n++] = core::ShapePattern::kRest;
    } else if (is_name(e)) {
      const auto it = std::find(symbols.begin(), symbols.end(), e);
      pattern.entry[pattern.n++] = static_cast<std::int8_t>(it - symbols.begin());
    } else {
      error = fmt::format("shape '{}' has the entry '{}', expected a name or '...'", text, e);
    }
  }
  return pattern;
}

}  // namespace fg::gen
