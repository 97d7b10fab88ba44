// SPDX-License-Identifier: Apache-2.0
//
// The texts of plugins/gpu/kernels, put into the plugin by the build.

#ifndef FG_PLUGINS_GPU_KERNEL_FILES_HPP_
#define FG_PLUGINS_GPU_KERNEL_FILES_HPP_

#include <span>
#include <string_view>

namespace fg::gpu {

struct KernelFile {
  std::string_view name;  // Without ".fgk".
  std::string_view text;
};
std::span<const KernelFile> kernel_files();

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_KERNEL_FILES_HPP_
