// SPDX-License-Identifier: Apache-2.0
//
// A plugin's options in fg.yaml, through the core's services.

#ifndef FG_PLUGINS_GPU_HOST_OPTION_HPP_
#define FG_PLUGINS_GPU_HOST_OPTION_HPP_

#include <optional>
#include <string>

#include "fg/abi/host.h"

namespace fg::gpu {

inline std::optional<std::string> option(const fg_host& host, const char* key) {
  char text[256];
  std::size_t n = sizeof text;
  if (host.config_get == nullptr || host.config_get(host.ctx, key, text, &n) != FG_OK) return std::nullopt;
  return std::string(text);
}
inline bool option_is_on(const fg_host& host, const char* key) {
  const std::string word = option(host, key).value_or("false");
  return word == "true" || word == "1";
}

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_HOST_OPTION_HPP_
