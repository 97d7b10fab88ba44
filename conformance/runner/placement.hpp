// SPDX-License-Identifier: Apache-2.0
//
// Where a tensor lies in its larger storage.

#ifndef FG_CONFORMANCE_RUNNER_PLACEMENT_HPP_
#define FG_CONFORMANCE_RUNNER_PLACEMENT_HPP_

#include <cstddef>
#include <vector>

#include "conformance/cases/case.hpp"

namespace fg::conformance {

// Where the elements lie: strides and offset count elements of the storage.
struct Placement {
  std::vector<std::int64_t> stride;
  std::int64_t offset = 0;  // of element 0
  std::int64_t length = 0;  // of the storage
};
// At least 4 KiB and one row of the pattern on both sides; gaps as the layout says.
Placement place(const Shape& shape, Layout layout, std::size_t element_bytes);
// The same for given strides (>= 0).
Placement place_strided(const Shape& shape, const std::vector<std::int64_t>& stride, std::size_t element_bytes);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_RUNNER_PLACEMENT_HPP_
