// SPDX-License-Identifier: Apache-2.0
//
// What OpenCL says about a device, and which devices can be used.

#ifndef FG_PLUGINS_OPENCL_DEVICE_FACTS_HPP_
#define FG_PLUGINS_OPENCL_DEVICE_FACTS_HPP_

#include <string>
#include <vector>

#include "plugins/gpu/runtime.hpp"
#include "plugins/opencl/handles.hpp"

namespace fg::opencl {

struct DeviceId {
  cl_platform_id platform = nullptr;
  cl_device_id device = nullptr;
  std::uint32_t twin = 0;  // Number among devices of the same name on the platform.
};

struct DeviceFacts {
  DeviceId id;
  gpu::Features features;
  fg_device_info info{};         // mem_free is mem_total.
  std::string identity;          // Platform, device and driver, with versions: what a binary is valid for.
  bool divides_exactly = false;  // -cl-fp32-correctly-rounded-divide-sqrt is known.
  bool fuses = false;            // fma() of f32 is fast.
  bool atomics64 = false;
  bool ptx = false;             // The compiler takes PTX as inline assembly.
  bool ptx_sums = false;        // PTX adds f32 and f64 to memory: NVIDIA's GPUs of compute capability 6.0.
  bool addresses = false;       // Kernels are given addresses, not buffers (addresses.hpp).
  bool keeps_programs = false;  // The driver has a disk cache, and asking for a binary makes it compile once more.
  bool optimises_late = false;  // Optimising costs more than most kernels take: those that run little go without.
  std::uint64_t argument_bytes = 1024;  // Of a kernel.
  bool reads_header = false;            // The driver reads clang's opencl-c.h for every program (prelude_builtins.cl).
};

// Usable devices of all platforms.  Why others are left out goes to the log.
Result<std::vector<DeviceId>> find_devices(const fg_host& host);
DeviceFacts read_facts(const DeviceId& id);
// Whether every device whose facts were read divides and takes roots correctly rounded: printed programs need no
// helpers for that then.
bool all_divide_exactly();
// Whether every one of them is a processor.
bool all_are_processors();

}  // namespace fg::opencl

#endif  // FG_PLUGINS_OPENCL_DEVICE_FACTS_HPP_
