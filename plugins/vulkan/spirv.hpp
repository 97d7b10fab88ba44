// SPDX-License-Identifier: Apache-2.0
//
// GLSL to SPIR-V with glslang's library, and what GLSL cannot say added to the result.

#ifndef FG_PLUGINS_VULKAN_SPIRV_HPP_
#define FG_PLUGINS_VULKAN_SPIRV_HPP_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fg/sdk/result.hpp"

namespace fg::vulkan {

using Spirv = std::vector<std::uint32_t>;

// How floats behave, as the device allows it.
struct FloatControls {
  bool rte16 = false, rte32 = false, rte64 = false;  // Rounds to nearest even.
  bool denormals16 = false, denormals32 = false, denormals64 = false;
  bool nan16 = false, nan32 = false, nan64 = false;  // Signed zeros, infinities and NaN are kept.
};

// FG_E_COMPILE with glslang's log and the line that it names.  [any-thread]
Result<Spirv> compile_glsl(const std::string& name, const std::string& text);
// "glslang 12.0.0": part of what identifies a compiled text.
std::string compiler_version();

// Without what only people read.
Spirv without_names(std::span<const std::uint32_t> module);

// Forbids contraction of every floating operation, and sets execution modes.  Modes are set only for widths that
// the module uses.
Spirv finish_module(std::span<const std::uint32_t> module, const FloatControls& controls);

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_SPIRV_HPP_
