// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/launch.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "fg/sdk/dtype.hpp"
#include "fg/sdk/tensor_view.hpp"

namespace fg::gpu {

BufferRef workspace_at(const sdk::Launch& launch, std::uint64_t offset) {
  const fg_launch& l = launch.raw();
  return {l.ws, (l.ws_offset + kWorkspaceAlign - 1) / kWorkspaceAlign * kWorkspaceAlign + offset};
}

namespace {

bool has_large_tensor(const fg_launch& l) {
  constexpr std::int64_t kLarge = 512 << 10;
  const std::span<const fg_tensor> tensors(l.t, std::size_t{l.n_out} + l.n_in);
  return std::any_of(tensors.begin(), tensors.end(),
                     [](const fg_tensor& t) { return sdk::numel(t) * dtype_bytes(t.dtype) >= kLarge; });
}

}  // namespace

Result<void> enqueue(const sdk::Launch& launch, const Program& program, std::span<const BufferRef> buffers,
                     std::span<const Value> params, std::uint64_t groups, const ItemWise* items) {
  if (groups == 0) return {};
  if (buffers.size() != program.source.buffers.size()) {
    return fail(FG_E_INTERNAL, "kernel " + program.source.name + ": " + std::to_string(buffers.size()) +
                                   " buffers, expected " + std::to_string(program.source.buffers.size()));
  }
  FG_TRY_ASSIGN(const std::vector<std::byte> packed, pack_params(program.source, params));
  const bool large = device_of(launch).features().few_kernels && has_large_tensor(launch.raw());
  return launch.raw().stream->dispatch({&program, buffers, packed, groups, large, items});
}

bool fits_index32(std::span<const fg_tensor> tensors) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 31;
  for (const fg_tensor& t : tensors) {
    std::int64_t reach = 1, count = 1;
    for (int d = 0; d < t.ndim; ++d) {
      if (t.shape[d] == 0) return true;
      count *= t.shape[d];
      reach += (t.shape[d] - 1) * std::abs(t.stride[d]);
      if (reach >= kLimit || count >= kLimit) return false;
    }
  }
  return true;
}

}  // namespace fg::gpu
