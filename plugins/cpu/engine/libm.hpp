// SPDX-License-Identifier: Apache-2.0
//
// Functions of doubles that libm has not or not as needed: for the operations without a vector form,
// and for the elements that a vector form leaves out.

#ifndef FG_PLUGINS_CPU_ENGINE_LIBM_HPP_
#define FG_PLUGINS_CPU_ENGINE_LIBM_HPP_

namespace fg::cpu {

double float_mod(double a, double b);
// Of the divisor's sign, as Python's %, and the quotient that goes with it.
double python_remainder(double a, double b);
double floor_div(double a, double b);
double log_gamma(double x);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_ENGINE_LIBM_HPP_
