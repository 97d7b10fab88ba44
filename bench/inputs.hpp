// SPDX-License-Identifier: Apache-2.0
//
// The tensors of a case: filled with numbers that follow from the case's name, kept on the host as
// well for the verification.

#ifndef FG_BENCH_INPUTS_HPP_
#define FG_BENCH_INPUTS_HPP_

#include <cstddef>
#include <memory>
#include <vector>

#include "bench/cases.hpp"
#include "fg/fg.hpp"

namespace fg::bench {

struct Input {
  fg_dtype dtype = 0;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> host;  // Row-major; emptied once the result is verified.
  Tensor tensor;
};

struct Inputs {
  std::vector<std::vector<Input>> args;  // One list per op.args: empty, one tensor, or a tensor list.
  std::vector<fg_value> values;          // The call's arguments; borrow from this object and from the case.
  std::vector<std::vector<fg_tensor_handle>> lists;
  std::unique_ptr<fg_generator> generator;  // The call's arguments point to it.
  std::uint32_t form = FG_FORM_FUNCTIONAL;
};

// The case's dtype where the argument takes it; positions are i64; a condition or mask is bool.
fg_dtype input_dtype(const Case& c, const core::ArgInfo& info);

// Positions must be below the length that they count in: that of the dimension the line names, else
// the first one of the first tensor that holds no positions.
std::int64_t position_limit(const Case& c);

Result<Inputs> make_inputs(const Case& c, const Device& device);

}  // namespace fg::bench

#endif  // FG_BENCH_INPUTS_HPP_
