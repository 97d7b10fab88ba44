// SPDX-License-Identifier: Apache-2.0

#include "conformance/mutants/mutate.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "conformance/controller/pool.hpp"
#include "conformance/controller/run.hpp"
#include "conformance/mutants/faults.hpp"
#include "conformance/runner/probes.hpp"

namespace fg::conformance {
namespace {

namespace fs = std::filesystem;

// A mutant that hangs shall not hold up the others.
constexpr std::chrono::milliseconds kDeadline{20'000};
constexpr std::string_view kLegalPrefix = "legal_";

struct Target {
  std::string name, family, summary, filters, library;
};

std::vector<Target> all_targets() {
  // What the loader must see in the file is a library of its own.
  static const std::set<std::string_view> kOwnLibrary{"extra_export", "constructor_prints"};
  std::vector<Target> targets;
  for (const Fault& f : kFaults) {
    const std::string name(f.name);
    targets.push_back({name, std::string(f.family), std::string(f.summary), std::string(f.filters),
                       kOwnLibrary.count(f.name) != 0 ? "mutant_" + name : "mutant"});
  }
  for (const LegalVariant& v : kLegalVariants) {
    const std::string name = std::string(kLegalPrefix) + std::string(v.name);
    targets.push_back({name, "legal", std::string(v.summary), std::string(v.filters), name});
  }
  return targets;
}

Result<std::vector<Target>> wanted_targets(const std::vector<std::string>& names) {
  std::vector<Target> all = all_targets();
  for (const std::string& n : names) {
    if (std::none_of(all.begin(), all.end(), [&](const Target& t) { return t.name == n; }))
      return invalid("no seeded bug or legal variant is named '" + n + "'");
  }
  std::erase_if(all, [&](const Target& t) {
    return names.empty() ? t.family == "controller" : std::find(names.begin(), names.end(), t.name) == names.end();
  });
  return all;
}

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> list;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) list.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return list;
}

std::string area_of(const std::string& id) { return id.substr(0, id.find_first_of("./")); }

// Cases by area: of the operators where the bug can show, and everything that is no operator's but the
// large probes.
std::map<std::string, std::vector<std::string>> cases_of(const Target& t, const MutateOptions& options) {
  const std::vector<std::string> filters = words(t.filters);
  std::map<std::string, std::vector<std::string>> by_area;
  for (const std::string& id : options.plan) {
    const std::string area = area_of(id);
    const bool chosen = is_operator_area(area) || area == "claim" || is_large(id);
    if (options.all_cases || !chosen || selected(filters, id)) by_area[area].push_back(id);
  }
  return by_area;
}

// A folder for caches that nobody else sees.
class PrivateCache {
 public:
  PrivateCache() {
    std::string pattern = (fs::temp_directory_path() / "fg-mutate-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~PrivateCache() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  PrivateCache(const PrivateCache&) = delete;
  PrivateCache& operator=(const PrivateCache&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

MutantResult judge_target(const Target& t, const std::string& library, const MutateOptions& options) {
  MutantResult m{t.name, t.family, t.summary, {}, 0, 0};
  const PrivateCache cache;
  RunOptions run;
  run.worker.plugin = library;
  run.worker.environment = {"XDG_CACHE_HOME=" + cache.path()};
  if (t.family != "legal") run.worker.environment.push_back("FG_MUTANT_FAULT=" + t.name);
  run.jobs = options.jobs;
  run.quiet = true;
  run.confirmed = 0;
  run.fail_fast = m.legal() ? 0 : 1;
  for (const auto& [area, ids] : cases_of(t, options)) {
    Report report;
    run.deadline = std::any_of(ids.begin(), ids.end(), is_large) ? std::chrono::milliseconds{} : kDeadline;
    const Result<void> done = run_cases(ids, run, report);
    m.cases += report.results.size();
    m.seconds += report.seconds;
    for (const CaseResult& r : report.results) {
      if (fails(r.verdict)) m.kills.try_emplace(area, MutantResult::Kill{std::string(name(r.verdict)), r.id});
    }
    if (done) continue;
    m.kills.try_emplace("load", MutantResult::Kill{"REFUSED", done.error().message});
    break;
  }
  return m;
}

}  // namespace

Result<std::vector<MutantResult>> mutate(const MutateOptions& options) {
  FG_TRY_ASSIGN(const std::vector<Target> targets, wanted_targets(options.names));
  std::vector<MutantResult> results;
  for (const Target& t : targets) {
    const fs::path library = fs::path(options.folder) / ("libfg_" + t.library + ".so");
    if (!fs::exists(library))
      return fail(FG_E_NOT_FOUND,
                  "no " + library.string() + ": build the target fg_mutants, or name its folder with --mutants");
    results.push_back(judge_target(t, library.string(), options));
    if (options.on_result) options.on_result(results.back());
    if (stop_requested()) break;
  }
  return results;
}

}  // namespace fg::conformance
