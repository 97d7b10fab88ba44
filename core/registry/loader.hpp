// SPDX-License-Identifier: Apache-2.0
//
// Brings a plugin's file into the process and its table into a copy that can be called without
// further tests.  Used by the core and, in a child process, by first contact.

#ifndef FG_CORE_REGISTRY_LOADER_HPP_
#define FG_CORE_REGISTRY_LOADER_HPP_

#include <cstdint>
#include <string>
#include <vector>

#include "core/registry/candidate.hpp"
#include "fg/abi/plugin.h"

namespace fg::core {

struct OpenedPlugin {
  fg_api api{};  // Every member is set: absent optional ones point at the core's emulation.
  std::string name, vendor, version, build_id;
};

// dlopen (now, local, never unloaded), offer, check.  A changed floating-point mode is put back and
// refused.
Judged<OpenedPlugin> open_plugin(const std::string& path, const fg_host& host);

// Copies what the plugin's table holds, per member by its struct_size.  `entry` is an address
// inside the plugin; functions must lie in the same object.
Judged<OpenedPlugin> resolve_table(const fg_api* table, const void* entry);

// probe(), with every answer it may give.
Judged<std::uint32_t> probe_devices(const fg_api& api, const fg_host& host);
Judged<fg_instance*> create_instance(const fg_api& api, const fg_host& host);
// Fills defaults, then asks; texts are terminated and numbers checked.
Judged<fg_device_info> device_info_of(const fg_api& api, fg_instance* instance, std::uint32_t ordinal);

// The plugin's array as it is, with its count and stride checked.
struct ClaimArray {
  const fg_op_claim* first = nullptr;
  std::uint32_t count = 0, stride = 0;
};
Judged<ClaimArray> claim_array(const fg_api& api, fg_instance* instance, std::uint32_t ordinal);

// An error record for the plugin to fill.
fg_error fresh_error();
// "FG_E_INTERNAL: driver said no", never longer than the record.
std::string describe(fg_status status, const fg_error& error);

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_LOADER_HPP_
