// SPDX-License-Identifier: Apache-2.0
//
// The functions of Vulkan that the plugin uses, loaded from the driver's loader at run time, and its
// results as errors.

#ifndef FG_PLUGINS_VULKAN_FUNCTIONS_HPP_
#define FG_PLUGINS_VULKAN_FUNCTIONS_HPP_

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include <string>
#include <string_view>

#include "fg/sdk/result.hpp"
#include "plugins/vulkan/newer_api.hpp"

#define FG_VK_GLOBAL_FUNCTIONS(X) \
  X(vkCreateInstance)             \
  X(vkEnumerateInstanceVersion)   \
  X(vkEnumerateInstanceLayerProperties)

#define FG_VK_INSTANCE_FUNCTIONS(X)           \
  X(vkDestroyInstance)                        \
  X(vkEnumeratePhysicalDevices)               \
  X(vkGetPhysicalDeviceProperties)            \
  X(vkGetPhysicalDeviceProperties2)           \
  X(vkGetPhysicalDeviceFeatures2)             \
  X(vkGetPhysicalDeviceMemoryProperties2)     \
  X(vkGetPhysicalDeviceQueueFamilyProperties) \
  X(vkEnumerateDeviceExtensionProperties)     \
  X(vkCreateDevice)                           \
  X(vkGetDeviceProcAddr)

#define FG_VK_DEVICE_FUNCTIONS(X)  \
  X(vkDestroyDevice)               \
  X(vkGetDeviceQueue)              \
  X(vkQueueSubmit)                 \
  X(vkDeviceWaitIdle)              \
  X(vkAllocateMemory)              \
  X(vkFreeMemory)                  \
  X(vkMapMemory)                   \
  X(vkCreateBuffer)                \
  X(vkDestroyBuffer)               \
  X(vkBindBufferMemory)            \
  X(vkGetBufferMemoryRequirements) \
  X(vkGetBufferDeviceAddress)      \
  X(vkCreateShaderModule)          \
  X(vkDestroyShaderModule)         \
  X(vkCreatePipelineLayout)        \
  X(vkDestroyPipelineLayout)       \
  X(vkCreatePipelineCache)         \
  X(vkDestroyPipelineCache)        \
  X(vkGetPipelineCacheData)        \
  X(vkCreateComputePipelines)      \
  X(vkDestroyPipeline)             \
  X(vkCreateSemaphore)             \
  X(vkDestroySemaphore)            \
  X(vkGetSemaphoreCounterValue)    \
  X(vkWaitSemaphores)              \
  X(vkSignalSemaphore)             \
  X(vkCreateCommandPool)           \
  X(vkDestroyCommandPool)          \
  X(vkAllocateCommandBuffers)      \
  X(vkBeginCommandBuffer)          \
  X(vkEndCommandBuffer)            \
  X(vkCmdBindPipeline)             \
  X(vkCmdPushConstants)            \
  X(vkCmdDispatch)                 \
  X(vkCmdPipelineBarrier)          \
  X(vkCmdCopyBuffer)               \
  X(vkCmdFillBuffer)

namespace fg::vulkan {

#define FG_VK_DECLARE(name) PFN_##name name = nullptr;
struct GlobalFunctions {
  FG_VK_GLOBAL_FUNCTIONS(FG_VK_DECLARE)
  PFN_vkGetInstanceProcAddr vkGetInstanceProcAddr = nullptr;
};
struct InstanceFunctions {
  FG_VK_INSTANCE_FUNCTIONS(FG_VK_DECLARE)
  PFN_vkCreateDebugUtilsMessengerEXT vkCreateDebugUtilsMessengerEXT = nullptr;  // With validation alone.
  PFN_vkDestroyDebugUtilsMessengerEXT vkDestroyDebugUtilsMessengerEXT = nullptr;
  GetCooperativeMatrixProperties cooperative_matrix_properties = nullptr;  // Where the loader knows them.
  GetFlexibleMatrixProperties flexible_matrix_properties = nullptr;
};
struct DeviceFunctions {
  FG_VK_DEVICE_FUNCTIONS(FG_VK_DECLARE)
};
#undef FG_VK_DECLARE

// Opens libvulkan.so.1 on the first call and keeps it: drivers do not like to be unloaded.
// FG_E_UNSUPPORTED, FG_R_NO_DRIVER, with the package that is missing.
Result<const GlobalFunctions*> load_global();
Result<InstanceFunctions> load_instance(const GlobalFunctions& global, VkInstance instance, bool debug);
Result<DeviceFunctions> load_device(const InstanceFunctions& instance, VkDevice device);

// "VK_ERROR_DEVICE_LOST"; "VkResult" for one that is not known.
std::string_view result_name(VkResult result);
// "vkQueueSubmit: VK_ERROR_DEVICE_LOST (-4)", with the status that tells a caller what to do.
Error vk_error(std::string_view what, VkResult result);

// What a driver answers with VK_SUCCESS or an error.
inline Result<void> check(std::string_view what, VkResult result) {
  if (result >= VK_SUCCESS) return {};
  return tl::unexpected(vk_error(what, result));
}

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_FUNCTIONS_HPP_
