// SPDX-License-Identifier: Apache-2.0
//
// Instructions that NVIDIA's compiler of OpenCL C does not let through, though its assembler of PTX knows them: a
// kernel writes them into its PTX as comments, asm volatile("//@ wgmma.fence.sync.aligned;"), and what the compiler
// made of it is given to the driver again with the comments made instructions.

#ifndef FG_PLUGINS_OPENCL_PTX_HPP_
#define FG_PLUGINS_OPENCL_PTX_HPP_

#include <string>
#include <string_view>

#include "fg/sdk/result.hpp"

namespace fg::opencl {

// Whether a text hides instructions.
bool hides_instructions(std::string_view text);
// PTX for sm_90 with its hidden instructions in place, for sm_90a, which has them.
Result<std::string> uncovered(std::string ptx);

}  // namespace fg::opencl

#endif  // FG_PLUGINS_OPENCL_PTX_HPP_
