// SPDX-License-Identifier: Apache-2.0
//
// Random operators judged as distributions.  The operator cases compare every number with its
// definition; these checks ask whether the definition is any good, with fixed seeds.

#ifndef FG_CONFORMANCE_RUNNER_STATISTICS_HPP_
#define FG_CONFORMANCE_RUNNER_STATISTICS_HPP_

#include "conformance/runner/device.hpp"

namespace fg::conformance {

// Each: "" or what is wrong.  A right generator with a random seed is accused at most once in 10^6
// runs of a check.
Result<std::string> uniform_numbers(const Device& device);
Result<std::string> normal_numbers(const Device& device);
Result<std::string> exponential_numbers(const Device& device);
Result<std::string> bernoulli_numbers(const Device& device);
// A generator's numbers do not come again, its offset moves by what was used, a seed repeats them.
Result<std::string> generator_moves(const Device& device);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_RUNNER_STATISTICS_HPP_
