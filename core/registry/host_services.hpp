// SPDX-License-Identifier: Apache-2.0
//
// What the core lends to one plugin: the fg_host it is given, and the state behind it.

#ifndef FG_CORE_REGISTRY_HOST_SERVICES_HPP_
#define FG_CORE_REGISTRY_HOST_SERVICES_HPP_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/registry/blob_cache.hpp"
#include "fg/abi/host.h"

namespace fg::core {

class HostServices {
 public:
  // `scope` names the plugin's build in cache keys; `cache` is shared by all plugins.
  HostServices(std::string plugin, std::map<std::string, std::string> options, std::string scope,
               std::shared_ptr<BlobCache> cache);
  HostServices(const HostServices&) = delete;
  HostServices& operator=(const HostServices&) = delete;

  const fg_host& host() const { return host_; }
  // Devices and drivers, as soon as they are known: part of every cache key.
  void set_identity(std::string identity);

  std::uint64_t bytes_lent() const { return bytes_.load(std::memory_order_relaxed); }
  std::uint64_t blocks_lent() const { return blocks_.load(std::memory_order_relaxed); }

 private:
  friend struct HostCalls;
  std::string cache_scope() const;

  const std::string plugin_;
  const std::map<std::string, std::string> options_;
  const std::shared_ptr<BlobCache> cache_;
  mutable std::mutex mutex_;  // scope_ alone
  std::string scope_, identity_;
  std::atomic<std::uint64_t> bytes_{0}, blocks_{0};
  fg_host host_{};
};

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_HOST_SERVICES_HPP_
