// SPDX-License-Identifier: Apache-2.0
//
// Inside of Registry: what was found, what is loaded, what was chosen.  One mutex; `mutex` is held
// by every function here unless said otherwise.

#ifndef FG_CORE_REGISTRY_REGISTRY_STATE_HPP_
#define FG_CORE_REGISTRY_REGISTRY_STATE_HPP_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/certificate/keys.hpp"
#include "core/config/config.hpp"
#include "core/registry/blob_cache.hpp"
#include "core/registry/contact_memory.hpp"
#include "core/registry/discovery.hpp"
#include "core/registry/plugin.hpp"
#include "core/registry/registry.hpp"
#include "core/registry/registry_options.hpp"
#include "core/registry/vendor_spec.hpp"

namespace fg::core {

struct Registry::State {
  explicit State(RegistryOptions o) : options(std::move(o)) {}

  // --- registry_load.cpp ---
  // Reads the configuration and searches; does so once.  Fails for ever when the configuration is bad.
  Result<void> search();
  // search(), then loads what the process's selection admits.
  Result<void> ensure();
  // Loads a candidate that was only found; afterwards its state says what became of it.
  void load(FoundPlugin& found);
  FoundPlugin* candidate(std::string_view name);  // The one that serves or could serve under the name.
  Plugin* plugin(std::string_view name);
  std::vector<Device*> ranked();

  // --- registry_certificate.cpp ---
  // What certificates are asked for, and whose.
  Result<void> read_trust();
  // Judges the certificate beside a plugin that was just loaded, and masks what it does not cover.
  void certify(FoundPlugin& found, Plugin& plugin);

  // --- registry_select.cpp ---
  Result<Selection> resolve(const VendorSpec& spec);
  Result<Device*> device_for(const VendorItem& item);
  Device* best_of(const VendorSpec& spec);
  Error unsatisfied(const VendorSpec& spec, const std::vector<Error>& reasons);
  std::string listing() const;

  std::mutex mutex;
  RegistryOptions options;
  std::vector<std::string> api_folders;
  bool searched = false, loaded = false, shut = false;
  std::optional<Error> broken;
  Config config;
  bool certificates_ignored = false;
  CertificateRule certificates = CertificateRule::off;
  std::vector<TrustedKey> trusted;
  VendorSpec spec;
  SearchPlan plan;
  DiscoveryRules rules;
  std::vector<std::string> notices;
  std::vector<FoundPlugin> candidates;
  std::vector<std::unique_ptr<Plugin>> plugins;
  std::vector<Device*> devices;  // In loading order; Device::index is the position.
  std::vector<Device*> lost;
  std::optional<ContactMemory> memory;
  std::shared_ptr<BlobCache> cache;
  std::string tuning;  // Folder of the tuning results, empty: none.
  std::unique_ptr<Result<Selection>> chosen;
  std::vector<std::unique_ptr<Result<Selection>>> retired;  // Earlier choices, somebody may still read them.
  std::atomic<const Selection*> fast_choice{nullptr};       // Set once chosen and good; read without the mutex.
  std::atomic<Device*> fast_cpu{nullptr};

 private:
  void open_caches();
  ContactReport contact(FoundPlugin& found);
  void apply_log_level();
};

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_REGISTRY_STATE_HPP_
