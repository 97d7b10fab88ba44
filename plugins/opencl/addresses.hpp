// SPDX-License-Identifier: Apache-2.0
//
// Where memory lies, as kernels see it.  NVIDIA's clEnqueueNDRangeKernel takes 0.4 us for each buffer among the
// arguments; addresses as numbers cost nothing.  OpenCL promises nothing of them, so they are tried first.

#ifndef FG_PLUGINS_OPENCL_ADDRESSES_HPP_
#define FG_PLUGINS_OPENCL_ADDRESSES_HPP_

#include <memory>
#include <mutex>

#include "plugins/opencl/device_facts.hpp"

namespace fg::opencl {

// [any-thread]
class Addresses {
 public:
  // An error where a kernel that is given addresses alone does not read and write what lies there.
  static Result<std::unique_ptr<Addresses>> make(cl_context context, cl_command_queue queue, const DeviceFacts& facts);

  // Waits for the device.  The same for the life of `memory`.
  Result<std::uint64_t> of(cl_mem memory);

 private:
  explicit Addresses(cl_command_queue queue) : queue_(queue) {}
  Result<void> run(cl_kernel kernel);
  Result<void> try_out(cl_context context);

  cl_command_queue queue_;
  ProgramHandle program_;
  Kernel where_, through_;
  Memory answer_;
  std::mutex mutex_;  // Of the kernels' arguments and of answer_.
};

}  // namespace fg::opencl

#endif  // FG_PLUGINS_OPENCL_ADDRESSES_HPP_
