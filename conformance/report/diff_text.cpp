// SPDX-License-Identifier: Apache-2.0
//
// A comparison for people and as JSON.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "conformance/report/diff.hpp"
#include "conformance/report/summary.hpp"

namespace fg::conformance {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kLines = 40;  // of a section; JSON has them all

// Label, before, after of what differs between the subjects.
std::vector<std::array<std::string, 3>> differences(const Subject& before, const Subject& after) {
  std::map<std::string, std::string> old;
  for (const auto& [label, value] : facts(before)) old[label] = value;
  std::vector<std::array<std::string, 3>> all;
  for (const auto& [label, value] : facts(after)) {
    const auto found = old.find(label);
    const std::string was = found == old.end() ? "" : found->second;
    if (was != value) all.push_back({label, was, value});
    old.erase(label);
  }
  for (const auto& [label, was] : old) all.push_back({label, was, ""});
  return all;
}

template <class T, class F>
std::string section(const std::string& title, const std::vector<T>& entries, F&& line) {
  if (entries.empty()) return "";
  std::string text = fmt::format("{} {}\n", entries.size(), title);
  const std::size_t shown = std::min(kLines, entries.size());
  for (std::size_t i = 0; i < shown; ++i) text += "  " + line(entries[i]) + "\n";
  if (shown < entries.size()) text += fmt::format("  ... {} more\n", entries.size() - shown);
  return text + "\n";
}

std::string verdict_line(const CaseChange& c) {
  return fmt::format("{} -> {}  {}", name(c.before), name(c.after), c.id);
}
std::string ratio_line(const CaseChange& c) {
  return fmt::format("{:.3g} -> {:.3g} of what is allowed  {}", c.ratio_before, c.ratio_after, c.id);
}
std::string result_line(const CaseResult& r) { return fmt::format("{}  {}", name(r.verdict), r.id); }
std::string time_line(const TimeChange& t) {
  return fmt::format("{:.1f} ms -> {:.1f} ms ({:.2f}x)  {}", t.before, t.after, t.after / t.before, t.op);
}

// Operators whose time people would notice.
std::vector<TimeChange> noticed(const std::vector<TimeChange>& times) {
  std::vector<TimeChange> some;
  for (const TimeChange& t : times) {
    const double greater = std::max(t.before, t.after);
    if (greater > 1.5 * std::min(t.before, t.after) && greater > 1 && t.before > 0) some.push_back(t);
  }
  return some;
}

ordered_json changes(const std::vector<CaseChange>& list) {
  ordered_json j = ordered_json::array();
  for (const CaseChange& c : list) {
    j.push_back({{"id", c.id},
                 {"before", name(c.before)},
                 {"after", name(c.after)},
                 {"error_ratio_before", c.ratio_before},
                 {"error_ratio_after", c.ratio_after}});
  }
  return j;
}

ordered_json names(const std::vector<CaseResult>& list) {
  ordered_json j = ordered_json::array();
  for (const CaseResult& r : list) j.push_back({{"id", r.id}, {"verdict", name(r.verdict)}});
  return j;
}

}  // namespace

std::string diff_text(const Diff& d, const Report& before, const Report& after) {
  std::string text;
  for (const auto& [label, was, is] : differences(before.subject, after.subject))
    text += fmt::format("{}: {} -> {}\n", label, was.empty() ? "-" : was, is.empty() ? "-" : is);
  if (!text.empty()) text += "\n";
  text += section("regressions", d.regressions, verdict_line);
  text += section("improvements", d.improvements, verdict_line);
  text += section("other changes of verdict", d.others, verdict_line);
  text += section("passing cases whose error more than doubled or halved", d.ratios, ratio_line);
  text += section("cases in the first run alone", d.only_before, result_line);
  text += section("cases in the second run alone", d.only_after, result_line);
  text += section("operators with another time", noticed(d.times), time_line);
  return text + fmt::format("{} cases in both: {} regressions, {} improvements (exit {})\n", d.common,
                            d.regressions.size(), d.improvements.size(), d.regressions.empty() ? 0 : 1);
}

std::string diff_json(const Diff& d, const Report& before, const Report& after) {
  ordered_json j{{"common", d.common}};
  j["subject"] = ordered_json::array();
  for (const auto& [label, was, is] : differences(before.subject, after.subject))
    j["subject"].push_back({{"what", label}, {"before", was}, {"after", is}});
  j["regressions"] = changes(d.regressions);
  j["improvements"] = changes(d.improvements);
  j["other_changes"] = changes(d.others);
  j["error_ratios"] = changes(d.ratios);
  j["only_before"] = names(d.only_before);
  j["only_after"] = names(d.only_after);
  j["times"] = ordered_json::array();
  for (const TimeChange& t : d.times)
    j["times"].push_back({{"op", t.op}, {"ms_before", t.before}, {"ms_after", t.after}});
  return j.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace fg::conformance
