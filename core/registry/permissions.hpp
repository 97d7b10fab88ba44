// SPDX-License-Identifier: Apache-2.0
//
// Who could have written a file: it, and every folder above it, must belong to root or to the user
// of this process and be writable by nobody else.

#ifndef FG_CORE_REGISTRY_PERMISSIONS_HPP_
#define FG_CORE_REGISTRY_PERMISSIONS_HPP_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace fg::core {

// Why others could have changed the absolute path `path`; nothing when they could not.
std::optional<std::string> writable_by_others(const std::string& path);

// What identifies the contents of a file without reading it.
struct FileStamp {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified_ns = 0, changed_ns = 0;
  bool operator==(const FileStamp&) const = default;
};
std::optional<FileStamp> stamp_of(const std::string& path);

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_PERMISSIONS_HPP_
