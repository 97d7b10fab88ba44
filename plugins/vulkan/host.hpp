// SPDX-License-Identifier: Apache-2.0
//
// The core's services (fg/abi/host.h) as C++.

#ifndef FG_PLUGINS_VULKAN_HOST_HPP_
#define FG_PLUGINS_VULKAN_HOST_HPP_

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "fg/abi/host.h"

namespace fg::vulkan {

inline void log(const fg_host& host, std::int32_t level, const std::string& text) {
  if (host.log != nullptr) host.log(host.ctx, level, "", 0, text.c_str());
}

// FNV-1a of bytes.
inline std::uint64_t digest(const void* data, std::size_t bytes) {
  std::uint64_t h = 14695981039346656037ull;
  for (std::size_t k = 0; k < bytes; ++k) h = (h ^ static_cast<const unsigned char*>(data)[k]) * 1099511628211ull;
  return h;
}

// A blob of T of the core's disk cache, with a digest behind it: drivers trust what they are given.
// Empty when there is none or it is damaged.
template <class T>
std::vector<T> get_blob(const fg_host& host, const std::string& key) {
  std::size_t n = 0;
  if (host.blob_get == nullptr || host.blob_get(host.ctx, key.data(), key.size(), nullptr, &n) != FG_OK) return {};
  std::vector<unsigned char> bytes(n);
  if (host.blob_get(host.ctx, key.data(), key.size(), bytes.data(), &n) != FG_OK || n != bytes.size()) return {};
  std::uint64_t kept = 0;
  if (n <= sizeof kept || (n - sizeof kept) % sizeof(T) != 0) return {};
  n -= sizeof kept;
  std::memcpy(&kept, bytes.data() + n, sizeof kept);
  if (kept != digest(bytes.data(), n)) return {};
  std::vector<T> data(n / sizeof(T));
  std::memcpy(data.data(), bytes.data(), n);
  return data;
}

template <class T>
void put_blob(const fg_host& host, const std::string& key, const std::vector<T>& data) {
  if (host.blob_put == nullptr) return;
  const std::size_t n = data.size() * sizeof(T);
  const std::uint64_t own = digest(data.data(), n);
  std::vector<unsigned char> bytes(n + sizeof own);
  std::memcpy(bytes.data(), data.data(), n);
  std::memcpy(bytes.data() + n, &own, sizeof own);
  host.blob_put(host.ctx, key.data(), key.size(), bytes.data(), bytes.size());
}

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_HOST_HPP_
