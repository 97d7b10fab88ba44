// SPDX-License-Identifier: Apache-2.0
//
// OpenCL 1.2 as pointers found at run time, so that the plugin loads where no OpenCL is installed.

#ifndef FG_PLUGINS_OPENCL_CL_API_HPP_
#define FG_PLUGINS_OPENCL_CL_API_HPP_

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <CL/cl_ext.h>

#include "fg/sdk/result.hpp"

#define FG_OPENCL_FUNCTIONS(X)    \
  X(clGetPlatformIDs)             \
  X(clGetPlatformInfo)            \
  X(clGetDeviceIDs)               \
  X(clGetDeviceInfo)              \
  X(clCreateContext)              \
  X(clReleaseContext)             \
  X(clCreateCommandQueue)         \
  X(clReleaseCommandQueue)        \
  X(clCreateBuffer)               \
  X(clReleaseMemObject)           \
  X(clCreateProgramWithSource)    \
  X(clCreateProgramWithBinary)    \
  X(clBuildProgram)               \
  X(clGetProgramInfo)             \
  X(clGetProgramBuildInfo)        \
  X(clReleaseProgram)             \
  X(clCreateKernel)               \
  X(clReleaseKernel)              \
  X(clSetKernelArg)               \
  X(clEnqueueNDRangeKernel)       \
  X(clEnqueueCopyBuffer)          \
  X(clEnqueueReadBuffer)          \
  X(clEnqueueWriteBuffer)         \
  X(clEnqueueMapBuffer)           \
  X(clEnqueueUnmapMemObject)      \
  X(clEnqueueMigrateMemObjects)   \
  X(clEnqueueMarkerWithWaitList)  \
  X(clEnqueueBarrierWithWaitList) \
  X(clCreateUserEvent)            \
  X(clSetUserEventStatus)         \
  X(clSetEventCallback)           \
  X(clGetEventInfo)               \
  X(clRetainEvent)                \
  X(clReleaseEvent)               \
  X(clWaitForEvents)              \
  X(clFlush)                      \
  X(clFinish)

namespace fg::opencl {

struct ClApi {
#define FG_OPENCL_MEMBER(NAME) decltype(&::NAME) NAME = nullptr;
  FG_OPENCL_FUNCTIONS(FG_OPENCL_MEMBER)
#undef FG_OPENCL_MEMBER
};

inline constexpr const char* kClLibrary = "libOpenCL.so.1";

// The functions of a loader; it stays loaded.  FG_E_UNSUPPORTED, FG_R_NO_DRIVER, when it is absent or too old.
Result<ClApi> load_api(const char* library);

// Loads kClLibrary once for the process.  cl() may be used after it succeeded.
Result<void> open_opencl();
const ClApi& cl();

}  // namespace fg::opencl

#endif  // FG_PLUGINS_OPENCL_CL_API_HPP_
