// SPDX-License-Identifier: Apache-2.0
//
// nonzero, masked_select, masked_scatter.

#include <algorithm>

#include "fg/sdk/dtype.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/gpu/compact.hpp"
#include "plugins/gpu/entries.hpp"

namespace fg::gpu {
namespace {

std::string row_text(int ndim) {
  std::string text;
  for (int d = 0; d < ndim; ++d) {
    text += "y_store(place * i64(" + std::to_string(ndim) + ") + i64(" + std::to_string(d) + "), i64(p" +
            std::to_string(d) + ")); ";
  }
  return text;
}

// The dimensions of the walk are written, so none is joined or left out.
Result<void> nonzero(const Prepared& k, const sdk::Launch& l) {
  const fg_tensor& self = l.in();
  Compact c;
  c.chosen = ref(self);
  c.dtype = self.dtype;
  for (int d = 0; d < self.ndim; ++d) {
    const std::int64_t strides[] = {self.stride[d], 0};
    add_dim(c.walk, self.shape[d], strides, false);
  }
  const std::string emit = row_text(self.ndim);
  c.emit = emit.c_str();
  c.y = ref(l.out());
  c.y_dtype = FG_I64;
  c.count = ref(l.out(1));
  return compact(k, l, c, 0);
}
Result<std::uint64_t> nonzero_workspace(const Prepared&, const sdk::Launch& l) {
  return compact_bytes(sdk::numel(l.in())) + kWorkspaceAlign;
}

// Mask and self over their broadcast shape.
Walk masked_walk(const sdk::Launch& l) {
  const fg_tensor &self = l.in(0), &mask = l.in(1);
  const int ndim = std::max(self.ndim, mask.ndim);
  const auto length = [&](const fg_tensor& t, int d) {
    const int own = d - (ndim - t.ndim);
    return own < 0 ? 1 : t.shape[own];
  };
  Walk w = make_walk(2);
  for (int d = 0; d < ndim; ++d) {
    const std::int64_t n = length(self, d) == 1 ? length(mask, d) : length(self, d);
    add_to_walk(w, n, {broadcast_stride(mask, d, ndim), broadcast_stride(self, d, ndim)});
  }
  settle_rank(w, device_of(l).features());
  return w;
}

Result<void> masked_select(const Prepared& k, const sdk::Launch& l) {
  Compact c;
  c.chosen = ref(l.in(1));
  c.walk = masked_walk(l);
  c.emit = "y_put_bits(place, x_bits(o1));";
  c.y = ref(l.out());
  c.x = ref(l.in(0));
  c.y_dtype = c.x_dtype = piece_dtype(dtype_bytes(l.out().dtype));
  c.count = ref(l.out(1));
  return compact(k, l, c, 0);
}
Result<std::uint64_t> masked_workspace(const Prepared&, const sdk::Launch& l) {
  return compact_bytes(masked_walk(l).count) + 2 * kWorkspaceAlign;
}

// What source has too few of stays as it was.
Result<void> masked_scatter(const Prepared& k, const sdk::Launch& l) {
  const fg_tensor &out = l.out(), &self = l.in(0), &source = l.in(2);
  const bool in_place = out.buffer == self.buffer && out.byte_offset == self.byte_offset;
  if (!in_place) {
    Walk w = make_walk(2);
    for (int d = 0; d < out.ndim; ++d)
      add_to_walk(w, out.shape[d], {out.stride[d], broadcast_stride(self, d, out.ndim)});
    FG_TRY(move_pieces(k, l, ref(out), ref(self), w, dtype_bytes(out.dtype)));
  }
  Compact c;
  c.chosen = ref(l.in(1));
  c.walk = masked_walk(l);
  c.emit = "y_put_bits(at, x_bits(place));";
  c.y = ref(out);
  c.x = ref(source);
  c.y_dtype = c.x_dtype = piece_dtype(dtype_bytes(out.dtype));
  c.limit = sdk::numel(source);
  c.count = workspace_at(l, compact_bytes(c.walk.count));
  return compact(k, l, c, 0);
}

FG_GPU_ROWS(MASKED_SCATTER);
FG_GPU_ROWS(MASKED_SELECT);
FG_GPU_ROWS(NONZERO);

constexpr std::uint32_t kFlags = FG_K_BITWISE_DETERMINISTIC;

constexpr sdk::KernelEntry kEntries[] = {
    {FG_GPU_ENTRY(MASKED_SCATTER), .layouts = FG_LAYOUT_DENSE, .flags = kFlags | FG_K_INPLACE_OK,
     .prepare = prepare<masked_scatter, masked_workspace>},
    {FG_GPU_ENTRY(MASKED_SELECT), .counted = true, .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<masked_select, masked_workspace>},
    {FG_GPU_ENTRY(NONZERO), .counted = true, .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<nonzero, nonzero_workspace>},
};

}  // namespace

std::span<const sdk::KernelEntry> masked_entries() { return kEntries; }

}  // namespace fg::gpu
