// SPDX-License-Identifier: Apache-2.0
//
// The committed kill matrix is of the bugs that there are, and no area is there for nothing.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "conformance/mutants/faults.hpp"
#include "conformance/runner/probes.hpp"

namespace fg::conformance {
namespace {

using Row = std::vector<std::string>;

// Cells of the rows below each "## heading" of the page, by the heading; heads of tables too.
std::map<std::string, std::vector<Row>> tables() {
  std::map<std::string, std::vector<Row>> all;
  std::ifstream page(FG_KILL_MATRIX);
  std::string heading;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("## ", 0) == 0) heading = line.substr(3);
    if (line.rfind("| ", 0) != 0) continue;
    Row cells;
    std::istringstream rest(line.substr(1));
    for (std::string cell; std::getline(rest, cell, '|');) {
      const std::size_t from = cell.find_first_not_of(' '), to = cell.find_last_not_of(' ');
      cells.push_back(from == std::string::npos ? "" : cell.substr(from, to - from + 1));
    }
    all[heading].push_back(std::move(cells));
  }
  return all;
}

TEST(KillMatrix, HasEveryBugAndEveryVariant) {
  const auto page = tables();
  std::set<std::string> bugs, variants;
  for (const Row& r : page.at("Seeded bugs")) bugs.insert(r.front());
  for (const Row& r : page.at("Without a bug")) variants.insert(r.front());
  std::size_t of_plugins = 0;
  for (const Fault& f : kFaults) {
    if (f.family == "controller" || f.family == "none") continue;
    ++of_plugins;
    EXPECT_EQ(bugs.count(std::string(f.name)), 1u) << f.name << ": run fg-conformance mutate --markdown again";
  }
  EXPECT_EQ(bugs.size(), of_plugins + 1) << "and the head";
  for (const LegalVariant& v : kLegalVariants) EXPECT_EQ(variants.count("legal_" + std::string(v.name)), 1u) << v.name;
}

// docs/conformance.md says why these are not.
const std::set<std::string> kNeverAlone{"claim", "graph", "robust", "view"};

TEST(KillMatrix, EveryAreaFindsWhatNoOtherFinds) {
  const auto page = tables();
  std::map<std::string, int> alone;
  for (const Row& r : page.at("Areas")) {
    if (r.front() != "Area") alone[r.front()] = std::stoi(r.at(2));
  }
  std::set<std::string> areas{"op"};
  for (const Probe& p : probes()) areas.insert(std::string(p.area));
  for (const std::string& a : areas) {
    if (kNeverAlone.count(a) != 0) continue;
    EXPECT_GE(alone[a], 1) << a;
  }
  for (const std::string& a : kNeverAlone) EXPECT_EQ(alone[a], 0) << a << " has one now: say so";
}

}  // namespace
}  // namespace fg::conformance
