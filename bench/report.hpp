// SPDX-License-Identifier: Apache-2.0
//
// Everything that was measured, and its two forms: a table for people, one JSON document.

#ifndef FG_BENCH_REPORT_HPP_
#define FG_BENCH_REPORT_HPP_

#include <string>
#include <string_view>
#include <vector>

#include "bench/dispatch_cost.hpp"
#include "bench/machine.hpp"
#include "bench/peers.hpp"
#include "bench/roofline.hpp"
#include "bench/run_case.hpp"

namespace fg::bench {

struct Report {
  std::string plugin, device, driver, version;
  Machine machine;
  Roofline roofline;
  bool has_roofline = false;
  std::vector<Measured> cases;
  std::vector<PeerResult> peers;
  std::vector<std::string> peer_notes;  // What a peer left out, or why it ended.
  DispatchCost dispatch;
  bool has_dispatch = false;
  double seconds = 0;
};

// The case of that name when it was timed, else null.
const Measured* timed_case(const Report& r, std::string_view name);

std::string to_table(const Report& r);
std::string to_json(const Report& r);  // report_json.cpp

}  // namespace fg::bench

#endif  // FG_BENCH_REPORT_HPP_
