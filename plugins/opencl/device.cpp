// SPDX-License-Identifier: Apache-2.0
//
// Opening the runtime and its devices, and what a device hands out.

#include "plugins/opencl/device.hpp"

#include <algorithm>
#include <string_view>

#include "plugins/gpu/host_option.hpp"
#include "plugins/gpu/replay.hpp"
#include "plugins/opencl/buffer.hpp"
#include "plugins/opencl/host_log.hpp"
#include "plugins/opencl/stream.hpp"
#include "plugins/opencl/timeline.hpp"

namespace fg::opencl {
namespace {

class Runtime : public gpu::Runtime {
 public:
  explicit Runtime(std::vector<std::unique_ptr<gpu::Device>> devices) : devices_(std::move(devices)) {}
  std::span<const std::unique_ptr<gpu::Device>> devices() const override { return devices_; }

 private:
  std::vector<std::unique_ptr<gpu::Device>> devices_;
};

}  // namespace

Result<std::unique_ptr<Device>> Device::open(const fg_host& host, const DeviceId& id) {
  std::unique_ptr<Device> d(new Device(host, read_facts(id)));
  gpu::Features& f = d->facts_.features;
  f.software = f.few_kernels = f.vectorises = f.software && !gpu::option_is_on(host, "all_kernels");
  d->facts_.optimises_late = d->facts_.optimises_late && f.few_kernels;
  if (gpu::option_is_on(host, "keep_binaries")) d->facts_.keeps_programs = false;
  if (const auto begin = gpu::option(host, "matrix_kernels"); begin) {
    std::erase_if(f.matrix, [&](const gpu::MatrixTile& t) { return std::string_view(t.kernel).rfind(*begin, 0) != 0; });
  }
  cl_int code = CL_SUCCESS;
  const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, reinterpret_cast<cl_context_properties>(id.platform),
                                              0};
  d->context_ = Context(cl().clCreateContext(properties, 1, &id.device, nullptr, nullptr, &code));
  FG_TRY(check(code, "clCreateContext"));
  FG_TRY_ASSIGN(d->service_, d->make_queue());
  if (const auto word = gpu::option(host, "addresses"); word) d->facts_.addresses = *word == "true";
  if (d->facts_.addresses) d->try_addresses();
  // Where compiling a kernel costs more than most launches, merging is no gain.
  const auto merges = gpu::option(host, "merge_launches");
  d->merges_ = merges ? *merges == "true" : !f.few_kernels;
  if (!d->facts_.features.matrix.empty()) {
    d->say(FG_LOG_INFO,
           std::string("its matrix units are tried at the first products of f16 and bf16, beginning with ") +
               d->facts_.features.matrix.front().kernel);
  }
  return d;
}

void Device::try_addresses() {
  if (auto made = Addresses::make(context_.get(), service_.get(), facts_)) {
    addresses_ = std::move(*made);
  } else {
    facts_.addresses = false;
    say(FG_LOG_WARN, "kernels are given buffers, not their addresses: " + made.error().message);
  }
}

fg_device_info Device::info() const {
  fg_device_info info = facts_.info;
  const auto held = static_cast<std::uint64_t>(std::max<std::int64_t>(0, held_.load(std::memory_order_relaxed)));
  info.mem_free = info.mem_total - std::min(info.mem_total, held);
  info.dlpack_type = gpu::kPlugin.dlpack_type;
  return info;
}

Result<Queue> Device::make_queue() const {
  cl_int code = CL_SUCCESS;
  Queue queue(cl().clCreateCommandQueue(context_.get(), facts_.id.device, 0, &code));
  FG_TRY(check(code, "clCreateCommandQueue"));
  return queue;
}

Result<Memory> Device::make_memory(std::uint64_t bytes, cl_mem_flags flags) const {
  cl_int code = CL_SUCCESS;
  Memory memory(cl().clCreateBuffer(context_.get(), flags, bytes, nullptr, &code));
  FG_TRY(check(code, "clCreateBuffer"));
  return memory;
}

Result<std::unique_ptr<fg_buffer>> Device::allocate(std::uint32_t kind, std::uint64_t bytes, std::uint64_t align) {
  return Buffer::make(*this, kind, bytes, align);
}

Result<std::unique_ptr<fg_stream>> Device::make_stream(std::int32_t) {
  FG_TRY_ASSIGN(Queue queue, make_queue());
  return std::make_unique<Stream>(*this, std::move(queue));
}

Result<std::unique_ptr<fg_timeline>> Device::make_timeline(std::uint64_t initial) {
  return std::make_unique<Timeline>(initial);
}

Result<std::unique_ptr<fg_graph>> Device::make_graph(fg_instance* instance, std::span<const fg_graph_node> nodes) {
  return gpu::ReplayGraph::make(*this, instance, nodes, {merges_ ? facts_.argument_bytes : 0, addresses_ == nullptr});
}

void Device::say(std::int32_t level, const std::string& text) const {
  log(host_, level, std::string(facts_.info.name) + ": " + text);
}

}  // namespace fg::opencl

namespace fg::gpu {

Result<std::unique_ptr<Runtime>> open_runtime(const fg_host& host) {
  FG_TRY_ASSIGN(const std::vector<opencl::DeviceId> ids, opencl::find_devices(host));
  std::vector<std::unique_ptr<Device>> devices;
  for (const opencl::DeviceId& id : ids) {
    FG_TRY_ASSIGN(std::unique_ptr<opencl::Device> device, opencl::Device::open(host, id));
    devices.push_back(std::move(device));
  }
  return std::make_unique<opencl::Runtime>(std::move(devices));
}

Result<std::uint32_t> count_devices(const fg_host& host) {
  FG_TRY_ASSIGN(const std::vector<opencl::DeviceId> ids, opencl::find_devices(host));
  return static_cast<std::uint32_t>(ids.size());
}

}  // namespace fg::gpu
