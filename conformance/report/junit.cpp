// SPDX-License-Identifier: Apache-2.0
//
// The report as JUnit XML: one suite per operator, one test per case.

#include <cstdio>

#include "conformance/report/markup.hpp"
#include "conformance/report/report.hpp"

namespace fg::conformance {
namespace {

std::string seconds(double milliseconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", milliseconds / 1000);
  return text;
}

std::string test_case(const CaseResult& r, const Report& report) {
  std::string xml = "    <testcase classname=\"" + escaped(r.op) + "\" name=\"" + escaped(r.id) + "\" time=\"" +
                    seconds(r.milliseconds) + "\"";
  if (passes(r.verdict)) return xml + "/>\n";
  xml += ">\n";
  if (fails(r.verdict)) {
    xml += "      <failure type=\"" + std::string(name(r.verdict)) + "\" message=\"" + escaped(failure(r, report, {})) +
           "\"/>\n";
  } else {
    xml += "      <skipped message=\"" + std::string(name(r.verdict)) + ": " + escaped(r.text) + "\"/>\n";
  }
  return xml + "    </testcase>\n";
}

}  // namespace

std::string to_junit(const Report& report) {
  std::map<std::string, std::vector<CaseResult>> suites;
  for (const CaseResult& r : report.results) suites[r.op].push_back(r);
  const Counts all = count(report.results);
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"fg-conformance\" tests=\"" +
                    std::to_string(all.run()) + "\" failures=\"" + std::to_string(all.failed) + "\" time=\"" +
                    seconds(report.seconds * 1000) + "\">\n";
  for (const auto& [op, results] : suites) {
    const Counts c = count(results);
    xml += "  <testsuite name=\"" + escaped(op) + "\" tests=\"" + std::to_string(c.run()) + "\" failures=\"" +
           std::to_string(c.failed) + "\" skipped=\"" + std::to_string(c.neutral) + "\">\n";
    for (const CaseResult& r : results) xml += test_case(r, report);
    xml += "  </testsuite>\n";
  }
  return xml + "</testsuites>\n";
}

}  // namespace fg::conformance
