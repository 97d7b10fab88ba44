// SPDX-License-Identifier: Apache-2.0
//
// Which of the driver's devices can be used, and what they offer.

#ifndef FG_PLUGINS_VULKAN_CHOICE_HPP_
#define FG_PLUGINS_VULKAN_CHOICE_HPP_

#include <cstdint>
#include <string>
#include <vector>

#include "plugins/gpu/runtime.hpp"
#include "plugins/vulkan/functions.hpp"
#include "plugins/vulkan/glsl.hpp"
#include "plugins/vulkan/matrix_units.hpp"
#include "plugins/vulkan/spirv.hpp"

namespace fg::vulkan {

// A usable device before it is opened.
struct Choice {
  VkPhysicalDevice handle = VK_NULL_HANDLE;
  VkPhysicalDeviceProperties properties{};
  VkPhysicalDeviceVulkan11Properties properties11{};
  VkPhysicalDeviceVulkan12Properties properties12{};
  VkPhysicalDevicePCIBusInfoPropertiesEXT pci{};
  VkPhysicalDeviceMemoryProperties memory{};
  bool has_pci = false, has_budget = false;
  bool int8 = false, int16 = false, float16 = false;
  std::vector<const char*> extensions;  // To be enabled, besides those of `matrix`.
  std::uint64_t max_buffer = 0;         // Bytes.
  std::uint32_t queue_family = 0, queues = 1;
  gpu::Features features;
  GlslTarget target;
  FloatControls controls;
  MatrixUnits matrix;

  bool on_processor() const { return properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU; }
};

// Why a device is left out: "the feature bufferDeviceAddress is missing"; empty when it can be used.
std::string why_not(const VkPhysicalDeviceProperties& properties, const VkPhysicalDeviceFeatures& features,
                    const VkPhysicalDeviceVulkan11Features& features11,
                    const VkPhysicalDeviceVulkan12Features& features12);

// Usable devices in the driver's order, those that run on the host's processor last.  Says in the log
// what was left out and why.
Result<std::vector<Choice>> choose_devices(const InstanceFunctions& vk, VkInstance instance, const fg_host& host);

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_CHOICE_HPP_
