// SPDX-License-Identifier: Apache-2.0
//
// explain, minimise, and repro --emit-c: one case looked at closely.

#include "conformance/runner/explain.hpp"

#include "conformance/controller/run.hpp"
#include "conformance/report/emit_c.hpp"
#include "conformance/runner/minimise.hpp"
#include "conformance/verbs/verbs.hpp"

namespace fg::conformance {
namespace {

// Calls that may be spent on making a case smaller.
constexpr int kBudget = 400;

}  // namespace

int explain_verb(const CommandLine& line) {
  const Result<Case> c = parse_case(line.ids.front());
  if (!c) return complain(c.error().message, kUsage);
  const Result<Device> device = Device::open(line.plugin, line.profile);
  if (!device) return complain(device.error());
  out(explain(*device, *c));
  return kConformant;
}

int minimise_verb(const CommandLine& line) {
  const Result<Case> c = parse_case(line.ids.front());
  if (!c) return complain(c.error().message, kUsage);
  // Each in a process of its own: a case that crashes can be made smaller too.
  Result<void> opened;
  const auto judge = [&](const Case& candidate) {
    RunOptions options;
    options.worker.plugin = line.plugin;
    options.worker.profile = line.profile;
    options.quiet = true;
    options.confirmed = 0;
    Report report;
    if (Result<void> done = run_cases({name_of(candidate)}, options, report); !done) opened = done;
    return report.results.empty() ? Verdict::not_run : report.results.front().verdict;
  };
  const Verdict verdict = judge(*c);
  if (!opened) return complain(opened.error());
  if (!fails(verdict))
    return complain("the case is " + std::string(name(verdict)) + ": there is nothing to minimise", kUsage);
  out(std::string(name(verdict)) + " " + name_of(minimise(*c, judge, kBudget)) + "\n");
  return kFailures;
}

int emit_c_verb(const CommandLine& line) {
  const Result<Case> c = parse_case(line.ids.front());
  if (!c) return complain(c.error().message, kUsage);
  const Result<std::string> program = emit_c(*c);
  if (!program) return complain(program.error().message, kUsage);
  return write_file(line.emit_c, *program) ? kConformant : complain("cannot write " + line.emit_c, kUsage);
}

}  // namespace fg::conformance
