// SPDX-License-Identifier: Apache-2.0

#include "core/memory/large_cache.hpp"

#include <algorithm>
#include <bit>
#include <memory>
#include <new>

#include "core/memory/device_memory.hpp"
#include "core/memory/size_class.hpp"

namespace fg::core {

// Bins are four per doubling of the size in grains; a bin's blocks are of similar size, not equal.
std::uint32_t LargeCache::bin_of(std::uint64_t bytes) noexcept {
  const std::uint64_t grains = bytes / kGrain;
  if (grains < 4) return static_cast<std::uint32_t>(grains);
  const int width = std::bit_width(grains);
  const auto bin =
      static_cast<std::uint32_t>((width - 2) * 4) + static_cast<std::uint32_t>((grains >> (width - 3)) & 3u);
  return std::min(bin, kBins - 1);
}

void LargeCache::insert(Storage* block) noexcept {
  Storage*& head = free_[bin_of(block->capacity_)];
  block->free_ = true;
  block->free_prev_ = nullptr;
  block->free_next_ = head;
  if (head != nullptr) head->free_prev_ = block;
  head = block;
}

void LargeCache::remove(Storage* block) noexcept {
  if (block->free_prev_ != nullptr)
    block->free_prev_->free_next_ = block->free_next_;
  else
    free_[bin_of(block->capacity_)] = block->free_next_;
  if (block->free_next_ != nullptr) block->free_next_->free_prev_ = block->free_prev_;
  block->free_ = false;
}

// The first bin may hold smaller blocks, and a later one only larger ones: the first hit is best.
Storage* LargeCache::best_fit(std::uint64_t bytes) noexcept {
  for (std::uint32_t bin = bin_of(bytes); bin < kBins; ++bin) {
    Storage* best = nullptr;
    for (Storage* s = free_[bin]; s != nullptr; s = s->free_next_) {
      if (s->capacity_ < bytes || (s->capacity_ > kSplitLimit && s->capacity_ / 2 > bytes)) continue;
      if (best == nullptr || s->capacity_ < best->capacity_) best = s;
    }
    if (best != nullptr) return best;
  }
  return nullptr;
}

void LargeCache::split(Storage* block, std::uint64_t bytes) noexcept {
  if (block->capacity_ - bytes < kMinRest || bytes % memory_.align != 0) return;
  Storage* const rest = new (std::nothrow) Storage;
  if (rest == nullptr) return;  // The request gets the whole block.
  rest->device = block->device;
  rest->buffer = block->buffer;
  rest->buffer_offset = block->buffer_offset + bytes;
  rest->ptr = block->ptr == nullptr ? nullptr : block->ptr + bytes;
  rest->origin_ = Origin::large;
  rest->capacity_ = block->capacity_ - bytes;
  rest->last_stream_ = block->last_stream_;
  rest->last_value_ = block->last_value_;
  rest->prev_ = block;
  rest->next_ = std::exchange(block->next_, rest);
  if (rest->next_ != nullptr) rest->next_->prev_ = rest;
  block->capacity_ = bytes;
  insert(rest);
}

Storage* LargeCache::take(std::uint64_t bytes) noexcept {
  const std::scoped_lock lock(mutex_);
  Storage* const block = best_fit(bytes);
  if (block == nullptr) return nullptr;
  remove(block);
  split(block, bytes);
  return block;
}

Result<Storage*> LargeCache::grow(std::uint64_t bytes) {
  auto block = std::make_unique<Storage>();
  std::uint64_t segment = bytes < kSegment / 2 ? kSegment : bytes;
  void* ptr = nullptr;
  auto buffer = memory_.raw_allocate(segment, &ptr);
  if (!buffer && segment != bytes) buffer = memory_.raw_allocate(segment = bytes, &ptr);
  if (!buffer) return tl::unexpected(std::move(buffer).error());
  block->device = memory_.device;
  block->buffer = *buffer;
  block->ptr = static_cast<std::byte*>(ptr);
  block->origin_ = Origin::large;
  block->capacity_ = segment;
  const std::scoped_lock lock(mutex_);
  split(block.get(), bytes);
  return block.release();
}

// Two neighbours become one block with one last use, so at most one stream may have used them.
bool LargeCache::mergeable(const Storage* left, const Storage* right) noexcept {
  return left->last_stream_ == right->last_stream_ || left->last_stream_ == nullptr || right->last_stream_ == nullptr;
}

void LargeCache::merge(Storage* left, Storage* right) noexcept {
  left->capacity_ += right->capacity_;
  left->next_ = right->next_;
  if (left->next_ != nullptr) left->next_->prev_ = left;
  left->last_value_ = std::max(left->last_value_, right->last_value_);
  if (left->last_stream_ == nullptr) left->last_stream_ = right->last_stream_;
  delete right;
}

void LargeCache::give(Storage* block) noexcept {
  const std::scoped_lock lock(mutex_);
  if (Storage* const right = block->next_; right != nullptr && right->free_ && mergeable(block, right)) {
    remove(right);
    merge(block, right);
  }
  if (Storage* const left = block->prev_; left != nullptr && left->free_ && mergeable(left, block)) {
    remove(left);
    merge(left, block);
    block = left;
  }
  insert(block);
}

// Merges a segment whose blocks are all free into `first`.  Blocks that different streams used last
// are waited for: a free waits for one stream only.
bool LargeCache::gather_segment(Storage* first) noexcept {
  for (const Storage* s = first; s != nullptr; s = s->next_) {
    if (!s->free_) return false;
  }
  while (Storage* const right = first->next_) {
    if (!mergeable(first, right)) {
      memory_.wait_quietly(*right->last_stream_, right->last_value_);
      right->last_stream_ = nullptr;
      right->last_value_ = 0;
    }
    remove(right);
    remove(first);
    merge(first, right);
    insert(first);
  }
  return true;
}

void LargeCache::trim() noexcept {
  const std::scoped_lock lock(mutex_);
  for (Storage*& head : free_) {
    Storage* s = head;
    while (s != nullptr) {
      Storage* const block = s;
      s = s->free_next_;
      if (block->prev_ != nullptr || !gather_segment(block)) continue;
      remove(block);
      memory_.raw_free_after(block->buffer, block->capacity_, block->last_stream_, block->last_value_);
      delete block;
      s = head;  // Merging may have removed the block that came next.
    }
  }
}

}  // namespace fg::core
