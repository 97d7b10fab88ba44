// SPDX-License-Identifier: Apache-2.0
//
// A stream: one open command buffer, closed and submitted on flush, signal or size.

#ifndef FG_PLUGINS_VULKAN_STREAM_HPP_
#define FG_PLUGINS_VULKAN_STREAM_HPP_

#include <atomic>
#include <memory>
#include <vector>

#include "plugins/vulkan/device.hpp"

namespace fg::vulkan {

class Stream final : public fg_stream {
 public:
  static Result<std::unique_ptr<Stream>> make(Device& device, VkQueue queue);
  ~Stream() override;
  Result<void> dispatch(const gpu::Dispatch& d) override;
  Result<void> copy(const gpu::BufferRef& dst, const gpu::BufferRef& src, std::uint64_t bytes) override;
  Result<void> fill(const gpu::BufferRef& dst, std::uint64_t bytes, std::uint32_t pattern) override;
  Result<void> flush() override;
  Result<void> signal(fg_timeline& timeline, std::uint64_t value) override;
  Result<void> wait(fg_timeline& timeline, std::uint64_t value) override;
  std::uint64_t pending() const override;

 private:
  explicit Stream(Device& on) : device_(on) {}
  // The command buffer into which one more piece may be recorded, behind a barrier.
  Result<VkCommandBuffer> record();
  Result<VkCommandBuffer> fresh_commands();
  Result<void> count_piece();
  Result<std::uint64_t> to_memory(std::span<const std::byte> arguments);
  Result<std::shared_ptr<Semaphore>> semaphore_of(fg_timeline& timeline) const;
  Result<void> copy_on_device(const gpu::BufferRef& dst, const gpu::BufferRef& src, std::uint64_t bytes);

  Device& device_;
  VkCommandPool pool_ = VK_NULL_HANDLE;
  std::shared_ptr<Lane> lane_;
  std::vector<VkCommandBuffer> free_;
  Batch open_;
  std::atomic<std::uint64_t> open_pieces_{0};  // Of open_; read by pending().
  VkPipeline bound_ = VK_NULL_HANDLE;          // In the open command buffer.
  std::shared_ptr<Allocation> arguments_;      // Memory for arguments that cannot be pushed.
  std::uint64_t arguments_used_ = 0;
};

struct Timeline final : fg_timeline {
  Timeline(Device& device_, std::shared_ptr<Semaphore> s) : device(device_), semaphore(std::move(s)) {}
  Result<std::uint64_t> read() override { return semaphore->value(); }
  Result<void> host_signal(std::uint64_t value) override { return device.submitter().host_signal(*semaphore, value); }
  Result<bool> host_wait(std::uint64_t value, std::int64_t timeout_ns) override {
    return semaphore->wait(value, timeout_ns);
  }
  Device& device;
  std::shared_ptr<Semaphore> semaphore;
};

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_STREAM_HPP_
