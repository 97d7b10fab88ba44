// SPDX-License-Identifier: Apache-2.0

#ifndef FG_PLUGINS_OPENCL_HOST_LOG_HPP_
#define FG_PLUGINS_OPENCL_HOST_LOG_HPP_

#include <string>

#include "fg/abi/host.h"

namespace fg::opencl {

inline void log(const fg_host& host, std::int32_t level, const std::string& line, const char* file = __builtin_FILE(),
                std::int32_t number = __builtin_LINE()) {  // clang 14: no <source_location>
  if (FG_HAS(fg_host, &host, log) && host.log != nullptr) {
    host.log(host.ctx, level, file, number, line.c_str());
  }
}

}  // namespace fg::opencl

#endif  // FG_PLUGINS_OPENCL_HOST_LOG_HPP_
