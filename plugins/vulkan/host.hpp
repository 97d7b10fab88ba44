// SPDX-License-Identifier: Apache-2.0
//
// The core's services (fg/abi/host.h) as C++.

#ifndef FG_PLUGINS_VULKAN_HOST_HPP_
#define FG_PLUGINS_VULKAN_HOST_HPP_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fg/abi/host.h"

namespace fg::vulkan {

inline void log(const fg_host& host, std::int32_t level, const std::string& text) {
  if (host.log != nullptr) host.log(host.ctx, level, "", 0, text.c_str());
}

inline std::optional<std::string> option(const fg_host& host, const char* key) {
  char text[256];
  std::size_t n = sizeof text;
  if (host.config_get == nullptr || host.config_get(host.ctx, key, text, &n) != FG_OK) return std::nullopt;
  return std::string(text);
}

// A blob of T of the core's disk cache; empty when there is none.
template <class T>
std::vector<T> get_blob(const fg_host& host, const std::string& key) {
  std::size_t n = 0;
  if (host.blob_get == nullptr || host.blob_get(host.ctx, key.data(), key.size(), nullptr, &n) != FG_OK) return {};
  std::vector<T> data(n / sizeof(T));
  if (n % sizeof(T) != 0 || host.blob_get(host.ctx, key.data(), key.size(), data.data(), &n) != FG_OK) return {};
  return data;
}

template <class T>
void put_blob(const fg_host& host, const std::string& key, const std::vector<T>& data) {
  if (host.blob_put == nullptr) return;
  host.blob_put(host.ctx, key.data(), key.size(), data.data(), data.size() * sizeof(T));
}

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_HOST_HPP_
