// SPDX-License-Identifier: Apache-2.0
//
// Where in an output the errors are: a picture of it, small enough for a line of a report.

#ifndef FG_CONFORMANCE_COMPARE_ERROR_MAP_HPP_
#define FG_CONFORMANCE_COMPARE_ERROR_MAP_HPP_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/reference/tensor.hpp"

namespace fg::conformance {

// The output as rows (all dimensions but the last, flattened) and columns (the last), each cell the
// worst of the elements that fall into it.
struct ErrorMap {
  static constexpr int kSide = 48;  // cells at most, each way
  int rows = 0, columns = 0;        // cells
  std::string cells;                // row-major, one letter of kLetters per cell

  bool operator==(const ErrorMap&) const = default;
};

// A letter's position is its level: 0 no error, up to kAllowed within what is allowed, above it wrong,
// two levels for each factor of two in |error| / allowed; the last one is a NaN or an infinity.
constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr int kAllowed = 16;
constexpr int kSpecial = 63;

// -1 when `letter` is none of them.
constexpr int level_of(char letter) {
  const std::size_t at = kLetters.find(letter);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

// Of an output of this dtype and shape: `bounds[i]` judges element i, which is `got[i]`, and `bad[i]` says
// that it is wrong.  All row-major.
ErrorMap error_map(reference::Type type, const reference::Shape& shape, const std::vector<reference::Value>& bounds,
                   const std::vector<bool>& bad, const std::vector<reference::Real>& got);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_COMPARE_ERROR_MAP_HPP_
