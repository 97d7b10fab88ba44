// SPDX-License-Identifier: Apache-2.0
//
// What the framework itself costs: calls so small that the kernel hardly counts, through the C++ API.

#ifndef FG_BENCH_DISPATCH_COST_HPP_
#define FG_BENCH_DISPATCH_COST_HPP_

#include <string>

#include "bench/timing.hpp"
#include "fg/fg.hpp"

namespace fg::bench {

// Nanoseconds a call.  `prepared` is `add` of three tensors on a plugin whose kernels do nothing
// (bench/noop): all that is left is the core between the call and the kernel.
struct DispatchCost {
  Times prepared;  // samples 0: the plugin that does nothing was not found, see `note`
  Times add_64_out, add_64_new;
  // Two threads at once, each on tensors of its own: how much longer a call takes for the slower one
  // than alone, in percent.
  double loss_out_percent = 0, loss_new_percent = 0;
  std::string note;
};

DispatchCost measure_dispatch(const Device& device, double seconds);

// The folder of the plugin that does nothing, beside this program; empty when it is not there.
std::string noop_folder();

}  // namespace fg::bench

#endif  // FG_BENCH_DISPATCH_COST_HPP_
