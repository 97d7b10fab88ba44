// SPDX-License-Identifier: Apache-2.0
//
// fg-info for programs: one document.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/registry/sha256.hpp"
#include "fg/abi/version.h"
#include "fg/fg.h"
#include "tools/info/snapshot.hpp"

namespace fg::info {
namespace {

using nlohmann::ordered_json;

ordered_json plugin_json(const core::Candidate& c) {
  ordered_json j{{"name", c.name},         {"state", core::state_name(c.state)},
                 {"path", c.path},         {"origin", c.origin},
                 {"vendor", c.vendor},     {"version", c.version},
                 {"build_id", c.build_id}, {"sha256", c.sha256},
                 {"priority", c.priority}};
  if (c.reason != core::Refusal::none) {
    j["reason"] = core::refusal_name(c.reason);
    j["text"] = c.text;
  }
  j["notices"] = ordered_json::array();
  for (const core::Notice& n : c.notices) j["notices"].push_back({{"id", n.id}, {"text", n.text}});
  if (!c.certificate.empty()) j["certificate"] = c.certificate;
  j["devices"] = c.devices;
  return j;
}

ordered_json device_json(const DeviceRow& row) {
  const fg_device_info& i = row.device->info;
  ordered_json j{{"name", row.device->name}, {"kind", device_kind(i)},   {"description", i.name},
                 {"driver", i.driver},       {"arch", i.arch},           {"uuid", core::hex(i.uuid)},
                 {"numa", i.numa},           {"mem_total", i.mem_total}, {"mem_free", i.mem_free},
                 {"max_alloc", i.max_alloc}, {"claims", row.claims}};
  if (i.pci_bus >= 0) j["pci"] = fmt::format("{:04x}:{:02x}:{:02x}.{}", i.pci_domain, i.pci_bus, i.pci_dev, i.pci_fn);
  if (row.device->same_as != nullptr) j["same_as"] = row.device->same_as->name;
  return j;
}

// Text from plugins and drivers need not be UTF-8.
std::string dump(const ordered_json& j) { return j.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n"; }

}  // namespace

std::string summary_json(const Snapshot& s) {
  ordered_json j{{"fg", {{"version", fg_version()}, {"abi", fmt::format("{}.{}", FG_ABI_EPOCH, FG_ABI_MINOR)}}},
                 {"config", s.config_files},
                 {"notices", s.notices},
                 {"plugins", ordered_json::array()},
                 {"devices", ordered_json::array()}};
  for (const core::Candidate& c : s.plugins) j["plugins"].push_back(plugin_json(c));
  for (const DeviceRow& d : s.devices) j["devices"].push_back(device_json(d));
  if (s.active) {
    j["active"] = {
        {"device", s.active->device->name}, {"request", s.active->spec}, {"cpu_fallback", s.active->cpu_fallback}};
  } else {
    j["active"] = {{"device", nullptr}, {"error", s.active.error().message}};
  }
  return dump(j);
}

std::string ops_json(const Snapshot& s, const std::vector<OpRow>& rows) {
  ordered_json j = ordered_json::array();
  for (const OpRow& row : rows) {
    ordered_json served = ordered_json::object();
    for (std::size_t i = 0; i < s.devices.size(); ++i) {
      served[s.devices[i].device->name] = row.reason[i].empty()
                                              ? ordered_json{{"by", row.served[i]}}
                                              : ordered_json{{"by", row.served[i]}, {"reason", row.reason[i]}};
    }
    j.push_back({{"name", row.name}, {"family", row.family}, {"kind", row.kind}, {"served", served}});
  }
  return dump({{"operators", j}});
}

}  // namespace fg::info
