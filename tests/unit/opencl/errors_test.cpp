// SPDX-License-Identifier: Apache-2.0
//
// What is said where OpenCL is missing or fails.  Needs no device.

#include <gtest/gtest.h>

#include "plugins/opencl/handles.hpp"

namespace fg::opencl {
namespace {

TEST(OpenClErrors, AMissingLoaderNamesThePackage) {
  const auto api = load_api("libOpenCL-absent.so.7");
  ASSERT_FALSE(api);
  EXPECT_EQ(api.error().status, FG_E_UNSUPPORTED);
  EXPECT_EQ(api.error().reason, static_cast<fg_reason>(FG_R_NO_DRIVER));
  EXPECT_NE(api.error().message.find("no OpenCL loader: libOpenCL-absent.so.7"), std::string::npos)
      << api.error().message;
  EXPECT_NE(api.error().message.find("install the package ocl-icd-libopencl1"), std::string::npos);
}

TEST(OpenClErrors, ALoaderThatIsTooOldNamesWhatItLacks) {
  const auto api = load_api("libm.so.6");
  ASSERT_FALSE(api);
  EXPECT_EQ(api.error().message, "libm.so.6 lacks clGetPlatformIDs, expected a loader of OpenCL 1.2 or later");
  EXPECT_EQ(api.error().reason, static_cast<fg_reason>(FG_R_NO_DRIVER));
}

TEST(OpenClErrors, KeepCodeAndName) {
  const Error e = cl_error(CL_INVALID_KERNEL_ARGS, "clEnqueueNDRangeKernel");
  EXPECT_EQ(e.message, "clEnqueueNDRangeKernel failed: CL_INVALID_KERNEL_ARGS (-52)");
  EXPECT_EQ(e.vendor_code, -52);
  EXPECT_EQ(e.status, FG_E_INTERNAL);
  EXPECT_EQ(cl_error(CL_OUT_OF_HOST_MEMORY, "x").status, FG_E_OOM_HOST);
  EXPECT_EQ(cl_error(CL_MEM_OBJECT_ALLOCATION_FAILURE, "x").status, FG_E_OOM_DEVICE);
  EXPECT_EQ(cl_error(CL_OUT_OF_RESOURCES, "x").status, FG_E_DEVICE_LOST);
  EXPECT_EQ(code_text(-9999), "an unknown code (-9999)");
  EXPECT_TRUE(check(CL_SUCCESS, "x"));
}

}  // namespace
}  // namespace fg::opencl
