// SPDX-License-Identifier: Apache-2.0
//
// PyTorch's type promotion, written again for the oracle.

#ifndef FG_CONFORMANCE_REFERENCE_PROMOTION_HPP_
#define FG_CONFORMANCE_REFERENCE_PROMOTION_HPP_

#include <optional>

#include "conformance/reference/tensor.hpp"

namespace fg::reference {

// The smallest type that holds both; empty when 8-bit floats meet another type.
std::optional<Type> join(Type a, Type b);

struct Types {
  Type common;            // operands are read in its compute type
  std::vector<Type> out;  // of every output
};
// Throws Mistake when the operands have no common type.
Types types_of(const Call& call);

}  // namespace fg::reference

#endif  // FG_CONFORMANCE_REFERENCE_PROMOTION_HPP_
