// SPDX-License-Identifier: Apache-2.0
//
// Copies whose input is contiguous along another dimension than the output.

#ifndef FG_PLUGINS_GPU_ENGINE_TRANSPOSE_HPP_
#define FG_PLUGINS_GPU_ENGINE_TRANSPOSE_HPP_

#include "plugins/gpu/engine/operands.hpp"
#include "plugins/gpu/launch.hpp"
#include "plugins/gpu/programs.hpp"

namespace fg::gpu {

// Copies tensor 1 of the launch to tensor 0 over the space `w` if it is of two or three dimensions, one of which is
// contiguous in the input and the last in the output; false when it is not.
Result<bool> transpose(Variants& variants, const sdk::Launch& launch, const Walk& w);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_ENGINE_TRANSPOSE_HPP_
