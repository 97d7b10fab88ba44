// SPDX-License-Identifier: Apache-2.0

#include "plugins/vulkan/matrix_units.hpp"

#include <algorithm>

namespace fg::vulkan {
namespace {

constexpr const char* kMatrix = "VK_KHR_cooperative_matrix";
constexpr const char* kBfloat16 = "VK_KHR_shader_bfloat16";

template <class P, class Get>
std::vector<P> list_of(Get get, VkPhysicalDevice device) {
  std::uint32_t n = 0;
  if (get == nullptr || get(device, &n, nullptr) != VK_SUCCESS) return {};
  std::vector<P> all(n);
  if (get(device, &n, all.data()) < VK_SUCCESS) return {};
  all.resize(n);
  return all;
}

template <class P>
bool computes(const P& p, std::int32_t element) {
  return p.a == element && p.b == element && p.c == kComponentF32 && p.result == kComponentF32;
}

struct Offered {
  explicit Offered(const std::function<bool(const char*)>& has) {
    const auto chain = [&](const char* name, auto& s) {
      if (!has(name)) return;
      s.next = features.pNext;
      features.pNext = &s;
    };
    chain(kMatrix, matrix);
    chain(kGroupMatrices, group);
    chain(kBfloat16, bfloat16);
  }
  bool group_kernels() const {
    return group.group_scope && group.flexible_dimensions && group.reductions && group.conversions &&
           group.per_element && group.tensor_addressing;
  }
  VkPhysicalDeviceVulkan12Features features12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
  VkPhysicalDeviceVulkan13Features features13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES, &features12};
  VkPhysicalDeviceFeatures2 features{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &features13};
  CooperativeMatrixFeatures matrix;
  CooperativeMatrix2Features group;
  Bfloat16Features bfloat16;
};

bool has_subgroup_matrices(const InstanceFunctions& vk, VkPhysicalDevice device, std::int32_t element) {
  const auto all = list_of<CooperativeMatrixProperties>(vk.cooperative_matrix_properties, device);
  return std::any_of(all.begin(), all.end(), [&](const CooperativeMatrixProperties& p) {
    return computes(p, element) && p.m == 16 && p.n == 16 && p.k == 16 && p.scope == kScopeSubgroup;
  });
}

// Those of groups of 64, 128 and 256 work-items that the tiles below have.
bool has_group_matrices(const InstanceFunctions& vk, VkPhysicalDevice device, std::int32_t element) {
  const auto all = list_of<FlexibleMatrixProperties>(vk.flexible_matrix_properties, device);
  const auto has = [&](std::uint32_t group) {
    return std::any_of(all.begin(), all.end(), [&](const FlexibleMatrixProperties& p) {
      return computes(p, element) && 32 % p.m == 0 && 32 % p.n == 0 && 32 % p.k == 0 && p.scope == kScopeGroup &&
             p.group_size == group;
    });
  };
  return has(64) && has(128) && has(256);
}

std::string module_name(const std::string& kernel, fg_dtype dtype) {
  return kernel + (dtype == FG_BF16 ? "_bf16" : "_f16");
}

}  // namespace

Result<Module> module_of(const gpu::Source& source) {
  const std::string name = module_name(source.name, source.buffers.front().dtype);
  for (const Module& m : modules()) {
    if (m.name == name) return m;
  }
  return fail(FG_E_INTERNAL, "no module named " + name);
}

std::vector<const char*> MatrixUnits::extensions() const {
  std::vector<const char*> all;
  if (any()) all.push_back(kMatrix);
  if (group_f16 || group_bf16) all.push_back(kGroupMatrices);
  if (subgroup_bf16) all.push_back(kBfloat16);
  return all;
}

