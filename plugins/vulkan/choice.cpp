// SPDX-License-Identifier: Apache-2.0

#include "plugins/vulkan/choice.hpp"

#include <algorithm>
#include <cstring>

#include "plugins/gpu/host_option.hpp"
#include "plugins/vulkan/host.hpp"

namespace fg::vulkan {
namespace {

constexpr std::uint32_t kModuleArguments = 160;  // Bytes of the largest list of a module of its own, as it is pushed.

struct Offered {
  VkPhysicalDeviceVulkan12Features features12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
  VkPhysicalDeviceVulkan11Features features11{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, &features12};
  VkPhysicalDeviceFeatures2 features{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &features11};
};

Result<std::vector<VkExtensionProperties>> extensions_of(const InstanceFunctions& vk, VkPhysicalDevice device) {
  std::uint32_t n = 0;
  FG_TRY(check("vkEnumerateDeviceExtensionProperties",
               vk.vkEnumerateDeviceExtensionProperties(device, nullptr, &n, nullptr)));
  std::vector<VkExtensionProperties> all(n);
  FG_TRY(check("vkEnumerateDeviceExtensionProperties",
               vk.vkEnumerateDeviceExtensionProperties(device, nullptr, &n, all.data())));
  return all;
}

bool has(const std::vector<VkExtensionProperties>& all, const char* name) {
  return std::any_of(all.begin(), all.end(), [&](const auto& e) { return std::strcmp(e.extensionName, name) == 0; });
}

void read_properties(const InstanceFunctions& vk, Choice& c, bool maintenance4) {
  VkPhysicalDeviceMaintenance4Properties buffers{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_PROPERTIES};
  c.pci = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT};
  c.properties12 = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES};
  c.properties11 = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES, &c.properties12};
  if (maintenance4) c.properties12.pNext = &buffers;
  if (c.has_pci) (maintenance4 ? buffers.pNext : c.properties12.pNext) = &c.pci;
  VkPhysicalDeviceProperties2 all{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &c.properties11};
  vk.vkGetPhysicalDeviceProperties2(c.handle, &all);
  c.properties = all.properties;
  c.properties11.pNext = c.properties12.pNext = nullptr;
  const std::uint64_t most = c.properties11.maxMemoryAllocationSize;
  c.max_buffer = maintenance4 ? std::min<std::uint64_t>(buffers.maxBufferSize, most) : most;
  VkPhysicalDeviceMemoryProperties2 memory{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2};
  vk.vkGetPhysicalDeviceMemoryProperties2(c.handle, &memory);
  c.memory = memory.memoryProperties;
}

