// SPDX-License-Identifier: Apache-2.0
#include "core/config/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/certificate/keys.hpp"
#include "core/config/date.hpp"
#include "core/config/yaml_tree.hpp"
#include "fg/abi/host.h"

namespace fg::core {
namespace {

Result<std::vector<std::string>> text_list(const YamlNode& node) {
  std::vector<std::string> out;
  if (node.kind != YamlNode::Kind::list) {
    FG_TRY_ASSIGN(std::string one, node.as_text());
    out.push_back(std::move(one));
    return out;
  }
  for (const YamlNode& item : node.items) {
    FG_TRY_ASSIGN(std::string one, item.as_text());
    out.push_back(std::move(one));
  }
  return out;
}

Result<PluginSettings> read_plugin(const YamlNode& node) {
  PluginSettings out;
  FG_TRY(node.expect_keys({"priority", "disable", "note", "options"}));
  if (const YamlNode* n = node.find("priority")) {
    FG_TRY_ASSIGN(const std::int64_t value, n->as_integer(-1000, 1000));
    out.priority = static_cast<std::int32_t>(value);
  }
  if (const YamlNode* n = node.find("disable")) {
    FG_TRY_ASSIGN(out.disable, n->as_bool());
  }
  if (const YamlNode* n = node.find("note")) {
    FG_TRY_ASSIGN(out.note, n->as_text());
  }
  if (const YamlNode* n = node.find("options")) {
    if (n->kind != YamlNode::Kind::map) return n->complain("expected a map of options");
    for (const auto& [key, line, value] : n->members) {
      FG_TRY_ASSIGN(std::string text, value.as_text());
      out.options.emplace(key, std::move(text));
    }
  }
  return out;
}

Result<void> read_deny(Config& config, const YamlNode& list) {
  if (list.kind != YamlNode::Kind::list) return list.complain("expected a list of {op, plugin, reason, expires}");
  for (const YamlNode& item : list.items) {
    DeniedOperator denied;
    FG_TRY(item.expect_keys({"op", "plugin", "reason", "expires"}));
    const YamlNode* op = item.find("op");
    const YamlNode* reason = item.find("reason");
    if (op == nullptr) return item.complain("a denied operator needs op, its name");
    if (reason == nullptr) return item.complain("a denied operator needs reason, why it is denied");
    FG_TRY_ASSIGN(denied.op, op->as_text());
    FG_TRY_ASSIGN(denied.reason, reason->as_text());
    if (const YamlNode* n = item.find("plugin")) {
      FG_TRY_ASSIGN(denied.plugin, n->as_text());
    }
    if (const YamlNode* n = item.find("expires")) {
      FG_TRY_ASSIGN(denied.expires, n->as_text());
      if (!parse_date(denied.expires))
        return n->complain("expected a date such as 2027-06-30, not '" + denied.expires + "'");
    }
    if (denied.expired_on(today())) {
      config.notices.push_back(
          fmt::format("{}: deny of {} expired on {} and has no effect", item.where(), denied.op, denied.expires));
    } else {
      config.deny.push_back(std::move(denied));
    }
  }
  return {};
}

Result<void> read_cache(Config& config, const YamlNode& node) {
  FG_TRY(node.expect_keys({"enabled", "dir", "max_size"}));
  if (const YamlNode* n = node.find("enabled")) {
    FG_TRY_ASSIGN(const bool enabled, n->as_bool());
    config.cache_enabled = config.cache_enabled && enabled;
  }
  if (const YamlNode* n = node.find("dir")) {
    FG_TRY_ASSIGN(std::string dir, n->as_text());
    if (!dir.starts_with('/')) return n->complain("expected an absolute path, not '" + dir + "'");
    if (config.cache_dir.empty()) config.cache_dir = std::move(dir);
  }
  if (const YamlNode* n = node.find("max_size")) {
    FG_TRY_ASSIGN(const std::uint64_t bytes, n->as_bytes());
    if (!config.cache_max_bytes) config.cache_max_bytes = bytes;
  }
  return {};
}

Result<void> read_certificates(Config& config, const YamlNode& node) {
  FG_TRY(node.expect_keys({"require", "keys"}));
  if (const YamlNode* n = node.find("require")) {
    FG_TRY_ASSIGN(const std::size_t word, n->as_word({"off", "warn", "enforce"}));
    // The strictest file decides, as with `security`.
    config.certificates = std::max(config.certificates, static_cast<CertificateRule>(word));
  }
  if (const YamlNode* n = node.find("keys")) {
    FG_TRY_ASSIGN(const std::vector<std::string> keys, text_list(*n));
    for (const std::string& key : keys) {
      if (!is_lower_hex(key, 32)) return n->complain("expected keys of 64 lower-case hex digits, not '" + key + "'");
      config.certificate_keys.push_back(key);
    }
  }
  return {};
}

Result<void> read_plugins(Config& config, const YamlNode& node) {
  if (node.kind != YamlNode::Kind::map) return node.complain("expected a map from plugin names to settings");
  for (const auto& [name, line, settings] : node.members) {
    FG_TRY_ASSIGN(PluginSettings read, read_plugin(settings));
    PluginSettings& into = config.plugins[name];
    if (!into.disable) into.disable = read.disable;
    if (!into.priority) into.priority = read.priority;
    if (into.note.empty()) into.note = std::move(read.note);
    into.options.merge(read.options);
  }
  return {};
}

Result<void> read_selection(Config& config, const YamlNode& root) {
  if (const YamlNode* n = root.find("vendor")) {
    FG_TRY_ASSIGN(const std::vector<std::string> items, text_list(*n));
    if (config.vendor.empty()) {
      config.vendor = fmt::format("{}", fmt::join(items, ","));
      config.vendor_source = n->where();
    }
  }
  if (const YamlNode* n = root.find("fallback")) {
    FG_TRY_ASSIGN(const std::size_t word, n->as_word({"forbid", "warn", "allow"}));
    if (!config.fallback) config.fallback = static_cast<FallbackPolicy>(word);
  }
  if (const YamlNode* n = root.find("log")) {
    FG_TRY_ASSIGN(const std::size_t word, n->as_word({"trace", "debug", "info", "warn", "error", "off"}));
    if (!config.log_level) config.log_level = static_cast<std::int32_t>(word);
  }
  if (const YamlNode* n = root.find("security")) {
    FG_TRY_ASSIGN(const std::size_t word, n->as_word({"normal", "strict"}));
    config.strict = config.strict || word == 1;  // no file loosens what another has tightened
  }
  return {};
}

Result<void> read_search(Config& config, const YamlNode& root) {
  if (const YamlNode* n = root.find("plugin_path")) {
    FG_TRY_ASSIGN(const std::vector<std::string> folders, text_list(*n));
    for (const std::string& folder : folders) {
      if (!folder.starts_with('/')) return n->complain("expected absolute paths, not '" + folder + "'");
      config.plugin_path.push_back(folder);
    }
  }
  if (const YamlNode* n = root.find("probe")) {
    FG_TRY(n->expect_keys({"timeout"}));
    if (const YamlNode* timeout = n->find("timeout")) {
      FG_TRY_ASSIGN(const double seconds, timeout->as_number(0.05, 600));
      if (!config.probe_timeout) {
        config.probe_timeout = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
      }
    }
  }
  return {};
}

}  // namespace

Result<void> merge_config(Config& config, std::string_view text, const std::string& file) {
  FG_TRY_ASSIGN(const YamlNode root, parse_yaml(text, file));
  FG_TRY(root.expect_keys(
      {"vendor", "fallback", "log", "security", "plugin_path", "probe", "cache", "deny", "plugins", "certificates"}));
  FG_TRY(read_selection(config, root));
  FG_TRY(read_search(config, root));
  if (const YamlNode* n = root.find("cache")) FG_TRY(read_cache(config, *n));
  if (const YamlNode* n = root.find("deny")) FG_TRY(read_deny(config, *n));
  if (const YamlNode* n = root.find("plugins")) FG_TRY(read_plugins(config, *n));
  if (const YamlNode* n = root.find("certificates")) FG_TRY(read_certificates(config, *n));
  config.sources.push_back(file);
  return {};
}

namespace {

Result<bool> merge_file(Config& config, const std::string& path) {
  const Result<std::string> text = read_text_file(path);
  if (!text) {
    if (text.error().status == FG_E_NOT_FOUND) return false;
    return tl::unexpected(text.error());
  }
  FG_TRY(merge_config(config, *text, path));
  return true;
}

}  // namespace

Result<Config> load_config(const Environment& env, const std::string& system_file) {
  Config config;
  for (const std::string_view name : {"FG_CONFIG", "XDG_CONFIG_HOME", "FG_REQUIRE_CERT"}) {
    if (env.hides(name)) {
      config.notices.push_back(fmt::format("{} is ignored because the process is elevated", name));
    }
  }
  if (const auto given = env.get("FG_CONFIG")) {
    FG_TRY_ASSIGN(const bool found, merge_file(config, *given));
    if (!found) return fail(FG_E_INVALID, fmt::format("FG_CONFIG: {}: no such file", *given), FG_R_PARAMETER);
    return config;
  }
  std::string user;
  if (const auto xdg = env.get("XDG_CONFIG_HOME"); xdg && xdg->starts_with('/')) {
    user = *xdg + "/fg/fg.yaml";
  } else if (const auto home = env.get("HOME"); home && home->starts_with('/')) {
    user = *home + "/.config/fg/fg.yaml";
  }
  if (!user.empty()) FG_TRY(merge_file(config, user));
  FG_TRY(merge_file(config, system_file));
  return config;
}

Result<CertificateRule> certificate_rule(const Environment& env, const Config& config) {
  const auto wish = env.get("FG_REQUIRE_CERT");
  if (!wish) return config.certificates;
  for (const auto rule : {CertificateRule::off, CertificateRule::warn, CertificateRule::enforce}) {
    if (*wish == rule_name(rule)) return std::max(rule, config.certificates);
  }
  return invalid(fmt::format("FG_REQUIRE_CERT={}, expected off | warn | enforce", *wish));
}

std::string_view rule_name(CertificateRule rule) {
  switch (rule) {
    case CertificateRule::off: return "off";
    case CertificateRule::warn: return "warn";
    case CertificateRule::enforce: return "enforce";
  }
  return "?";
}

Result<PluginSettings> parse_sidecar(std::string_view text, const std::string& file) {
  FG_TRY_ASSIGN(const YamlNode root, parse_yaml(text, file));
  return read_plugin(root);
}

std::string plugin_stem(const std::string& plugin_path) {
  constexpr std::string_view kSuffix = ".so";
  return plugin_path.substr(0, plugin_path.size() - (plugin_path.ends_with(kSuffix) ? kSuffix.size() : 0));
}

std::string sidecar_of(const std::string& plugin_path) { return plugin_stem(plugin_path) + ".yaml"; }

Result<std::optional<PluginSettings>> load_sidecar(const std::string& plugin_path) {
  const std::string path = sidecar_of(plugin_path);
  const Result<std::string> text = read_text_file(path);
  if (!text) {
    if (text.error().status == FG_E_NOT_FOUND) return std::optional<PluginSettings>();
    return tl::unexpected(text.error());
  }
  FG_TRY_ASSIGN(PluginSettings settings, parse_sidecar(*text, path));
  return std::optional<PluginSettings>(std::move(settings));
}

std::string user_cache_dir(const Environment& env) {
  if (const auto xdg = env.get("XDG_CACHE_HOME"); xdg && xdg->starts_with('/')) return *xdg + "/fg";
  if (const auto home = env.get("HOME"); home && home->starts_with('/')) return *home + "/.cache/fg";
  return {};
}

}  // namespace fg::core
