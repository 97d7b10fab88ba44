// SPDX-License-Identifier: Apache-2.0
//
// The disk cache of compiled kernels: one file per key, checked by length and SHA-256 when read,
// least recently used files removed when the whole exceeds its cap.  A cache never fails a call.

#ifndef FG_CORE_REGISTRY_BLOB_CACHE_HPP_
#define FG_CORE_REGISTRY_BLOB_CACHE_HPP_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/registry/cache_dir.hpp"

namespace fg::core {

// [any-thread]
class BlobCache {
 public:
  // `folder` empty: a cache that holds nothing.
  BlobCache(std::string folder, std::uint64_t max_bytes);

  // `scope` is who asks (plugin build, devices, drivers); `key` is the plugin's own.
  Result<std::vector<std::byte>> get(std::string_view scope, std::span<const std::byte> key);
  // FG_OK even when nothing could be kept: a warning says so, once per cause.
  void put(std::string_view scope, std::span<const std::byte> key, std::span<const std::byte> value);

 private:
  // What these use is the mutex's; files are read and written without it, so that slow ones hold up nobody else.
  const CacheDir* dir();
  void count();
  void make_room(std::uint64_t incoming);
  void complain_once(const Error& error);

  std::mutex mutex_;
  const std::string folder_;
  const std::uint64_t max_bytes_;
  bool opened_ = false;
  std::optional<CacheDir> dir_;
  std::optional<std::uint64_t> bytes_;  // Known size of the folder.
  std::vector<CacheEntry> oldest_;      // what goes next, by the last count
  std::string last_complaint_;
};

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_BLOB_CACHE_HPP_
