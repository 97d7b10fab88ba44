// SPDX-License-Identifier: Apache-2.0

#include "plugins/cpu/topology.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace fg::cpu {

Topology load_topology() {
  // Without either folder hwloc writes to standard error, and only its users' environment can stop that.
  constexpr std::array kProcessors = {"/sys/devices/system/cpu/cpu0/topology", "/sys/bus/cpu/devices/cpu0/topology"};
  if (std::ranges::none_of(kProcessors, [](const char* p) { return ::access(p, R_OK | X_OK) == 0; })) return nullptr;
  hwloc_topology_t t = nullptr;
  if (hwloc_topology_init(&t) != 0) return nullptr;
  Topology topology(t);
  if (hwloc_topology_load(t) != 0) return nullptr;
  return topology;
}

}  // namespace fg::cpu
