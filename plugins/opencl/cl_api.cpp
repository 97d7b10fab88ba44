// SPDX-License-Identifier: Apache-2.0

#include "plugins/opencl/cl_api.hpp"

#include <dlfcn.h>

#include <mutex>
#include <string>

namespace fg::opencl {
namespace {

std::mutex g_mutex;
bool g_loaded = false;  // Under g_mutex.
ClApi g_api;

}  // namespace

Result<ClApi> load_api(const char* library) {
  void* handle = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* why = ::dlerror();
    return unsupported("no OpenCL loader: " + std::string(why != nullptr ? why : library) +
                           "; install the package ocl-icd-libopencl1 and a driver's OpenCL package",
                       FG_R_NO_DRIVER);
  }
  ClApi api;
  const char* missing = nullptr;
#define FG_OPENCL_LOAD(NAME)                                              \
  api.NAME = reinterpret_cast<decltype(&::NAME)>(::dlsym(handle, #NAME)); \
  if (api.NAME == nullptr && missing == nullptr) missing = #NAME;
  FG_OPENCL_FUNCTIONS(FG_OPENCL_LOAD)
#undef FG_OPENCL_LOAD
  if (missing != nullptr) {
    ::dlclose(handle);
    return unsupported(std::string(library) + " lacks " + missing + ", expected a loader of OpenCL 1.2 or later",
                       FG_R_NO_DRIVER);
  }
  return api;
}

Result<void> open_opencl() {
  const std::lock_guard lock(g_mutex);
  if (g_loaded) return {};
  FG_TRY_ASSIGN(g_api, load_api(kClLibrary));
  g_loaded = true;
  return {};
}

const ClApi& cl() { return g_api; }

}  // namespace fg::opencl
