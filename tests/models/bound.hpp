// SPDX-License-Identifier: Apache-2.0
//
// How far two f32 runs of one model may be apart.

#ifndef FG_TESTS_MODELS_BOUND_HPP_
#define FG_TESTS_MODELS_BOUND_HPP_

#include "examples/models/io/config.hpp"

namespace fg::models::test {

// Roundings, one after the other, between a layer's input and its result, over `keys` keys.
//
// Each operation returns what exact arithmetic makes of operands that were moved by its roundings,
// each by u = 2^-24 relative at most: a sum of n products has n of them (Higham, Accuracy and
// Stability of Numerical Algorithms, 3.1).  To first order the roundings of consecutive operations add
// up.  Norms make each block a function of its input's direction, so that a relative movement of the
// input moves the block's result by as much, measured at the largest element of a token; the residual
// stream adds the block's result to what it read.
double layer_roundings(const Config& c, double keys);
// The same of an image tower's layer.
double vision_roundings(const Config& c, double keys);

// Between the token's ids and hidden state `i`; i == layers: with the last norm.
double hidden_roundings(const Config& c, double keys, int i);

// Of an element of a token whose largest element is `largest`.  n roundings of mean zero exceed
// lambda sqrt(n) u with a probability below 2 exp(-lambda^2 / 2) (Higham and Mary, A New Approach to
// Probabilistic Rounding Error Analysis, SIAM J. Sci. Comput. 41, 2019); lambda = 6 makes that 3e-8 an
// element.  Both runs round.
double bound(double roundings, double largest);

}  // namespace fg::models::test

#endif  // FG_TESTS_MODELS_BOUND_HPP_
