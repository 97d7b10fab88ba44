// SPDX-License-Identifier: Apache-2.0
//
// The engine operators of fg/abi/engine.h on GPUs: a program is printed into a kernel and compiled.

#ifndef FG_PLUGINS_GPU_ENGINE_ENGINE_HPP_
#define FG_PLUGINS_GPU_ENGINE_ENGINE_HPP_

#include "fg/abi/engine.h"
#include "fg/sdk/kernel_table.hpp"

namespace fg::gpu {

Result<sdk::PreparedKernel> prepare_map(const fg_sig& sig);
Result<void> check_map(const fg_sig& sig);
Result<sdk::PreparedKernel> prepare_reduce(const fg_sig& sig);
Result<void> check_reduce(const fg_sig& sig);
Result<sdk::PreparedKernel> prepare_scan(const fg_sig& sig);
Result<void> check_scan(const fg_sig& sig);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_ENGINE_ENGINE_HPP_
