// SPDX-License-Identifier: Apache-2.0
//
// The operators of the CPU plugin.  A new kernel is a file in kernels/, a declaration in
// kernels/kernels.hpp and a row in kernel_table.cpp.

#ifndef FG_PLUGINS_CPU_KERNEL_REGISTRY_HPP_
#define FG_PLUGINS_CPU_KERNEL_REGISTRY_HPP_

#include "fg/sdk/kernel_table.hpp"

namespace fg::cpu {

const sdk::KernelTable& kernel_table();

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNEL_REGISTRY_HPP_
