// SPDX-License-Identifier: Apache-2.0
//
// The environment variables that fg reads, and the one function that reads them.  In a process with
// raised privileges (AT_SECURE) nothing a user can set decides what is loaded.

#ifndef FG_CORE_CONFIG_SECURE_ENV_HPP_
#define FG_CORE_CONFIG_SECURE_ENV_HPP_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fg::core {

enum class EnvGroup : std::uint8_t {
  choice,   // Which plugin serves.
  files,    // Where plugins, configuration and caches are.
  output,   // Logs, traces, colours.
  observed  // Never acted upon: part of the key under which a first contact is remembered.
};

struct EnvVariable {
  std::string_view name;
  EnvGroup group;
  std::string_view summary;
};

// Every variable that fg reads; docs/environment.md has the same list.
std::span<const EnvVariable> env_variables();

class Environment {
 public:
  // That of the process.
  Environment();
  // A made-up one, for tests.
  explicit Environment(std::map<std::string, std::string> values, bool elevated = false);

  // The value of a variable of env_variables(); nullopt when it is unset, empty, or ignored because
  // the process is elevated.
  std::optional<std::string> get(std::string_view name) const;
  // True when get() hides a value that is set.
  bool hides(std::string_view name) const;
  // Set-uid, set-gid or file capabilities.
  bool elevated() const { return elevated_; }

 private:
  std::optional<std::string> raw(std::string_view name) const;

  std::optional<std::map<std::string, std::string>> values_;
  bool elevated_ = false;
};

}  // namespace fg::core

#endif  // FG_CORE_CONFIG_SECURE_ENV_HPP_
