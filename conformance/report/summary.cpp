// SPDX-License-Identifier: Apache-2.0

#include "conformance/report/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "conformance/cases/case.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::conformance {
namespace {

std::string family_of(const CaseResult& r) {
  const core::OpInfo* op = core::find_op(r.op);
  return op == nullptr ? "other" : std::string(op->family);
}

std::vector<std::string> in_order(const std::set<std::string>& seen) {
  std::vector<std::string> names;
  for (const auto& d : kDtypes) {
    if (seen.contains(std::string(d.name))) names.emplace_back(d.name);
  }
  if (seen.contains(std::string(kNoDtype))) names.emplace_back(kNoDtype);
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& w : words) text.append(text.empty() ? "" : "  ").append(w);
  return text;
}

}  // namespace

std::size_t Histogram::total() const { return std::accumulate(cases.begin(), cases.end(), std::size_t{0}); }

void Histogram::add(double ratio) {
  std::size_t bar = 0;
  if (ratio > 0) {
    const double below_one = -std::ceil(std::log2(std::min(ratio, 1.0)));  // factors of two under the last bar
    bar = kBars - 1 - static_cast<std::size_t>(std::min(below_one, static_cast<double>(kBars - 2)));
  }
  ++cases[bar];
}

std::string dtype_of(const CaseResult& result) {
  const Result<Case> c = parse_case(result.id);
  if (!c) return std::string(kNoDtype);
  for (const ArgSpec& a : c->args) {
    if (!a.tensors.empty()) return std::string(dtype_name(a.tensors.front().dtype));
  }
  for (const ArgSpec& a : c->args) {
    if (a.kind == ArgSpec::Kind::dtype) return std::string(dtype_name(a.dtype));
  }
  return std::string(kNoDtype);
}

Summary summarise(const Report& report) {
  Summary s;
  std::map<std::string, OperatorSummary> by;
  std::set<std::string> dtypes;
  for (const CaseResult& r : report.results) {
    OperatorSummary& op = by[r.op];
    const std::string dtype = dtype_of(r);
    dtypes.insert(dtype);
    op.counts.add(r.verdict);
    op.by_dtype[dtype].add(r.verdict);
    ++op.verdicts[r.verdict];
    ++s.verdicts[r.verdict];
    op.milliseconds += r.milliseconds;
    if (r.milliseconds > op.slowest || op.slowest_id.empty()) {
      op.slowest = r.milliseconds;
      op.slowest_id = r.id;
    }
    if (passes(r.verdict)) {
      s.histograms[family_of(r)].add(r.ratio);
      s.all.add(r.ratio);
    }
    if (fails(r.verdict)) s.failures.push_back(&r);
  }
  std::map<std::string, std::string> classes = accuracy_classes(report.results);
  for (auto& [name, op] : by) {
    op.name = name;
    op.accuracy = classes[name];
    s.operators.push_back(std::move(op));
  }
  s.dtypes = in_order(dtypes);
  return s;
}

std::vector<std::pair<std::string, std::string>> facts(const Subject& s) {
  const std::string shard = s.shards > 1 ? fmt::format(", shard {} of {}", s.shard, s.shards) : "";
  std::vector<std::pair<std::string, std::string>> all{
      {"Plugin", s.vendor + " " + s.plugin_version},
      {"Given as", s.spec},
      {"File", s.plugin_path},
      {"SHA-256", s.plugin_sha256},
      {"Build id", s.build_id},
      {"Device", s.device + "  " + s.description},
      {"Device UUID", s.device_uuid},
      {"Architecture", s.arch},
      {"Driver", s.driver},
      {"Arithmetic", s.flushes_subnormals ? std::string(kFlushes) : ""},
      {"System", s.os},
      {"Processor", s.processor},
      {"Suite", fmt::format("fg-conformance {}, ABI {}, {} operators", s.version, s.abi, s.operators)},
      {"Catalogue", s.catalogue},
      {"Plan", fmt::format("{} profile, {}{}", s.profile, s.tier, shard)},
      {"Filters", joined(s.filters)},
      {"Seed", std::to_string(s.seed)}};
  std::erase_if(all, [](const auto& fact) { return fact.second.empty(); });
  return all;
}

}  // namespace fg::conformance
