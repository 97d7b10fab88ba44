// SPDX-License-Identifier: Apache-2.0
//
// Which bytes of a block of memory are free.  No Vulkan here.

#ifndef FG_PLUGINS_VULKAN_RANGES_HPP_
#define FG_PLUGINS_VULKAN_RANGES_HPP_

#include <cstdint>
#include <map>
#include <optional>

namespace fg::vulkan {

// Best fit over a map of free ranges; neighbours are joined when they come back.
class Ranges {
 public:
  // `base`: the address of byte 0, which alignments refer to.
  Ranges(std::uint64_t bytes, std::uint64_t base);
  // Offset of a range whose address is a multiple of `align` (a power of two).
  std::optional<std::uint64_t> take(std::uint64_t bytes, std::uint64_t align);
  // A range as it was taken.
  void give_back(std::uint64_t offset, std::uint64_t bytes);
  bool all_free() const { return free_.size() == 1 && free_.begin()->second == bytes_; }

 private:
  std::uint64_t bytes_, base_;
  std::map<std::uint64_t, std::uint64_t> free_;  // Offset to length.
};

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_RANGES_HPP_