// Vulkan has no question for it; NVIDIA and AMD have their own.  Elsewhere a number that fills most devices.
std::uint32_t compute_units(const InstanceFunctions& vk, const Choice& c,
                            const std::vector<VkExtensionProperties>& extensions) {
  constexpr std::uint32_t kUnknown = 64;
  VkPhysicalDeviceShaderSMBuiltinsPropertiesNV nv{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SM_BUILTINS_PROPERTIES_NV};
  VkPhysicalDeviceShaderCorePropertiesAMD amd{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_PROPERTIES_AMD};
  VkPhysicalDeviceProperties2 all{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
  if (has(extensions, VK_NV_SHADER_SM_BUILTINS_EXTENSION_NAME)) {
    all.pNext = &nv;
    vk.vkGetPhysicalDeviceProperties2(c.handle, &all);
    return std::max(nv.shaderSMCount, 1u);
  }
  if (has(extensions, VK_AMD_SHADER_CORE_PROPERTIES_EXTENSION_NAME)) {
    all.pNext = &amd;
    vk.vkGetPhysicalDeviceProperties2(c.handle, &all);
    return std::max(amd.shaderEngineCount * amd.shaderArraysPerEngineCount * amd.computeUnitsPerShaderArray, 1u);
  }
  return c.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU ? 1 : kUnknown;
}

// A family for compute alone costs less to submit to.
bool find_queue(const InstanceFunctions& vk, Choice& c) {
  std::uint32_t n = 0;
  vk.vkGetPhysicalDeviceQueueFamilyProperties(c.handle, &n, nullptr);
  std::vector<VkQueueFamilyProperties> families(n);
  vk.vkGetPhysicalDeviceQueueFamilyProperties(c.handle, &n, families.data());
  const auto first = [&](VkQueueFlags without) {
    return std::find_if(families.begin(), families.end(), [&](const VkQueueFamilyProperties& f) {
      return (f.queueFlags & VK_QUEUE_COMPUTE_BIT) != 0 && (f.queueFlags & without) == 0;
    });
  };
  auto it = first(VK_QUEUE_GRAPHICS_BIT);
  if (it == families.end()) it = first(0);
  if (it == families.end()) return false;
  c.queue_family = static_cast<std::uint32_t>(it - families.begin());
  c.queues = std::min(it->queueCount, 8u);
  return true;
}

void read_abilities(Choice& c, const Offered& o) {
  const VkPhysicalDeviceLimits& limits = c.properties.limits;
  const VkPhysicalDeviceVulkan12Properties& p = c.properties12;
  c.int8 = o.features12.shaderInt8 != 0;
  c.int16 = o.features.features.shaderInt16 != 0;
  c.float16 = o.features12.shaderFloat16 != 0;
  const bool rounding = p.roundingModeIndependence != VK_SHADER_FLOAT_CONTROLS_INDEPENDENCE_NONE;
  const bool denormals = p.denormBehaviorIndependence != VK_SHADER_FLOAT_CONTROLS_INDEPENDENCE_NONE;
  c.controls = {rounding && p.shaderRoundingModeRTEFloat16,   rounding && p.shaderRoundingModeRTEFloat32,
                rounding && p.shaderRoundingModeRTEFloat64,   denormals && p.shaderDenormPreserveFloat16,
                denormals && p.shaderDenormPreserveFloat32,   denormals && p.shaderDenormPreserveFloat64,
                p.shaderSignedZeroInfNanPreserveFloat16 != 0, p.shaderSignedZeroInfNanPreserveFloat32 != 0,
                p.shaderSignedZeroInfNanPreserveFloat64 != 0};
  c.features.f64 = o.features.features.shaderFloat64 != 0;
  // NVIDIA's driver (580, an H200) flushes in square roots and in what it makes a minimum or maximum of, whatever the
  // mode says.
  c.features.denormals = c.controls.denormals32 && p.driverID != VK_DRIVER_ID_NVIDIA_PROPRIETARY;
  c.features.software = c.on_processor();
  c.features.max_group = std::min(limits.maxComputeWorkGroupSize[0], limits.maxComputeWorkGroupInvocations);
  c.features.local_bytes = limits.maxComputeSharedMemorySize;
  c.target.f16 = c.float16 && c.int16 && c.controls.rte16 && c.controls.denormals16 && c.controls.nan16;
  c.target.atomic64 = o.features12.shaderBufferInt64Atomics != 0;
  c.target.llvmpipe = p.driverID == VK_DRIVER_ID_MESA_LLVMPIPE;
  if (c.target.llvmpipe) c.features.most_rounds = 65535;  // gallivm counts them.
  c.target.split_groups = limits.maxComputeWorkGroupCount[0] < 0x7FFFFFFFu;
  c.target.push_bytes = limits.maxPushConstantsSize;
}

// What kernels do without where a device lacks it, or where the option "without" names it.
void read_luxuries(const InstanceFunctions& vk, Choice& c, const std::vector<VkExtensionProperties>& extensions,
                   const std::string& without) {
  VkPhysicalDeviceShaderAtomicFloatFeaturesEXT atomics{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_ATOMIC_FLOAT_FEATURES_EXT};
  VkPhysicalDeviceVulkan13Features features13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
  VkPhysicalDeviceFeatures2 all{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};
  const auto ask = [&](auto& s) {
    s.pNext = all.pNext;
    all.pNext = &s;
  };
  const bool newer = c.properties.apiVersion >= VK_API_VERSION_1_3;
  if (newer) ask(features13);
  if (has(extensions, VK_EXT_SHADER_ATOMIC_FLOAT_EXTENSION_NAME)) ask(atomics);
  vk.vkGetPhysicalDeviceFeatures2(c.handle, &all);
  if (atomics.shaderBufferFloat32AtomicAdd != 0 && without.find("float_atomics") == std::string::npos) {
    c.extensions.push_back(VK_EXT_SHADER_ATOMIC_FLOAT_EXTENSION_NAME);
    c.target.atomic_f32 = true;
    c.target.atomic_f64 = atomics.shaderBufferFloat64AtomicAdd != 0;
  }
  constexpr VkSubgroupFeatureFlags kShuffles =
      VK_SUBGROUP_FEATURE_SHUFFLE_BIT | VK_SUBGROUP_FEATURE_SHUFFLE_RELATIVE_BIT;
  const VkPhysicalDeviceVulkan11Properties& p = c.properties11;
  if (!newer || without.find("subgroups") != std::string::npos) return;
  VkPhysicalDeviceVulkan13Properties sizes{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_PROPERTIES};
  VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &sizes};
  vk.vkGetPhysicalDeviceProperties2(c.handle, &properties);
  const bool shuffles =
      (p.subgroupSupportedOperations & kShuffles) == kShuffles &&
      (p.subgroupSupportedStages & sizes.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0;
  const bool whole = features13.subgroupSizeControl != 0 && features13.computeFullSubgroups != 0;
  if (shuffles && whole) c.target.subgroup = p.subgroupSize;
}

// What the modules need besides is where their arguments lie.
void read_matrix_units(const InstanceFunctions& vk, Choice& c, const std::vector<VkExtensionProperties>& extensions,
                       const std::string& without) {
  if (c.properties.apiVersion < VK_API_VERSION_1_3 || modules().empty()) return;
  if (c.target.split_groups || c.target.push_bytes < kModuleArguments) return;
  const bool groups = without.find("group_matrices") == std::string::npos;
  c.matrix = find_matrix_units(vk, c.handle, [&](const char* name) {
    return has(extensions, name) && (groups || std::strcmp(name, kGroupMatrices) != 0);
  });
  c.features.matrix = matrix_tiles(c.matrix, modules());
  c.features.attention = attention_tiles(c.matrix, modules());
}

// Empty: it was taken.
Result<std::string> consider(const InstanceFunctions& vk, VkPhysicalDevice device, const std::string& without,
                             std::vector<Choice>& taken) {
  Choice c;
  c.handle = device;
  vk.vkGetPhysicalDeviceProperties(device, &c.properties);
  if (c.properties.apiVersion < VK_API_VERSION_1_2) return std::string("its driver offers less than Vulkan 1.2");
  Offered o;
  vk.vkGetPhysicalDeviceFeatures2(device, &o.features);
  if (std::string why = why_not(c.properties, o.features.features, o.features11, o.features12); !why.empty())
    return why;
  FG_TRY_ASSIGN(const auto extensions, extensions_of(vk, device));
  c.has_pci = has(extensions, VK_EXT_PCI_BUS_INFO_EXTENSION_NAME);
  c.has_budget = has(extensions, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  read_properties(
      vk, c, c.properties.apiVersion >= VK_API_VERSION_1_3 || has(extensions, VK_KHR_MAINTENANCE_4_EXTENSION_NAME));
  if (!find_queue(vk, c)) return std::string("it has no queue for compute");
  read_abilities(c, o);
  c.features.compute_units = compute_units(vk, c, extensions);
  read_luxuries(vk, c, extensions, without);
  read_matrix_units(vk, c, extensions, without);
  taken.push_back(c);
  return std::string();
}

}  // namespace

std::string why_not(const VkPhysicalDeviceProperties& properties, const VkPhysicalDeviceFeatures& features,
                    const VkPhysicalDeviceVulkan11Features& features11,
                    const VkPhysicalDeviceVulkan12Features& features12) {
  const struct {
    VkBool32 there;
    const char* name;
  } needed[] = {{features12.timelineSemaphore, "timelineSemaphore"},
                {features12.bufferDeviceAddress, "bufferDeviceAddress"},
                {features.shaderInt64, "shaderInt64"},
                {features12.storageBuffer8BitAccess, "storageBuffer8BitAccess"},
                {features11.storageBuffer16BitAccess, "storageBuffer16BitAccess"},
                {features12.scalarBlockLayout, "scalarBlockLayout"}};
  for (const auto& f : needed) {
    if (f.there == VK_FALSE) return std::string("the feature ") + f.name + " is missing";
  }
  const VkPhysicalDeviceLimits& limits = properties.limits;
  const std::uint32_t group = std::min(limits.maxComputeWorkGroupSize[0], limits.maxComputeWorkGroupInvocations);
  if (group < 256) return "groups of " + std::to_string(group) + " work-items, 256 are needed";
  return {};
}

Result<std::vector<Choice>> choose_devices(const InstanceFunctions& vk, VkInstance instance, const fg_host& host) {
  std::uint32_t n = 0;
  FG_TRY(check("vkEnumeratePhysicalDevices", vk.vkEnumeratePhysicalDevices(instance, &n, nullptr)));
  std::vector<VkPhysicalDevice> all(n);
  FG_TRY(check("vkEnumeratePhysicalDevices", vk.vkEnumeratePhysicalDevices(instance, &n, all.data())));
  std::vector<Choice> taken;
  for (VkPhysicalDevice device : all) {
    FG_TRY_ASSIGN(const std::string why, consider(vk, device, gpu::option(host, "without").value_or(""), taken));
    if (why.empty()) {
      gpu::Features& f = taken.back().features;
      f.software = f.few_kernels = f.software && !gpu::option_is_on(host, "all_kernels");
      continue;
    }
    VkPhysicalDeviceProperties p;
    vk.vkGetPhysicalDeviceProperties(device, &p);
    log(host, FG_LOG_INFO, std::string(p.deviceName) + " is left out: " + why);
  }
  std::stable_partition(taken.begin(), taken.end(), [](const Choice& c) { return !c.on_processor(); });
  return taken;
}

}  // namespace fg::vulkan
