// SPDX-License-Identifier: Apache-2.0
//
// One OpenCL device with a context of its own.

#ifndef FG_PLUGINS_OPENCL_DEVICE_HPP_
#define FG_PLUGINS_OPENCL_DEVICE_HPP_

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "plugins/gpu/runtime.hpp"
#include "plugins/opencl/addresses.hpp"
#include "plugins/opencl/device_facts.hpp"
#include "plugins/opencl/handles.hpp"

namespace fg::opencl {

class Device : public gpu::Device {
 public:
  static Result<std::unique_ptr<Device>> open(const fg_host& host, const DeviceId& id);

  const gpu::Features& features() const override { return facts_.features; }
  fg_device_info info() const override;
  Result<std::unique_ptr<fg_buffer>> allocate(std::uint32_t kind, std::uint64_t bytes, std::uint64_t align) override;
  Result<std::unique_ptr<fg_stream>> make_stream(std::int32_t priority) override;
  Result<std::unique_ptr<fg_timeline>> make_timeline(std::uint64_t initial) override;
  Result<gpu::Compiled> compile(const gpu::Source& source) override;
  bool has_graphs() const override { return true; }
  Result<std::unique_ptr<fg_graph>> make_graph(fg_instance* instance, std::span<const fg_graph_node> nodes) override;

  void say(std::int32_t level, const std::string& text) const override;

  const DeviceFacts& facts() const { return facts_; }
  cl_context context() const { return context_.get(); }
  Result<Queue> make_queue() const;
  Result<Memory> make_memory(std::uint64_t bytes, cl_mem_flags flags = CL_MEM_READ_WRITE) const;
  // The queue for what belongs to no stream: mapping, touching new memory.  [any-thread]
  cl_command_queue service_queue() const { return service_.get(); }
  // NULL: kernels are given buffers.
  Addresses* addresses() const { return addresses_.get(); }
  // Bytes of buffers, for what info() says of free memory.
  void count(std::int64_t bytes) { held_.fetch_add(bytes, std::memory_order_relaxed); }

 private:
  void try_addresses();

  Device(const fg_host& host, DeviceFacts facts) : host_(host), facts_(std::move(facts)) {}
  // As `facts` say.
  Result<gpu::Compiled> compile_for(const DeviceFacts& facts, const gpu::Source& source);

  const fg_host& host_;
  DeviceFacts facts_;
  Context context_;
  Queue service_;
  std::unique_ptr<Addresses> addresses_;
  bool merges_ = false;  // Launches of graphs.
  std::atomic<std::int64_t> held_{0};
  std::atomic<bool> needs_header_{false};  // A kernel was not compiled without the driver's header.
};

}  // namespace fg::opencl

#endif  // FG_PLUGINS_OPENCL_DEVICE_HPP_
