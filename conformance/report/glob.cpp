// SPDX-License-Identifier: Apache-2.0
//
// Filters.

#include <algorithm>

#include "conformance/report/report.hpp"

namespace fg::conformance {

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool selected(const std::vector<std::string>& patterns, std::string_view id) {
  bool any_includes = false;
  bool included = false;
  for (const std::string& p : patterns) {
    if (p.starts_with('!')) {
      if (glob_matches(std::string_view(p).substr(1), id)) return false;
    } else {
      any_includes = true;
      included = included || glob_matches(p, id);
    }
  }
  return included || !any_includes;
}

}  // namespace fg::conformance
