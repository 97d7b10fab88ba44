// SPDX-License-Identifier: Apache-2.0
//
// Raw memory of the device: aligned host memory.  Caching is the core's business.

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "plugins/cpu/instance.hpp"

namespace fg::cpu {
namespace {

// Below this a parallel copy costs more than it gains, bytes.
constexpr std::int64_t kCopyGrain = 256 << 10;

}  // namespace

Result<void> mem_alloc(fg_instance& instance, std::uint32_t device, std::uint32_t kind, std::uint64_t bytes,
                       std::uint64_t align, fg_buffer** buffer, void** ptr) {
  if (buffer == nullptr || ptr == nullptr) return invalid("mem_alloc: a result pointer is NULL", FG_R_NULL_POINTER);
  if (device != 0)
    return fail(FG_E_NOT_FOUND, "mem_alloc: device " + std::to_string(device) + ", there is one", FG_R_DEVICE);
  FG_TRY(sdk::check_allocation(kind, bytes, align));
  const std::uint64_t a = std::max({align, kAlign, bytes >= 2 * kHugePage ? kHugePage : kAlign});
  const auto out_of_memory = [&] {
    return fail(FG_E_OOM_DEVICE, "mem_alloc: no memory for " + std::to_string(bytes) + " bytes", FG_R_LIMIT);
  };
  if (instance.allocation_failure.now() || bytes > largest_allocation() || a > largest_allocation())
    return out_of_memory();
  auto b = std::make_unique<fg_buffer>();
  b->data = static_cast<std::byte*>(std::aligned_alloc(a, (bytes + a - 1) & ~(a - 1)));
  if (b->data == nullptr) return out_of_memory();
  if (bytes >= 2 * kHugePage) ::madvise(b->data, bytes, MADV_HUGEPAGE);  // a hint; failure costs speed alone
  b->bytes = bytes;
  b->align = a;
  instance.buffers.fetch_add(1, std::memory_order_relaxed);
  instance.bytes.fetch_add(bytes, std::memory_order_relaxed);
  *ptr = b->data;
  *buffer = b.release();
  return {};
}

fg_status mem_free(fg_instance* instance, fg_buffer* buffer, fg_timeline* after, std::uint64_t value) noexcept {
  if (instance == nullptr) return FG_E_INVALID;
  if (buffer == nullptr) return FG_OK;
  if (after != nullptr) {
    const fg_status waited = host_wait(after, value, -1, nullptr);
    if (waited < 0 && waited != FG_E_DEVICE_LOST) return waited;
  }
  instance->buffers.fetch_sub(1, std::memory_order_relaxed);
  if (!buffer->borrowed) {
    instance->bytes.fetch_sub(buffer->bytes, std::memory_order_relaxed);
    std::free(buffer->data);
  }
  delete buffer;
  return FG_OK;
}

Result<void> copy(fg_stream* stream, fg_buffer* dst, std::uint64_t dst_offset, fg_buffer* src, std::uint64_t src_offset,
                  std::uint64_t bytes) {
  if (stream == nullptr) return invalid("copy: the stream is NULL", FG_R_NULL_POINTER);
  FG_TRY(sdk::check_range("copy: destination", dst, dst_offset, bytes));
  FG_TRY(sdk::check_range("copy: source", src, src_offset, bytes));
  std::byte* to = dst->data + dst_offset;
  const std::byte* from = src->data + src_offset;
  if (bytes != 0 && from < to + bytes && to < from + bytes) return invalid("copy: the ranges overlap", FG_R_ALIAS);
  parallel_for(stream->instance->pool, static_cast<std::int64_t>(bytes), kCopyGrain,
               [&](std::int64_t begin, std::int64_t end) {
                 std::memcpy(to + begin, from + begin, static_cast<std::size_t>(end - begin));
               });
  return {};
}

Result<void> fill(fg_stream* stream, fg_buffer* buffer, std::uint64_t offset, std::uint64_t bytes,
                  std::uint32_t pattern) {
  if (stream == nullptr) return invalid("fill: the stream is NULL", FG_R_NULL_POINTER);
  FG_TRY(sdk::check_range("fill", buffer, offset, bytes));
  if (offset % 4 != 0 || bytes % 4 != 0)
    return invalid("fill: offset and bytes must be multiples of 4", FG_R_ALIGNMENT);
  auto* to = reinterpret_cast<std::uint32_t*>(buffer->data + offset);
  parallel_for(stream->instance->pool, static_cast<std::int64_t>(bytes / 4), kCopyGrain / 4,
               [&](std::int64_t begin, std::int64_t end) { std::fill(to + begin, to + end, pattern); });
  return {};
}

}  // namespace fg::cpu
