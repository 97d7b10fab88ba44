// SPDX-License-Identifier: Apache-2.0
//
// SPIR-V that was compiled when the plugin was built, found by the text that it was compiled from.  Which texts, says
// plugins/vulkan/embed/collect.sh.

#ifndef FG_PLUGINS_VULKAN_EMBEDDED_HPP_
#define FG_PLUGINS_VULKAN_EMBEDDED_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace fg::vulkan {

// Empty: there is none for this text.
std::span<const std::uint32_t> embedded_spirv(std::string_view text);
std::size_t embedded_count();

// How the file that the build puts into the plugin begins: a count as u64, so many rows by rising digest, all words.
struct EmbeddedRow {
  std::uint64_t digest, characters;  // Of the text.
  std::uint64_t first, count;        // Words.
};

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_EMBEDDED_HPP_
