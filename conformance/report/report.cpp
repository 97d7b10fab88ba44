// SPDX-License-Identifier: Apache-2.0
//
// Counting.

#include "conformance/report/report.hpp"

#include <algorithm>

namespace fg::conformance {

void Counts::add(Verdict v) {
  passed += passes(v) ? 1 : 0;
  warned += v == Verdict::quality_warn ? 1 : 0;
  failed += fails(v) ? 1 : 0;
  severe += conformance::severe(v) ? 1 : 0;
  neutral += conformance::neutral(v) ? 1 : 0;
}

Counts count(const std::vector<CaseResult>& results) {
  Counts c;
  for (const CaseResult& r : results) c.add(r.verdict);
  return c;
}

std::map<std::string, std::string> accuracy_classes(const std::vector<CaseResult>& results) {
  std::map<std::string, std::string> classes;
  for (const CaseResult& r : results) {
    std::string& text = classes[r.op];  // of an operator that is served in two ways: both
    if (text.find(r.accuracy) == std::string::npos) text.append(text.empty() ? "" : ", ").append(r.accuracy);
  }
  std::erase_if(classes, [](const auto& c) { return c.second.empty(); });
  return classes;
}

bool conformant(const Report& report) { return count(report.results).failed == 0 && !report.interrupted; }

std::string failures_by_verdict(const std::vector<CaseResult>& results) {
  std::map<Verdict, std::size_t> by;
  for (const CaseResult& r : results) {
    if (fails(r.verdict)) ++by[r.verdict];
  }
  std::vector<std::pair<Verdict, std::size_t>> sorted(by.begin(), by.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [verdict, n] : sorted)
    text.append(text.empty() ? "" : ", ").append(std::to_string(n) + " ").append(name(verdict));
  return text;
}

}  // namespace fg::conformance
