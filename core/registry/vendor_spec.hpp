// SPDX-License-Identifier: Apache-2.0
//
// The grammar of GEMS_VENDOR, fg.yaml's `vendor` and UseVendor scopes:
//   spec = auto | none | item{,item}     item = name[:ordinal | :uuid-prefix] | !name | auto
// Case does not matter; blanks around items are ignored.

#ifndef FG_CORE_REGISTRY_VENDOR_SPEC_HPP_
#define FG_CORE_REGISTRY_VENDOR_SPEC_HPP_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/secure_env.hpp"
#include "fg/sdk/result.hpp"

namespace fg::core {

struct VendorItem {
  std::string name;                      // "auto": every plugin that is not excluded
  std::optional<std::uint32_t> ordinal;  // "vulkan:1"
  std::string uuid_prefix;               // "vulkan:9f3c2a11", lower-case hex without dashes
  bool is_auto() const { return name == "auto"; }
};

struct VendorSpec {
  std::string text;    // As written.
  std::string source;  // "GEMS_VENDOR", "fg.yaml:3", "" for an argument
  bool none = false;
  std::vector<VendorItem> items;      // Never empty unless none.
  std::vector<std::string> excluded;  // "!name"

  bool excludes(std::string_view name) const;
  // Does the request name this plugin itself?
  bool names(std::string_view name) const;
  // Could this plugin serve the request?
  bool admits(std::string_view name) const;
};

Result<VendorSpec> parse_vendor_spec(std::string_view text, std::string_view source = {});

// One item without "!": "cpu", "cpu:0", "vulkan:9f3c2a11".
Result<VendorItem> parse_device_name(std::string_view text);

struct VendorChoice {
  VendorSpec spec;
  std::vector<std::string> notices;
};
// GEMS_VENDOR or one of its synonyms, else `config_vendor`, else auto.  Two that disagree: FG_E_INVALID.
Result<VendorChoice> vendor_choice(const Environment& env, const std::string& config_vendor,
                                   const std::string& config_source);

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_VENDOR_SPEC_HPP_
