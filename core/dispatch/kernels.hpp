// SPDX-License-Identifier: Apache-2.0
//
// Prepared kernels: found in this thread's cache, then in the process's table, then prepared; their
// guards are checked before every use.

#ifndef FG_CORE_DISPATCH_KERNELS_HPP_
#define FG_CORE_DISPATCH_KERNELS_HPP_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/dispatch/state.hpp"
#include "core/memory/stream.hpp"
#include "core/tensor/tensor.hpp"
#include "fg/abi/kernel.h"
#include "fg/sdk/result.hpp"

namespace fg::core {

// A prepared kernel and what its guards compare with.  Immutable; lives until shutdown.
struct KernelEntry {
  fg_kernel* kernel = nullptr;
  Device* device = nullptr;
  std::vector<std::int64_t> shapes;   // FG_GUARD_SHAPE: of all tensors in order
  std::vector<std::int64_t> strides;  // FG_GUARD_STRIDE
  std::vector<std::byte> params;      // FG_GUARD_PARAMS
};

class Params;

// One launch, before a kernel is known.
struct LaunchSpec {
  const void* what = nullptr;  // EngineProgram or OpInfo: what the kernel computes.
  std::uint64_t op_uid = 0, schema_hash = 0;
  std::uint16_t schema_version = 1;
  std::string_view op;  // For messages, traces and records.
  Device* device = nullptr;
  std::span<fg_tensor> t;  // Outputs, then inputs.
  std::uint16_t n_out = 0;
  const void* params = nullptr;
  std::span<const std::byte> params_key;      // The parameters' values, without pointers; an engine's: its scalars.
  Params* named_params = nullptr;             // What params are of; a capture moves them out.  nullptr: an engine's.
  std::span<fg_tensor_object* const> owners;  // Whose memory is used.
};

// The kernel for `spec`.  FG_E_UNSUPPORTED when the plugin cannot make one.
Result<const KernelEntry*> find_kernel(const LaunchSpec& spec);
// Whether the guards of `entry` hold.
bool guards_hold(const KernelEntry& entry, const LaunchSpec& spec);
// Enqueues one launch.
Result<void> launch(const KernelEntry& entry, const LaunchSpec& spec);
// Both.
Result<void> run_kernel(const LaunchSpec& spec);

// Releases every kernel; no call may be in progress.  For shutdown.
void release_kernels();

}  // namespace fg::core

#endif  // FG_CORE_DISPATCH_KERNELS_HPP_
