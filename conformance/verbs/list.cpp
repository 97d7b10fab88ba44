// SPDX-License-Identifier: Apache-2.0
//
// list and info.

#include "conformance/journal/selection.hpp"
#include "conformance/verbs/verbs.hpp"
#include "conformance/worker/worker.hpp"

namespace fg::conformance {

int list_verb(const CommandLine& line) {
  const std::optional<Shard> shard = parse_shard(line.shard);
  if (!shard) return complain("--shard " + line.shard + ": expected i/n with 1 <= i <= n", kUsage);
  const Result<Selection> selection = select_cases(line.tier, line.golden, line.filters, line.seed);
  if (!selection) return complain(selection.error().message, kUsage);
  bool any = false;
  for (const std::string& n : selection->names) {
    if (!in_shard(n, *shard)) continue;
    out(n + "\n");
    any = true;
  }
  return any ? kConformant : complain("the filter selected nothing", kNothingSelected);
}

int info_verb(const CommandLine& line) {
  const Result<Device> device = Device::open(line.plugin, line.profile);
  if (!device) return complain(device.error());
  Report report;
  report.subject = subject_of(*device);
  const Subject suite = suite_subject();
  report.subject.profile = line.profile;
  report.subject.version = suite.version;
  report.subject.abi = suite.abi;
  report.subject.operators = suite.operators;
  out(header(report, {wants_color(line), false}));
  for (const core::OpInfo& op : core::catalogue()) {
    std::string by(device->served_by(op));
    if (by.empty())
      by = op.kind == core::Kind::view        ? "core"
           : op.kind == core::Kind::composite ? "composed"
           : device->must_serve(op)           ? "gap"
                                              : "-";
    std::printf("  %-32s %-10s %s\n", std::string(op.name).c_str(), by.c_str(), std::string(op.summary).c_str());
  }
  return kConformant;
}

}  // namespace fg::conformance
