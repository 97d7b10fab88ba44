// SPDX-License-Identifier: Apache-2.0
//
// From the database to a plugin: what was measured for a device is set when its instance is made.

#ifndef FG_CORE_TUNING_APPLY_HPP_
#define FG_CORE_TUNING_APPLY_HPP_

#include <cstddef>
#include <string>

#include "core/registry/device.hpp"
#include "core/tuning/store.hpp"
#include "fg/abi/ext/tune.h"

namespace fg::core {

// "fg.tune/1" of the device's plugin when it has every function, else nullptr.
const fg_tune_table* tune_table(const Device& device);
TuningIdentity tuning_identity(const Device& device);
// Folder of the database below the cache folder.
std::string tuning_folder(const std::string& cache_folder);

// Sets every result of the device.  Rows that the plugin does not take are counted and left.  Never
// fails: a database that cannot be read is a warning.  How many were set.
std::size_t apply_tuning(const Device& device, const std::string& folder);

}  // namespace fg::core

#endif  // FG_CORE_TUNING_APPLY_HPP_
