// SPDX-License-Identifier: Apache-2.0
//
// What this process holds, for probes that look whether it grows.

#ifndef FG_CONFORMANCE_RUNNER_PROCESS_COUNTS_HPP_
#define FG_CONFORMANCE_RUNNER_PROCESS_COUNTS_HPP_

#include <cstdint>

namespace fg::conformance {

struct ProcessCounts {
  std::int64_t files = 0, threads = 0;
  std::int64_t heap = 0;  // bytes in use; 0 where the allocator does not say
};
ProcessCounts process_counts();
ProcessCounts operator-(const ProcessCounts& a, const ProcessCounts& b);
// Of each the smaller one: caches fill in the first rounds, a leak goes on.
ProcessCounts least_of(const ProcessCounts& a, const ProcessCounts& b);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_RUNNER_PROCESS_COUNTS_HPP_
