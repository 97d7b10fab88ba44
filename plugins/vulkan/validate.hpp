// SPDX-License-Identifier: Apache-2.0
//
// Compiles kernel files as the plugin would and judges the SPIR-V; for the build and the tests, no part of the plugin.

#ifndef FG_PLUGINS_VULKAN_VALIDATE_HPP_
#define FG_PLUGINS_VULKAN_VALIDATE_HPP_

#include <string>
#include <string_view>
#include <vector>

#include "plugins/vulkan/glsl.hpp"
#include "plugins/vulkan/spirv.hpp"

namespace fg::vulkan {

// FG_E_COMPILE with what SPIRV-Tools' validator says for Vulkan 1.2.
Result<void> validate(const Spirv& module);

// Prints, compiles, finishes and validates: for a device that offers the least, and for one that offers everything.
Result<void> validate_source(const gpu::Source& source);

// The variants that the //@check lines of a kernel file name; none without such lines.
Result<std::vector<gpu::Source>> variants_of(std::string_view name, std::string_view text);

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_VALIDATE_HPP_
