// SPDX-License-Identifier: Apache-2.0
//
// One case from inputs to numbers: call, verify, time.

#ifndef FG_BENCH_RUN_CASE_HPP_
#define FG_BENCH_RUN_CASE_HPP_

#include <string>
#include <vector>

#include "bench/cases.hpp"
#include "bench/machine.hpp"
#include "bench/roofline.hpp"
#include "bench/timing.hpp"
#include "fg/fg.hpp"

namespace fg::bench {

struct Measured {
  enum class State : std::uint8_t { timed, wrong, not_served, out_of_memory, failed } state = State::failed;
  std::string name;
  std::string text;    // Why it was not timed, or how the result was verified.
  std::string shapes;  // What really ran: "[4096, 4096] [4096, 4096] -> [4096, 4096]".
  double scaled = 1;
  double bytes = 0, flops = 0;
  Times times;
  double gbps = 0, tflops = 0;
  double percent_of_roofline = 0;  // 0 where no limit applies.
  const char* bound = "";          // "memory" or "compute": which limit is nearer.
  bool in_cache = false;           // The tensors fit the last cache, so memory may be no limit.
  Bandwidth beside;                // Measured just before, for a case with a promise (limits.hpp); else 0.
};

std::string_view state_name(Measured::State s);

Measured run_case(const Case& c, const Device& device, const Roofline& roofline, const Machine& machine,
                  double seconds);

}  // namespace fg::bench

#endif  // FG_BENCH_RUN_CASE_HPP_
