// SPDX-License-Identifier: Apache-2.0
//
// Memory of a device: blocks of VkDeviceMemory, each under one VkBuffer, and ranges of them.

#ifndef FG_PLUGINS_VULKAN_MEMORY_HPP_
#define FG_PLUGINS_VULKAN_MEMORY_HPP_

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "plugins/vulkan/choice.hpp"
#include "plugins/vulkan/functions.hpp"
#include "plugins/vulkan/ranges.hpp"

namespace fg::vulkan {

class Memory;

struct Block {
  Block(std::uint64_t bytes_, std::uint64_t address_, std::byte* host_)
      : bytes(bytes_),
        address(address_),
        host(host_),
        ranges(bytes_, host_ != nullptr ? reinterpret_cast<std::uint64_t>(host_) : address_) {}
  VkDeviceMemory memory = VK_NULL_HANDLE;
  VkBuffer buffer = VK_NULL_HANDLE;
  std::uint64_t bytes, address;
  std::byte* host;  // NULL: not mapped.
  Ranges ranges;
  std::uint32_t kind = 0, heap = 0;
  bool alone = false;  // Holds one large allocation.
};

// A range of a block, given back by the destructor.
class Allocation {
 public:
  Allocation() = default;
  Allocation(Memory& memory, Block& block, std::uint64_t offset, std::uint64_t bytes)
      : memory_(&memory), block_(&block), offset_(offset), bytes_(bytes) {}
  Allocation(Allocation&& other) noexcept { swap(other); }
  Allocation& operator=(Allocation&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Allocation();
  VkBuffer buffer() const { return block_->buffer; }
  std::uint64_t offset() const { return offset_; }
  std::uint64_t address() const { return block_->address + offset_; }
  std::byte* host() const { return block_->host == nullptr ? nullptr : block_->host + offset_; }

 private:
  void swap(Allocation& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(block_, other.block_);
    std::swap(offset_, other.offset_);
    std::swap(bytes_, other.bytes_);
  }
  Memory* memory_ = nullptr;
  Block* block_ = nullptr;
  std::uint64_t offset_ = 0, bytes_ = 0;
};

// [any-thread]
class Memory {
 public:
  Memory(const InstanceFunctions& instance, const DeviceFunctions& vk, VkDevice device, const Choice& choice);
  ~Memory();
  // FG_E_OOM_DEVICE when the heap has no room.
  Result<Allocation> allocate(std::uint32_t kind, std::uint64_t bytes, std::uint64_t align);
  // Bytes of the heap of FG_MEM_DEVICE, and of them those that may be allocated yet.
  std::uint64_t total() const;
  std::uint64_t available() const;

 private:
  friend class Allocation;
  void give_back(Block& block, std::uint64_t offset, std::uint64_t bytes);
  Result<Block*> add_block(std::uint32_t kind, std::uint64_t bytes);
  Result<void> check_budget(std::uint32_t heap, std::uint64_t bytes) const;
  std::uint64_t budget(std::uint32_t heap) const;
  void destroy(Block& block);
  bool drop_empty_blocks();

  const InstanceFunctions& instance_;
  const DeviceFunctions& vk_;
  VkDevice device_;
  const Choice& choice_;
  std::uint32_t types_[2] = {0, 0};  // Memory types, by kind.
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::uint64_t used_[VK_MAX_MEMORY_HEAPS] = {};
};

// The memory type for a kind, among those of `bits`: FG_MEM_DEVICE is local to the device, FG_MEM_STAGING
// coherent and cached where there is such.
std::uint32_t memory_type(const VkPhysicalDeviceMemoryProperties& memory, std::uint32_t kind, std::uint32_t bits);

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_MEMORY_HPP_
