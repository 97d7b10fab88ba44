// SPDX-License-Identifier: Apache-2.0
//
// The texts of prelude*.cl and of kernels/, put into the plugin by the build.

#ifndef FG_PLUGINS_OPENCL_PRELUDE_FILES_HPP_
#define FG_PLUGINS_OPENCL_PRELUDE_FILES_HPP_

#include <span>

#include "plugins/gpu/kernel_files.hpp"

namespace fg::opencl {

std::span<const gpu::KernelFile> prelude_files();
// Kernels of this API alone (Source::own).
std::span<const gpu::KernelFile> own_kernels();

}  // namespace fg::opencl

#endif  // FG_PLUGINS_OPENCL_PRELUDE_FILES_HPP_
