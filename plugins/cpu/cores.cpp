// SPDX-License-Identifier: Apache-2.0

#include "plugins/cpu/cores.hpp"

#include <hwloc/glibc-sched.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>

#include "plugins/cpu/topology.hpp"

namespace fg::cpu {
namespace {

// Processors that the cgroup's quota pays for, rounded up; a large number without a quota.
int cgroup_quota() {
  constexpr int kNoQuota = 1 << 20;
  std::ifstream max("/sys/fs/cgroup/cpu.max");  // cgroup v2: "<quota or max> <period>", microseconds
  std::string quota;
  double period = 0;
  if (!(max >> quota >> period) || quota == "max" || period <= 0) return kNoQuota;
  const double us = std::atof(quota.c_str());
  return us <= 0 ? kNoQuota : std::max(1, static_cast<int>((us + period - 1) / period));
}

struct FreeBitmap {
  void operator()(hwloc_bitmap_s* b) const { hwloc_bitmap_free(b); }
};

// What is left to ask where the topology is hidden.
Cores logical_processors() {
  Cores cores;
  if (::sched_getaffinity(0, sizeof cores.set, &cores.set) != 0) return {};
  cores.count = std::max(1, std::min(CPU_COUNT(&cores.set), cgroup_quota()));
  return cores;
}

}  // namespace

Cores usable_cores() {
  Cores cores;
  const Topology topology = load_topology();
  if (topology == nullptr) return logical_processors();
  hwloc_topology_t raw = topology.get();
  const std::unique_ptr<hwloc_bitmap_s, FreeBitmap> allowed(hwloc_bitmap_alloc());
  const std::unique_ptr<hwloc_bitmap_s, FreeBitmap> chosen(hwloc_bitmap_alloc());
  if (allowed == nullptr || chosen == nullptr) return cores;
  if (hwloc_get_cpubind(raw, allowed.get(), HWLOC_CPUBIND_THREAD) != 0) {
    hwloc_bitmap_copy(allowed.get(), hwloc_topology_get_allowed_cpuset(raw));
  }
  int found = 0;
  for (hwloc_obj_t core = nullptr; (core = hwloc_get_next_obj_by_type(raw, HWLOC_OBJ_CORE, core)) != nullptr;) {
    for (int pu = hwloc_bitmap_first(core->cpuset); pu >= 0; pu = hwloc_bitmap_next(core->cpuset, pu)) {
      if (hwloc_bitmap_isset(allowed.get(), static_cast<unsigned>(pu)) == 0) continue;
      hwloc_bitmap_set(chosen.get(), static_cast<unsigned>(pu));
      ++found;
      break;
    }
  }
  if (found == 0) return cores;
  cores.count = std::min(found, cgroup_quota());
  hwloc_cpuset_to_glibc_sched_affinity(raw, chosen.get(), &cores.set, sizeof cores.set);
  return cores;
}

}  // namespace fg::cpu
