// SPDX-License-Identifier: Apache-2.0
//
// "Compiled" programs in the host's cache, for the bugs of caching.

#ifndef FG_TESTS_MUTANTS_BLOBS_HPP_
#define FG_TESTS_MUTANTS_BLOBS_HPP_

#include "tests/mutants/mutant.hpp"

namespace fg::mutants {

// Takes the program from the host's cache, or puts it there.  A blob is used when length and checksum
// are right.
void through_blobs(const fg_instance& instance, Program& program);

}  // namespace fg::mutants

#endif  // FG_TESTS_MUTANTS_BLOBS_HPP_
