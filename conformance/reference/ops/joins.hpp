// SPDX-License-Identifier: Apache-2.0
//
// Elements that several values join: what is sent to each is collected in index order, then combined.
// Sums in any order (sums.hpp), other values one after the other; the mean of integers is rounded
// towards minus infinity.

#ifndef FG_CONFORMANCE_REFERENCE_OPS_JOINS_HPP_
#define FG_CONFORMANCE_REFERENCE_OPS_JOINS_HPP_

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference::ops {

enum class Combine : std::uint8_t { assign, sum, prod, mean, amax, amin };
// "add", "sum", "multiply", ...; assign for any other word.
Combine combine_of(const std::string& word);

struct Joins {
  const Tensor& self;
  std::vector<std::vector<Value>> of;  // For every element of self what joins it.

  explicit Joins(const Tensor& s) : self(s), of(s.v.size()) {}
  // Without include_self an element that nothing joins keeps its value all the same.
  Outputs result(Combine how, bool include_self) const;
};

// A tensor without dimensions counts as one of length 1.
Shape counted(const Shape& shape);

}  // namespace fg::reference::ops

#endif  // FG_CONFORMANCE_REFERENCE_OPS_JOINS_HPP_
