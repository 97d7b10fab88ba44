// SPDX-License-Identifier: Apache-2.0
//
// An opened device, and the programs compiled for it.

#ifndef FG_PLUGINS_VULKAN_DEVICE_HPP_
#define FG_PLUGINS_VULKAN_DEVICE_HPP_

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "plugins/gpu/runtime.hpp"
#include "plugins/vulkan/choice.hpp"
#include "plugins/vulkan/functions.hpp"
#include "plugins/vulkan/memory.hpp"
#include "plugins/vulkan/submit.hpp"

namespace fg::vulkan {

class Device;

class Program final : public gpu::Program {
 public:
  Program(const Device& device, VkPipeline pipeline_, ArgumentLayout arguments_)
      : pipeline(pipeline_), arguments(arguments_), device_(device) {}
  ~Program() override;
  const VkPipeline pipeline;
  const ArgumentLayout arguments;

 private:
  const Device& device_;
};

struct Buffer final : fg_buffer {
  explicit Buffer(Allocation m) : memory(std::move(m)) { host = memory.host(); }
  Allocation memory;
};

class Device final : public gpu::Device {
 public:
  static Result<std::unique_ptr<Device>> open(const fg_host& host, const InstanceFunctions& instance,
                                              const Choice& choice, std::uint32_t ordinal);
  ~Device() override;

  const gpu::Features& features() const override { return choice_.features; }
  fg_device_info info() const override;
  Result<std::unique_ptr<fg_buffer>> allocate(std::uint32_t kind, std::uint64_t bytes, std::uint64_t align) override;
  Result<std::unique_ptr<fg_stream>> make_stream(std::int32_t priority) override;
  Result<std::unique_ptr<fg_timeline>> make_timeline(std::uint64_t initial) override;
  Result<gpu::Compiled> compile(const gpu::Source& source) override;
  void say(std::int32_t level, const std::string& text) const override;
  bool has_graphs() const override { return true; }
  Result<std::unique_ptr<fg_graph>> make_graph(fg_instance* instance, std::span<const fg_graph_node> nodes) override;

  const DeviceFunctions& vk() const { return vk_; }
  VkDevice handle() const { return device_; }
  const Choice& choice() const { return choice_; }
  VkPipelineLayout layout() const { return layout_; }
  Memory& memory() { return *memory_; }
  Submitter& submitter() { return *submitter_; }
  gpu::Variants& copies() { return copies_; }  // The kernels behind copies on the device.

 private:
  Device(const fg_host& host, const Choice& choice, std::uint32_t ordinal)
      : host_(host), choice_(choice), ordinal_(ordinal) {}
  Result<void> start(const InstanceFunctions& instance);
  // What is new of these, under the key of its blob.
  struct Fresh {
    std::string key;
    std::vector<std::byte> bytes;
  };
  Result<std::vector<std::uint32_t>> spirv_of(const gpu::Source& source, std::vector<Fresh>& fresh);
  // Constants 0, 1, ... of a module of the API's own, and the subgroup that it is written for; 0: any.
  struct Specialised {
    std::vector<std::uint32_t> constants;
    std::uint32_t subgroup = 0;
  };
  VkResult create_pipeline(const std::vector<std::uint32_t>& module, const Specialised& special, VkPipelineCache cache,
                           VkPipeline* pipeline) const;
  Result<VkPipeline> make_pipeline(const std::string& name, const std::vector<std::uint32_t>& module,
                                   const Specialised& special, std::vector<Fresh>& fresh);

  const fg_host& host_;
  const Choice choice_;
  const std::uint32_t ordinal_;
  DeviceFunctions vk_;
  VkDevice device_ = VK_NULL_HANDLE;
  VkPipelineLayout layout_ = VK_NULL_HANDLE;  // One for all: push constants and nothing else.
  std::unique_ptr<Memory> memory_;
  std::unique_ptr<Submitter> submitter_;
  gpu::Variants copies_;
  std::vector<VkQueue> queues_;
  std::atomic<std::uint32_t> next_queue_{0};
};

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_DEVICE_HPP_
