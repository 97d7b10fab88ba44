// SPDX-License-Identifier: Apache-2.0
//
// A result is verified before it is timed, against the conformance suite's oracle.  The oracle is
// slow on purpose, so of large results it judges a part: sampled elements, rows and columns, whole
// rows, or the same call on a smaller shape.

#ifndef FG_BENCH_VERIFY_HPP_
#define FG_BENCH_VERIFY_HPP_

#include <string>
#include <vector>

#include "bench/cases.hpp"
#include "bench/inputs.hpp"

namespace fg::bench {

struct Verification {
  bool correct = false;
  std::string text;  // "all elements", "4096 elements", ...; what was wrong
};

// `generator` is the state before the call.
Verification verify(const Case& c, const Inputs& in, const fg_generator& generator, const std::vector<Tensor>& outs,
                    const Device& device);

}  // namespace fg::bench

#endif  // FG_BENCH_VERIFY_HPP_
