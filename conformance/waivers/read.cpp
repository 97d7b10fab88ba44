// SPDX-License-Identifier: Apache-2.0
//
// From YAML to waivers.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "conformance/report/report.hpp"
#include "conformance/waivers/waivers.hpp"
#include "core/catalogue/nearest.hpp"
#include "core/config/date.hpp"
#include "core/config/yaml_tree.hpp"

namespace fg::conformance {
namespace {

using core::YamlNode;

Result<std::string> needed_text(const YamlNode& entry, std::string_view key, std::string_view what) {
  const YamlNode* n = entry.find(key);
  if (n == nullptr) return entry.complain(fmt::format("a waiver needs {}, {}", key, what));
  FG_TRY_ASSIGN(std::string text, n->as_text());
  if (text.empty()) return n->complain(fmt::format("{} is empty, expected {}", key, what));
  return text;
}

Result<std::string> optional_text(const YamlNode& entry, std::string_view key) {
  const YamlNode* n = entry.find(key);
  return n == nullptr ? Result<std::string>() : n->as_text();
}

Result<Verdict> read_verdict(const YamlNode& node) {
  FG_TRY_ASSIGN(const std::string word, node.as_text());
  std::vector<std::string_view> allowed;
  for (unsigned k = 0; k <= static_cast<unsigned>(kLastVerdict); ++k) {
    if (can_be_waived(static_cast<Verdict>(k))) allowed.push_back(name(static_cast<Verdict>(k)));
  }
  const auto verdict = verdict_of(word);
  if (verdict && severe(*verdict)) return node.complain(fmt::format("{} is severe, no waiver covers it", word));
  if (verdict && !can_be_waived(*verdict)) {
    return node.complain(
        fmt::format("{} is no failure that can be waived, expected {}", word, fmt::join(allowed, " | ")));
  }
  if (!verdict) return node.complain(fmt::format("{} is no verdict{}", word, core::did_you_mean(word, allowed)));
  return *verdict;
}

Result<std::vector<Verdict>> read_verdicts(const YamlNode& entry) {
  const YamlNode* n = entry.find("verdicts");
  if (n == nullptr || n->kind != YamlNode::Kind::list || n->items.empty()) {
    return (n == nullptr ? entry : *n).complain("a waiver needs verdicts, a list such as [FAIL]");
  }
  std::vector<Verdict> verdicts;
  for (const YamlNode& item : n->items) {
    FG_TRY_ASSIGN(const Verdict v, read_verdict(item));
    verdicts.push_back(v);
  }
  return verdicts;
}

// The numbers of the first version in a text: "Mesa 22.3.6 (LLVM 15)" is {22, 3, 6}.
std::vector<int> version_in(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  std::vector<int> numbers;
  const auto first = std::find_if(text.begin(), text.end(), digit);
  const char* at = text.data() + (first - text.begin());
  const char* const end = text.data() + text.size();
  while (at != end && digit(*at)) {
    int number = 0;
    const auto parsed = std::from_chars(at, end, number);
    if (parsed.ec != std::errc{}) return {};
    numbers.push_back(number);
    at = parsed.ptr;
    if (at != end && *at == '.') ++at;
  }
  return numbers;
}

Result<void> read_driver(const YamlNode& entry, Waiver& out) {
  const YamlNode* n = entry.find("driver");
  if (n == nullptr) return {};
  FG_TRY(n->expect_keys({"from", "to"}));
  for (const auto& [key, text] : {std::pair{"from", &out.driver_from}, std::pair{"to", &out.driver_to}}) {
    FG_TRY_ASSIGN(*text, optional_text(*n, key));
    if (!text->empty() && version_in(*text).empty())
      return n->complain(fmt::format("{}: '{}' has no version such as 22.3", key, *text));
  }
  if (out.driver_from.empty() && out.driver_to.empty()) return n->complain("a driver range needs from, to or both");
  return {};
}

Result<std::string> read_expiry(const YamlNode& entry, core::Day today) {
  FG_TRY_ASSIGN(std::string text, needed_text(entry, "expires", "the last day on which it holds, such as 2027-03-31"));
  const YamlNode& n = *entry.find("expires");
  const auto day = core::parse_date(text);
  if (!day) return n.complain(fmt::format("'{}' is no date such as 2027-03-31", text));
  if (*day < today) return n.complain(fmt::format("the waiver expired on {}: renew it or delete it", text));
  const core::Day last = today + std::chrono::days(kMaxWaiverDays);
  if (*day > last) {
    return n.complain(fmt::format("expires on {}, at most {} days ahead are allowed: {}", text, kMaxWaiverDays,
                                  core::date_text(last)));
  }
  return text;
}

Result<Waiver> read_entry(const YamlNode& entry, core::Day today) {
  FG_TRY(entry.expect_keys({"cases", "verdicts", "plugin", "device", "driver", "reason", "owner", "issue", "expires"}));
  Waiver out;
  out.where = entry.where();
  FG_TRY_ASSIGN(out.cases, needed_text(entry, "cases", "a pattern over names of cases"));
  FG_TRY_ASSIGN(out.verdicts, read_verdicts(entry));
  FG_TRY_ASSIGN(out.plugin, optional_text(entry, "plugin"));
  FG_TRY_ASSIGN(out.device, optional_text(entry, "device"));
  FG_TRY(read_driver(entry, out));
  FG_TRY_ASSIGN(out.reason, needed_text(entry, "reason", "why the cases fail"));
  FG_TRY_ASSIGN(out.owner, needed_text(entry, "owner", "who answers for it"));
  FG_TRY_ASSIGN(out.issue, needed_text(entry, "issue", "the address of a report"));
  if (!out.issue.starts_with("https://") && !out.issue.starts_with("http://"))
    return entry.find("issue")->complain(fmt::format("'{}' is no address that starts with https://", out.issue));
  FG_TRY_ASSIGN(out.expires, read_expiry(entry, today));
  return out;
}

// -1, 0, 1: compared as far as `bound` has numbers, so that a driver 22.3.6 is not behind "to: 22.3".
int compare(const std::vector<int>& version, const std::vector<int>& bound) {
  for (std::size_t i = 0; i < bound.size(); ++i) {
    const int have = i < version.size() ? version[i] : 0;
    if (have != bound[i]) return have < bound[i] ? -1 : 1;
  }
  return 0;
}

}  // namespace

bool can_be_waived(Verdict v) {
  switch (v) {
    case Verdict::mistrusted:
    case Verdict::oracle_doubt:
    case Verdict::xpass:
    case Verdict::not_run: return false;  // says nothing about the plugin
    default: return fails(v) && !severe(v);
  }
}

bool Waiver::concerns(const Subject& subject) const {
  if (!plugin.empty() && !glob_matches(plugin, subject.vendor)) return false;
  if (!device.empty() && !glob_matches(device, subject.description)) return false;
  if (driver_from.empty() && driver_to.empty()) return true;
  const std::vector<int> version = version_in(subject.driver);
  if (version.empty()) return false;
  return (driver_from.empty() || compare(version, version_in(driver_from)) >= 0) &&
         (driver_to.empty() || compare(version, version_in(driver_to)) <= 0);
}

Result<std::vector<Waiver>> parse_waivers(std::string_view text, const std::string& file, std::string_view today) {
  const auto day = core::parse_date(today);
  if (!day) return fail(FG_E_INTERNAL, fmt::format("{}: today is '{}', expected a date", file, today));
  FG_TRY_ASSIGN(const YamlNode root, core::parse_yaml(text, file));
  FG_TRY(root.expect_keys({"waivers"}));
  const YamlNode* list = root.find("waivers");
  if (list == nullptr || list->kind != YamlNode::Kind::list || list->items.empty())
    return (list == nullptr ? root : *list).complain("expected waivers:, a list of entries");
  std::vector<Waiver> out;
  for (const YamlNode& entry : list->items) {
    FG_TRY_ASSIGN(Waiver waiver, read_entry(entry, *day));
    out.push_back(std::move(waiver));
  }
  return out;
}

Result<std::vector<Waiver>> read_waivers(const std::string& path, std::string_view today) {
  FG_TRY_ASSIGN(const std::string text, core::read_text_file(path));
  return parse_waivers(text, path, today);
}

}  // namespace fg::conformance
