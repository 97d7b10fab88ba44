// SPDX-License-Identifier: Apache-2.0
//
// Compiles kernel files as the plugin would and judges the SPIR-V; for the build and the tests, no part of the plugin.

#ifndef FG_PLUGINS_VULKAN_VALIDATE_HPP_
#define FG_PLUGINS_VULKAN_VALIDATE_HPP_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/gpu/runtime.hpp"
#include "plugins/vulkan/glsl.hpp"
#include "plugins/vulkan/spirv.hpp"

namespace fg::vulkan {

// What kernels are compiled for when the plugin is built.
struct TypicalDevice {
  const char* name;
  GlslTarget target;
  FloatControls controls;
  gpu::Features features;
};
// "gpu": has everything, with subgroups of 32.  "processor": as Mesa's lavapipe offers it.  "least": has what is
// needed.
std::span<const TypicalDevice> typical_devices();

// FG_E_COMPILE with what SPIRV-Tools' validator says for Vulkan 1.2.
Result<void> validate(const Spirv& module);

// Prints, compiles, finishes and validates for all typical devices.
Result<void> validate_source(const gpu::Source& source);

// The variants that the //@check lines of a kernel file name; none without such lines.
Result<std::vector<gpu::Source>> variants_of(std::string_view name, std::string_view text);

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_VALIDATE_HPP_
