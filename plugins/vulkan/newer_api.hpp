// SPDX-License-Identifier: Apache-2.0
//
// What of Vulkan is newer than Debian 12's headers: cooperative matrices, with the numbers of the Vulkan registry.

#ifndef FG_PLUGINS_VULKAN_NEWER_API_HPP_
#define FG_PLUGINS_VULKAN_NEWER_API_HPP_

#include <vulkan/vulkan.h>

#include <cstdint>

namespace fg::vulkan {

// --- VK_KHR_cooperative_matrix ---

struct CooperativeMatrixFeatures {
  VkStructureType type = static_cast<VkStructureType>(1000506000);
  void* next = nullptr;
  VkBool32 matrix = VK_FALSE, robust_access = VK_FALSE;
};

// A component type (VkComponentTypeKHR) and a scope (VkScopeKHR).
inline constexpr std::int32_t kComponentF16 = 0, kComponentF32 = 1, kComponentBf16 = 1000141000;
inline constexpr std::int32_t kScopeGroup = 2, kScopeSubgroup = 3;

struct CooperativeMatrixProperties {
  VkStructureType type = static_cast<VkStructureType>(1000506001);
  void* next = nullptr;
  std::uint32_t m = 0, n = 0, k = 0;
  std::int32_t a = 0, b = 0, c = 0, result = 0;
  VkBool32 saturates = VK_FALSE;
  std::int32_t scope = 0;
};
using GetCooperativeMatrixProperties = VkResult(VKAPI_PTR*)(VkPhysicalDevice, std::uint32_t*,
                                                            CooperativeMatrixProperties*);

// --- VK_NV_cooperative_matrix2 ---

struct CooperativeMatrix2Features {
  VkStructureType type = static_cast<VkStructureType>(1000593000);
  void* next = nullptr;
  VkBool32 group_scope = VK_FALSE, flexible_dimensions = VK_FALSE, reductions = VK_FALSE, conversions = VK_FALSE,
           per_element = VK_FALSE, tensor_addressing = VK_FALSE, block_loads = VK_FALSE;
};

// Dimensions are multiples of m, n and k, in a group of so many work-items.
struct FlexibleMatrixProperties {
  VkStructureType type = static_cast<VkStructureType>(1000593001);
  void* next = nullptr;
  std::uint32_t m = 0, n = 0, k = 0;
  std::int32_t a = 0, b = 0, c = 0, result = 0;
  VkBool32 saturates = VK_FALSE;
  std::int32_t scope = 0;
  std::uint32_t group_size = 0;
};
using GetFlexibleMatrixProperties = VkResult(VKAPI_PTR*)(VkPhysicalDevice, std::uint32_t*, FlexibleMatrixProperties*);

// --- VK_KHR_shader_bfloat16 ---

struct Bfloat16Features {
  VkStructureType type = static_cast<VkStructureType>(1000141000);
  void* next = nullptr;
  VkBool32 elements = VK_FALSE, dot_product = VK_FALSE, matrix = VK_FALSE;
};

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_NEWER_API_HPP_
