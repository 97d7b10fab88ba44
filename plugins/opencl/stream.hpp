// SPDX-License-Identifier: Apache-2.0
//
// An in-order queue without profiling; dispatches make no events (on an NVIDIA GPU one costs a third
// of a launch), signals do.

#ifndef FG_PLUGINS_OPENCL_STREAM_HPP_
#define FG_PLUGINS_OPENCL_STREAM_HPP_

#include <cstdint>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "plugins/opencl/buffer.hpp"
#include "plugins/opencl/device.hpp"
#include "plugins/opencl/timeline.hpp"

namespace fg::opencl {

struct Program;

class Stream : public fg_stream {
 public:
  Stream(Device& owner, Queue queue) : device_(owner), queue_(std::move(queue)) {}
  ~Stream() override;

  Result<void> dispatch(const gpu::Dispatch& d) override;
  Result<void> copy(const gpu::BufferRef& dst, const gpu::BufferRef& src, std::uint64_t bytes) override;
  Result<void> fill(const gpu::BufferRef& dst, std::uint64_t bytes, std::uint32_t pattern) override;
  Result<void> flush() override;
  Result<void> signal(fg_timeline& timeline, std::uint64_t value) override;
  Result<void> wait(fg_timeline& timeline, std::uint64_t value) override;
  std::uint64_t pending() const override;

 private:
  Result<cl_kernel> kernel_of(const Program& program);
  Result<void> copy_across(const gpu::BufferRef& dst, const gpu::BufferRef& src, std::uint64_t bytes);
  Source self() const { return {device_.context(), queue_.get(), health_, signals_}; }
  void prune() const;  // Under marks_mutex_.
  void enqueued() { work_.fetch_add(1, std::memory_order_relaxed); }

  // Work enqueued before a marker.
  struct Mark {
    std::uint64_t work;
    Event event;
  };

  Device& device_;
  Queue queue_;
  // A cl_kernel keeps its arguments, so threads cannot share one: each stream has its own.
  std::unordered_map<const Program*, Kernel> kernels_;
  std::vector<std::byte> block_;
  std::shared_ptr<Health> health_ = std::make_shared<Health>();
  std::uint64_t signals_ = 0;  // Enqueued.
  std::atomic<std::uint64_t> work_{0};
  mutable std::mutex marks_mutex_;
  mutable std::deque<Mark> marks_;
  mutable std::uint64_t done_ = 0;
};

}  // namespace fg::opencl

#endif  // FG_PLUGINS_OPENCL_STREAM_HPP_
