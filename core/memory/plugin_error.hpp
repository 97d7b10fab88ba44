// SPDX-License-Identifier: Apache-2.0
//
// An error record to pass to a plugin, and the Error that it becomes.

#ifndef FG_CORE_MEMORY_PLUGIN_ERROR_HPP_
#define FG_CORE_MEMORY_PLUGIN_ERROR_HPP_

#include <string>
#include <string_view>

#include "core/registry/device.hpp"
#include "fg/sdk/result.hpp"

namespace fg::core {

class PluginError {
 public:
  PluginError() {
    record_.hdr.struct_size = sizeof record_;
    record_.arg_index = -1;
    record_.message[0] = '\0';
  }
  operator fg_error*() { return &record_; }

  // The plugin answered `status` to `action`: "cpu:0: allocate 64 bytes: out of memory".
  tl::unexpected<Error> fail(const Device& device, std::string_view action, fg_status status) {
    record_.message[sizeof record_.message - 1] = '\0';
    std::string text = device.name + ": " + std::string(action) + ": ";
    text += record_.message[0] != '\0' ? std::string(record_.message) : "status " + std::to_string(status);
    Error e{status, std::move(text), record_.reason == FG_R_NONE ? fg_reason{FG_R_OTHER} : record_.reason,
            record_.arg_index, record_.vendor_code};
    return tl::unexpected(std::move(e));
  }

 private:
  fg_error record_{};
};

}  // namespace fg::core

#endif  // FG_CORE_MEMORY_PLUGIN_ERROR_HPP_
