// SPDX-License-Identifier: Apache-2.0
#include "core/registry/vendor_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/registry/elf.hpp"

namespace fg::core {
namespace {

constexpr std::array<std::string_view, 4> kNames{"GEMS_VENDOR", "FLAGGEMS_VENDOR", "GEMS_BACKEND", "FLAGGEMS_BACKEND"};
constexpr std::size_t kMaxText = 1024;
constexpr std::size_t kMinUuidDigits = 4;
constexpr std::size_t kMaxOrdinalDigits = 3;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

std::string lower_trimmed(std::string_view s) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  std::string out(s);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string printable(std::string_view s) {
  std::string out;
  for (const char c : s.substr(0, 80)) out += (c >= 0x20 && c < 0x7f) ? c : '?';
  return out;
}

Result<void> parse_suffix(std::string_view suffix, std::string_view whole, VendorItem& item) {
  if (!suffix.empty() && suffix.size() <= kMaxOrdinalDigits && std::all_of(suffix.begin(), suffix.end(), is_digit)) {
    item.ordinal = static_cast<std::uint32_t>(std::stoul(std::string(suffix)));
    return {};
  }
  for (const char c : suffix) {
    if (c != '-') item.uuid_prefix += c;
  }
  const bool hexadecimal = std::all_of(item.uuid_prefix.begin(), item.uuid_prefix.end(), is_hex);
  if (!hexadecimal || item.uuid_prefix.size() < kMinUuidDigits || item.uuid_prefix.size() > 32) {
    return invalid(
        fmt::format("'{}': expected a device number such as :0 or at least {} hex digits of a UUID behind the colon",
                    printable(whole), kMinUuidDigits));
  }
  return {};
}

}  // namespace

bool VendorSpec::excludes(std::string_view name) const {
  return std::find(excluded.begin(), excluded.end(), name) != excluded.end();
}

bool VendorSpec::names(std::string_view name) const {
  return std::any_of(items.begin(), items.end(), [&](const VendorItem& i) { return i.name == name; });
}

bool VendorSpec::admits(std::string_view name) const {
  if (none) return false;
  if (names(name)) return true;
  return !excludes(name) && std::any_of(items.begin(), items.end(), [](const VendorItem& i) { return i.is_auto(); });
}

Result<VendorItem> parse_device_name(std::string_view text) {
  const std::string word = lower_trimmed(text);
  VendorItem item;
  const std::size_t colon = word.find(':');
  item.name = word.substr(0, colon);
  if (!valid_plugin_name(item.name)) {
    return invalid(fmt::format("'{}': expected a plugin name such as cpu or vulkan:0, never a path", printable(text)));
  }
  if (colon != std::string::npos) FG_TRY(parse_suffix(std::string_view(word).substr(colon + 1), text, item));
  return item;
}

Result<VendorSpec> parse_vendor_spec(std::string_view text, std::string_view source) {
  VendorSpec spec;
  spec.text = printable(text);
  spec.source = source;
  const std::string prefix = source.empty() ? std::string() : std::string(source) + ": ";
  if (text.size() > kMaxText)
    return invalid(fmt::format("{}{} characters, expected at most {}", prefix, text.size(), kMaxText));
  std::string_view rest = text;
  for (bool more = true; more;) {
    const std::size_t comma = rest.find(',');
    more = comma != std::string_view::npos;
    const std::string word = lower_trimmed(rest.substr(0, comma));
    rest = more ? rest.substr(comma + 1) : std::string_view();
    if (word.empty())
      return invalid(prefix + "an empty item in '" + spec.text + "', expected auto, none or plugin names");
    const bool exclude = word[0] == '!';
    auto item = parse_device_name(exclude ? std::string_view(word).substr(1) : word);
    if (!item) return tl::unexpected(Error{FG_E_INVALID, prefix + item.error().message, FG_R_PARAMETER});
    const bool special = item->is_auto() || item->name == "none";
    if ((special || exclude) && (item->ordinal || !item->uuid_prefix.empty())) {
      return invalid(fmt::format("{}'{}': only a plugin can be followed by a device", prefix, word));
    }
    if (exclude && special) return invalid(fmt::format("{}'{}': expected a plugin name behind '!'", prefix, word));
    if (exclude) {
      spec.excluded.push_back(item->name);
    } else if (item->name == "none") {
      spec.none = true;
    } else {
      spec.items.push_back(*std::move(item));
    }
  }
  if (spec.none && (!spec.items.empty() || !spec.excluded.empty())) {
    return invalid(fmt::format("{}'{}': none stands alone", prefix, spec.text));
  }
  for (const std::string& name : spec.excluded) {
    if (spec.names(name))
      return invalid(fmt::format("{}'{}' both asks for {} and excludes it", prefix, spec.text, name));
  }
  if (spec.items.empty() && !spec.none) spec.items.push_back(VendorItem{"auto", std::nullopt, {}});
  return spec;
}

Result<VendorChoice> vendor_choice(const Environment& env, const std::string& config_vendor,
                                   const std::string& config_source) {
  VendorChoice choice;
  std::string chosen, value;
  for (const std::string_view name : kNames) {
    if (env.hides(name)) choice.notices.push_back(fmt::format("{} is ignored because the process is elevated", name));
    const auto given = env.get(name);
    if (!given) continue;
    if (chosen.empty()) {
      chosen = name;
      value = *given;
      if (name != kNames[0])
        choice.notices.push_back(fmt::format("{} is a synonym of GEMS_VENDOR; please set that", name));
    } else if (lower_trimmed(*given) != lower_trimmed(value)) {
      return invalid(fmt::format("{}={} and {}={} disagree; set GEMS_VENDOR alone", chosen, printable(value), name,
                                 printable(*given)));
    }
  }
  if (chosen.empty() && !config_vendor.empty()) {
    chosen = config_source;
    value = config_vendor;
  }
  FG_TRY_ASSIGN(choice.spec, parse_vendor_spec(value.empty() ? "auto" : value, chosen));
  return choice;
}

}  // namespace fg::core
