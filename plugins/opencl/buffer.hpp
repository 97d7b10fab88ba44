// SPDX-License-Identifier: Apache-2.0
//
// Memory: a cl_mem; staging memory is one that is mapped for its life, so that the driver pins it.
// OpenCL leaves undefined what a kernel or copy does to mapped memory, so staging memory is
// reached by its host address alone (clEnqueueReadBuffer, clEnqueueWriteBuffer).

#ifndef FG_PLUGINS_OPENCL_BUFFER_HPP_
#define FG_PLUGINS_OPENCL_BUFFER_HPP_

#include <memory>

#include "plugins/opencl/device.hpp"

namespace fg::opencl {

class Buffer : public fg_buffer {
 public:
  static Result<std::unique_ptr<fg_buffer>> make(Device& owner, std::uint32_t kind, std::uint64_t bytes,
                                                 std::uint64_t align);
  ~Buffer() override;

  Device& owner() const { return device_; }
  cl_mem memory() const { return memory_.get(); }
  // As kernels see it, where the device takes addresses.
  std::uint64_t address() const { return address_; }

 private:
  Buffer(Device& owner, Memory memory, std::uint64_t held);
  Result<void> map(std::uint64_t bytes, std::uint64_t align);

  Device& device_;
  Memory memory_;
  std::uint64_t held_;
  std::uint64_t address_ = 0;
  void* mapped_ = nullptr;
};

}  // namespace fg::opencl

#endif  // FG_PLUGINS_OPENCL_BUFFER_HPP_
