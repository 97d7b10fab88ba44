// SPDX-License-Identifier: Apache-2.0
//
// OpenCL objects that release themselves, and OpenCL's error codes as Errors.

#ifndef FG_PLUGINS_OPENCL_HANDLES_HPP_
#define FG_PLUGINS_OPENCL_HANDLES_HPP_

#include <memory>
#include <string>
#include <type_traits>

#include "plugins/opencl/cl_api.hpp"

namespace fg::opencl {

// Owns one reference: UniqueCl<cl_mem, &ClApi::clReleaseMemObject>.
template <class Handle, auto Release>
class UniqueCl {
  struct Drop {
    using pointer = Handle;
    void operator()(Handle h) const noexcept { (cl().*Release)(h); }
  };
  std::unique_ptr<std::remove_pointer_t<Handle>, Drop> owned_;

 public:
  explicit UniqueCl(Handle h = nullptr) : owned_(h) {}
  Handle get() const noexcept { return owned_.get(); }
};

using Context = UniqueCl<cl_context, &ClApi::clReleaseContext>;
using Queue = UniqueCl<cl_command_queue, &ClApi::clReleaseCommandQueue>;
using Memory = UniqueCl<cl_mem, &ClApi::clReleaseMemObject>;
using ProgramHandle = UniqueCl<cl_program, &ClApi::clReleaseProgram>;
using Kernel = UniqueCl<cl_kernel, &ClApi::clReleaseKernel>;
using Event = UniqueCl<cl_event, &ClApi::clReleaseEvent>;

// "CL_OUT_OF_RESOURCES (-5)"
std::string code_text(cl_int code);
// "clBuildProgram failed: CL_OUT_OF_RESOURCES (-5)", with the code kept.
Error cl_error(cl_int code, const char* call);

inline Result<void> check(cl_int code, const char* call) {
  if (code == CL_SUCCESS) [[likely]]
    return {};
  return tl::unexpected(cl_error(code, call));
}

// CL_COMPLETE, a positive state before it, or a negative code.
cl_int event_status(cl_event event);

}  // namespace fg::opencl

#endif  // FG_PLUGINS_OPENCL_HANDLES_HPP_
