// SPDX-License-Identifier: Apache-2.0
//
// A case for programs that time the same call elsewhere: operator, dtypes, shapes as scaled,
// attributes.  bench/peers/README.md describes the keys.

#ifndef FG_BENCH_CASE_JSON_HPP_
#define FG_BENCH_CASE_JSON_HPP_

#include <string>
#include <vector>

#include "bench/cases.hpp"

namespace fg::bench {

// One object on one line, without a line break.
std::string case_json(const Case& c);
// All of them in one document: what `fg-bench --list --json` prints.
std::string cases_json(const std::vector<Case>& cases);

}  // namespace fg::bench

#endif  // FG_BENCH_CASE_JSON_HPP_
