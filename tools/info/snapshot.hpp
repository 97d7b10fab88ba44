// SPDX-License-Identifier: Apache-2.0
//
// Everything fg-info can tell, gathered once; text.cpp and json.cpp print it.

#ifndef FG_TOOLS_INFO_SNAPSHOT_HPP_
#define FG_TOOLS_INFO_SNAPSHOT_HPP_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/registry/registry.hpp"

namespace fg::info {

struct OpRow {
  std::string name, family, kind;
  std::vector<std::string> served;  // Per device of Snapshot::devices: "kernel", "engine", "composite", "view", "none"
  std::vector<std::string> reason;  // Of "none".
};

struct DeviceRow {
  const core::Device* device = nullptr;
  std::size_t claims = 0;
};

struct Snapshot {
  std::vector<core::Candidate> plugins;
  std::vector<DeviceRow> devices;  // Best first.
  Result<core::Selection> active = fail(FG_E_STATE, "not asked");
  std::vector<std::string> notices;
  std::vector<std::string> config_files;
};

Snapshot take_snapshot(core::Registry& registry);
std::vector<OpRow> operator_rows(core::Registry& registry, const Snapshot& snapshot);

struct Style {
  bool color = false;
  std::string good(std::string_view s) const { return paint(s, "32"); }
  std::string bad(std::string_view s) const { return paint(s, "31"); }
  std::string dim(std::string_view s) const { return paint(s, "2"); }
  std::string bold(std::string_view s) const { return paint(s, "1"); }

 private:
  std::string paint(std::string_view s, std::string_view code) const {
    return color ? "\x1b[" + std::string(code) + "m" + std::string(s) + "\x1b[0m" : std::string(s);
  }
};

// "gpu", "cpu" ...
std::string_view device_kind(const fg_device_info& info);
// "15.6 GiB"
std::string human_bytes(std::uint64_t bytes);

std::string summary_text(const Snapshot& snapshot, const Style& style);
// All about one plugin; nothing when no plugin has the name.
std::optional<std::string> why_text(const Snapshot& snapshot, std::string_view name, const Style& style);
std::string ops_text(const Snapshot& snapshot, const std::vector<OpRow>& rows, const Style& style);
std::string env_text();
std::string env_markdown();  // docs/environment.md

std::string summary_json(const Snapshot& snapshot);
std::string ops_json(const Snapshot& snapshot, const std::vector<OpRow>& rows);

}  // namespace fg::info

#endif  // FG_TOOLS_INFO_SNAPSHOT_HPP_
