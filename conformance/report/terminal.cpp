// SPDX-License-Identifier: Apache-2.0
//
// The report for people.

#include <cmath>
#include <cstdio>

#include "conformance/report/report.hpp"

namespace fg::conformance {
namespace {

std::string paint(std::string_view text, const char* code, const Style& style) {
  if (!style.color) return std::string(text);
  return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}
constexpr const char* kRed = "31";
constexpr const char* kGreen = "32";
constexpr const char* kYellow = "33";

template <class... A>
std::string print(const char* format, A... a) {
  char buffer[256];
  std::snprintf(buffer, sizeof buffer, format, a...);
  return buffer;
}

// For a shell.
std::string quoted(const std::string& text) {
  std::string s = "'";
  for (const char c : text) s += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return s + "'";
}

// What a reader would not expect of a run.
std::string unusual(const Subject& s) {
  std::string text;
  if (s.profile != core::kProfiles.front()) text += "profile " + s.profile + "\n";
  if (s.flushes_subnormals) text += std::string(kFlushes) + "\n";
  return text;
}

}  // namespace

std::string index_text(const std::vector<std::int64_t>& index) {
  std::string s = "[";
  for (const std::int64_t i : index) s.append(s.size() > 1 ? ", " : "").append(std::to_string(i));
  return s + "]";
}

std::string reproduce_line(const CaseResult& r, const Report& report) {
  const bool golden = r.id.find("::") != std::string::npos;
  const std::string& asked = report.subject.profile;
  const std::string profile = asked == core::kProfiles.front() ? "" : " --profile " + asked;
  return "fg-conformance --plugin " + report.subject.spec + profile +
         (golden ? " --golden " + report.subject.tier + " -f " : " repro ") + quoted(r.id);
}

std::string number_text(reference::Type type, reference::Real x) {
  if (std::isnan(x)) return "nan";
  if (!reference::is_float(type)) return print("%.0Lf", x);
  const char* decimal = type == reference::Type::f64   ? "%.17Lg (%a)"
                        : type == reference::Type::f32 ? "%.9Lg (%a)"
                                                       : "%.5Lg (%a)";
  return print(decimal, x, static_cast<double>(x));
}

std::string header(const Report& report, const Style&) {
  const Subject& s = report.subject;
  const std::string build = s.build_id.empty() ? "" : " (build " + s.build_id.substr(0, 8) + ")";
  return "fg-conformance " + s.version + "  ABI " + s.abi + "  catalogue " + std::to_string(s.operators) +
         " operators\nplugin  " + s.vendor + " " + s.plugin_version + build + "   device  " + s.device + "  " +
         s.description + "\n" + unusual(s) + "\n";
}

std::string table(const Report& report, const Style& style) {
  std::map<std::string, std::vector<CaseResult>> by;
  for (const CaseResult& r : report.results) by[r.op].push_back(r);
  const std::map<std::string, std::string> classes = accuracy_classes(report.results);
  std::string text;
  for (const auto& [op, results] : by) {
    const Counts c = count(results);
    text += print("  %-30s %6zu pass", op.c_str(), c.passed);
    if (c.warned > 0) text += paint(print("  %4zu warned", c.warned), kYellow, style);
    if (c.failed > 0) text += paint(print("  %4zu fail", c.failed), kRed, style);
    if (c.neutral > 0) text += print("  %4zu not claimed", c.neutral);
    if (const auto found = classes.find(op); found != classes.end()) text += "  class " + found->second;
    text += "\n";
  }
  return text;
}

std::string failure(const CaseResult& r, const Report& report, const Style& style) {
  std::string text = paint(std::string(name(r.verdict)), fails(r.verdict) ? kRed : kYellow, style) + " " + r.id +
                     print("  %.1f ms\n", r.milliseconds);
  if (!r.text.empty()) text += "     " + r.text + "\n";
  if (r.mismatch) {
    const Mismatch& m = *r.mismatch;
    text += "     " + std::to_string(m.bad) + " of " + std::to_string(m.total) + " elements of output " +
            std::to_string(m.output) + " (" + std::string(reference::name(m.type)) + ") differ; worst at " +
            index_text(m.index) + "\n";
    text += "       got " + number_text(m.type, m.got) + "  want " + number_text(m.type, m.want) +
            print("  |error| %.2Lg  allowed %.2Lg\n", m.error, m.allowed);
    if (!m.pattern.empty()) text += "     pattern: " + m.pattern + "\n";
  }
  return text + "     reproduce: " + reproduce_line(r, report) + "\n";
}

std::string closing(const Report& report, const Style& style) {
  const Counts c = count(report.results);
  std::string text = paint(std::to_string(c.passed) + " passed, " + std::to_string(c.failed) + " failed",
                           c.failed > 0 ? kRed : kGreen, style);
  if (c.warned > 0) text += ", " + std::to_string(c.warned) + " warned";
  if (c.neutral > 0) text += ", " + std::to_string(c.neutral) + " not claimed";
  std::size_t left_out = 0;
  for (const auto& [op, n] : report.left_out) left_out += n;
  if (left_out > 0) text += ", " + std::to_string(left_out) + " left out for lack of an operator";
  text += print("; %zu of %zu cases ran in %.1f s", c.run(), report.planned, report.seconds);
  if (c.failed > 0) text += " (" + failures_by_verdict(report.results) + ")";
  if (report.interrupted) return text + "   interrupted (exit 130)\n";
  return text + (c.failed > 0 ? "   not conformant (exit 1)\n" : "   conformant\n");
}

}  // namespace fg::conformance
