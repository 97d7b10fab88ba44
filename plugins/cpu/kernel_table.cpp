// SPDX-License-Identifier: Apache-2.0
//
// Every operator that the CPU plugin serves: the three engines, then the named kernels.

#include <array>
#include <vector>

#include "fg/abi/ops.h"
#include "plugins/cpu/engine/engine.hpp"
#include "plugins/cpu/kernel_registry.hpp"
#include "plugins/cpu/kernels/kernels.hpp"

namespace fg::cpu {
namespace {

constexpr std::array kAnyDtype{FG_F64, FG_F32, FG_F16, FG_BF16, FG_F8_E4M3FN, FG_F8_E5M2,
                               FG_I64, FG_I32, FG_I16, FG_I8,   FG_U8,        FG_BOOL};
constexpr std::uint32_t kEngineFlags = FG_K_MAY_BLOCK_HOST | FG_K_BITWISE_DETERMINISTIC;

constexpr std::array kEngines{
    sdk::KernelEntry{.name = FG_OP_MAP,
                     .uid = FG_OP_MAP_UID,
                     .schema_hash = FG_OP_MAP_SCHEMA_HASH,
                     .n_slots = 0,
                     .rows = kAnyDtype,
                     .max_ndim = FG_ENGINE_MAX_NDIM,
                     .flags = kEngineFlags | FG_K_INPLACE_OK,
                     .prepare = prepare_map,
                     .check = check_map},
    sdk::KernelEntry{.name = FG_OP_REDUCE,
                     .uid = FG_OP_REDUCE_UID,
                     .schema_hash = FG_OP_REDUCE_SCHEMA_HASH,
                     .n_slots = 0,
                     .rows = kAnyDtype,
                     .max_ndim = FG_ENGINE_MAX_NDIM,
                     .flags = kEngineFlags,
                     .prepare = prepare_reduce,
                     .check = check_reduce},
    sdk::KernelEntry{.name = FG_OP_SCAN,
                     .uid = FG_OP_SCAN_UID,
                     .schema_hash = FG_OP_SCAN_SCHEMA_HASH,
                     .n_slots = 0,
                     .rows = kAnyDtype,
                     .max_ndim = FG_ENGINE_MAX_NDIM,
                     .flags = kEngineFlags | FG_K_INPLACE_OK,
                     .prepare = prepare_scan,
                     .check = check_scan},
};

}  // namespace

const sdk::KernelTable& kernel_table() {
  static const std::vector<sdk::KernelEntry> entries = [] {
    std::vector<sdk::KernelEntry> all(kEngines.begin(), kEngines.end());
    const auto named = named_kernels();
    all.insert(all.end(), named.begin(), named.end());
    for (sdk::KernelEntry& e : all) e.flags |= FG_K_CAPTURABLE;  // A launch keeps nothing of its arguments.
    return all;
  }();
  static const sdk::KernelTable table(entries);
  return table;
}

}  // namespace fg::cpu
