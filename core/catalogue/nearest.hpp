// SPDX-License-Identifier: Apache-2.0
//
// "Did you mean": the known name nearest to one that was not found.  Used by every message that
// answers an unknown key, operator, vendor or variable.

#ifndef FG_CORE_CATALOGUE_NEAREST_HPP_
#define FG_CORE_CATALOGUE_NEAREST_HPP_

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fg::core {

// Levenshtein distance: insertions, deletions and replacements that turn `a` into `b`.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row[b.size()];
}

// The name nearest to `word`, the first of equals; empty when none is near (more than a third of
// the letters differ, at least 2 may).
template <class Names>
std::string nearest(std::string_view word, const Names& names) {
  std::size_t best = std::max<std::size_t>(2, word.size() / 3) + 1;
  std::string found;
  for (const auto& name : names) {
    const std::string_view candidate(name);
    const std::size_t d = edit_distance(word, candidate);
    if (d < best && d < std::max(word.size(), candidate.size())) {
      best = d;
      found = candidate;
    }
  }
  return found;
}

// ", did you mean 'x'?" or an empty text; to be put at the end of a message.
template <class Names>
std::string did_you_mean(std::string_view word, const Names& names) {
  const std::string name = nearest(word, names);
  return name.empty() ? std::string() : ", did you mean '" + name + "'?";
}

}  // namespace fg::core

#endif  // FG_CORE_CATALOGUE_NEAREST_HPP_
