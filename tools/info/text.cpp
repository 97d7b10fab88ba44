// SPDX-License-Identifier: Apache-2.0
//
// fg-info for people.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/config/secure_env.hpp"
#include "fg/abi/version.h"
#include "fg/fg.h"
#include "tools/info/snapshot.hpp"

namespace fg::info {
namespace {

using core::Candidate;
using core::CandidateState;

std::string state_text(const Candidate& c, const Style& style) {
  const std::string padded = fmt::format("{:<11}", core::state_name(c.state));
  if (c.state == CandidateState::loaded) return style.good(padded);
  if (c.state == CandidateState::disabled || c.state == CandidateState::shadowed) return style.dim(padded);
  return style.bad(padded);
}

std::string device_line(const DeviceRow& row, bool active, const Style& style) {
  const core::Device& d = *row.device;
  std::string line =
      fmt::format("  {} {:<12} {:<8} {}", active ? style.good("*") : " ", d.name, device_kind(d.info), d.info.name);
  if (d.info.mem_total != 0) line += ", " + human_bytes(d.info.mem_total);
  line += fmt::format(", {} claims", row.claims);
  if (d.same_as != nullptr) line += style.dim(fmt::format(" (same hardware as {})", d.same_as->name));
  return line + "\n";
}

std::string wrapped_error(const std::string& message) {
  std::string out = "  ";
  for (const char c : message) {
    out += c;
    if (c == '\n') out += "  ";
  }
  return out + "\n";
}

constexpr std::array<std::pair<core::EnvGroup, std::string_view>, 4> kGroups{{
    {core::EnvGroup::choice, "Which plugin serves"},
    {core::EnvGroup::files, "Where plugins, configuration and caches are"},
    {core::EnvGroup::output, "What is shown"},
    {core::EnvGroup::observed, "Noticed but not acted upon: a first contact is made anew when one changes"},
}};

}  // namespace

std::string summary_text(const Snapshot& s, const Style& style) {
  std::string out =
      style.bold(fmt::format("fg {}  plugin interface {}.{}\n", fg_version(), FG_ABI_EPOCH, FG_ABI_MINOR));
  for (const std::string& file : s.config_files) out += fmt::format("configuration {}\n", file);
  out += "\n" + style.bold("devices") + "   (* = chosen)\n";
  for (const DeviceRow& row : s.devices) out += device_line(row, s.active && s.active->device == row.device, style);
  if (s.devices.empty()) out += "  none\n";
  out += "\n" + style.bold("plugins") + "\n";
  for (const Candidate& c : s.plugins) {
    out += fmt::format("  {:<12} {} {} {}\n", c.name, state_text(c, style), c.version, style.dim(c.path));
    if (c.reason != core::Refusal::none)
      out += fmt::format("  {:<12} {}: {}\n", "", core::refusal_name(c.reason), c.text);
    for (const core::Notice& n : c.notices) out += fmt::format("  {:<12} {}: {}\n", "", n.id, n.text);
  }
  if (s.plugins.empty()) out += "  none found\n";
  for (const std::string& notice : s.notices) out += fmt::format("\nnotice: {}\n", notice);
  if (!s.active) out += "\n" + style.bad("no device can be used") + "\n" + wrapped_error(s.active.error().message);
  return out;
}

std::optional<std::string> why_text(const Snapshot& s, std::string_view name, const Style& style) {
  std::string out;
  for (const Candidate& c : s.plugins) {
    if (c.name != name) continue;
    out += fmt::format("{}  {}\n", style.bold(c.name), state_text(c, style));
    if (c.reason != core::Refusal::none)
      out += fmt::format("  reason    {}: {}\n", core::refusal_name(c.reason), c.text);
    out += fmt::format("  file      {}\n  found by  {}\n", c.path, c.origin);
    if (!c.vendor.empty()) out += fmt::format("  vendor    {}\n", c.vendor);
    if (!c.version.empty()) out += fmt::format("  version   {}\n", c.version);
    if (!c.build_id.empty()) out += fmt::format("  build     {}\n", c.build_id);
    if (!c.sha256.empty()) out += fmt::format("  sha256    {}\n", c.sha256);
    out += fmt::format("  priority  {}\n", c.priority);
    if (!c.certificate.empty()) out += fmt::format("  certified {}\n", c.certificate);
    for (const core::Notice& n : c.notices) out += fmt::format("  notice    {}: {}\n", n.id, n.text);
    std::size_t rank = 0;
    for (const DeviceRow& row : s.devices) {
      ++rank;
      if (row.device->name.substr(0, row.device->name.find(':')) != name) continue;
      if (std::find(c.devices.begin(), c.devices.end(), row.device->name) == c.devices.end()) continue;
      const bool active = s.active && s.active->device == row.device;
      out += fmt::format("  device    {}: {}, rank {} of {}{}\n", row.device->name, row.device->info.name, rank,
                         s.devices.size(), active ? ", chosen" : "");
    }
    if (c.state == CandidateState::quarantined) out += fmt::format("  to try again: fg-info --lift {}\n", c.name);
  }
  if (out.empty()) return std::nullopt;
  return out;
}

std::string ops_text(const Snapshot& s, const std::vector<OpRow>& rows, const Style& style) {
  std::string out = style.bold(fmt::format("{:<28} {:<10}", "operator", "kind"));
  for (const DeviceRow& d : s.devices) out += style.bold(fmt::format(" {:<10}", d.device->name));
  out += "\n";
  std::map<std::string, std::size_t> reasons;
  for (const OpRow& row : rows) {
    out += fmt::format("{:<28} {:<10}", row.name, row.kind);
    for (std::size_t i = 0; i < row.served.size(); ++i) {
      const std::string cell = fmt::format(" {:<10}", row.served[i]);
      out += row.served[i] == "none" ? style.dim(cell) : cell;
      if (!row.reason[i].empty()) ++reasons[row.reason[i]];
    }
    out += "\n";
  }
  for (const auto& [reason, count] : reasons) out += fmt::format("none in {} rows: {}\n", count, reason);
  return out;
}

std::string env_text() {
  std::string out;
  for (const auto& [group, title] : kGroups) {
    out += fmt::format("{}\n", title);
    for (const core::EnvVariable& v : core::env_variables()) {
      if (v.group == group) out += fmt::format("  {:<22} {}\n", v.name, v.summary);
    }
    out += "\n";
  }
  return out +
         "An empty value counts as unset.  The first two groups are ignored in an elevated process (set-uid,\n"
         "set-gid, file capabilities); a notice says so.\n";
}

std::string env_markdown() {
  std::string out =
      "# Environment variables\n\nMade by `fg-info --env-markdown`; a test compares this page with the code.  "
      "An empty value counts as unset.\n"
      "The first two groups are ignored in an elevated process (set-uid, set-gid, file capabilities).\n";
  for (const auto& [group, title] : kGroups) {
    out += fmt::format("\n## {}\n\n| variable | meaning |\n|---|---|\n", title);
    for (const core::EnvVariable& v : core::env_variables()) {
      if (v.group != group) continue;
      std::string summary(v.summary);
      for (std::size_t at = 0; (at = summary.find('|', at)) != std::string::npos; at += 2) summary.insert(at, "\\");
      out += fmt::format("| `{}` | {} |\n", v.name, summary);
    }
  }
  return out;
}

}  // namespace fg::info
