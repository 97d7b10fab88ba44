// SPDX-License-Identifier: Apache-2.0
//
// The kill matrix as a page and as JSON.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "conformance/mutants/mutate.hpp"

namespace fg::conformance {
namespace {

using nlohmann::ordered_json;

std::string share(std::size_t part, std::size_t whole) { return std::to_string(part) + " of " + std::to_string(whole); }

// Mutants that this area alone found.
std::size_t only_killer(const std::vector<MutantResult>& results, const std::string& area) {
  return static_cast<std::size_t>(std::count_if(results.begin(), results.end(), [&](const MutantResult& m) {
    return !m.legal() && m.kills.size() == 1 && m.kills.count(area) != 0;
  }));
}

}  // namespace

Totals totals_of(const std::vector<MutantResult>& results) {
  Totals t;
  for (const MutantResult& m : results) {
    ++(m.legal() ? t.legal : t.bugs);
    if (m.as_it_should()) ++(m.legal() ? t.passed : t.killed);
  }
  return t;
}

std::vector<std::string> areas_of(const std::vector<MutantResult>& results) {
  std::vector<std::string> areas;
  for (const MutantResult& m : results) {
    for (const auto& [area, kill] : m.kills) {
      if (std::find(areas.begin(), areas.end(), area) == areas.end()) areas.push_back(area);
    }
  }
  std::sort(areas.begin(), areas.end());
  return areas;
}

std::string kill_matrix_markdown(const std::vector<MutantResult>& results, const std::string& tier) {
  const Totals t = totals_of(results);
  const std::vector<std::string> areas = areas_of(results);
  std::string text =
      "# Kill matrix\n\nThe suite, tier " + tier +
      ", against plugins with one seeded bug each (`libfg_mutant.so`) and against plugins that are right in\n"
      "another way than the CPU plugin (`libfg_legal_*.so`). A cell is the first verdict of that area; an empty one "
      "means "
      "that the area saw nothing.\nWritten by `fg-conformance mutate --tier " +
      tier + " --markdown`.\n\n";
  text += "**" + share(t.killed, t.bugs) + "** bugs were found, **" + share(t.passed, t.legal) +
          "** plugins without a bug passed.\n\n## Seeded bugs\n\n| Bug | Family | What it does |";
  for (const std::string& a : areas) text += " " + a + " |";
  text += "\n|---|---|---|";
  for (std::size_t k = 0; k < areas.size(); ++k) text += "---|";
  text += "\n";
  for (const MutantResult& m : results) {
    if (m.legal()) continue;
    text += "| " + m.name + (m.kills.empty() ? " **survived**" : "") + " | " + m.family + " | " + m.summary + " |";
    for (const std::string& a : areas) {
      const auto it = m.kills.find(a);
      text += " " + (it == m.kills.end() ? "" : it->second.verdict) + " |";
    }
    text += "\n";
  }
  text += "\n## Areas\n\n| Area | Bugs found | Found by no other |\n|---|---:|---:|\n";
  for (const std::string& a : areas) {
    const auto found = std::count_if(results.begin(), results.end(),
                                     [&](const MutantResult& m) { return !m.legal() && m.kills.count(a) != 0; });
    text += "| " + a + " | " + std::to_string(found) + " | " + std::to_string(only_killer(results, a)) + " |\n";
  }
  text += "\n## Without a bug\n\n| Plugin | What is different | Cases | Verdict |\n|---|---|---:|---|\n";
  for (const MutantResult& m : results) {
    if (!m.legal()) continue;
    std::string verdict = "passed";
    if (!m.kills.empty())
      verdict = "**rejected**: " + m.kills.begin()->second.verdict + " " + m.kills.begin()->second.id;
    text += "| " + m.name + " | " + m.summary + " | " + std::to_string(m.cases) + " | " + verdict + " |\n";
  }
  return text;
}

std::string kill_matrix_json(const std::vector<MutantResult>& results, const std::string& tier) {
  const Totals t = totals_of(results);
  ordered_json j{
      {"tier", tier}, {"bugs", t.bugs}, {"killed", t.killed}, {"legal", t.legal}, {"legal_passed", t.passed}};
  j["plugins"] = ordered_json::array();
  for (const MutantResult& m : results) {
    ordered_json kills = ordered_json::object();
    for (const auto& [area, kill] : m.kills) kills[area] = {{"verdict", kill.verdict}, {"case", kill.id}};
    j["plugins"].push_back({{"name", m.name},
                            {"family", m.family},
                            {"summary", m.summary},
                            {"kills", kills},
                            {"cases", m.cases},
                            {"seconds", m.seconds},
                            {"as_it_should", m.as_it_should()}});
  }
  return j.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace fg::conformance
