// SPDX-License-Identifier: Apache-2.0
//
// The same products by libraries that people use today, in the same process: OpenBLAS and oneDNN,
// opened at run time and left out where they are not installed.

#ifndef FG_BENCH_PEERS_HPP_
#define FG_BENCH_PEERS_HPP_

#include <string>
#include <vector>

#include "bench/timing.hpp"

namespace fg::bench {

struct PeerResult {
  std::string peer;  // "openblas", "onednn"
  std::string case_name;
  Times times;
  double tflops = 0;
};

struct Product {
  std::string case_name;
  int m, k, n;
  bool f64;
};

// Last of all measurements: the peers' threads may spin a while after their work.
std::vector<PeerResult> measure_peers(const std::vector<Product>& products, int threads, double seconds);

}  // namespace fg::bench

#endif  // FG_BENCH_PEERS_HPP_
