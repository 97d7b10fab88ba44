// SPDX-License-Identifier: Apache-2.0
//
// The numbers that the project promises, and what a run says about them.

#ifndef FG_BENCH_LIMITS_HPP_
#define FG_BENCH_LIMITS_HPP_

#include <string>
#include <string_view>
#include <vector>

#include "bench/report.hpp"

namespace fg::bench {

struct Limit {
  std::string key;  // Stable: "dispatch_prepared_ns"
  std::string text;
  double limit = 0;
  bool at_least = false;  // Else at most.
  const char* unit = "";
  double value = 0;
  bool measured = false;
  bool met() const { return measured && (at_least ? value >= limit : value <= limit); }
};

// All of them; those whose case was not in the run are not `measured`.
std::vector<Limit> limits(const Report& r);

// Names of the cases that the limits speak of.
std::vector<std::string> limit_cases();
// Whether a limit holds that case's speed against the memory's: Measured::beside is wanted for it.
bool judged_by_memory(std::string_view name);

}  // namespace fg::bench

#endif  // FG_BENCH_LIMITS_HPP_
