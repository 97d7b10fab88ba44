// SPDX-License-Identifier: Apache-2.0
//
// mutate.

#include "conformance/mutants/mutate.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "conformance/verbs/verbs.hpp"

namespace fg::conformance {
namespace {

// Beside the plugins of the build that this program belongs to.
std::string default_folder() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path().parent_path() / "lib/fg/mutants").string();
}

void show(const MutantResult& m) {
  std::string verdict =
      m.legal() ? (m.kills.empty() ? "passed" : "REJECTED") : (m.kills.empty() ? "SURVIVED" : "killed");
  std::printf("%-9s %-28s %-10s %6zu cases %6.1f s ", verdict.c_str(), m.name.c_str(), m.family.c_str(), m.cases,
              m.seconds);
  for (const auto& [area, kill] : m.kills) std::printf(" %s:%s", area.c_str(), kill.verdict.c_str());
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace

int mutate_verb(const CommandLine& line) {
  Result<Selection> plan = select_cases(line.tier, "", line.filters, line.seed);
  if (!plan) return complain(plan.error());
  MutateOptions options;
  options.folder = line.mutants.empty() ? default_folder() : line.mutants;
  options.names = line.files;
  options.plan = std::move(plan->names);
  options.all_cases = line.all_cases;
  options.jobs = line.jobs;
  if (line.json != "-" && line.markdown != "-") options.on_result = show;
  const Result<std::vector<MutantResult>> results = mutate(options);
  if (!results) return complain(results.error());
  if (!write_file(line.json, kill_matrix_json(*results, line.tier)))
    return complain("cannot write " + line.json, kUsage);
  if (!write_file(line.markdown, kill_matrix_markdown(*results, line.tier)))
    return complain("cannot write " + line.markdown, kUsage);
  const Totals t = totals_of(*results);
  std::fprintf(stderr, "%zu of %zu seeded bugs found, %zu of %zu plugins without a bug passed\n", t.killed, t.bugs,
               t.passed, t.legal);
  return t.killed * 100 >= t.bugs * line.least && t.passed == t.legal ? kConformant : kFailures;
}

}  // namespace fg::conformance
