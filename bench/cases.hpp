// SPDX-License-Identifier: Apache-2.0
//
// What is timed: the catalogue's bench lines in every dtype asked for, scaled down where the tensors
// would not fit, and said so.

#ifndef FG_BENCH_CASES_HPP_
#define FG_BENCH_CASES_HPP_

#include <cstdint>
#include <string>
#include <vector>

#include "bench/options.hpp"
#include "core/catalogue/case_line.hpp"
#include "core/catalogue/op_info.hpp"
#include "fg/sdk/result.hpp"

namespace fg::bench {

struct Case {
  std::string name;  // "add/f32/self=4096x4096,other=4096x4096": as in the catalogue, not as scaled
  std::string line;  // The catalogue's line.
  const core::OpInfo* op = nullptr;
  fg_dtype dtype = FG_F32;
  core::CaseValues values;
  std::vector<std::vector<std::int64_t>> out_shapes;
  double bytes = 0;  // Of all tensors: read once, written once.
  double flops = 0;
  double scaled = 1;  // By how much the largest dimension was divided.
};

// Sorted by operator; an error names the line of the catalogue that is wrong.
Result<std::vector<Case>> make_cases(const Options& options);

// One line of `op`, scaled down until all its tensors together have at most `max_bytes`, where that can be.
Result<Case> make_case(const core::OpInfo& op, fg_dtype dtype, std::string_view line, double max_bytes);

// '*' any text, '?' any character.
bool glob(std::string_view pattern, std::string_view text);

}  // namespace fg::bench

#endif  // FG_BENCH_CASES_HPP_
