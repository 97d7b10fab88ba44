// SPDX-License-Identifier: Apache-2.0
//
// Acme's "device": the host's memory and a synchronous queue.  Replace this file and device.cpp by
// calls into your driver; plugin.cpp and the kernels stay as they are.

#ifndef ACME_DEVICE_HPP_
#define ACME_DEVICE_HPP_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "fg/abi/plugin.h"
#include "fg/sdk/result.hpp"

struct fg_instance {
  std::atomic<std::uint64_t> kernels{0};
};
struct fg_buffer {
  char* data;
  std::uint64_t bytes;  // As asked for.
};
struct fg_stream {
  fg_instance* instance;
};
struct fg_timeline {
  std::mutex lock;
  std::condition_variable raised;
  std::uint64_t value;
};

namespace acme {

inline constexpr std::uint32_t kDevices = 1;
// FG_E_NOT_FOUND for an ordinal that this plugin's devices do not have.
fg::Result<void> check_device(const char* what, std::uint32_t device);

fg_status device_info(fg_instance*, std::uint32_t device, fg_device_info*) noexcept;
fg_status mem_alloc(fg_instance*, std::uint32_t device, std::uint32_t kind, std::uint64_t bytes, std::uint64_t align,
                    fg_buffer**, void** ptr, fg_error*) noexcept;
fg_status mem_free(fg_instance*, fg_buffer*, fg_timeline* after, std::uint64_t value) noexcept;
fg_status copy(fg_stream*, fg_buffer* dst, std::uint64_t dst_offset, fg_buffer* src, std::uint64_t src_offset,
               std::uint64_t bytes, fg_error*) noexcept;
fg_status fill(fg_stream*, fg_buffer*, std::uint64_t offset, std::uint64_t bytes, std::uint32_t pattern,
               fg_error*) noexcept;
fg_status stream_create(fg_instance*, std::uint32_t device, std::int32_t priority, fg_stream**, fg_error*) noexcept;
fg_status stream_destroy(fg_stream*) noexcept;
fg_status stream_flush(fg_stream*, fg_error*) noexcept;
fg_status stream_signal(fg_stream*, fg_timeline*, std::uint64_t value) noexcept;
fg_status stream_wait(fg_stream*, fg_timeline*, std::uint64_t value) noexcept;
fg_status timeline_create(fg_instance*, std::uint64_t initial, fg_timeline**, fg_error*) noexcept;
fg_status timeline_destroy(fg_timeline*) noexcept;
fg_status host_signal(fg_timeline*, std::uint64_t value) noexcept;
fg_status host_wait(fg_timeline*, std::uint64_t value, std::int64_t timeout_ns, fg_error*) noexcept;
fg_status timeline_read(fg_timeline*, std::uint64_t* value, fg_error*) noexcept;

}  // namespace acme

#endif  // ACME_DEVICE_HPP_
