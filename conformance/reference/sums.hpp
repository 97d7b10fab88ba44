// SPDX-License-Identifier: Apache-2.0
//
// Sums of n terms in any order, and what rounding may do to them.
//
// With u the unit roundoff of the accumulation type (2^-24 for f16, bf16 and f32 data; 2^-53 for f64)
// and terms p_i that are exact or rounded once (a product, with or without fma):
//   hard   gamma_n * sum|p_i|, gamma_n = n u / (1 - n u)   (Higham, Accuracy and Stability, 3.1; any
//          order, n terms with one rounded product each are n roundings deep at most)
//   soft   6 u sqrt(n/2 sum p^2 + n/3 S^2 + sum p^2)       six standard deviations when the signs of
//          the rounding errors of a random order are random
//   none   when every p_i is a multiple of q and sum|p_i| <= q / u: every partial sum of every order
//          is representable; q is at least the smallest subnormal e
//   below  a product that is no multiple of e may lose e/2 beside its relative error: n e/2 more in
//          the hard bound, n e^2/12 in the variance of the soft one (Higham, 2.1)
// When sum|p_i| exceeds the largest finite number some order may overflow: then the bound says so.
//
// Accuracy classes (declared.hpp) change this so:
//   f32_rz  a truncation errs by up to 2 u: gamma_n(2 u) is the hard bound, and its sign is that of the
//           partial sum, so that the soft one gains the drift 2 u n sqrt(sum p^2/2 + S^2/3): n times
//           the root mean square of the partial sums of a random order
//   f16     u = 2^-11, e = 2^-24 and the largest number 65504, also for terms that an f32 holds
//   tf32    factors are read with 11 bits: |dp| <= r |p|, r = 2^-11 for each factor that has more, and
//           their product; sum r|p| more in the hard bound, sum (r p)^2 + (sum r p)^2 in the variance
//           of the soft one: the errors of different factors are independent, those of one that
//           repeats are the same
// A device that flushes loses up to 2^-126 of a term as read and of every result: 2^-125 n more in both,
// unless all p_i are multiples of 2^-126; a product of a subnormal factor may be 0.

#ifndef FG_CONFORMANCE_REFERENCE_SUMS_HPP_
#define FG_CONFORMANCE_REFERENCE_SUMS_HPP_

#include "conformance/reference/declared.hpp"

namespace fg::reference {

class Sum {
 public:
  void add(const Value& term);
  // scale a b of exact numbers: the kernel reads the factors and rounds.
  void add_product(Real a, Real b, Real scale = 1);
  // a b that was rounded for itself.
  void add_product(const Value& a, const Value& b);
  // scale x, which is not read as a factor of a product.
  void add_scaled(Real x, Real scale);

  Value hard(Ct type) const { return bounded(type, false); }
  Value soft(Ct type) const { return bounded(type, true); }
  // The mean of the terms, from the sum or by updating, mean += (x - mean) / k: the error of step k
  // shrinks by k / n, so all of them stay below gamma_(n + 8 + 2 ln n) sum|p| / n; never exact.
  Value mean(Ct type, bool statistical) const;
  Real total() const { return sum_ + correction_; }
  Real absolute() const { return absolute_; }

 private:
  // What reading the factors of products does to f32 sums.
  struct Reading {
    Real lo = 0, hi = 0;                      // by which products of flushed factors move the sum
    Real absolute = 0, squares = 0, sum = 0;  // of r p
    bool inf_by_zero = false, overflow = false;
  };
  void add_real(Real p);
  void read_as_zero(Real p);
  void read_rounded(Real r, Real p);
  bool exact_in_any_order(Ct type) const;
  Real flushed_away(Ct type) const;
  Value bounded(Ct type, bool statistical) const;
  Real radius(Ct type, Real roundings, bool statistical) const;
  Real soft_radius(Ct type, Real lost) const;

  Real count_ = 0, sum_ = 0, correction_ = 0, absolute_ = 0, squares_ = 0;
  Real slack_lo_ = 0, slack_hi_ = 0;  // from terms that are intervals
  Real scale_ = 1;                    // by which a kernel may multiply what flushing took away
  int quantum_ = 1 << 20;             // exponent of the finest bit of any term
  Reading reading_;
  bool products_ = false;    // terms that a kernel rounds itself
  bool nonnegative_ = true;  // no term can be below 0, so no sum of roundings is
  bool plus_inf_ = false, minus_inf_ = false;
  Nan nan_ = Nan::never;
};

// gamma_n(u), infinite once n u >= 1.
Real gamma(Real n, Ct type);
Real roundoff(Ct type);

}  // namespace fg::reference

#endif  // FG_CONFORMANCE_REFERENCE_SUMS_HPP_
