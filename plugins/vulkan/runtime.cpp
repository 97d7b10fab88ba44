// SPDX-License-Identifier: Apache-2.0
//
// The Vulkan instance and its devices behind plugins/gpu/runtime.hpp.

#include "plugins/gpu/runtime.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "plugins/gpu/host_option.hpp"
#include "plugins/vulkan/choice.hpp"
#include "plugins/vulkan/device.hpp"
#include "plugins/vulkan/host.hpp"

namespace fg::vulkan {
namespace {

constexpr const char* kLayer = "VK_LAYER_KHRONOS_validation";

VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                          VkDebugUtilsMessageTypeFlagsEXT,
                                          const VkDebugUtilsMessengerCallbackDataEXT* data, void* user);

// A VkInstance, with the validation layer when the option "validation" is on.
class Instance {
 public:
  explicit Instance(const fg_host& host) : host_(host) {}
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance() {
    if (messenger_ != VK_NULL_HANDLE) vk_.vkDestroyDebugUtilsMessengerEXT(handle_, messenger_, nullptr);
    if (vk_.vkDestroyInstance != nullptr) vk_.vkDestroyInstance(handle_, nullptr);
    if (messages_ > 0) log(host_, FG_LOG_ERROR, "the validation layer said " + std::to_string(messages_) + " things");
  }
  Result<void> open() {
    FG_TRY_ASSIGN(const GlobalFunctions* global, load_global());
    const bool validate = gpu::option_is_on(host_, "validation");
    if (validate) FG_TRY(find_layer(*global));
    FG_TRY(create(*global, validate));
    FG_TRY_ASSIGN(vk_, load_instance(*global, handle_, validate));
    return validate ? listen() : Result<void>();
  }
  const InstanceFunctions& vk() const { return vk_; }
  VkInstance handle() const { return handle_; }
  void heard(const char* message) {
    messages_ += 1;
    log(host_, FG_LOG_ERROR, std::string("validation: ") + message);
  }

 private:
  static Result<void> find_layer(const GlobalFunctions& global) {
    std::uint32_t n = 0;
    global.vkEnumerateInstanceLayerProperties(&n, nullptr);
    std::vector<VkLayerProperties> layers(n);
    global.vkEnumerateInstanceLayerProperties(&n, layers.data());
    const bool found = std::any_of(layers.begin(), layers.end(),
                                   [](const VkLayerProperties& l) { return std::strcmp(l.layerName, kLayer) == 0; });
    if (found) return {};
    return unsupported("the option validation needs the package vulkan-validationlayers", FG_R_NO_DRIVER);
  }
  Result<void> create(const GlobalFunctions& global, bool validate) {
    std::uint32_t version = 0;
    FG_TRY(check("vkEnumerateInstanceVersion", global.vkEnumerateInstanceVersion(&version)));
    if (version < VK_API_VERSION_1_2) {
      return unsupported(
          "the Vulkan loader offers 1." + std::to_string(VK_API_VERSION_MINOR(version)) + ", 1.2 is needed",
          FG_R_NO_DRIVER);
    }
    const VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                        nullptr,
                                        "fg",
                                        1,
                                        "fg",
                                        1,
                                        std::min<std::uint32_t>(version, VK_API_VERSION_1_3)};
    const char* extension = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
    VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, nullptr, 0, &application};
    info.enabledLayerCount = info.enabledExtensionCount = validate ? 1 : 0;
    info.ppEnabledLayerNames = &kLayer;
    info.ppEnabledExtensionNames = &extension;
    return check("vkCreateInstance", global.vkCreateInstance(&info, nullptr, &handle_));
  }
  Result<void> listen() {
    VkDebugUtilsMessengerCreateInfoEXT info{VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
    info.messageSeverity =
        VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT;
    info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
    info.pfnUserCallback = on_message;
    info.pUserData = this;
    return check("vkCreateDebugUtilsMessengerEXT",
                 vk_.vkCreateDebugUtilsMessengerEXT(handle_, &info, nullptr, &messenger_));
  }

  const fg_host& host_;
  InstanceFunctions vk_;
  VkInstance handle_ = VK_NULL_HANDLE;
  VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
  std::atomic<std::uint64_t> messages_{0};
};

VkBool32 on_message(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
                    const VkDebugUtilsMessengerCallbackDataEXT* data, void* user) {
  static_cast<Instance*>(user)->heard(data->pMessage);
  return VK_FALSE;
}

class Runtime final : public gpu::Runtime {
 public:
  explicit Runtime(const fg_host& host) : instance_(host) {}
  Result<void> open(const fg_host& host) {
    FG_TRY(instance_.open());
    FG_TRY_ASSIGN(const std::vector<Choice> choices, choose_devices(instance_.vk(), instance_.handle(), host));
    for (const Choice& c : choices) {
      FG_TRY_ASSIGN(auto device, Device::open(host, instance_.vk(), c, static_cast<std::uint32_t>(devices_.size())));
      devices_.push_back(std::move(device));
    }
    return {};
  }
  std::span<const std::unique_ptr<gpu::Device>> devices() const override { return devices_; }

 private:
  Instance instance_;
  std::vector<std::unique_ptr<gpu::Device>> devices_;  // Go before the instance.
};

}  // namespace
}  // namespace fg::vulkan

namespace fg::gpu {

Result<std::unique_ptr<Runtime>> open_runtime(const fg_host& host) {
  auto runtime = std::make_unique<vulkan::Runtime>(host);
  FG_TRY(runtime->open(host));
  return std::unique_ptr<Runtime>(std::move(runtime));
}

Result<std::uint32_t> count_devices(const fg_host& host) {
  vulkan::Instance instance(host);
  FG_TRY(instance.open());
  FG_TRY_ASSIGN(const auto choices, vulkan::choose_devices(instance.vk(), instance.handle(), host));
  return static_cast<std::uint32_t>(choices.size());
}

}  // namespace fg::gpu
