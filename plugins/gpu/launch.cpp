// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/launch.hpp"

#include <cstdlib>
#include <string>

namespace fg::gpu {

BufferRef workspace_at(const sdk::Launch& launch, std::uint64_t offset) {
  const fg_launch& l = launch.raw();
  return {l.ws, (l.ws_offset + kWorkspaceAlign - 1) / kWorkspaceAlign * kWorkspaceAlign + offset};
}

Result<void> enqueue(const sdk::Launch& launch, const Program& program, std::span<const BufferRef> buffers,
                     std::span<const Value> params, std::uint64_t groups) {
  if (groups == 0) return {};
  if (buffers.size() != program.source.buffers.size()) {
    return fail(FG_E_INTERNAL, "kernel " + program.source.name + ": " + std::to_string(buffers.size()) +
                                   " buffers, expected " + std::to_string(program.source.buffers.size()));
  }
  FG_TRY_ASSIGN(const std::vector<std::byte> packed, pack_params(program.source, params));
  return launch.raw().stream->dispatch({&program, buffers, packed, groups});
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
