// SPDX-License-Identifier: Apache-2.0

#ifndef FG_PLUGINS_OPENCL_PROGRAM_HPP_
#define FG_PLUGINS_OPENCL_PROGRAM_HPP_

#include <atomic>
#include <cstdint>
#include <string>

#include "plugins/gpu/runtime.hpp"
#include "plugins/opencl/device_facts.hpp"
#include "plugins/opencl/handles.hpp"

namespace fg::opencl {

struct Program : gpu::Program {
  ProgramHandle handle;
  std::string kernel;  // The name of its kernel.
  // Compiled quickly, without optimisation; launches that do much take `better`, the same as a busy source.
  bool quick = false;
  mutable std::atomic<const Program*> better{nullptr};
};

// --- print.cpp ---
std::string kernel_name(const gpu::Source& source);
// The source with its text, where that is this API's own: that of kernels/NAME.fgk for "NAME STAGES".
Result<gpu::Source> with_own_text(gpu::Source source);
// A program of this text, built.
Result<ProgramHandle> program_from_source(cl_context context, const DeviceFacts& facts, const std::string& options,
                                          const std::string& text);
// The whole program in OpenCL C: defines, prelude, functions, kernel.
std::string print_source(const gpu::Source& source, const DeviceFacts& facts);
// The kernel's arguments: a pointer for each buffer, then one struct
//   { i64 group_count; u64 offset of each buffer; the parameters }
// which ends at a multiple of 8 bytes.  With facts.addresses the struct alone, with addresses for offsets.  The
// parameters of merged programs are those of gpu::Source::parts.
inline std::size_t block_bytes(std::size_t n_buffers, std::size_t param_bytes) {
  return 8 + 8 * n_buffers + (param_bytes + 7) / 8 * 8;
}

}  // namespace fg::opencl

#endif  // FG_PLUGINS_OPENCL_PROGRAM_HPP_
