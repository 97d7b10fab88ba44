// SPDX-License-Identifier: Apache-2.0
//
// The oracle's front door: what a call must give.

#ifndef FG_CONFORMANCE_REFERENCE_REFERENCE_HPP_
#define FG_CONFORMANCE_REFERENCE_REFERENCE_HPP_

#include "conformance/reference/expression.hpp"
#include "conformance/reference/promotion.hpp"
#include "conformance/reference/tensor.hpp"

namespace fg::reference {

// All outputs of a functional call.  Throws Mistake when the oracle has no definition of the operator
// or the arguments are outside it.
std::vector<Output> evaluate(const Call& call);

// Whether evaluate() knows the operator.
bool knows(const Operator& op);

// The kinds that follow from the catalogue's expressions alone.
std::vector<Output> evaluate_map(const Call& call);     // map.cpp
std::vector<Output> evaluate_reduce(const Call& call);  // reduce.cpp
std::vector<Output> evaluate_scan(const Call& call);    // scan.cpp
// Shape and, for every element, the position in the first argument's row-major values.
struct View {
  Shape shape;
  std::vector<std::int64_t> source;
};
View evaluate_view(const Call& call);  // ops/views.cpp

// Shapes of maps without operands.
Shape arange_shape(const Call& call);  // map.cpp

}  // namespace fg::reference

#endif  // FG_CONFORMANCE_REFERENCE_REFERENCE_HPP_
