// SPDX-License-Identifier: Apache-2.0
#include "core/certificate/hold.hpp"

#include <fmt/format.h>

#include "core/certificate/canonical_json.hpp"

namespace fg::core {

Result<Certificate> certificate_beside(const std::string& plugin_path, const std::string& plugin_sha256,
                                       const std::vector<TrustedKey>& trusted) {
  const std::string path = certificate_path(plugin_path);
  auto read = read_certificate(path);
  if (!read && read.error().status == FG_E_NOT_FOUND)
    return fail(FG_E_NOT_FOUND, fmt::format("it has no certificate {}", path));
  if (!read) return tl::unexpected(std::move(read).error());
  Certificate& c = read->content;
  if (c.subject.plugin_sha256 != plugin_sha256) {
    return invalid(fmt::format("{} is for a file with SHA-256 {}, the plugin has {}", path, c.subject.plugin_sha256,
                               plugin_sha256));
  }
  if (find_key(trusted, read->key) == nullptr) {
    return invalid(fmt::format("{} is signed by key {} ({}), which is not trusted", path, c.signer, c.key_name));
  }
  return std::move(c);
}

DeviceFacts facts_of(const fg_device_info& info) { return {info.name, info.arch, info.driver}; }

bool same_text(std::string_view a, std::string_view b) {
  return a == b || to_canonical(JsonValue::of(a)) == to_canonical(JsonValue::of(b));
}

std::string device_mismatch(const CertifiedSubject& certified, const DeviceFacts& here) {
  const auto differs = [](std::string_view what, std::string_view then, std::string_view now) {
    return fmt::format("certified on {} '{}', this is '{}'", what, then, now);
  };
  if (!same_text(certified.description, here.description))
    return differs("device", certified.description, here.description);
  if (!same_text(certified.arch, here.arch)) return differs("architecture", certified.arch, here.arch);
  if (!same_text(certified.driver, here.driver)) return differs("driver", certified.driver, here.driver);
  return {};
}

}  // namespace fg::core
