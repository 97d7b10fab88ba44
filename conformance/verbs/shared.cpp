// SPDX-License-Identifier: Apache-2.0

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "conformance/cases/plan.hpp"
#include "conformance/golden/golden.hpp"
#include "conformance/verbs/verbs.hpp"
#include "core/config/date.hpp"
#include "core/config/secure_env.hpp"
#include "core/registry/sha256.hpp"
#include "fg/abi/version.h"
#include "fg/fg.h"

namespace fg::conformance {
namespace {

std::string catalogue_hash() {
  std::string all;
  for (const core::OpInfo& op : core::catalogue())
    all.append(op.name).append(" ").append(std::to_string(op.schema_hash)).append("\n");
  return core::hex(core::sha256(std::as_bytes(std::span(all))));
}

std::string operating_system() {
  utsname u{};
  if (::uname(&u) != 0) return "unknown";
  return std::string(u.sysname) + " " + u.release + " " + u.machine;
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

void out(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

bool write_file(const std::string& path, const std::string& text) {
  if (path.empty()) return true;
  if (path == "-") {
    out(text);
    return true;
  }
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  return static_cast<bool>(file);
}

int complain(const std::string& text, int code) {
  std::fprintf(stderr, "fg-conformance: %s\n", text.c_str());
  return code;
}

int complain(const Error& e) {
  switch (e.status) {
    case FG_E_NOT_FOUND:
    case FG_E_UNSUPPORTED:
    case FG_E_DEVICE_LOST:
    case FG_E_ABI: return complain(e.message, kUnavailable);
    case FG_E_INVALID: return complain(e.message, kUsage);
    default: return complain(e.message, kInternal);
  }
}

bool wants_color(const CommandLine& line) {
  if (line.color != "auto") return line.color == "always";
  const core::Environment env;
  auto set = [&](const char* name) {
    const auto v = env.get(name);
    return v && !v->empty();
  };
  if (set("NO_COLOR")) return false;
  if (set("FORCE_COLOR") || set("CLICOLOR_FORCE")) return true;
  const auto term = env.get("TERM");
  return isatty(STDOUT_FILENO) != 0 && !(term && *term == "dumb");
}

Result<Selection> select_cases(const std::string& tier, const std::string& golden,
                               const std::vector<std::string>& filters, int seed) {
  Selection s;
  if (!golden.empty()) {
    FG_TRY_ASSIGN(const Corpus corpus, Corpus::open(golden));
    FG_TRY_ASSIGN(GoldenPlan plan, plan_golden(corpus, filters));
    return Selection{std::move(plan.ids), std::move(plan.left_out)};
  }
  for (Case& c : plan(tier == "quick" ? Tier::quick : Tier::standard)) {
    if (seed != 0) c.number = seed;
    std::string id = name_of(c);
    // A filter that is a case's name selects it, whatever letters it has.
    if (selected(filters, id) || std::find(filters.begin(), filters.end(), id) != filters.end())
      s.names.push_back(std::move(id));
  }
  return s;
}

Result<Selection> plan_of(const Subject& s) {
  const bool tier = s.tier == "quick" || s.tier == "standard";
  return select_cases(tier ? s.tier : "", tier ? "" : s.tier, s.filters, s.seed);
}

void describe_plugin(Subject& s, const Subject& plugin) {
  s.vendor = plugin.vendor;
  s.plugin_version = plugin.plugin_version;
  s.build_id = plugin.build_id;
  s.plugin_path = plugin.plugin_path;
  if (const auto sum = core::sha256_of_file(plugin.plugin_path)) s.plugin_sha256 = core::hex(*sum);
  s.device = plugin.device;
  s.device_uuid = plugin.device_uuid;
  s.description = plugin.description;
  s.arch = plugin.arch;
  s.driver = plugin.driver;
  s.flushes_subnormals = plugin.flushes_subnormals;
  s.spec = plugin.spec;
}

Result<Journal> last_verdicts(const std::string& path) {
  FG_TRY_ASSIGN(Journal j, read_journal(path));
  std::vector<CaseResult>& all = j.report.results;
  std::map<std::string, std::size_t> last;
  for (std::size_t i = 0; i < all.size(); ++i) last[all[i].id] = i;
  std::vector<CaseResult> kept;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (last[all[i].id] == i) kept.push_back(std::move(all[i]));
  }
  all = std::move(kept);
  j.report.interrupted = j.report.interrupted || !j.ended;
  return j;
}

Result<std::vector<WaiverUse>> waivers_used(const std::string& file, Report& report) {
  FG_TRY_ASSIGN(const std::vector<Waiver> waivers, read_waivers(file, core::today()));
  FG_TRY_ASSIGN(const Selection plan, select_cases("standard", "", {}, report.subject.seed));
  return apply_waivers(waivers, report.subject, plan.names, report.results);
}

Subject suite_subject() {
  Subject s;
  s.version = fg_version();
  s.abi = std::to_string(FG_ABI_EPOCH) + "." + std::to_string(FG_ABI_MINOR);
  s.catalogue = catalogue_hash();
  s.operators = core::catalogue().size();
  s.os = operating_system();
  s.processor = processor();
  return s;
}

int write_reports(const CommandLine& line, const Report& report) {
  const auto write = [&](const std::string& path, std::string (*form)(const Report&)) {
    return path.empty() || write_file(path, form(report));
  };
  if (!write(line.json, to_json)) return complain("cannot write " + line.json, kUsage);
  if (!write(line.junit, to_junit)) return complain("cannot write " + line.junit, kUsage);
  if (!write(line.markdown, to_markdown)) return complain("cannot write " + line.markdown, kUsage);
  if (!write(line.html, to_html)) return complain("cannot write " + line.html, kUsage);
  if (report.interrupted) return kInterrupted;
  return count(report.results).failed > 0 ? kFailures : kConformant;
}

}  // namespace fg::conformance
