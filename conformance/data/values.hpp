// SPDX-License-Identifier: Apache-2.0
//
// The elements of a case's tensors: which distribution, and which positions are legal for index
// arguments.

#ifndef FG_CONFORMANCE_DATA_VALUES_HPP_
#define FG_CONFORMANCE_DATA_VALUES_HPP_

#include "conformance/cases/case.hpp"
#include "conformance/data/rng.hpp"
#include "conformance/reference/tensor.hpp"

namespace fg::conformance {

// Fills row-major values of `type`.  Every value is representable in it.
std::vector<reference::Real> draw(Values values, reference::Type type, const Shape& shape, const Rng& rng);
// Positions in [0, limit).
std::vector<reference::Real> draw_positions(std::int64_t limit, const Shape& shape, const Rng& rng);

// All arguments of a case with their data; the first entry per argument.
std::vector<reference::Argument> arguments_of(const Case& c);
// The key of a case's data: a hash of its name.
Rng rng_of(const Case& c);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_DATA_VALUES_HPP_
