// SPDX-License-Identifier: Apache-2.0
//
// Which operators are served, and what happens when a device cannot serve one.

#ifndef FG_CORE_DISPATCH_ENABLE_HPP_
#define FG_CORE_DISPATCH_ENABLE_HPP_

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/catalogue/op_info.hpp"
#include "core/config/config.hpp"
#include "fg/sdk/result.hpp"

namespace fg::core {

struct EnableOptions {
  std::optional<std::vector<std::string>> only;  // Absent: all.
  std::vector<std::string> unused;
  bool record = false, once = false;
  std::string path;  // Of the record.
};

// Replaces the settings of the process.  FG_E_NOT_FOUND for an unknown name, with the nearest one;
// then nothing changed.  [any-thread]
Result<void> enable(const EnableOptions& options);
bool enabled(const OpInfo& op);  // [any-thread]

// Operators that fg.yaml denies; a name that is not in the catalogue is logged and ignored.
void set_denials(const std::vector<DeniedOperator>& denials);
// Why `op` may not run on the plugin of that name, empty when it may.  [any-thread]
std::string denial(const OpInfo& op, std::string_view plugin);

void set_fallback_policy(FallbackPolicy policy);
FallbackPolicy fallback_policy();

// The operator of that name; FG_E_NOT_FOUND, FG_R_UNKNOWN_OP with the nearest one.
Result<const OpInfo*> lookup(std::string_view name);

}  // namespace fg::core

#endif  // FG_CORE_DISPATCH_ENABLE_HPP_
