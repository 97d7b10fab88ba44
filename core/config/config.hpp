// SPDX-License-Identifier: Apache-2.0
//
// fg.yaml: what a user or an administrator decided for all programs.
//
//   vendor: vulkan,cpu          # as GEMS_VENDOR; or a list
//   fallback: warn              # forbid | warn | allow
//   log: warn                   # trace | debug | info | warn | error | off
//   security: strict            # normal | strict
//   plugin_path: [/opt/acme/fg] # searched after FG_PLUGIN_PATH
//   probe: {timeout: 10}        # seconds for first contact
//   cache: {enabled: true, dir: /var/cache/fg, max_size: 1 GiB}
//   deny:
//     - {op: sort, plugin: vulkan, reason: wrong for NaN, expires: 2027-06-30}
//   plugins:
//     vulkan: {disable: false, priority: 5, options: {tile: 64}}
//   certificates: {require: enforce, keys: [6d1f...]}  # off | warn | enforce; keys that may sign

#ifndef FG_CORE_CONFIG_CONFIG_HPP_
#define FG_CORE_CONFIG_CONFIG_HPP_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/secure_env.hpp"
#include "fg/sdk/result.hpp"

namespace fg::core {

enum class FallbackPolicy : std::uint8_t { forbid, warn, allow };

// What becomes of operators that no certificate covers: nothing, a notice, or they are not run.
// Greater is stricter.
enum class CertificateRule : std::uint8_t { off, warn, enforce };
std::string_view rule_name(CertificateRule rule);

// An operator that must not run on a plugin (or on any, when `plugin` is empty: its composite or
// fallback is used).
struct DeniedOperator {
  std::string op, plugin, reason;
  std::string expires;  // "2027-06-30"; empty = never
  bool expired_on(std::string_view today) const { return !expires.empty() && expires < today; }
};

// What a sidecar or fg.yaml says about one plugin.
struct PluginSettings {
  std::optional<bool> disable;
  std::optional<std::int32_t> priority;
  std::string note;                            // For people: environment the driver needs, known trouble.
  std::map<std::string, std::string> options;  // fg_host.config_get
};

inline constexpr std::chrono::milliseconds kProbeTimeout{60'000};
inline constexpr std::uint64_t kCacheMaxBytes = std::uint64_t{1} << 30;

struct Config {
  std::vector<std::string> sources;  // Files that were read.
  std::vector<std::string> notices;  // "ignored because the process is elevated", "deny of sort has expired"
  std::string vendor;                // Empty = auto.
  std::string vendor_source;         // "fg.yaml:3"
  std::optional<FallbackPolicy> fallback;
  std::optional<std::int32_t> log_level;  // FG_LOG_*, 5 = off
  bool strict = false;
  std::vector<std::string> plugin_path;
  std::optional<std::chrono::milliseconds> probe_timeout;  // Else kProbeTimeout.
  bool cache_enabled = true;
  std::string cache_dir;                         // Empty = the user's cache folder.
  std::optional<std::uint64_t> cache_max_bytes;  // Else kCacheMaxBytes.
  std::vector<DeniedOperator> deny;              // Expired ones are left out.
  std::map<std::string, PluginSettings> plugins;
  CertificateRule certificates = CertificateRule::off;
  std::vector<std::string> certificate_keys;  // Hex.
};

// Adds what `text` says to `config`, whose earlier contents win.
Result<void> merge_config(Config& config, std::string_view text, const std::string& file);
// Reads FG_CONFIG, or the user's and then the system's file.  A missing file is no error, unless
// FG_CONFIG names it.
Result<Config> load_config(const Environment& env, const std::string& system_file = "/etc/fg/fg.yaml");

// The stricter of FG_REQUIRE_CERT and fg.yaml; FG_E_INVALID for another word.
Result<CertificateRule> certificate_rule(const Environment& env, const Config& config);

// libfg_<name>.yaml beside a plugin: {priority, disable, note, options}.
Result<PluginSettings> parse_sidecar(std::string_view text, const std::string& file);
// "/x/libfg_acme" of "/x/libfg_acme.so": what the names of the files beside a plugin start with.
std::string plugin_stem(const std::string& plugin_path);
// "/x/libfg_acme.yaml" of "/x/libfg_acme.so".
std::string sidecar_of(const std::string& plugin_path);
// Nothing when there is no such file.
Result<std::optional<PluginSettings>> load_sidecar(const std::string& plugin_path);

// $XDG_CACHE_HOME/fg or ~/.cache/fg; empty when neither is known.
std::string user_cache_dir(const Environment& env);

}  // namespace fg::core

#endif  // FG_CORE_CONFIG_CONFIG_HPP_
