// SPDX-License-Identifier: Apache-2.0
//
// What stands behind fg_instance: the runtime, each device's table of operators, counts, and memory
// that waits to be freed.

#ifndef FG_PLUGINS_GPU_INSTANCE_HPP_
#define FG_PLUGINS_GPU_INSTANCE_HPP_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "fg/sdk/kernel_table.hpp"
#include "fg/sdk/memory_checks.hpp"
#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {

// The operators of one device: the rows that it can serve, and the table over them.
class Operators {
 public:
  explicit Operators(const Features& features);
  const sdk::KernelTable& table() const { return *table_; }

 private:
  std::vector<std::vector<fg_dtype>> rows_;
  std::vector<sdk::KernelEntry> entries_;
  std::unique_ptr<sdk::KernelTable> table_;
};

// All rows of the shared kernels (kernel_table.cpp).
std::vector<sdk::KernelEntry> all_entries();

// Memory and graphs given back while the device may still use them.
class Graveyard {
 public:
  // Frees `thing` once `after` (may be NULL: now) has reached `value`.
  void free_after(std::shared_ptr<void> thing, fg_timeline* after, std::uint64_t value);
  // Frees what may be freed.  `all`: waits for the rest.
  void sweep(bool all);
  // Before a timeline goes: frees what waits for it.
  void settle(fg_timeline* timeline);

 private:
  struct Grave {
    std::shared_ptr<void> thing;
    fg_timeline* after;
    std::uint64_t value;
  };
  std::mutex mutex_;
  std::vector<Grave> graves_;
};

}  // namespace fg::gpu

struct fg_instance {
  const fg_host* host = nullptr;
  std::unique_ptr<fg::gpu::Runtime> runtime;
  std::vector<std::unique_ptr<fg::gpu::Operators>> operators;  // One a device.
  fg::gpu::Graveyard graveyard;                                // Goes before the runtime.
  std::atomic<std::uint64_t> buffers{0}, streams{0}, timelines{0}, kernels{0}, graphs{0}, bytes{0};
  fg::sdk::AllocationFailure allocation_failure;
  std::mutex streams_mutex;
  std::vector<fg_stream*> live_streams;  // For fg.test/1's pending.
};

namespace fg::gpu {

template <class... P>
Result<void> not_null(const char* what, P*... p) {
  if ((!p || ...)) return invalid(std::string(what) + ": a pointer is NULL", FG_R_NULL_POINTER);
  return {};
}

// The device of an instance, or FG_E_NOT_FOUND with how many there are.
Result<Device*> device_at(const char* what, fg_instance& instance, std::uint32_t ordinal);

extern const fg_graph_table kGraphTable;  // graph.cpp

// --- memory.cpp ---
Result<void> mem_alloc(fg_instance& instance, std::uint32_t device, std::uint32_t kind, std::uint64_t bytes,
                       std::uint64_t align, fg_buffer** buffer, void** ptr);
Result<void> mem_free(fg_instance& instance, fg_buffer* buffer, fg_timeline* after, std::uint64_t value);
Result<void> copy(fg_stream* stream, fg_buffer* dst, std::uint64_t dst_offset, fg_buffer* src, std::uint64_t src_offset,
                  std::uint64_t bytes);
Result<void> fill(fg_stream* stream, fg_buffer* buffer, std::uint64_t offset, std::uint64_t bytes,
                  std::uint32_t pattern);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_INSTANCE_HPP_
