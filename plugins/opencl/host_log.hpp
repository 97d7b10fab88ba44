// SPDX-License-Identifier: Apache-2.0

#ifndef FG_PLUGINS_OPENCL_HOST_LOG_HPP_
#define FG_PLUGINS_OPENCL_HOST_LOG_HPP_

#include <source_location>
#include <string>

#include "fg/abi/host.h"

namespace fg::opencl {

inline void log(const fg_host& host, std::int32_t level, const std::string& line,
                std::source_location at = std::source_location::current()) {
  if (FG_HAS(fg_host, &host, log) && host.log != nullptr) {
    host.log(host.ctx, level, at.file_name(), static_cast<std::int32_t>(at.line()), line.c_str());
  }
}

}  // namespace fg::opencl

#endif  // FG_PLUGINS_OPENCL_HOST_LOG_HPP_
