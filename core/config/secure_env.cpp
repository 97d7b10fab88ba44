// SPDX-License-Identifier: Apache-2.0
#include "core/config/secure_env.hpp"

#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace fg::core {
namespace {

constexpr std::array kVariables{
    EnvVariable{"GEMS_VENDOR", EnvGroup::choice,
                "which plugins may serve, in order of preference: auto | none | item{,item}; item = "
                "name[:ordinal|:uuid-prefix] | !name"},
    EnvVariable{"FLAGGEMS_VENDOR", EnvGroup::choice, "synonym of GEMS_VENDOR, accepted with a notice"},
    EnvVariable{"GEMS_BACKEND", EnvGroup::choice, "synonym of GEMS_VENDOR, accepted with a notice"},
    EnvVariable{"FLAGGEMS_BACKEND", EnvGroup::choice, "synonym of GEMS_VENDOR, accepted with a notice"},
    EnvVariable{"FG_REQUIRE_CERT", EnvGroup::choice,
                "what of a plugin no certificate covers: off serves it, warn says so, enforce does not run it; never "
                "looser than fg.yaml"},
    EnvVariable{"FG_PLUGIN_PATH", EnvGroup::files,
                "folders searched for plugins before the installed ones: absolute paths, colons between"},
    EnvVariable{"FG_CONFIG", EnvGroup::files, "the configuration file to read instead of the usual ones"},
    EnvVariable{"FG_ALLOW_UNNOTED", EnvGroup::files, "1 loads plugins without an FG note, for development"},
    EnvVariable{"XDG_CONFIG_HOME", EnvGroup::files, "fg/fg.yaml below it is the user's configuration"},
    EnvVariable{"XDG_CACHE_HOME", EnvGroup::files,
                "fg/ below it holds compiled kernels, tuning results and first contacts"},
    EnvVariable{"HOME", EnvGroup::files, "base of .config and .cache when the two above are unset"},
    EnvVariable{"FG_LOG", EnvGroup::output,
                "what is logged: trace, debug, info, warn, error or off, and json for JSON lines; over fg.yaml"},
    EnvVariable{"NO_COLOR", EnvGroup::output, "any value turns colours of the tools off"},
    EnvVariable{"FORCE_COLOR", EnvGroup::output, "any value turns colours of the tools on"},
    EnvVariable{"CLICOLOR_FORCE", EnvGroup::output, "as FORCE_COLOR"},
    EnvVariable{"TERM", EnvGroup::output, "dumb turns colours of the tools off"},
    EnvVariable{"LD_LIBRARY_PATH", EnvGroup::observed, "read by the dynamic linker"},
    EnvVariable{"LD_PRELOAD", EnvGroup::observed, "read by the dynamic linker"},
    EnvVariable{"OCL_ICD_VENDORS", EnvGroup::observed, "read by the OpenCL loader"},
    EnvVariable{"OCL_ICD_FILENAMES", EnvGroup::observed, "read by the OpenCL loader"},
    EnvVariable{"POCL_DEVICES", EnvGroup::observed, "read by PoCL"},
    EnvVariable{"VK_DRIVER_FILES", EnvGroup::observed, "read by the Vulkan loader"},
    EnvVariable{"VK_ICD_FILENAMES", EnvGroup::observed, "read by the Vulkan loader"},
    EnvVariable{"VK_INSTANCE_LAYERS", EnvGroup::observed, "read by the Vulkan loader"},
    EnvVariable{"CUDA_VISIBLE_DEVICES", EnvGroup::observed, "read by CUDA drivers"},
    EnvVariable{"HIP_VISIBLE_DEVICES", EnvGroup::observed, "read by ROCm drivers"},
    EnvVariable{"ROCR_VISIBLE_DEVICES", EnvGroup::observed, "read by ROCm drivers"},
    EnvVariable{"ZE_AFFINITY_MASK", EnvGroup::observed, "read by Level Zero drivers"},
};

bool process_elevated() { return getauxval(AT_SECURE) != 0 || getuid() != geteuid() || getgid() != getegid(); }

const EnvVariable* find(std::string_view name) {
  const auto it =
      std::find_if(kVariables.begin(), kVariables.end(), [&](const EnvVariable& v) { return v.name == name; });
  return it == kVariables.end() ? nullptr : &*it;
}

}  // namespace

std::span<const EnvVariable> env_variables() { return kVariables; }

Environment::Environment() : elevated_(process_elevated()) {}
Environment::Environment(std::map<std::string, std::string> values, bool elevated)
    : values_(std::move(values)), elevated_(elevated) {}

std::optional<std::string> Environment::raw(std::string_view name) const {
  if (values_) {
    const auto it = values_->find(std::string(name));
    if (it == values_->end() || it->second.empty()) return std::nullopt;
    return it->second;
  }
  const char* value = std::getenv(std::string(name).c_str());  // get() decides who may see it
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

std::optional<std::string> Environment::get(std::string_view name) const {
  const EnvVariable* variable = find(name);
  if (variable == nullptr) return std::nullopt;  // undocumented: not ours to read
  if (elevated_ && (variable->group == EnvGroup::choice || variable->group == EnvGroup::files)) return std::nullopt;
  return raw(name);
}

bool Environment::hides(std::string_view name) const { return raw(name).has_value() && !get(name).has_value(); }

}  // namespace fg::core
