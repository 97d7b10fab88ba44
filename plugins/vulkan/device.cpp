// SPDX-License-Identifier: Apache-2.0

#include "plugins/vulkan/device.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "fg/sdk/dtype.hpp"
#include "plugins/vulkan/embedded.hpp"
#include "plugins/vulkan/graph.hpp"
#include "plugins/vulkan/host.hpp"
#include "plugins/vulkan/stream.hpp"
#include "plugins/vulkan/timeline.hpp"

namespace fg::vulkan {
namespace {

constexpr std::uint64_t kAlign = 256;  // Of every allocation.
constexpr VkPipelineShaderStageCreateFlags kWholeSubgroups = VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;

void copy_text(char* to, std::size_t capacity, const std::string& text) {
  const std::size_t n = std::min(text.size(), capacity - 1);
  std::memcpy(to, text.data(), n);
  to[n] = '\0';
}

// " matrix f16 bf16": a certificate holds for the units that there were.
std::string matrix_text(const gpu::Features& f) {
  std::string text;
  for (const fg_dtype d : {FG_F16, FG_BF16}) {
    if (std::any_of(f.matrix.begin(), f.matrix.end(), [&](const gpu::MatrixTile& t) { return t.dtype == d; }))
      text += " " + std::string(dtype_name(d));
  }
  return text.empty() ? text : " matrix" + text;
}

std::string as_text(const std::vector<std::uint32_t>& words) {
  return {reinterpret_cast<const char*>(words.data()), words.size() * sizeof words[0]};
}

// The features that kernels use, asked for one by one.
struct Wanted {
  explicit Wanted(const Choice& c) : matrix(c.matrix, nullptr) {
    features12.pNext = matrix.first;
    features12.vulkanMemoryModel = c.matrix.any();
    features12.timelineSemaphore = features12.bufferDeviceAddress = features12.storageBuffer8BitAccess = VK_TRUE;
    features12.scalarBlockLayout = features11.storageBuffer16BitAccess = VK_TRUE;
    features.features.shaderInt64 = VK_TRUE;
    features.features.shaderFloat64 = c.features.f64;
    features.features.shaderInt16 = c.int16;
    features12.shaderInt8 = c.int8;
    features12.shaderFloat16 = c.float16;
    features12.shaderBufferInt64Atomics = c.target.atomic64;
    const auto ask = [&](auto& s) {
      s.pNext = features12.pNext;
      features12.pNext = &s;
    };
    atomics.shaderBufferFloat32AtomicAdd = c.target.atomic_f32;
    atomics.shaderBufferFloat64AtomicAdd = c.target.atomic_f64;
    if (c.target.atomic_f32) ask(atomics);
    features13.subgroupSizeControl = features13.computeFullSubgroups = VK_TRUE;
    if (c.target.subgroup != 0 && !c.matrix.any()) ask(features13);  // Matrices ask for them too.
  }
  WantedMatrixUnits matrix;
  VkPhysicalDeviceShaderAtomicFloatFeaturesEXT atomics{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_ATOMIC_FLOAT_FEATURES_EXT};
  VkPhysicalDeviceVulkan13Features features13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
  VkPhysicalDeviceVulkan12Features features12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
  VkPhysicalDeviceVulkan11Features features11{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, &features12};
  VkPhysicalDeviceFeatures2 features{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &features11};
};

}  // namespace

Result<std::unique_ptr<Device>> Device::open(const fg_host& host, const InstanceFunctions& instance,
                                             const Choice& choice, std::uint32_t ordinal) {
  std::unique_ptr<Device> d(new Device(host, choice, ordinal));
  if (auto r = d->start(instance); !r) {
    return tl::unexpected(std::move(r).error().while_doing(choice.properties.deviceName));
  }
  return d;
}

Result<void> Device::start(const InstanceFunctions& instance) {
  const Wanted wanted(choice_);
  const std::vector<float> priorities(choice_.queues, 1.0f);
  const VkDeviceQueueCreateInfo queues{
      VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, nullptr, 0, choice_.queue_family, choice_.queues, priorities.data()};
  VkDeviceCreateInfo info{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, &wanted.features};
  std::vector<const char*> extensions = choice_.matrix.extensions();
  extensions.insert(extensions.end(), choice_.extensions.begin(), choice_.extensions.end());
  info.enabledExtensionCount = static_cast<std::uint32_t>(extensions.size());
  info.ppEnabledExtensionNames = extensions.data();
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queues;
  FG_TRY(check("vkCreateDevice", instance.vkCreateDevice(choice_.handle, &info, nullptr, &device_)));
  FG_TRY_ASSIGN(vk_, load_device(instance, device_));
  queues_.resize(choice_.queues);
  for (std::uint32_t k = 0; k < choice_.queues; ++k)
    vk_.vkGetDeviceQueue(device_, choice_.queue_family, k, &queues_[k]);
  const VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0, choice_.target.push_bytes};
  VkPipelineLayoutCreateInfo layout{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
  layout.pushConstantRangeCount = 1;
  layout.pPushConstantRanges = &range;
  FG_TRY(check("vkCreatePipelineLayout", vk_.vkCreatePipelineLayout(device_, &layout, nullptr, &layout_)));
  memory_ = std::make_unique<Memory>(instance, vk_, device_, choice_);
  submitter_ = std::make_unique<Submitter>(vk_, device_);
  return {};
}

Device::~Device() {
  programs().clear();
  memory_.reset();
  if (layout_ != VK_NULL_HANDLE) vk_.vkDestroyPipelineLayout(device_, layout_, nullptr);
  if (vk_.vkDestroyDevice != nullptr) vk_.vkDestroyDevice(device_, nullptr);
}

fg_device_info Device::info() const {
  fg_device_info d{};
  const VkPhysicalDeviceProperties& p = choice_.properties;
  std::memcpy(d.uuid, choice_.properties11.deviceUUID, sizeof d.uuid);
  copy_text(d.name, sizeof d.name, p.deviceName);
  copy_text(d.driver, sizeof d.driver,
            std::string(choice_.properties12.driverName) + " " + choice_.properties12.driverInfo);
  copy_text(d.arch, sizeof d.arch,
            "vulkan " + std::to_string(VK_API_VERSION_MAJOR(p.apiVersion)) + "." +
                std::to_string(VK_API_VERSION_MINOR(p.apiVersion)) + matrix_text(choice_.features));
  d.type = choice_.on_processor() ? FG_DEVICE_CPU : FG_DEVICE_GPU;
  d.pci_vendor = p.vendorID;
  d.pci_device = p.deviceID;
  d.pci_domain = d.pci_bus = d.pci_dev = d.pci_fn = d.numa = -1;
  if (choice_.has_pci) {
    d.pci_domain = static_cast<std::int32_t>(choice_.pci.pciDomain);
    d.pci_bus = static_cast<std::int32_t>(choice_.pci.pciBus);
    d.pci_dev = static_cast<std::int32_t>(choice_.pci.pciDevice);
    d.pci_fn = static_cast<std::int32_t>(choice_.pci.pciFunction);
  }
  d.dlpack_type = gpu::kPlugin.dlpack_type;
  d.dlpack_id = static_cast<std::int32_t>(ordinal_);
  d.caps = FG_D_NATIVE_TIMELINE;
  if (choice_.features.f64) d.caps |= FG_D_F64;
  if (choice_.features.denormals) d.caps |= FG_D_DENORMALS;
  if (choice_.on_processor()) d.caps |= FG_D_SOFTWARE;
  d.mem_total = memory_->total();
  d.mem_free = memory_->available();
  // Blocks are larger than what lies in them by its alignment.
  d.max_alloc = std::min(choice_.max_buffer, d.mem_total) / kAlign * kAlign - 2 * kAlign;
  d.alloc_align = kAlign;
  return d;
}

Result<std::unique_ptr<fg_buffer>> Device::allocate(std::uint32_t kind, std::uint64_t bytes, std::uint64_t align) {
  FG_TRY_ASSIGN(Allocation memory, memory_->allocate(kind, bytes, align));
  return std::make_unique<Buffer>(std::move(memory));
}

Result<std::unique_ptr<fg_stream>> Device::make_stream(std::int32_t) {
  FG_TRY_ASSIGN(auto stream, Stream::make(*this, queues_[next_queue_++ % queues_.size()]));
  return std::unique_ptr<fg_stream>(std::move(stream));
}

Result<std::unique_ptr<fg_timeline>> Device::make_timeline(std::uint64_t initial) {
  return std::unique_ptr<fg_timeline>(std::make_unique<Timeline>(initial));
}

Result<std::unique_ptr<fg_graph>> Device::make_graph(fg_instance* instance, std::span<const fg_graph_node> nodes) {
  FG_TRY_ASSIGN(auto graph, Graph::make(*this, instance, nodes));
  return std::unique_ptr<fg_graph>(std::move(graph));
}

void Device::say(std::int32_t level, const std::string& text) const { log(host_, level, text); }

// --- programs ---

Program::~Program() { device_.vk().vkDestroyPipeline(device_.handle(), pipeline, nullptr); }

Result<Spirv> Device::spirv_of(const gpu::Source& source, std::vector<Fresh>& fresh) {
  const std::string text = print_glsl(source, choice_.target);
  if (const auto built = embedded_spirv(text); !built.empty()) {
    return Spirv(built.begin(), built.end());
  }
  const std::string key = "spirv\n" + compiler_version() + "\n" + text;
  if (Spirv kept = get_blob<std::uint32_t>(host_, key); !kept.empty()) return kept;
  FG_TRY_ASSIGN(Spirv module, compile_glsl(source.name, text));
  log(host_, FG_LOG_DEBUG, "kernel " + source.name + " was compiled from its text: the plugin brings none for it");
  const auto* bytes = reinterpret_cast<const std::byte*>(module.data());
  fresh.push_back({key, {bytes, bytes + module.size() * sizeof module[0]}});
  return module;
}

VkResult Device::create_pipeline(const Spirv& module, const Specialised& special, VkPipelineCache cache,
                                 VkPipeline* pipeline) const {
  const VkShaderModuleCreateInfo shader_info{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, nullptr, 0, module.size() * 4,
                                             module.data()};
  VkShaderModule shader = VK_NULL_HANDLE;
  VkResult r = vk_.vkCreateShaderModule(device_, &shader_info, nullptr, &shader);
  if (r != VK_SUCCESS) return r;
  std::vector<VkSpecializationMapEntry> entries;
  for (std::uint32_t k = 0; k < special.constants.size(); ++k) entries.push_back({k, 4 * k, 4});
  const VkSpecializationInfo constants{static_cast<std::uint32_t>(entries.size()), entries.data(), 4 * entries.size(),
                                       special.constants.data()};
  const VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup{
      VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO, nullptr, special.subgroup};
  VkComputePipelineCreateInfo info{VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
  info.stage = {VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                special.subgroup != 0 ? &subgroup : nullptr,
                special.subgroup != 0 ? kWholeSubgroups : 0,
                VK_SHADER_STAGE_COMPUTE_BIT,
                shader,
                "main",
                entries.empty() ? nullptr : &constants};
  info.layout = layout_;
  r = vk_.vkCreateComputePipelines(device_, cache, 1, &info, nullptr, pipeline);
  vk_.vkDestroyShaderModule(device_, shader, nullptr);
  return r;
}

// The driver's own binary is kept by the core beside the SPIR-V.
Result<VkPipeline> Device::make_pipeline(const std::string& name, const Spirv& module, const Specialised& special,
                                         std::vector<Fresh>& fresh) {
  const std::string key = "pipeline\n" + as_text(special.constants) + as_text(module);
  const std::vector<std::byte> kept = get_blob<std::byte>(host_, key);
  const VkPipelineCacheCreateInfo cache_info{VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO, nullptr, 0, kept.size(),
                                             kept.data()};
  VkPipelineCache cache = VK_NULL_HANDLE;
  FG_TRY(check("vkCreatePipelineCache", vk_.vkCreatePipelineCache(device_, &cache_info, nullptr, &cache)));
  VkPipeline pipeline = VK_NULL_HANDLE;
  const VkResult r = create_pipeline(module, special, cache, &pipeline);
  std::size_t bytes = 0;
  if (r == VK_SUCCESS && vk_.vkGetPipelineCacheData(device_, cache, &bytes, nullptr) == VK_SUCCESS &&
      bytes > kept.size()) {
    std::vector<std::byte> data(bytes);
    if (vk_.vkGetPipelineCacheData(device_, cache, &bytes, data.data()) == VK_SUCCESS)
      fresh.push_back({key, std::move(data)});
  }
  vk_.vkDestroyPipelineCache(device_, cache, nullptr);
  if (r == VK_SUCCESS) return pipeline;
  return tl::unexpected(vk_error("kernel " + name + ": vkCreateComputePipelines", r));
}

Result<gpu::Compiled> Device::compile(const gpu::Source& source) {
  std::vector<Fresh> fresh;
  Specialised special;
  Spirv module;
  FloatControls controls = choice_.controls;
  if (source.own) {
    controls.denormals32 = false;  // Nothing so small changes a sum or a weight, and exponentials cost less.
    FG_TRY_ASSIGN(const Module own, module_of(source));
    module.assign(own.words.begin(), own.words.end());
    special.subgroup = choice_.matrix.subgroup;
    for (const auto& [name, value] : source.defines)
      special.constants.push_back(static_cast<std::uint32_t>(std::stoul(value)));
    special.constants.push_back(source.group_size);
  } else {
    FG_TRY_ASSIGN(module, spirv_of(source, fresh));
    if (uses_subgroups(source, choice_.target)) special.subgroup = choice_.target.subgroup;
  }
  FG_TRY_ASSIGN(const VkPipeline pipeline, make_pipeline(source.name, finish_module(module, controls), special, fresh));
  gpu::Compiled made{std::make_unique<Program>(*this, pipeline, argument_layout(source, choice_.target)), {}};
  if (fresh.empty()) return made;
  made.keep = [this, fresh = std::move(fresh)] {
    for (const Fresh& f : fresh) put_blob(host_, f.key, f.bytes);
  };
  return made;
}

}  // namespace fg::vulkan
