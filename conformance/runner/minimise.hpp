// SPDX-License-Identifier: Apache-2.0
//
// The smallest case that still fails in the same way.

#ifndef FG_CONFORMANCE_RUNNER_MINIMISE_HPP_
#define FG_CONFORMANCE_RUNNER_MINIMISE_HPP_

#include <functional>

#include "conformance/cases/case.hpp"
#include "conformance/compare/verdict.hpp"

namespace fg::conformance {

// Shrinks shapes, then layouts, then values, then parameters, as long as `judge` says of the smaller
// case what it says of `c`; greedy, at most `budget` calls of `judge`.  Every case that is judged can be
// named and is one that a plugin must serve; the data of a smaller case are other data, as they follow
// from the name.  Views keep their shapes and
// arguments.  Cases that pass, mistaken calls and probes come back as they are.
Case minimise(const Case& c, const std::function<Verdict(const Case&)>& judge, int budget);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_RUNNER_MINIMISE_HPP_
