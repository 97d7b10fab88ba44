// SPDX-License-Identifier: Apache-2.0
//
// Everything that was measured, and its two forms: a table for people, one JSON document.

#ifndef FG_BENCH_REPORT_HPP_
#define FG_BENCH_REPORT_HPP_

#include <string>
#include <vector>

#include "bench/dispatch_cost.hpp"
#include "bench/machine.hpp"
#include "bench/peers.hpp"
#include "bench/roofline.hpp"
#include "bench/run_case.hpp"

namespace fg::bench {

// A number that the project promises.
struct Limit {
  std::string key;  // Stable: "dispatch_prepared_ns"
  std::string text;
  double value = 0;
  double limit = 0;
  bool at_least = false;  // Else at most.
  bool measured = false;
  const char* unit = "";
  bool met() const { return measured && (at_least ? value >= limit : value <= limit); }
};

struct Report {
  std::string plugin, device, driver, version;
  Machine machine;
  Roofline roofline;
  bool has_roofline = false;
  std::vector<Measured> cases;
  std::vector<PeerResult> peers;
  DispatchCost dispatch;
  bool has_dispatch = false;
  double seconds = 0;
};

std::vector<Limit> limits(const Report& r);
std::string to_table(const Report& r);
std::string to_json(const Report& r);  // report_json.cpp

}  // namespace fg::bench

#endif  // FG_BENCH_REPORT_HPP_
