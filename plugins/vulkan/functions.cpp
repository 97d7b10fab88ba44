// SPDX-License-Identifier: Apache-2.0

#include "plugins/vulkan/functions.hpp"

#include <dlfcn.h>

namespace fg::vulkan {
namespace {

tl::unexpected<Error> lacks(const char* function) {
  return unsupported("the Vulkan driver lacks " + std::string(function) + "; it must offer Vulkan 1.2", FG_R_NO_DRIVER);
}

Result<GlobalFunctions> open_library() {
  void* library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    return unsupported(
        std::string("no Vulkan loader: ") + (why != nullptr ? why : "libvulkan.so.1") +
            "; install the package libvulkan1 and the driver of the GPU (without one: mesa-vulkan-drivers)",
        FG_R_NO_DRIVER);
  }
  GlobalFunctions f;
  f.vkGetInstanceProcAddr = reinterpret_cast<PFN_vkGetInstanceProcAddr>(dlsym(library, "vkGetInstanceProcAddr"));
  if (f.vkGetInstanceProcAddr == nullptr) return lacks("vkGetInstanceProcAddr");
#define FG_VK_LOAD(name)                                                                 \
  f.name = reinterpret_cast<PFN_##name>(f.vkGetInstanceProcAddr(VK_NULL_HANDLE, #name)); \
  if (f.name == nullptr) return lacks(#name);
  FG_VK_GLOBAL_FUNCTIONS(FG_VK_LOAD)
#undef FG_VK_LOAD
  return f;
}

fg_status status_of(VkResult result) {
  switch (result) {
    case VK_ERROR_OUT_OF_HOST_MEMORY: return FG_E_OOM_HOST;
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
    case VK_ERROR_OUT_OF_POOL_MEMORY:
    case VK_ERROR_TOO_MANY_OBJECTS: return FG_E_OOM_DEVICE;
    case VK_ERROR_DEVICE_LOST: return FG_E_DEVICE_LOST;
    case VK_ERROR_INCOMPATIBLE_DRIVER:
    case VK_ERROR_LAYER_NOT_PRESENT:
    case VK_ERROR_EXTENSION_NOT_PRESENT:
    case VK_ERROR_FEATURE_NOT_PRESENT: return FG_E_UNSUPPORTED;
    default: return FG_E_INTERNAL;
  }
}

}  // namespace

Result<const GlobalFunctions*> load_global() {
  static const Result<GlobalFunctions> loaded = open_library();
  if (!loaded) return tl::unexpected(loaded.error());
  return &*loaded;
}

Result<InstanceFunctions> load_instance(const GlobalFunctions& global, VkInstance instance, bool debug) {
  InstanceFunctions f;
#define FG_VK_LOAD(name)                                                                \
  f.name = reinterpret_cast<PFN_##name>(global.vkGetInstanceProcAddr(instance, #name)); \
  if (f.name == nullptr) return lacks(#name);
  FG_VK_INSTANCE_FUNCTIONS(FG_VK_LOAD)
  f.cooperative_matrix_properties = reinterpret_cast<GetCooperativeMatrixProperties>(
      global.vkGetInstanceProcAddr(instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR"));
  f.flexible_matrix_properties = reinterpret_cast<GetFlexibleMatrixProperties>(
      global.vkGetInstanceProcAddr(instance, "vkGetPhysicalDeviceCooperativeMatrixFlexibleDimensionsPropertiesNV"));
  if (debug) {
    FG_VK_LOAD(vkCreateDebugUtilsMessengerEXT)
    FG_VK_LOAD(vkDestroyDebugUtilsMessengerEXT)
  }
#undef FG_VK_LOAD
  return f;
}

Result<DeviceFunctions> load_device(const InstanceFunctions& instance, VkDevice device) {
  DeviceFunctions f;
#define FG_VK_LOAD(name)                                                              \
  f.name = reinterpret_cast<PFN_##name>(instance.vkGetDeviceProcAddr(device, #name)); \
  if (f.name == nullptr) return lacks(#name);
  FG_VK_DEVICE_FUNCTIONS(FG_VK_LOAD)
#undef FG_VK_LOAD
  return f;
}

std::string_view result_name(VkResult result) {
  switch (result) {
#define FG_VK_NAME(name) \
  case name: return #name;
    FG_VK_NAME(VK_SUCCESS)
    FG_VK_NAME(VK_NOT_READY)
    FG_VK_NAME(VK_TIMEOUT)
    FG_VK_NAME(VK_INCOMPLETE)
    FG_VK_NAME(VK_ERROR_OUT_OF_HOST_MEMORY)
    FG_VK_NAME(VK_ERROR_OUT_OF_DEVICE_MEMORY)
    FG_VK_NAME(VK_ERROR_INITIALIZATION_FAILED)
    FG_VK_NAME(VK_ERROR_DEVICE_LOST)
    FG_VK_NAME(VK_ERROR_MEMORY_MAP_FAILED)
    FG_VK_NAME(VK_ERROR_LAYER_NOT_PRESENT)
    FG_VK_NAME(VK_ERROR_EXTENSION_NOT_PRESENT)
    FG_VK_NAME(VK_ERROR_FEATURE_NOT_PRESENT)
    FG_VK_NAME(VK_ERROR_INCOMPATIBLE_DRIVER)
    FG_VK_NAME(VK_ERROR_TOO_MANY_OBJECTS)
    FG_VK_NAME(VK_ERROR_FRAGMENTED_POOL)
    FG_VK_NAME(VK_ERROR_UNKNOWN)
    FG_VK_NAME(VK_ERROR_OUT_OF_POOL_MEMORY)
    FG_VK_NAME(VK_ERROR_INVALID_EXTERNAL_HANDLE)
    FG_VK_NAME(VK_ERROR_INVALID_OPAQUE_CAPTURE_ADDRESS)
    FG_VK_NAME(VK_ERROR_VALIDATION_FAILED_EXT)
#undef FG_VK_NAME
    default: return "VkResult";
  }
}

Error vk_error(std::string_view what, VkResult result) {
  const fg_status status = status_of(result);
  Error e{status, std::string(what) + ": " + std::string(result_name(result)) + " (" + std::to_string(result) + ")"};
  if (result == VK_ERROR_INCOMPATIBLE_DRIVER) {
    e.message += ": no Vulkan driver was found; install the driver of the GPU (without one: mesa-vulkan-drivers)";
    e.reason = FG_R_NO_DRIVER;
  }
  e.vendor_code = result;
  return e;
}

}  // namespace fg::vulkan
