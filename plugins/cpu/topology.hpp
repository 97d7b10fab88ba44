// SPDX-License-Identifier: Apache-2.0
//
// The machine as hwloc sees it.

#ifndef FG_PLUGINS_CPU_TOPOLOGY_HPP_
#define FG_PLUGINS_CPU_TOPOLOGY_HPP_

#include <hwloc.h>

#include <memory>

namespace fg::cpu {

struct DestroyTopology {
  void operator()(hwloc_topology* t) const { hwloc_topology_destroy(t); }
};
using Topology = std::unique_ptr<hwloc_topology, DestroyTopology>;

// Null when the machine cannot be explored.
Topology load_topology();

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_TOPOLOGY_HPP_
