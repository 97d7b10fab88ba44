// SPDX-License-Identifier: Apache-2.0
//
// Simplification that changes no result: constants, identities, common subexpressions, dead code.

#ifndef FG_CORE_EXPR_FOLD_HPP_
#define FG_CORE_EXPR_FOLD_HPP_

#include <span>

#include "core/expr/program.hpp"

namespace fg::expr {

// Equal results for all inputs and scalars, NaN, infinities and -0 included (the payload of a NaN
// apart).  Scalars stay arguments.  Inputs and scalars keep their numbers.
Program fold(const Program& program);

// The program for these values of the scalars: those whose kind is not FG_SCALAR_NONE become
// constants, then everything folds.  `values` may be shorter than n_scalar.
Program specialise(const Program& program, std::span<const fg_scalar> values);

}  // namespace fg::expr

#endif  // FG_CORE_EXPR_FOLD_HPP_
