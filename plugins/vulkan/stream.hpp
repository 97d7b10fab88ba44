// SPDX-License-Identifier: Apache-2.0
//
// A stream: one open command buffer, closed and submitted on flush, signal or size.

#ifndef FG_PLUGINS_VULKAN_STREAM_HPP_
#define FG_PLUGINS_VULKAN_STREAM_HPP_

#include <atomic>
#include <memory>
#include <vector>

#include "plugins/vulkan/recorder.hpp"

namespace fg::vulkan {

class Stream final : public Recorder {
 public:
  static Result<std::unique_ptr<Stream>> make(Device& device, VkQueue queue);
  ~Stream() override;
  Result<void> flush() override;
  Result<void> signal(fg_timeline& timeline, std::uint64_t value) override;
  Result<void> wait(fg_timeline& timeline, std::uint64_t value) override;
  std::uint64_t pending() const override;
  // Submits command buffers that a graph has recorded, `pieces` of work, behind what is open.  They are over when the
  // point is reached.
  Result<Point> replay(std::vector<VkCommandBuffer> commands, std::uint64_t pieces);

 private:
  Stream(Device& on, CommandPool pool, std::shared_ptr<Lane> lane)
      : Recorder(on), pool_(std::move(pool)), lane_(std::move(lane)) {}
  Result<VkCommandBuffer> record() override;
  Result<void> count_piece() override;
  std::vector<std::shared_ptr<Allocation>>& argument_memory() override { return open_.arguments; }

  CommandPool pool_;
  std::shared_ptr<Lane> lane_;
  Batch open_;
  std::atomic<std::uint64_t> open_pieces_{0};  // Of open_; read by pending().
};

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_STREAM_HPP_
