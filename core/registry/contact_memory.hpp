// SPDX-License-Identifier: Apache-2.0
//
// What is remembered of first contacts, so that they do not happen at every start: one small file
// per plugin file, valid for its contents, the driver's environment and this boot.  A quarantine
// holds until the contents change or somebody lifts it.

#ifndef FG_CORE_REGISTRY_CONTACT_MEMORY_HPP_
#define FG_CORE_REGISTRY_CONTACT_MEMORY_HPP_

#include <cstdint>
#include <optional>
#include <string>

#include "core/config/secure_env.hpp"
#include "core/registry/cache_dir.hpp"
#include "core/registry/first_contact.hpp"
#include "core/registry/permissions.hpp"

namespace fg::core {

struct RememberedContact {
  FileStamp stamp;  // Spares the hash when nothing changed.
  std::string sha256;
  std::string surroundings;
  ContactReport report;
};

// Text form of a record, and back; nothing when damaged.
std::string format_contact(const RememberedContact& contact);
std::optional<RememberedContact> parse_contact(std::string_view text);

// Hex digest of boot, core build and the variables that drivers look at.
std::string surroundings(const Environment& env);

class ContactMemory {
 public:
  // `folder` empty or unusable: remembers nothing.
  explicit ContactMemory(const std::string& folder);
  std::optional<RememberedContact> recall(const std::string& plugin_path) const;
  void remember(const std::string& plugin_path, const RememberedContact& contact) const;
  // True when there was something to forget.
  bool forget(const std::string& plugin_path) const;
  bool usable() const { return dir_.has_value(); }
  const std::string& complaint() const { return complaint_; }

 private:
  std::optional<CacheDir> dir_;
  std::string complaint_;
};

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_CONTACT_MEMORY_HPP_
