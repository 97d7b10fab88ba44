// SPDX-License-Identifier: Apache-2.0
//
// Every operator that the CPU plugin serves: the three engines, then the named kernels.

#include "plugins/cpu/kernel_registry.hpp"

#include <array>

namespace fg::cpu {
namespace {

constexpr std::array<sdk::KernelEntry, 0> kKernels{};

}  // namespace

const sdk::KernelTable& kernel_table() {
  static const sdk::KernelTable table(kKernels);
  return table;
}

}  // namespace fg::cpu
