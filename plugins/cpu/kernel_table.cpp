// SPDX-License-Identifier: Apache-2.0
//
// Every operator that the CPU plugin serves: the three engines, then the named kernels.

#include <array>
#include <vector>

#include "fg/sdk/engines.hpp"
#include "plugins/cpu/engine/engine.hpp"
#include "plugins/cpu/kernel_registry.hpp"
#include "plugins/cpu/kernels/kernels.hpp"

namespace fg::cpu {
namespace {

constexpr std::array kEngines = sdk::engine_rows(
    {.map = {prepare_map, check_map}, .reduce = {prepare_reduce, check_reduce}, .scan = {prepare_scan, check_scan}},
    FG_K_MAY_BLOCK_HOST | FG_K_BITWISE_DETERMINISTIC);

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
