// SPDX-License-Identifier: Apache-2.0
//
// The report as one JSON document.  Numbers of mismatches are text: JSON has no NaN, and doubles do
// not hold every int64.

#include <nlohmann/json.hpp>

#include "conformance/report/report.hpp"

namespace fg::conformance {
namespace {

using nlohmann::ordered_json;

ordered_json mismatch_json(const Mismatch& m) {
  return {{"output", m.output},
          {"dtype", reference::name(m.type)},
          {"index", m.index},
          {"got", number_text(m.type, m.got)},
          {"want", number_text(m.type, m.want)},
          {"error", static_cast<double>(m.error)},
          {"allowed", static_cast<double>(m.allowed)},
          {"bad", m.bad},
          {"total", m.total},
          {"pattern", m.pattern}};
}

ordered_json case_json(const CaseResult& r) {
  ordered_json j{{"id", r.id}, {"op", r.op}, {"verdict", name(r.verdict)}, {"ms", r.milliseconds}};
  if (passes(r.verdict)) j["error_ratio"] = r.ratio;
  if (!r.text.empty()) j["text"] = r.text;
  if (r.mismatch) j["mismatch"] = mismatch_json(*r.mismatch);
  return j;
}

}  // namespace

std::string to_json(const Report& report) {
  const Counts c = count(report.results);
  ordered_json j{
      {"tool", {{"name", "fg-conformance"}, {"version", report.subject.version}, {"abi", report.subject.abi}}},
      {"catalogue", {{"operators", report.subject.operators}}},
      {"plugin",
       {{"vendor", report.subject.vendor},
        {"version", report.subject.plugin_version},
        {"given_as", report.subject.spec}}},
      {"device", {{"name", report.subject.device}, {"description", report.subject.description}}},
      {"tier", report.subject.tier},
      {"planned", report.planned},
      {"run", c.run()},
      {"passed", c.passed},
      {"warned", c.warned},
      {"failed", c.failed},
      {"severe", c.severe},
      {"neutral", c.neutral},
      {"seconds", report.seconds},
      {"interrupted", report.interrupted},
      {"conformant", c.failed == 0 && !report.interrupted}};
  std::size_t left_out = 0;
  for (const auto& [op, n] : report.left_out) left_out += n;
  j["left_out"] = {{"cases", left_out}, {"operators", report.left_out}};
  j["cases"] = ordered_json::array();
  for (const CaseResult& r : report.results) j["cases"].push_back(case_json(r));
  return j.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace fg::conformance
