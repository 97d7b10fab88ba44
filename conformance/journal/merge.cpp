// SPDX-License-Identifier: Apache-2.0

#include "conformance/journal/merge.hpp"

#include <unordered_map>

#include "conformance/journal/selection.hpp"

namespace fg::conformance {
namespace {

// What must be the same in all shards.
Subject without_shard(Subject s) {
  s.shard = s.shards = 1;
  s.spec.clear();  // how the plugin was named on the command line
  return s;
}

}  // namespace

Result<Verdicts> in_order(const std::vector<CaseResult>& results, const std::vector<std::string>& names) {
  std::unordered_map<std::string_view, const CaseResult*> last;
  for (const CaseResult& r : results) last[r.id] = &r;
  Verdicts v;
  std::size_t found = 0;
  for (const std::string& n : names) {
    const auto it = last.find(n);
    if (it == last.end()) {
      ++v.missing;
      continue;
    }
    v.results.push_back(*it->second);
    ++found;
  }
  if (found != last.size())
    return invalid(std::to_string(last.size() - found) + " cases of the journal are not in the plan of this suite");
  return v;
}

Result<Report> merge(std::span<const Journal> journals, const std::vector<std::string>& names) {
  if (journals.empty()) return invalid("there is no journal to merge");
  Report all;
  all.subject = journals.front().report.subject;
  const std::string root = root_of(names);
  if (all.subject.plan_root != root)
    return invalid("the journals are of another plan: " + std::to_string(all.subject.planned) +
                   " cases, this suite plans " + std::to_string(names.size()));
  for (const Journal& j : journals) {
    const Subject& s = j.report.subject;
    if (without_shard(s) != without_shard(all.subject))
      return invalid("the journals of shards " + std::to_string(all.subject.shard) + " and " + std::to_string(s.shard) +
                     " are of different plugins, devices or plans");
    all.results.insert(all.results.end(), j.report.results.begin(), j.report.results.end());
    all.seconds += j.report.seconds;
    all.interrupted = all.interrupted || !j.ended || j.report.interrupted;
    all.left_out = j.report.left_out;
  }
  FG_TRY_ASSIGN(Verdicts v, in_order(all.results, names));
  if (v.missing > 0)
    return invalid(std::to_string(v.missing) + " of " + std::to_string(names.size()) +
                   " cases have no verdict in these journals");
  all.results = std::move(v.results);
  all.planned = names.size();
  all.subject = without_shard(all.subject);
  all.subject.spec = journals.front().report.subject.spec;
  return all;
}

}  // namespace fg::conformance
