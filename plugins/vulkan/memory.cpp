// SPDX-License-Identifier: Apache-2.0

#include "plugins/vulkan/memory.hpp"

#include <algorithm>
#include <bit>
#include <string>

namespace fg::vulkan {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kBlock[] = {64 * kMiB, 16 * kMiB};  // By kind.
constexpr VkBufferUsageFlags kUsage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                      VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT;

VkBufferCreateInfo buffer_info(std::uint64_t bytes) {
  VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
  info.size = bytes;
  info.usage = kUsage;
  return info;
}

// How well a type's properties serve a kind; below 0: not at all.
int worth(VkMemoryPropertyFlags flags, std::uint32_t kind) {
  const auto has = [&](VkMemoryPropertyFlags f) { return (flags & f) == f; };
  const bool local = has(VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
  if (kind == FG_MEM_DEVICE) return (local ? 2 : 0) + (has(VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT) ? 0 : 1);
  if (!has(VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)) return -1;
  return (has(VK_MEMORY_PROPERTY_HOST_CACHED_BIT) ? 2 : 0) + (local ? 0 : 1);
}

}  // namespace

std::uint32_t memory_type(const VkPhysicalDeviceMemoryProperties& memory, std::uint32_t kind, std::uint32_t bits) {
  std::uint32_t best = 0;
  int most = -1;
  for (std::uint32_t k = 0; k < memory.memoryTypeCount; ++k) {
    constexpr VkMemoryPropertyFlags kSpecial = VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT |
                                               VK_MEMORY_PROPERTY_PROTECTED_BIT |
                                               VK_MEMORY_PROPERTY_DEVICE_COHERENT_BIT_AMD;
    const VkMemoryPropertyFlags flags = memory.memoryTypes[k].propertyFlags;
    if ((bits >> k & 1u) == 0 || (flags & kSpecial) != 0) continue;
    if (const int w = worth(flags, kind); w > most) {
      most = w;
      best = k;
    }
  }
  return best;
}

Allocation::~Allocation() {
  if (memory_ != nullptr) memory_->give_back(*block_, offset_, bytes_);
}

Memory::Memory(const InstanceFunctions& instance, const DeviceFunctions& vk, VkDevice device, const Choice& choice)
    : instance_(instance), vk_(vk), device_(device), choice_(choice) {
  for (const std::uint32_t kind : {FG_MEM_DEVICE, FG_MEM_STAGING}) types_[kind] = memory_type(choice.memory, kind, ~0u);
}

Memory::~Memory() {
  for (const auto& block : blocks_) destroy(*block);
}

std::uint64_t Memory::total() const {
  return choice_.memory.memoryHeaps[choice_.memory.memoryTypes[types_[FG_MEM_DEVICE]].heapIndex].size;
}

std::uint64_t Memory::available() const {
  const std::lock_guard lock(mutex_);
  return budget(choice_.memory.memoryTypes[types_[FG_MEM_DEVICE]].heapIndex);
}

// Bytes that the heap still gives: the driver's word where it has one.
std::uint64_t Memory::budget(std::uint32_t heap) const {
  const std::uint64_t size = choice_.memory.memoryHeaps[heap].size;
  if (!choice_.has_budget) return size - std::min(size, used_[heap]);
  VkPhysicalDeviceMemoryBudgetPropertiesEXT b{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
  VkPhysicalDeviceMemoryProperties2 all{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2, &b};
  instance_.vkGetPhysicalDeviceMemoryProperties2(choice_.handle, &all);
  return b.heapBudget[heap] - std::min(b.heapBudget[heap], b.heapUsage[heap]);
}

Result<void> Memory::check_budget(std::uint32_t heap, std::uint64_t bytes) const {
  const std::uint64_t left = budget(heap);
  if (bytes <= left) return {};
  return fail(FG_E_OOM_DEVICE,
              "no memory for " + std::to_string(bytes) + " bytes, the heap has " + std::to_string(left) + " left",
              FG_R_LIMIT);
}

Result<Block*> Memory::add_block(std::uint32_t kind, std::uint64_t bytes) {
  const std::uint32_t heap = choice_.memory.memoryTypes[types_[kind]].heapIndex;
  FG_TRY(check_budget(heap, bytes));
  const VkBufferCreateInfo info = buffer_info(bytes);
  VkBuffer buffer = VK_NULL_HANDLE;
  FG_TRY(check("vkCreateBuffer", vk_.vkCreateBuffer(device_, &info, nullptr, &buffer)));
  VkMemoryRequirements needs;
  vk_.vkGetBufferMemoryRequirements(device_, buffer, &needs);
  const VkMemoryAllocateFlagsInfo flags{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO, nullptr,
                                        VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT, 0};
  VkMemoryAllocateInfo wish{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &flags, needs.size,
                            memory_type(choice_.memory, kind, needs.memoryTypeBits)};
  VkDeviceMemory memory = VK_NULL_HANDLE;
  VkResult r = vk_.vkAllocateMemory(device_, &wish, nullptr, &memory);
  void* host = nullptr;
  if (r == VK_SUCCESS) r = vk_.vkBindBufferMemory(device_, buffer, memory, 0);
  if (r == VK_SUCCESS && kind == FG_MEM_STAGING) r = vk_.vkMapMemory(device_, memory, 0, VK_WHOLE_SIZE, 0, &host);
  if (r != VK_SUCCESS) {
    vk_.vkDestroyBuffer(device_, buffer, nullptr);
    if (memory != VK_NULL_HANDLE) vk_.vkFreeMemory(device_, memory, nullptr);
    return tl::unexpected(vk_error("allocating " + std::to_string(bytes) + " bytes", r));
  }
  const VkBufferDeviceAddressInfo where{VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO, nullptr, buffer};
  auto block =
      std::make_unique<Block>(bytes, vk_.vkGetBufferDeviceAddress(device_, &where), static_cast<std::byte*>(host));
  block->memory = memory;
  block->buffer = buffer;
  block->kind = kind;
  block->heap = heap;
  used_[heap] += bytes;
  blocks_.push_back(std::move(block));
  return blocks_.back().get();
}

void Memory::destroy(Block& block) {
  vk_.vkDestroyBuffer(device_, block.buffer, nullptr);
  vk_.vkFreeMemory(device_, block.memory, nullptr);
  used_[block.heap] -= block.bytes;
}

bool Memory::drop_empty_blocks() {
  return std::erase_if(blocks_, [&](const auto& b) {
           if (!b->ranges.all_free()) return false;
           destroy(*b);
           return true;
         }) != 0;
}

Result<Allocation> Memory::allocate(std::uint32_t kind, std::uint64_t bytes, std::uint64_t align) {
  const std::lock_guard lock(mutex_);
  // Ranges end on 16 bytes, so that no two share a piece.
  bytes = (bytes + 15) / 16 * 16;
  const std::uint64_t room = bytes + align;  // Where a block begins is the driver's choice.
  const bool alone = room > kBlock[kind] / 4;
  if (!alone) {
    for (const auto& b : blocks_) {
      if (b->kind != kind || b->alone) continue;
      if (const auto at = b->ranges.take(bytes, align)) return Allocation(*this, *b, *at, bytes);
    }
  }
  Result<Block*> added = add_block(kind, alone ? room : kBlock[kind]);
  if (!added && drop_empty_blocks()) added = add_block(kind, alone ? room : kBlock[kind]);
  if (!added && !alone) added = add_block(kind, room);
  FG_TRY_ASSIGN(Block * block, std::move(added));
  block->alone = alone;
  if (const auto at = block->ranges.take(bytes, align)) return Allocation(*this, *block, *at, bytes);
  drop_empty_blocks();
  return fail(FG_E_OOM_DEVICE,
              "no range of " + std::to_string(bytes) + " bytes at a multiple of " + std::to_string(align),
              FG_R_ALIGNMENT);
}

// Large blocks go at once; of the others one empty block of a kind stays.
void Memory::give_back(Block& block, std::uint64_t offset, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  block.ranges.give_back(offset, bytes);
  if (!block.ranges.all_free()) return;
  const bool spare = std::any_of(blocks_.begin(), blocks_.end(), [&](const auto& b) {
    return b.get() != &block && b->kind == block.kind && !b->alone && b->ranges.all_free();
  });
  if (!block.alone && !spare) return;
  destroy(block);
  std::erase_if(blocks_, [&](const auto& b) { return b.get() == &block; });
}

}  // namespace fg::vulkan
