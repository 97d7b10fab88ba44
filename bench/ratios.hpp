// SPDX-License-Identifier: Apache-2.0
//
// A peer's times over ours: above 1 we are faster.  Means are geometric, as ratios need.

#ifndef FG_BENCH_RATIOS_HPP_
#define FG_BENCH_RATIOS_HPP_

#include <string>
#include <vector>

#include "bench/report.hpp"

namespace fg::bench {

struct OperatorRatio {
  std::string op;
  int cases = 0;
  double geomean = 0, least = 0;
  std::string least_case;
};
struct PeerRatios {
  std::string peer;
  int cases = 0;
  double geomean = 0;
  std::vector<OperatorRatio> operators;  // The slowest of ours first.
};

// One entry a peer, over the cases that both have timed; medians.
std::vector<PeerRatios> ratios(const Report& r);

}  // namespace fg::bench

#endif  // FG_BENCH_RATIOS_HPP_
