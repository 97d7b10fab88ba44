// SPDX-License-Identifier: Apache-2.0
//
// The report as one JSON document.

#include <nlohmann/json.hpp>

#include "conformance/report/case_json.hpp"
#include "conformance/report/report.hpp"

namespace fg::conformance {
using nlohmann::ordered_json;

std::string to_json(const Report& report) {
  const Counts c = count(report.results);
  ordered_json j{
      {"tool", {{"name", "fg-conformance"}, {"version", report.subject.version}, {"abi", report.subject.abi}}},
      {"catalogue", {{"operators", report.subject.operators}}},
      {"plugin",
       {{"vendor", report.subject.vendor},
        {"version", report.subject.plugin_version},
        {"given_as", report.subject.spec}}},
      {"device",
       {{"name", report.subject.device},
        {"description", report.subject.description},
        {"flushes_subnormals", report.subject.flushes_subnormals}}},
      {"profile", report.subject.profile},
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
      {"conformant", conformant(report)}};
  std::size_t left_out = 0;
  for (const auto& [op, n] : report.left_out) left_out += n;
  j["left_out"] = {{"cases", left_out}, {"operators", report.left_out}};
  j["classes"] = accuracy_classes(report.results);
  j["cases"] = ordered_json::array();
  for (const CaseResult& r : report.results) j["cases"].push_back(case_object(r));
  return j.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace fg::conformance
