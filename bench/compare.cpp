// SPDX-License-Identifier: Apache-2.0

#include "bench/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

namespace fg::bench {
namespace {

struct Row {
  double p20, p50, p80;
};
using Rows = std::map<std::string, Row>;

Result<Rows> read_rows(const std::string& text, const char* which) {
  const auto j = nlohmann::json::parse(text, nullptr, false);
  if (!j.is_object() || !j.contains("cases") || !j["cases"].is_array()) {
    return invalid(fmt::format("compare: the {} document is not from fg-bench --json", which));
  }
  Rows rows;
  for (const auto& c : j["cases"]) {
    if (!c.is_object() || c.value("state", "") != "timed" || !c.contains("name") || !c["name"].is_string()) continue;
    const auto number = [&](const char* key) {
      return c.contains(key) && c[key].is_number() ? c[key].get<double>() : 0;
    };
    const Row row{number("p20_ns"), number("p50_ns"), number("p80_ns")};
    if (row.p50 > 0) rows.emplace(c["name"].get<std::string>(), row);
  }
  return rows;
}

}  // namespace

Result<Compared> compare_documents(const std::string& before, const std::string& after, double threshold) {
  FG_TRY_ASSIGN(const Rows a, read_rows(before, "first"));
  FG_TRY_ASSIGN(const Rows b, read_rows(after, "second"));
  struct Change {
    double percent;
    std::string line;
  };
  std::vector<Change> changes;
  Compared r;
  for (const auto& [name, old_row] : a) {
    const auto it = b.find(name);
    if (it == b.end()) {
      ++r.only_before;
      continue;
    }
    const double percent = 100 * (it->second.p50 / old_row.p50 - 1);
    const bool apart = it->second.p20 > old_row.p80 || it->second.p80 < old_row.p20;
    if (std::abs(percent) <= threshold || !apart) {
      ++r.same;
      continue;
    }
    ++(percent > 0 ? r.slower : r.faster);
    changes.push_back({percent, fmt::format("  {:<58} {:>12.1f} ns {:>12.1f} ns  {:+7.1f} %  {}\n", name, old_row.p50,
                                            it->second.p50, percent, percent > 0 ? "slower" : "faster")});
  }
  for (const auto& [name, row] : b) r.only_after += static_cast<int>(!a.contains(name));
  std::ranges::sort(changes, std::greater{}, &Change::percent);
  for (const Change& c : changes) r.text += c.line;
  r.text +=
      fmt::format("{} slower · {} faster · {} unchanged within {:g} % · {} only in the first · {} only in the second\n",
                  r.slower, r.faster, r.same, threshold, r.only_before, r.only_after);
  return r;
}

}  // namespace fg::bench
