// SPDX-License-Identifier: Apache-2.0
//
// Every plugin file on the search path, judged by what can be known without running it.

#ifndef FG_CORE_REGISTRY_DISCOVERY_HPP_
#define FG_CORE_REGISTRY_DISCOVERY_HPP_

#include <string>
#include <vector>

#include "core/config/config.hpp"
#include "core/registry/candidate.hpp"
#include "core/registry/search.hpp"

namespace fg::core {

struct FoundPlugin : Candidate {
  PluginSettings settings;  // fg.yaml over the sidecar.
};

struct DiscoveryRules {
  bool strict = false;  // `security: strict`, or the process is elevated.
  bool allow_unnoted = false;
};

// One file.  `path` is absolute with links resolved.
FoundPlugin examine(const std::string& path, const std::string& origin, const DiscoveryRules& rules,
                    const Config& config);

// All of them in search order.  Of several that could serve under one name the first wins.
std::vector<FoundPlugin> discover(const SearchPlan& plan, const DiscoveryRules& rules, const Config& config);

// Marks `found` as shadowed when `winner` has its name and could serve.
void shadow(FoundPlugin& found, const FoundPlugin& winner);

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_DISCOVERY_HPP_
