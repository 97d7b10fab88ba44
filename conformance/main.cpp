// SPDX-License-Identifier: Apache-2.0
//
// fg-conformance.

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "conformance/cases/plan.hpp"
#include "conformance/cli.hpp"
#include "conformance/golden/golden.hpp"
#include "core/config/secure_env.hpp"
#include "fg/abi/version.h"

namespace fg::conformance {
namespace {

void out(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }
int complain(const std::string& text, int code) {
  std::fprintf(stderr, "fg-conformance: %s\n", text.c_str());
  return code;
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

std::vector<Case> selected_cases(const CommandLine& line) {
  std::vector<Case> cases = plan(line.tier == "quick" ? Tier::quick : Tier::standard);
  if (line.seed != 0) {
    for (Case& c : cases) c.number = line.seed;
  }
  std::erase_if(cases, [&](const Case& c) {
    const std::string id = name_of(c);
    // A filter that is a case's name selects it, whatever letters it has.
    return !selected(line.filters, id) && std::find(line.filters.begin(), line.filters.end(), id) == line.filters.end();
  });
  return cases;
}

Report start_report(const Device& device, const CommandLine& line) {
  Report r;
  r.subject.version = fg_version();
  r.subject.abi = std::to_string(FG_ABI_EPOCH) + "." + std::to_string(FG_ABI_MINOR);
  r.subject.operators = core::catalogue().size();
  r.subject.vendor = device.vendor();
  r.subject.plugin_version = device.plugin();
  r.subject.device = device.name();
  r.subject.description = device.description();
  r.subject.spec = device.spec();
  r.subject.tier = line.golden.empty() ? line.tier : line.golden;
  return r;
}

bool write_file(const std::string& path, const std::string& text) {
  if (path == "-") {
    out(text);
    return true;
  }
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  return static_cast<bool>(file);
}

std::string left_out_text(const Report& report) {
  if (report.left_out.empty()) return "";
  std::vector<std::pair<std::string, std::size_t>> rows(report.left_out.begin(), report.left_out.end());
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text = "left out for lack of an operator:\n";
  for (const auto& [op, n] : rows) text += "  " + std::to_string(n) + "  " + op + "\n";
  return text + "\n";
}

// Everything that a run says, on stdout unless a document goes there.
class Voice {
 public:
  Voice(const CommandLine& line, Report& report)
      : report_(report), style_{wants_color(line), line.verbose}, quiet_(line.quiet) {
    stream_ = line.json == "-" || line.junit == "-" ? stderr : stdout;
  }
  void say(const std::string& text) const {
    std::fwrite(text.data(), 1, text.size(), stream_);
    std::fflush(stream_);  // a run that is killed has said what it found
  }
  void begin() const { say(header(report_, style_)); }
  void result(const CaseResult& r) const {
    if (fails(r.verdict))
      say(failure(r, report_, style_) + "\n");
    else if (style_.verbose)
      say(std::string(name(r.verdict)) + " " + r.id + "\n");
  }
  void end() const {
    if (!quiet_) say(left_out_text(report_) + table(report_, style_) + "\n");
    say(closing(report_, style_));
  }

 private:
  const Report& report_;
  Style style_;
  bool quiet_;
  std::FILE* stream_;
};

int exit_code(const Report& report) {
  if (report.interrupted) return kInterrupted;
  return count(report.results).failed > 0 ? kFailures : kConformant;
}

int run_all(const std::vector<Job>& jobs, const CommandLine& line, Report report) {
  if (jobs.empty() && report.left_out.empty()) return complain("the filter selected nothing", kNothingSelected);
  const Voice voice(line, report);
  voice.begin();
  SuiteOptions options;
  options.fail_fast = line.fail_fast;
  options.quiet = line.quiet;
  options.terminal = isatty(STDERR_FILENO) != 0;
  options.on_result = [&](const CaseResult& r) { voice.result(r); };
  run_jobs(jobs, options, report);
  voice.end();
  if (!line.json.empty() && !write_file(line.json, to_json(report)))
    return complain("cannot write " + line.json, kUsage);
  if (!line.junit.empty() && !write_file(line.junit, to_junit(report)))
    return complain("cannot write " + line.junit, kUsage);
  return exit_code(report);
}

std::vector<Job> jobs_of(const Device& device, const std::vector<Case>& cases) {
  std::vector<Job> jobs;
  for (const Case& c : cases) jobs.push_back({name_of(c), [&device, c] { return run_case(device, c); }});
  return jobs;
}

int run_golden_corpus(const Device& device, const CommandLine& line) {
  const Result<Corpus> corpus = Corpus::open(line.golden);
  if (!corpus) return complain(corpus.error().message, kUsage);
  Report report = start_report(device, line);
  const auto jobs = golden_jobs(device, *corpus, line.filters, report.left_out);
  if (!jobs) return complain(jobs.error().message, kUsage);
  return run_all(*jobs, line, std::move(report));
}

int reproduce(const Device& device, const CommandLine& line) {
  std::vector<Case> cases;
  for (const std::string& id : line.ids) {
    Result<Case> c = parse_case(id);
    if (!c) return complain(c.error().message, kUsage);
    cases.push_back(std::move(*c));
  }
  return run_all(jobs_of(device, cases), line, start_report(device, line));
}

int show_info(const Device& device, const CommandLine& line) {
  out(header(start_report(device, line), {wants_color(line), false}));
  for (const core::OpInfo& op : core::catalogue()) {
    std::string by(device.served_by(op));
    if (by.empty()) by = op.kind == core::Kind::view ? "core" : op.kind == core::Kind::composite ? "composed" : "-";
    std::printf("  %-32s %-10s %s\n", std::string(op.name).c_str(), by.c_str(), std::string(op.summary).c_str());
  }
  return kConformant;
}

int list_cases(const CommandLine& line) {
  const std::vector<Case> cases = selected_cases(line);
  for (const Case& c : cases) out(name_of(c) + "\n");
  return cases.empty() ? complain("the filter selected nothing", kNothingSelected) : kConformant;
}

int unavailable(const Error& e) {
  const bool missing = e.status == FG_E_NOT_FOUND || e.status == FG_E_UNSUPPORTED || e.status == FG_E_DEVICE_LOST ||
                       e.status == FG_E_ABI;
  return complain(e.message, missing ? kUnavailable : e.status == FG_E_INVALID ? kUsage : kInternal);
}

int dispatch(const CommandLine& line) {
  if (line.verb == "list" && line.golden.empty()) return list_cases(line);
  const Result<Device> device = Device::open(line.plugin);
  if (!device) return unavailable(device.error());
  if (line.verb == "info") return show_info(*device, line);
  if (line.verb == "repro") return reproduce(*device, line);
  if (!line.golden.empty()) return run_golden_corpus(*device, line);
  return run_all(jobs_of(*device, selected_cases(line)), line, start_report(*device, line));
}

}  // namespace
}  // namespace fg::conformance

int main(int argc, char** argv) {
  using namespace fg::conformance;
  try {
    const Parsed parsed = parse_command_line(argc, argv);
    if (!parsed.line) return parsed.exit;
    std::signal(SIGINT, [](int) { request_stop(); });
    return dispatch(*parsed.line);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "fg-conformance: internal error: %s\n", e.what());
    return kInternal;
  }
}
