// SPDX-License-Identifier: Apache-2.0

#include "plugins/vulkan/stream.hpp"

#include <bit>
#include <utility>

#include "plugins/vulkan/timeline.hpp"

namespace fg::vulkan {
namespace {

constexpr std::uint64_t kPiecesInBatch = 128;

}  // namespace

Result<std::unique_ptr<Stream>> Stream::make(Device& device, VkQueue queue) {
  FG_TRY_ASSIGN(CommandPool pool, CommandPool::make(device));
  FG_TRY_ASSIGN(auto done, Semaphore::make(device.vk(), device.handle(), 0));
  auto lane = std::make_shared<Lane>(device.submitter(), queue, std::move(done));
  return std::unique_ptr<Stream>(new Stream(device, std::move(pool), std::move(lane)));
}

Stream::~Stream() {
  (void)flush();
  lane_->drain();
  std::vector<Batch> over;
  lane_->retire(over);
}

Result<VkCommandBuffer> Stream::record() {
  if (open_.commands != VK_NULL_HANDLE) {
    separate_pieces(open_.commands);
    return open_.commands;
  }
  std::vector<Batch> over;
  if (pool_.empty()) lane_->retire(over);
  for (const Batch& b : over) {
    if (b.commands != VK_NULL_HANDLE) pool_.give(b.commands);
  }
  FG_TRY_ASSIGN(const VkCommandBuffer commands, pool_.take());
  FG_TRY(begin_commands(commands, false));
  open_.commands = commands;
  return commands;
}

Result<void> Stream::count_piece() {
  const std::uint64_t n = ++open_.pieces;
  open_pieces_.store(n, std::memory_order_relaxed);
  // A device that has nothing to do need not wait for the batch to grow; asked for at 1, 2, 4, ... pieces.
  const bool now = n >= kPiecesInBatch || (std::has_single_bit(n) && lane_->idle());
  return now ? flush() : Result<void>();
}

Result<void> Stream::flush() {
  if (open_.empty()) return {};
  // What a graph has recorded ends with a barrier of its own.
  if (open_.commands != VK_NULL_HANDLE) FG_TRY(end_commands(open_.commands, open_.replayed.empty()));
  Batch closed = std::exchange(open_, {});
  const auto result = lane_->push(std::move(closed));
  open_pieces_.store(0, std::memory_order_relaxed);
  return result;
}

Result<Point> Stream::replay(std::vector<VkCommandBuffer> commands, std::uint64_t pieces) {
  open_.replayed = std::move(commands);
  open_.pieces += pieces;
  FG_TRY(flush());
  return lane_->last();
}

Result<void> Stream::signal(fg_timeline& timeline, std::uint64_t value) {
  FG_TRY_ASSIGN(auto semaphore, static_cast<Timeline&>(timeline).on(device_));
  open_.signals.push_back({std::move(semaphore), value});
  return flush();
}

Result<void> Stream::wait(fg_timeline& timeline, std::uint64_t value) {
  FG_TRY_ASSIGN(const auto semaphore, static_cast<Timeline&>(timeline).on(device_));
  FG_TRY_ASSIGN(const std::uint64_t now, semaphore->value());
  if (!semaphore->failed() && now >= value) return {};
  // What is open goes first, so that it does not wait too.
  if (open_.commands != VK_NULL_HANDLE) FG_TRY(flush());
  open_.waits.push_back({semaphore, value});
  return {};
}

std::uint64_t Stream::pending() const { return lane_->pending() + open_pieces_.load(std::memory_order_relaxed); }

}  // namespace fg::vulkan
