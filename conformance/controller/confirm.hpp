// SPDX-License-Identifier: Apache-2.0
//
// What a failure is: of the case, of what ran before it, or now and then.

#ifndef FG_CONFORMANCE_CONTROLLER_CONFIRM_HPP_
#define FG_CONFORMANCE_CONTROLLER_CONFIRM_HPP_

#include "conformance/controller/pool.hpp"

namespace fg::conformance {

// Runs the case of a failed outcome again alone: a death once, a wrong result three times.  Fails every
// time: the verdict stands.  Never: after the cases that had run before it; if it fails there,
// SEQUENCE with the shortest list found (delta debugging: Zeller, Hildebrandt, Simplifying and isolating
// failure-inducing input, IEEE TSE 28(2), 2002).  Anything else: FLAKY.
CaseResult confirm(Pool& pool, const std::vector<std::string>& names, const Outcome& failed);

// The shortest part of `items`, in order, for which `fails` holds, found with at most `budget` calls.
std::vector<std::size_t> shortest_failing(std::vector<std::size_t> items,
                                          const std::function<bool(const std::vector<std::size_t>&)>& fails,
                                          unsigned budget);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_CONTROLLER_CONFIRM_HPP_
