// SPDX-License-Identifier: Apache-2.0
//
// What a registry may be told instead of finding it out: made-up environments and folders for tests
// and tools.

#ifndef FG_CORE_REGISTRY_REGISTRY_OPTIONS_HPP_
#define FG_CORE_REGISTRY_REGISTRY_OPTIONS_HPP_

#include <optional>
#include <string>
#include <vector>

#include "core/config/config.hpp"
#include "core/config/secure_env.hpp"

namespace fg::core {

struct RegistryOptions {
  Environment env;
  std::string system_config = "/etc/fg/fg.yaml";
  std::string system_keys = "/etc/fg/keys.d";  // *.pub: who may sign certificates.
  bool system_folders = true;                  // Beside the core, /usr/lib/fg/plugins ...
  std::optional<std::string> helper;           // fg-probe; "" = a plain fork.  Else found beside the core.
  bool set_log_level = true;                   // FG_LOG and fg.yaml decide the level of the log.
};

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_REGISTRY_OPTIONS_HPP_
