// SPDX-License-Identifier: Apache-2.0
//
// Which processors this process may use: one logical processor of every physical core inside its
// affinity mask, and no more than its cgroup's CPU quota pays for.

#ifndef FG_PLUGINS_CPU_CORES_HPP_
#define FG_PLUGINS_CPU_CORES_HPP_

#include <sched.h>

namespace fg::cpu {

struct Cores {
  int count = 1;    // Physical cores, at least 1.
  cpu_set_t set{};  // Their first logical processors; empty when unknown.
};

Cores usable_cores();

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_CORES_HPP_
