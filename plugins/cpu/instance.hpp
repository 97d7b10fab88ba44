// SPDX-License-Identifier: Apache-2.0
//
// The objects behind the plugin's handles.

#ifndef FG_PLUGINS_CPU_INSTANCE_HPP_
#define FG_PLUGINS_CPU_INSTANCE_HPP_

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "fg/abi/ext/memory.h"
#include "fg/abi/plugin.h"
#include "fg/sdk/memory_checks.hpp"
#include "fg/sdk/result.hpp"
#include "plugins/cpu/threads.hpp"

struct fg_instance {
  explicit fg_instance(const fg_host* h, int threads) : host(h), pool(threads) {}
  const fg_host* host;
  fg::cpu::ThreadPool pool;
  std::atomic<std::uint64_t> buffers{0}, streams{0}, timelines{0}, kernels{0}, bytes{0};
  fg::sdk::AllocationFailure allocation_failure;
};

struct fg_buffer {
  std::byte* data;
  std::uint64_t bytes;  // As asked for.
  std::uint64_t align;
  bool borrowed = false;  // The memory belongs to somebody else (borrow.cpp).
};

// Launches, copies and fills have completed when they return, so a stream has no queue; what it
// keeps is the failure of a timeline it waited for.
struct fg_stream {
  fg_instance* instance;
  std::uint32_t device;
};

struct fg_timeline {
  fg_instance* instance;
  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<std::uint64_t> value;
};

namespace fg::cpu {

inline constexpr std::uint64_t kAlign = 64;                         // Bytes; one cache line and one AVX-512 register.
inline constexpr std::uint64_t kHugePage = std::uint64_t{2} << 20;  // Bytes.
inline constexpr std::uint64_t kPoisoned = UINT64_MAX;              // Value of a timeline whose stream failed.

std::uint64_t largest_allocation() noexcept;  // what max_alloc says: the machine's memory, bytes
fg_status device_info(fg_instance*, std::uint32_t device, fg_device_info*) noexcept;

Result<void> mem_alloc(fg_instance&, std::uint32_t device, std::uint32_t kind, std::uint64_t bytes, std::uint64_t align,
                       fg_buffer** buffer, void** ptr);
fg_status mem_free(fg_instance*, fg_buffer*, fg_timeline* after, std::uint64_t value) noexcept;
Result<void> copy(fg_stream*, fg_buffer* dst, std::uint64_t dst_offset, fg_buffer* src, std::uint64_t src_offset,
                  std::uint64_t bytes);
Result<void> fill(fg_stream*, fg_buffer*, std::uint64_t offset, std::uint64_t bytes, std::uint32_t pattern);

extern const fg_memory_table kMemoryTable;

fg_status stream_signal(fg_stream*, fg_timeline*, std::uint64_t value) noexcept;
fg_status stream_wait(fg_stream*, fg_timeline*, std::uint64_t value) noexcept;
fg_status host_signal(fg_timeline*, std::uint64_t value) noexcept;
fg_status host_wait(fg_timeline*, std::uint64_t value, std::int64_t timeout_ns, fg_error*) noexcept;

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_INSTANCE_HPP_
