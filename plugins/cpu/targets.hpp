// SPDX-License-Identifier: Apache-2.0
//
// Which instruction sets the kernels may use.

#ifndef FG_PLUGINS_CPU_TARGETS_HPP_
#define FG_PLUGINS_CPU_TARGETS_HPP_

#include <string_view>

#include "fg/sdk/result.hpp"

namespace fg::cpu {

// Holds every kernel of the process to the instruction set `name` and lesser ones: avx3 (AVX-512),
// avx2 or scalar.  FG_E_INVALID when there is none of that name, or this processor has not got it.
// To be called before the first kernel is prepared.
Result<void> restrict_targets(std::string_view name);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_TARGETS_HPP_
