// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/launch.hpp"

#include <cstdlib>
#include <string>

#include "fg/abi/engine.h"
#include "fg/sdk/tensor_view.hpp"

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

Result<void> check_launch(const char* who, const fg_launch& l, std::size_t n_out, std::size_t n_in) {
  if (l.n_out != n_out || l.n_in != n_in) {
    return invalid(std::string(who) + ": got " + std::to_string(l.n_out) + " outputs and " + std::to_string(l.n_in) +
                   " inputs, expected " + std::to_string(n_out) + " and " + std::to_string(n_in));
  }
  if ((l.flags >> 16) != 0) return unsupported(std::string(who) + ": unknown launch flags", FG_R_UNKNOWN_BIT);
  for (int i = 0; i < l.n_out + l.n_in; ++i) {
    const fg_tensor& t = l.t[i];
    const std::string tensor = std::string(who) + ": tensor " + std::to_string(i);
    if (t.zero != 0) return invalid(tensor + " has a reserved field that is not 0", FG_R_RESERVED, i);
    if ((t.flags >> 16) != 0) return unsupported(tensor + " has unknown flags", FG_R_UNKNOWN_BIT, i);
    if (t.ndim < 0 || t.ndim > FG_ENGINE_MAX_NDIM) {
      return invalid(tensor + " has rank " + std::to_string(t.ndim) + ", expected 0 to 8", FG_R_RANK, i);
    }
    if (t.buffer == nullptr && sdk::numel(t) != 0) return invalid(tensor + " has no buffer", FG_R_NULL_POINTER, i);
  }
  return {};
}

}  // namespace fg::gpu
