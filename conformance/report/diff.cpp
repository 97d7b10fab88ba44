// SPDX-License-Identifier: Apache-2.0

#include "conformance/report/diff.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace fg::conformance {
namespace {

// Below this share of the allowed error a factor of two says nothing.
constexpr double kLeastRatio = 1.0 / 64;

// How well a case is served; nothing for verdicts that the machine or a waiver decides.
std::optional<int> rank(Verdict v) {
  if (v == Verdict::resource || v == Verdict::waived) return std::nullopt;
  if (passes(v)) return 3;
  if (v == Verdict::not_claimed) return 2;
  return severe(v) ? 0 : 1;
}

using Index = std::unordered_map<std::string_view, const CaseResult*>;

Index index_of(const Report& run) {
  Index index;
  for (const CaseResult& r : run.results) index[r.id] = &r;
  return index;
}

double factor(double a, double b) { return std::max(a, b) / std::min(a, b); }

bool ratio_changed(const CaseChange& c) {
  return passes(c.before) && passes(c.after) &&
         factor(std::max(c.ratio_before, kLeastRatio), std::max(c.ratio_after, kLeastRatio)) > 2;
}

void place(const CaseChange& c, Diff& d) {
  if (ratio_changed(c)) d.ratios.push_back(c);
  if (c.before == c.after) return;
  const auto before = rank(c.before);
  const auto after = rank(c.after);
  if (!before || !after || *before == *after)
    d.others.push_back(c);
  else
    (*after < *before ? d.regressions : d.improvements).push_back(c);
}

std::vector<TimeChange> sorted(const std::map<std::string, TimeChange>& by_operator) {
  std::vector<TimeChange> times;
  for (const auto& [op, change] : by_operator) times.push_back(change);
  // A microsecond more or less is no change.
  const auto change = [](const TimeChange& t) { return factor(t.before + 1e-3, t.after + 1e-3); };
  std::ranges::stable_sort(times, [&](const TimeChange& a, const TimeChange& b) { return change(a) > change(b); });
  return times;
}

}  // namespace

Diff diff(const Report& before, const Report& after) {
  const Index old = index_of(before);
  const Index now = index_of(after);
  Diff d;
  std::map<std::string, TimeChange> times;
  for (const CaseResult& r : before.results) {
    if (old.at(r.id) == &r && !now.contains(r.id)) d.only_before.push_back(r);
  }
  for (const CaseResult& b : after.results) {
    if (now.at(b.id) != &b) continue;
    const auto found = old.find(b.id);
    if (found == old.end()) {
      d.only_after.push_back(b);
      continue;
    }
    const CaseResult& a = *found->second;
    ++d.common;
    place({b.id, a.verdict, b.verdict, a.ratio, b.ratio}, d);
    TimeChange& t = times.try_emplace(b.op, TimeChange{b.op, 0, 0}).first->second;
    t.before += a.milliseconds;
    t.after += b.milliseconds;
  }
  d.times = sorted(times);
  return d;
}

}  // namespace fg::conformance
