// SPDX-License-Identifier: Apache-2.0
//
// Cooperative matrices: what a device offers, and the modules that use them, compiled from plugins/vulkan/kernels when
// the plugin is built (cmake/FgGlslang.cmake).

#ifndef FG_PLUGINS_VULKAN_MATRIX_UNITS_HPP_
#define FG_PLUGINS_VULKAN_MATRIX_UNITS_HPP_

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/gpu/runtime.hpp"
#include "plugins/vulkan/functions.hpp"
#include "plugins/vulkan/glsl.hpp"

namespace fg::vulkan {

inline constexpr const char* kGroupMatrices = "VK_NV_cooperative_matrix2";

struct Module {
  std::string_view name;  // "product_khr_f16"
  std::span<const std::uint32_t> words;
};
// Those that the build could compile: none without a new glslang.
std::span<const Module> modules();
// FG_E_INTERNAL: no module for a source of the API's own.
Result<Module> module_of(const gpu::Source& source);

// Matrices of 16 x 16 x 16 that a subgroup holds, and those of a whole group; sums are f32.
struct MatrixUnits {
  bool subgroup_f16 = false, subgroup_bf16 = false;  // VK_KHR_cooperative_matrix, VK_KHR_shader_bfloat16
  bool group_f16 = false, group_bf16 = false;        // VK_NV_cooperative_matrix2, all features that kernels use
  std::uint32_t subgroup = 0;                        // Its work-items.

  bool any() const { return subgroup_f16 || subgroup_bf16; }
  bool of_subgroup(fg_dtype dtype) const { return dtype == FG_F16 ? subgroup_f16 : subgroup_bf16; }
  bool of_group(fg_dtype dtype) const { return dtype == FG_F16 ? group_f16 : group_bf16; }
  std::vector<const char*> extensions() const;  // To be enabled.
};

// For a device of Vulkan 1.3 and later.  `has`: whether it has the extension of a name.
MatrixUnits find_matrix_units(const InstanceFunctions& vk, VkPhysicalDevice device,
                              const std::function<bool(const char*)>& has);

// The shapes of products that the modules compute on it.
std::vector<gpu::MatrixTile> matrix_tiles(const MatrixUnits& units, std::span<const Module> modules);

std::vector<gpu::AttentionTile> attention_tiles(const MatrixUnits& units, std::span<const Module> modules);

// The features to enable, in front of what is enabled besides; vulkanMemoryModel too.  Stays where it is.
struct WantedMatrixUnits {
  WantedMatrixUnits(const MatrixUnits& units, void* next);
  WantedMatrixUnits(const WantedMatrixUnits&) = delete;
  WantedMatrixUnits& operator=(const WantedMatrixUnits&) = delete;
  void* first;

 private:
  CooperativeMatrixFeatures matrix_;
  CooperativeMatrix2Features group_;
  Bfloat16Features bfloat16_;
  VkPhysicalDeviceVulkan13Features features13_{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
};

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_MATRIX_UNITS_HPP_
