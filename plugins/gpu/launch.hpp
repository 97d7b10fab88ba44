// SPDX-License-Identifier: Apache-2.0
//
// From a launch of the contract to a dispatch: what every kernel's entry uses.

#ifndef FG_PLUGINS_GPU_LAUNCH_HPP_
#define FG_PLUGINS_GPU_LAUNCH_HPP_

#include <cstdint>
#include <initializer_list>
#include <span>

#include "fg/sdk/kernel_table.hpp"
#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {

inline Device& device_of(const sdk::Launch& launch) { return *launch.raw().stream->device; }
inline BufferRef ref(const fg_tensor& t) { return {t.buffer, t.byte_offset}; }
inline bool present(const fg_tensor& t) { return t.dtype != 0; }

// Bytes of the workspace, from a place aligned to kWorkspaceAlign; ask for kWorkspaceAlign more.
inline constexpr std::uint64_t kWorkspaceAlign = 256;
BufferRef workspace_at(const sdk::Launch& launch, std::uint64_t offset = 0);

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
constexpr std::uint64_t groups_for(std::uint64_t items, std::uint64_t each) { return (items + each - 1) / each; }

// Enqueues `program`; no groups is a success that does nothing.
Result<void> enqueue(const sdk::Launch& launch, const Program& program, std::span<const BufferRef> buffers,
                     std::span<const Value> params, std::uint64_t groups, const ItemWise* items = nullptr);
inline Result<void> enqueue(const sdk::Launch& launch, const Program& program, std::initializer_list<BufferRef> buffers,
                            std::initializer_list<Value> params, std::uint64_t groups) {
  return enqueue(launch, program, std::span(buffers.begin(), buffers.size()), std::span(params.begin(), params.size()),
                 groups);
}

// Whether element indices of all tensors stay below 2^31, strides included: idx may be i32.
bool fits_index32(std::span<const fg_tensor> tensors);
inline bool fits_index32(const sdk::Launch& l) {
  return fits_index32({l.raw().t, std::size_t{l.raw().n_out} + l.raw().n_in});
}

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_LAUNCH_HPP_
