// SPDX-License-Identifier: Apache-2.0
//
// A private folder for files that may vanish: mode 0700, owned by this user, never followed through
// links; files are replaced atomically.

#ifndef FG_CORE_REGISTRY_CACHE_DIR_HPP_
#define FG_CORE_REGISTRY_CACHE_DIR_HPP_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fg/sdk/result.hpp"

namespace fg::core {

struct CacheEntry {
  std::string name;
  std::uint64_t bytes = 0;
  std::int64_t used_ns = 0;  // Last read or write.
};

class CacheDir {
 public:
  using WriteFn = ssize_t (*)(int fd, const void* data, std::size_t size);

  // Creates the folder and its parents if need be.  FG_E_UNSUPPORTED when it is another's, open to
  // others or cannot be made.
  static Result<CacheDir> open(const std::string& path);
  CacheDir(CacheDir&& other) noexcept;
  CacheDir& operator=(CacheDir&& other) noexcept;
  ~CacheDir();

  // FG_E_NOT_FOUND when there is none; marks the file as used.
  Result<std::vector<std::byte>> read(const std::string& name, std::size_t max_bytes) const;
  // Temporary file, fsync, rename.
  Result<void> write(const std::string& name, std::span<const std::byte> bytes) const;
  void remove(const std::string& name) const;
  // Finished files; temporary ones that a killed process left behind are removed.
  std::vector<CacheEntry> list() const;
  const std::string& path() const { return path_; }

  // For tests: what is called instead of ::write.
  static void set_write(WriteFn write);

 private:
  CacheDir(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_ = -1;
  std::string path_;
};

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_CACHE_DIR_HPP_
