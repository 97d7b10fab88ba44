// SPDX-License-Identifier: Apache-2.0
//
// A kernel of the dialect (docs/gpu-kernels.md) as GLSL 4.60.

#ifndef FG_PLUGINS_VULKAN_GLSL_HPP_
#define FG_PLUGINS_VULKAN_GLSL_HPP_

#include <cstdint>
#include <span>
#include <string>

#include "plugins/gpu/kernel_files.hpp"
#include "plugins/gpu/source.hpp"

namespace fg::vulkan {

// What of a device changes the text.
struct GlslTarget {
  bool f16 = false;           // Conversions to f16 that round to nearest even and keep subnormals.
  bool atomic64 = false;      // Compare-and-swap on 64 bits of a buffer.
  bool split_groups = false;  // Groups may have to spread over two dimensions.
  std::uint32_t push_bytes = 128;
  bool llvmpipe = false;                        // Its compiler errs where prelude.glsl says.
  bool atomic_f32 = false, atomic_f64 = false;  // Sums of floats in a buffer.
  std::uint32_t subgroup = 0;                   // Work-items that can shuffle what they hold; 0: none.
};

// The arguments of a dispatch: [count of groups as i64, if split] [u64 address of each buffer] [parameters].
struct ArgumentLayout {
  std::uint32_t buffers_at = 0, params_at = 0, bytes = 0;
  bool in_memory = false;  // They are too many to be pushed: their address is.
};
ArgumentLayout argument_layout(const gpu::Source& source, const GlslTarget& target);

// Whether the text shuffles: the group must be made of whole subgroups then.
bool uses_subgroups(const gpu::Source& source, const GlslTarget& target);

std::string print_glsl(const gpu::Source& source, const GlslTarget& target);

// prelude.glsl, put into the plugin by the build.
std::span<const gpu::KernelFile> prelude_files();

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_GLSL_HPP_
