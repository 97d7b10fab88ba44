// SPDX-License-Identifier: Apache-2.0
//
// The plugins and devices of the process.  Nothing is searched or loaded before the first question;
// then once, thread-safe.  Plugins are never unloaded, devices never move.  [any-thread] throughout.

#ifndef FG_CORE_REGISTRY_REGISTRY_HPP_
#define FG_CORE_REGISTRY_REGISTRY_HPP_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.hpp"
#include "core/registry/candidate.hpp"
#include "core/registry/device.hpp"
#include "fg/sdk/result.hpp"

namespace fg::core {

// Raised whenever an answer of the registry may have changed (a plugin was added, a device lost, a
// claim withdrawn, shutdown): cached kernels of an older generation are looked up again.
extern std::atomic<std::uint64_t> g_generation;
inline std::uint64_t generation() { return g_generation.load(std::memory_order_relaxed); }

// True in a child of fork(): devices and threads stayed in the parent; every call of the API answers
// FG_E_FORKED and nothing is destroyed.
extern std::atomic<bool> g_forked;
inline bool forked() { return g_forked.load(std::memory_order_relaxed); }
tl::unexpected<Error> forked_error();

// An answer to "which device", with what the request says about falling back.
struct Selection {
  Device* device = nullptr;
  bool cpu_fallback = true;  // May an operator run on the cpu plugin when `device` cannot?
  std::string spec;          // The request as written: "vulkan,cpu"
};

struct RegistryOptions;  // registry_options.hpp: for tests and tools

class Registry {
 public:
  // The one of the process; configured by the environment and fg.yaml.
  static Registry& get();

  Registry();
  explicit Registry(RegistryOptions options);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // The device chosen by GEMS_VENDOR, else fg.yaml, else automatically.
  Result<Device*> default_device();
  Result<Selection> default_selection();
  // "cpu", "cpu:0", "vulkan:9f3c2a11" (UUID prefix).  Loads the plugin if it was not selected before.
  Result<Device*> find_device(std::string_view name);
  // Any text GEMS_VENDOR may hold; for UseVendor scopes.
  Result<Selection> select(std::string_view spec);
  // The plugin that operators fall back to; FG_E_UNSUPPORTED when it cannot be loaded.
  Result<Device*> cpu();

  std::vector<Device*> devices();  // Loaded ones, best first.
  std::vector<Candidate> candidates();
  std::vector<std::string> log_lines();  // Notices of the search, for fg-info.
  Result<Config> config();               // fg.yaml as it was read.

  // A further folder, searched before FG_PLUGIN_PATH; relative paths are made absolute now.  Only
  // before the first search, else FG_E_STATE.
  Result<void> add_plugin_path(std::string_view folder);
  // Plugins are loaded whatever certificates say: for the suite, which makes them.  Only before the
  // first search, unless none is asked for.
  Result<void> ignore_certificates();
  // For `--plugin`: a path (with '/'), a file name looked up on the plugin path (ends in ".so"), or a
  // plugin name.  Loads it and returns its first device.
  Result<Device*> load_plugin(std::string_view path_or_name);
  // From now on the process is served by this device's plugin alone, whatever GEMS_VENDOR says: for
  // tools that judge one plugin, into whose process no driver of another may come.  FG_E_STATE once the
  // plugins of the selection were loaded.
  Result<void> serve_alone(const Device& device);

  // The device's claim of an operator; nullptr when it has none.  Valid for the life of the process.
  // No lock.
  const fg_op_claim* claim(const Device& device, std::uint64_t op_uid) const;
  // Every claim of the device that holds, sorted by op_uid.
  std::vector<const fg_op_claim*> claims(const Device& device) const;
  // The plugin claimed the operator but its prepare or launch said UNSUPPORTED: do not ask again.
  void withdraw_claim(const Device& device, std::uint64_t op_uid, std::string_view why);
  // The device reported FG_E_DEVICE_LOST; it is offered no more.
  void lose(Device& device, std::string_view why);

  // Forgets that a plugin crashed or hung at first contact; the next start meets it again.
  bool lift_quarantine(std::string_view name);

  // Destroys all instances; mappings stay.  Afterwards every question answers FG_E_STATE.
  Result<void> shutdown();

  struct State;  // registry_state.hpp

 private:
  std::unique_ptr<State> state_;
};

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_REGISTRY_HPP_
