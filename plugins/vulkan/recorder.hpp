// SPDX-License-Identifier: Apache-2.0
//
// Pieces of work as commands: what streams and graphs share.  Each piece stands behind a barrier.

#ifndef FG_PLUGINS_VULKAN_RECORDER_HPP_
#define FG_PLUGINS_VULKAN_RECORDER_HPP_

#include <memory>
#include <span>
#include <vector>

#include "plugins/vulkan/device.hpp"

namespace fg::vulkan {

// Copies in pieces of 16, 4 or 1 bytes; one work-item more takes the bytes behind the last whole piece.
gpu::Source copy_source(std::uint64_t piece);

// A stream whose pieces go into a command buffer of the derived class.
class Recorder : public fg_stream {
 public:
  Result<void> dispatch(const gpu::Dispatch& d) override;
  Result<void> copy(const gpu::BufferRef& dst, const gpu::BufferRef& src, std::uint64_t bytes) override;
  Result<void> fill(const gpu::BufferRef& dst, std::uint64_t bytes, std::uint32_t pattern) override;

 protected:
  explicit Recorder(Device& on) : device_(on) {}
  // The command buffer for one more piece, begun by begin_commands() or behind separate_pieces().
  virtual Result<VkCommandBuffer> record() = 0;
  // A piece was recorded.
  virtual Result<void> count_piece() = 0;
  // What owns the memory of arguments that cannot be pushed until the work is over.
  virtual std::vector<std::shared_ptr<Allocation>>& argument_memory() = 0;

  // After what earlier work and the host wrote; `again`: it may be submitted while it runs.
  Result<void> begin_commands(VkCommandBuffer commands, bool again);
  void separate_pieces(VkCommandBuffer commands);
  // `seen`: the host may read what was written.
  Result<void> end_commands(VkCommandBuffer commands, bool seen);

  Device& device_;

 private:
  Result<std::uint64_t> to_memory(std::span<const std::byte> arguments);
  Result<void> copy_on_device(const gpu::BufferRef& dst, const gpu::BufferRef& src, std::uint64_t bytes);

  VkPipeline bound_ = VK_NULL_HANDLE;      // In the command buffer.
  std::shared_ptr<Allocation> arguments_;  // The chunk in use.
  std::uint64_t arguments_used_ = 0;
};

// Command buffers of one family.  Not to be used by two threads at once.
class CommandPool {
 public:
  static Result<CommandPool> make(const Device& device);
  CommandPool(CommandPool&& other) noexcept;
  CommandPool& operator=(CommandPool&&) = delete;
  ~CommandPool();
  Result<VkCommandBuffer> take();
  void give(VkCommandBuffer commands) { free_.push_back(commands); }  // Its work is over.
  bool empty() const { return free_.empty(); }

 private:
  CommandPool(const Device& device, VkCommandPool handle) : device_(device), handle_(handle) {}
  const Device& device_;
  VkCommandPool handle_;
  std::vector<VkCommandBuffer> free_;
};

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_RECORDER_HPP_
