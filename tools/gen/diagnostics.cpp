// SPDX-License-Identifier: Apache-2.0
#include "tools/gen/diagnostics.hpp"

#include <algorithm>
#include <tuple>

namespace fg::gen {

std::string Diagnostics::text() const {
  std::vector<Entry> sorted = entries_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.where.file, a.where.line) < std::tie(b.where.file, b.where.line);
  });
  std::string out;
  for (const Entry& e : sorted) {
    out += e.where.file;
    if (e.where.line > 0) out += ":" + std::to_string(e.where.line);
    out += ": " + e.message + "\n";
  }
  return out;
}

}  // namespace fg::gen
