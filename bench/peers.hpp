// SPDX-License-Identifier: Apache-2.0
//
// The same by what people use today, in the same process: products by OpenBLAS and oneDNN, opened at
// run time and left out where they are not installed, and the rows of sort by std::sort.

#ifndef FG_BENCH_PEERS_HPP_
#define FG_BENCH_PEERS_HPP_

#include <cstdint>
#include <string>
#include <vector>

#include "bench/timing.hpp"

namespace fg::bench {

struct PeerResult {
  std::string peer;  // "openblas", "onednn", "std::sort"
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

// Rows of f32, sorted in place by one thread: values alone, no positions.
struct Sorting {
  std::string case_name;
  std::int64_t rows, length;
};
std::vector<PeerResult> measure_sorts(const std::vector<Sorting>& sorts, double seconds);

}  // namespace fg::bench

#endif  // FG_BENCH_PEERS_HPP_
