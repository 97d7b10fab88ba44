// SPDX-License-Identifier: Apache-2.0
//
// A result against the oracle's intervals.
//
// A stored number is legal when it lies between the roundings, to the output's dtype, of the ends of
// the interval: the correct rounding of some value that a legal kernel may have held.  No tolerance
// is added anywhere.

#ifndef FG_CONFORMANCE_COMPARE_COMPARE_HPP_
#define FG_CONFORMANCE_COMPARE_COMPARE_HPP_

#include <string>
#include <vector>

#include "conformance/compare/error_map.hpp"
#include "conformance/compare/verdict.hpp"
#include "conformance/reference/tensor.hpp"

namespace fg::conformance {

struct Mismatch {
  std::size_t output = 0;
  reference::Type type = reference::Type::f32;
  std::vector<std::int64_t> index;  // of the worst element
  reference::Real got = 0, want = 0, error = 0, allowed = 0;
  std::int64_t bad = 0, total = 0;
  std::string pattern;
  ErrorMap map{};  // of the output, when the verdict fails

  bool operator==(const Mismatch&) const = default;
};

struct Comparison {
  Verdict verdict = Verdict::pass;
  Mismatch worst;    // when the verdict is not pass
  double ratio = 0;  // greatest error over what is allowed, of the elements within bounds
};

struct CompareOptions {
  bool check_bias = false;  // The outputs are independent sums: their mean error must vanish.
};

// `got` are the row-major elements of an output of the right dtype and shape.
Comparison compare(const reference::Output& want, const std::vector<reference::Real>& got,
                   const CompareOptions& options);

// What an element of `type` may be for `v`: NaN if `nan`, a number from lo to hi if `number`.
struct Range {
  reference::Real lo, hi;
  bool nan, number;
};
Range legal_range(const reference::Value& v, reference::Type type);
// Whether `x`, an element of `type`, is legal for `v`.
bool legal(const reference::Value& v, reference::Type type, reference::Real x);
// The greatest distance from the true value that a legal element may have.
reference::Real allowed(const reference::Value& v, reference::Type type);
// |x - true value| in units of it, finite also where nothing but the true value is allowed.
reference::Real error_ratio(const reference::Value& v, reference::Type type, reference::Real x);

// A hint at the kind of mistake from where the wrong elements are and how they are wrong.
std::string describe_pattern(const reference::Shape& shape, const std::vector<bool>& bad,
                             const std::vector<reference::Real>& got, const std::vector<reference::Real>& want);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_COMPARE_COMPARE_HPP_
