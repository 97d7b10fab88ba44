// SPDX-License-Identifier: Apache-2.0
//
// Bugs that the suite's own processes must survive.

#ifndef FG_TESTS_MUTANTS_CONTROLLER_HPP_
#define FG_TESTS_MUTANTS_CONTROLLER_HPP_

#include "tests/mutants/mutant.hpp"

namespace fg::mutants {

// Crashes, hangs, floods, forks or corrupts, where the chosen bug does at this launch.
void misbehave(const Call& call);

// A number that a launch's shapes and dtypes decide.
std::uint64_t hash_of(const Call& call);

}  // namespace fg::mutants

#endif  // FG_TESTS_MUTANTS_CONTROLLER_HPP_