MatrixUnits find_matrix_units(const InstanceFunctions& vk, VkPhysicalDevice device,
                              const std::function<bool(const char*)>& has) {
  MatrixUnits units;
  if (!has(kMatrix)) return units;
  Offered o(has);
  vk.vkGetPhysicalDeviceFeatures2(device, &o.features);
  if (!o.matrix.matrix || !o.features12.vulkanMemoryModel || !o.features12.shaderFloat16) return units;
  if (!o.features13.maintenance4 || !o.features13.subgroupSizeControl || !o.features13.computeFullSubgroups)
    return units;
  VkPhysicalDeviceVulkan13Properties sizes{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_PROPERTIES};
  VkPhysicalDeviceVulkan11Properties own{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES, &sizes};
  VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &own};
  vk.vkGetPhysicalDeviceProperties2(device, &properties);
  if ((sizes.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) == 0) return units;
  units.subgroup = own.subgroupSize;
  const bool bf16 = o.bfloat16.elements && o.bfloat16.matrix;
  units.subgroup_f16 = has_subgroup_matrices(vk, device, kComponentF16);
  units.subgroup_bf16 = bf16 && has_subgroup_matrices(vk, device, kComponentBf16);
  units.group_f16 = units.subgroup_f16 && o.group_kernels() && has_group_matrices(vk, device, kComponentF16);
  units.group_bf16 = units.subgroup_bf16 && o.group_kernels() && has_group_matrices(vk, device, kComponentBf16);
  return units;
}

namespace {

bool built(std::span<const Module> modules, const char* kernel, fg_dtype dtype) {
  return std::any_of(modules.begin(), modules.end(),
                     [&](const Module& m) { return m.name == module_name(kernel, dtype); });
}

}  // namespace

// Speeds are those of an H200: 1000 are 264 TFLOP/s.
std::vector<gpu::MatrixTile> matrix_tiles(const MatrixUnits& units, std::span<const Module> modules) {
  std::vector<gpu::MatrixTile> tiles;
  for (const fg_dtype d : {FG_F16, FG_BF16}) {
    if (units.of_group(d) && built(modules, "product_cm2", d)) {
      const auto add = [&](int m, int n, int k, std::uint32_t group, int resident, double speed, double along) {
        tiles.push_back({d, "product_cm2", m, n, k, group, resident, speed, along, true});
      };
      add(128, 256, 32, 256, 1, 1250, 1060);
      add(128, 128, 64, 128, 2, 1230, 1310);
      add(64, 128, 64, 128, 2, 980, 980);
      add(64, 64, 64, 64, 3, 800, 800);
      add(32, 64, 128, 64, 4, 630, 630);
      add(16, 64, 128, 64, 4, 340, 340);
    }
    if (units.of_subgroup(d) && built(modules, "product_khr", d)) {
      const auto add = [&](int m, int n, int k, int resident, double speed, double along, bool few_rows) {
        tiles.push_back({d, "product_khr", m, n, k, 4 * units.subgroup, resident, speed, along, false, 0, few_rows});
      };
      add(128, 128, 32, 2, 1010, 920, false);
      add(64, 128, 32, 3, 820, 820, false);
      add(64, 64, 32, 4, 660, 660, false);
      // These wait for memory alone.  Larger subgroups would read more lines at once than 16 rows have.
      if (units.subgroup <= 32) {
        add(32, 64, 64, 4, 500, 500, true);
        add(16, 64, 64, 4, 330, 330, true);
      }
    }
  }
  return tiles;
}

std::vector<gpu::AttentionTile> attention_tiles(const MatrixUnits& units, std::span<const Module> modules) {
  std::vector<gpu::AttentionTile> tiles;
  for (const fg_dtype d : {FG_F16, FG_BF16}) {
    if (units.of_group(d) && built(modules, "attention_cm2", d))
      tiles.push_back({d, "attention_cm2", 64, 64, 4 * units.subgroup});
  }
  return tiles;
}

WantedMatrixUnits::WantedMatrixUnits(const MatrixUnits& units, void* next) : first(next) {
  if (!units.any()) return;
  features13_.pNext = next;
  features13_.maintenance4 = features13_.subgroupSizeControl = features13_.computeFullSubgroups = VK_TRUE;
  first = &features13_;
  const auto chain = [&](auto& s) {
    s.next = first;
    first = &s;
  };
  matrix_.matrix = VK_TRUE;
  chain(matrix_);
  if (units.group_f16 || units.group_bf16) {
    group_.group_scope = group_.flexible_dimensions = group_.reductions = VK_TRUE;
    group_.conversions = group_.per_element = group_.tensor_addressing = VK_TRUE;
    chain(group_);
  }
  if (units.subgroup_bf16) {
    bfloat16_.elements = bfloat16_.matrix = VK_TRUE;
    chain(bfloat16_);
  }
}

}  // namespace fg::vulkan
