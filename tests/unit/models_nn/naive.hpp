// SPDX-License-Identifier: Apache-2.0
//
// Tensors for tests: f64, so that differences are mistakes and not roundings.

#ifndef FG_TESTS_UNIT_MODELS_NN_NAIVE_HPP_
#define FG_TESTS_UNIT_MODELS_NN_NAIVE_HPP_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "fg/fg.hpp"

namespace fg::nn::test {

using Values = std::vector<double>;

inline Tensor random(Dims shape, std::uint64_t seed) {
  Generator g(seed);
  Tensor t = Tensor::empty(shape, kF64);
  normal_(t, 0.0, 1.0, &g);
  return t;
}

inline double furthest(const Tensor& a, const Values& b) {
  const Values x = a.to_vector<double>();
  EXPECT_EQ(x.size(), b.size());
  double most = 0;
  for (std::size_t i = 0; i < b.size() && i < x.size(); ++i) {
    const double d = std::abs(x[i] - b[i]);
    most = std::isnan(d) ? HUGE_VAL : std::max(most, d);
  }
  return most;
}
inline double furthest(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(a.shape(), b.shape());
  return furthest(a, b.to_vector<double>());
}

// Sums of f64 of at most some hundred terms near 1.
inline constexpr double kNear = 1e-11;

}  // namespace fg::nn::test

#endif  // FG_TESTS_UNIT_MODELS_NN_NAIVE_HPP_
