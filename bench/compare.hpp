// SPDX-License-Identifier: Apache-2.0
//
// fg-bench compare: what became faster or slower between two JSON documents.

#ifndef FG_BENCH_COMPARE_HPP_
#define FG_BENCH_COMPARE_HPP_

#include <string>

#include "fg/sdk/result.hpp"

namespace fg::bench {

struct Compared {
  std::string text;
  int slower = 0, faster = 0, same = 0, only_before = 0, only_after = 0;
};

// Contents of the two documents.  A change counts when the medians differ by more than `threshold`
// percent and the middle 60 % of the samples do not overlap.
Result<Compared> compare_documents(const std::string& before, const std::string& after, double threshold);

}  // namespace fg::bench

#endif  // FG_BENCH_COMPARE_HPP_
