// SPDX-License-Identifier: Apache-2.0
//
// The monoids of reductions and scans: what a list of terms combines to, with bounds.

#ifndef FG_CONFORMANCE_REFERENCE_STATES_HPP_
#define FG_CONFORMANCE_REFERENCE_STATES_HPP_

#include <limits>
#include <string>
#include <vector>

#include "conformance/reference/sums.hpp"
#include "conformance/reference/tensor.hpp"

namespace fg::reference {

// Names under which an epilogue sees the states.
std::vector<std::string> state_names(Monoid monoid);

// Combines terms one by one and can be asked after each.
class State {
 public:
  State(Monoid monoid, Ct type) : monoid_(monoid), type_(type) {}
  void add(const Value& term);
  // The states in the order of state_names(); `statistical` picks the soft bounds of sums.
  std::vector<Value> values(bool statistical) const;

 private:
  std::vector<Value> welford(bool statistical) const;
  Value product() const;
  // The best term so far and its place, as it compares: a device that flushes compares subnormals as zero.
  struct Best {
    Value value{};
    Real compared = 0;
    std::int64_t position = 0;
  };
  void add_position(Best& best, const Value& term, Real compared) const;
  std::vector<Value> best() const;
  void add_exponential(Real x);
  void note(Real term);
  bool repeats() const;

  Monoid monoid_;
  Ct type_;
  std::int64_t count_ = 0;
  Sum sum_;
  Value running_{};
  Real largest_ = 1, smallest_ = 1;  // what a product of some of the factors may reach
  Best kept_, flushed_;
  std::vector<Real> terms_;  // welford and logsumexp look again
  static constexpr std::size_t kFewTerms = 64;
  std::vector<Real> distinct_;                          // terms of a sum, as long as they are few
  Real peak_ = -std::numeric_limits<Real>::infinity();  // logsumexp: the greatest term
};

}  // namespace fg::reference

#endif  // FG_CONFORMANCE_REFERENCE_STATES_HPP_
