// SPDX-License-Identifier: Apache-2.0
//
// A loaded plugin: its table, its instance, its devices and what they claim.  Lives as long as the
// registry; its mapping lives as long as the process.

#ifndef FG_CORE_REGISTRY_PLUGIN_HPP_
#define FG_CORE_REGISTRY_PLUGIN_HPP_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/certificate/mask.hpp"
#include "core/registry/blob_cache.hpp"
#include "core/registry/claims.hpp"
#include "core/registry/device.hpp"
#include "core/registry/discovery.hpp"
#include "core/registry/host_services.hpp"
#include "core/registry/loader.hpp"

namespace fg::core {

class Plugin {
 public:
  // Loads the file, makes the instance, reads devices and claims.  Adds notices to `found`.
  static Judged<std::unique_ptr<Plugin>> load(FoundPlugin& found, const std::string& identity,
                                              std::shared_ptr<BlobCache> cache);
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
  ~Plugin();

  const std::string& name() const { return opened_.name; }
  const std::string& vendor() const { return opened_.vendor; }
  const std::string& version() const { return opened_.version; }
  const std::string& build_id() const { return opened_.build_id; }
  const std::string& path() const { return path_; }
  const std::string& sha256() const { return sha256_; }
  std::int32_t priority() const { return priority_; }
  const fg_api& api() const { return opened_.api; }
  const HostServices& host() const { return *host_; }
  const std::vector<std::unique_ptr<Device>>& devices() const { return devices_; }
  ClaimTable& claims(std::uint32_t ordinal) { return claims_[ordinal]; }
  const ClaimTable& claims(std::uint32_t ordinal) const { return claims_[ordinal]; }
  // From now on the device runs what the mask admits; claims that it denies whole are withdrawn.
  void mask(std::uint32_t ordinal, OperatorMask mask);
  // UUIDs and drivers of the devices, as first contact reports them.
  std::string identity() const;

  // Destroys the instance; the devices stay as memory but serve no more.
  Result<void> destroy_instance();

 private:
  Plugin() = default;
  Judged<void> list_devices(std::vector<Notice>& notices);

  std::string path_, sha256_;
  std::int32_t priority_ = 0;
  OpenedPlugin opened_;
  std::unique_ptr<HostServices> host_;
  fg_instance* instance_ = nullptr;
  std::vector<std::unique_ptr<Device>> devices_;
  std::vector<ClaimTable> claims_;
  std::vector<std::unique_ptr<const OperatorMask>> masks_;
};

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_PLUGIN_HPP_
