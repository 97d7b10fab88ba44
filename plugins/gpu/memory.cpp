// SPDX-License-Identifier: Apache-2.0
//
// Allocation, deferred freeing, copies and fills, with the checks that the contract asks for.

#include <algorithm>
#include <string>

#include "plugins/gpu/instance.hpp"

namespace fg::gpu {
namespace {

// Whether the work before `value` is over, successfully or not.
bool reached(fg_timeline& timeline, std::uint64_t value, std::int64_t timeout_ns) {
  const auto r = timeline.host_wait(value, timeout_ns);
  return !r || *r;
}

}  // namespace

void Graveyard::free_after(std::shared_ptr<void> thing, fg_timeline* after, std::uint64_t value) {
  if (after == nullptr || reached(*after, value, 0)) return;
  const std::lock_guard lock(mutex_);
  graves_.push_back({std::move(thing), after, value});
}

void Graveyard::sweep(bool all) {
  const std::lock_guard lock(mutex_);
  std::erase_if(graves_, [&](const Grave& g) { return reached(*g.after, g.value, all ? -1 : 0); });
}

void Graveyard::settle(fg_timeline* timeline) {
  const std::lock_guard lock(mutex_);
  std::erase_if(graves_, [&](const Grave& g) { return g.after == timeline && reached(*timeline, g.value, -1); });
}

Result<void> mem_alloc(fg_instance& instance, std::uint32_t device, std::uint32_t kind, std::uint64_t bytes,
                       std::uint64_t align, fg_buffer** buffer, void** ptr) {
  if (buffer == nullptr || ptr == nullptr) return invalid("mem_alloc: a result pointer is NULL", FG_R_NULL_POINTER);
  FG_TRY_ASSIGN(Device * d, device_at("mem_alloc", instance, device));
  FG_TRY(sdk::check_allocation(kind, bytes, align));
  instance.graveyard.sweep(false);
  const fg_device_info info = d->info();
  if (instance.allocation_failure.now() || bytes > info.max_alloc || align > info.max_alloc) {
    return fail(FG_E_OOM_DEVICE,
                "mem_alloc: no memory for " + std::to_string(bytes) + " bytes, the device allocates at most " +
                    std::to_string(info.max_alloc),
                FG_R_LIMIT);
  }
  FG_TRY_ASSIGN(std::unique_ptr<fg_buffer> b, d->allocate(kind, bytes, std::max(align, info.alloc_align)));
  b->instance = &instance;
  b->device = device;
  b->bytes = bytes;
  instance.buffers.fetch_add(1, std::memory_order_relaxed);
  instance.bytes.fetch_add(bytes, std::memory_order_relaxed);
  *ptr = b->host;
  *buffer = b.release();
  return {};
}

Result<void> mem_free(fg_instance& instance, fg_buffer* buffer, fg_timeline* after, std::uint64_t value) {
  if (buffer == nullptr) return {};
  instance.buffers.fetch_sub(1, std::memory_order_relaxed);
  instance.bytes.fetch_sub(buffer->bytes, std::memory_order_relaxed);
  instance.graveyard.free_after(std::unique_ptr<fg_buffer>(buffer), after, value);
  return {};
}

Result<void> copy(fg_stream* stream, fg_buffer* dst, std::uint64_t dst_offset, fg_buffer* src, std::uint64_t src_offset,
                  std::uint64_t bytes) {
  if (stream == nullptr) return invalid("copy: the stream is NULL", FG_R_NULL_POINTER);
  FG_TRY(sdk::check_range("copy: destination", dst, dst_offset, bytes));
  FG_TRY(sdk::check_range("copy: source", src, src_offset, bytes));
  if (dst == src && dst_offset < src_offset + bytes && src_offset < dst_offset + bytes && bytes != 0) {
    return invalid("copy: the ranges overlap", FG_R_ALIAS);
  }
  if (bytes == 0) return {};
  return stream->copy({dst, dst_offset}, {src, src_offset}, bytes);
}

Result<void> fill(fg_stream* stream, fg_buffer* buffer, std::uint64_t offset, std::uint64_t bytes,
                  std::uint32_t pattern) {
  if (stream == nullptr) return invalid("fill: the stream is NULL", FG_R_NULL_POINTER);
  FG_TRY(sdk::check_range("fill", buffer, offset, bytes));
  if (offset % 4 != 0 || bytes % 4 != 0)
    return invalid("fill: offset and bytes must be multiples of 4", FG_R_ALIGNMENT);
  if (bytes == 0) return {};
  return stream->fill({buffer, offset}, bytes, pattern);
}

}  // namespace fg::gpu
