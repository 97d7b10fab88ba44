// SPDX-License-Identifier: Apache-2.0

#include "plugins/vulkan/embedded.hpp"

#include <algorithm>
#include <cstring>

#include "plugins/vulkan/host.hpp"

// An assembler takes the file as it is; as an array of numbers it would take a compiler minutes.
asm(".section .rodata, \"a\"\n"
    ".balign 8\n"
    ".globl fg_vulkan_embedded\n"
    ".hidden fg_vulkan_embedded\n"
    "fg_vulkan_embedded:\n"
    ".incbin \"" FG_VULKAN_EMBEDDED
    "\"\n"
    ".previous\n");
extern "C" const std::uint64_t fg_vulkan_embedded[];

namespace fg::vulkan {
namespace {

std::span<const EmbeddedRow> rows() {
  return {reinterpret_cast<const EmbeddedRow*>(fg_vulkan_embedded + 1), embedded_count()};
}

}  // namespace

std::size_t embedded_count() { return fg_vulkan_embedded[0]; }

std::span<const std::uint32_t> embedded_spirv(std::string_view text) {
  const std::uint64_t wanted = digest(text.data(), text.size());
  const auto all = rows();
  const auto row = std::lower_bound(all.begin(), all.end(), wanted,
                                    [](const EmbeddedRow& r, std::uint64_t value) { return r.digest < value; });
  if (row == all.end() || row->digest != wanted || row->characters != text.size()) return {};
  const auto* words = reinterpret_cast<const std::uint32_t*>(all.data() + all.size());
  return {words + row->first, row->count};
}

}  // namespace fg::vulkan
