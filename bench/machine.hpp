// SPDX-License-Identifier: Apache-2.0
//
// What the numbers depend on: processor, cores that the process may use, caches, memory, load.

#ifndef FG_BENCH_MACHINE_HPP_
#define FG_BENCH_MACHINE_HPP_

#include <string>
#include <vector>

namespace fg::bench {

struct Machine {
  std::string processor;
  std::vector<int> cpus;   // One per physical core of the process's mask.
  double last_cache = 0;   // Bytes of the largest caches that those cores read through, each once.
  double core_caches = 0;  // Bytes of the second-level caches of those cores.
  double memory_available = 0;
  double load = 0;  // One-minute load average at the start.
};
Machine look_at_machine();

// Restricts the process to `threads` cores, before anything starts a thread.  0: nothing.
void restrict_cpus(int threads);

}  // namespace fg::bench

#endif  // FG_BENCH_MACHINE_HPP_
