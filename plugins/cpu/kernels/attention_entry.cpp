// SPDX-License-Identifier: Apache-2.0
//
// scaled_dot_product_attention and apply_rotary_pos_emb as launches.

#include <cmath>

#include "fg/abi/ops.h"
#include "plugins/cpu/kernels/attention.hpp"
#include "plugins/cpu/kernels/entry.hpp"
#include "plugins/cpu/kernels/index_entry.hpp"
#include "plugins/cpu/kernels/kernels.hpp"
#include "plugins/cpu/kernels/rotary.hpp"

namespace fg::cpu::entry {
namespace {

// The heads are the last dimension before positions and channels; key heads times `group` are the
// query heads, so that one stride walks the key heads and another the queries that share them.
void add_heads(AttentionArgs& a, const fg_tensor& q, const fg_tensor& k, const fg_tensor& v, const fg_tensor& out,
               const fg_tensor& mask) {
  const int n = q.ndim;
  const bool masked = present(mask);
  for (int d = 0; d < n - 2; ++d) {
    const std::int64_t m = masked ? broadcast_stride(mask, d, n) : 0;
    if (d < n - 3) {
      a.heads.add(q.shape[d], {q.stride[d], k.stride[d], v.stride[d], out.stride[d], m});
      continue;
    }
    a.group = k.shape[d] == 0 ? 0 : q.shape[d] / k.shape[d];
    a.heads.add(k.shape[d], {q.stride[d] * a.group, k.stride[d], v.stride[d], out.stride[d] * a.group, m * a.group});
    a.q.group = q.stride[d];
    a.o.group = out.stride[d];
    a.m.group = m;
  }
}

AttentionArgs attention_args(const sdk::Launch& l) {
  const auto& p = l.params<fg_scaled_dot_product_attention_params>();
  const fg_tensor &q = l.in(0), &k = l.in(1), &v = l.in(2), &mask = l.in(3), &out = l.out();
  const int n = q.ndim;
  AttentionArgs a;
  a.dtype = q.dtype;
  a.query = q.ptr;
  a.key = k.ptr;
  a.value = v.ptr;
  a.out = out.ptr;
  a.queries = q.shape[n - 2];
  a.channels = q.shape[n - 1];
  a.keys = k.shape[n - 2];
  a.value_channels = v.shape[n - 1];
  const auto side = [n](const fg_tensor& t) { return AttentionArgs::Side{0, t.stride[n - 2], t.stride[n - 1]}; };
  a.q = side(q);
  a.k = side(k);
  a.v = side(v);
  a.o = side(out);
  if (present(mask) && a.keys != 0) {
    a.mask = mask.ptr;
    a.mask_is_bool = mask.dtype == FG_BOOL;
    a.m = {0, broadcast_stride(mask, n - 2, n), broadcast_stride(mask, n - 1, n)};
  }
  add_heads(a, q, k, v, out, mask);
  a.causal = p.is_causal != 0;
  a.scale = p.has_scale != 0 ? p.scale : 1 / std::sqrt(static_cast<double>(a.channels));
  return a;
}

RotaryArgs rotary_args(const sdk::Launch& l) {
  const fg_tensor &q = l.in(0), &k = l.in(1), &cos = l.in(2), &sin = l.in(3), &ids = l.in(4);
  const fg_tensor &q_out = l.out(0), &k_out = l.out(1);
  const int n = q.ndim;
  const auto side = [n](const fg_tensor& x, const fg_tensor& y) {
    return RotaryArgs::Side{x.ptr,           y.ptr,           x.shape[n - 2], x.stride[n - 2],
                            x.stride[n - 1], y.stride[n - 2], y.stride[n - 1]};
  };
  RotaryArgs a;
  a.dtype = q.dtype;
  a.table_dtype = cos.dtype;
  a.q = side(q, q_out);
  a.k = side(k, k_out);
  if (present(ids)) a.ids = indices_of(ids);
  for (int d = 0; d < n - 2; ++d) {
    // Without position_ids the offset of the ids is the position: the index of dimension 1.
    const std::int64_t id = present(ids) ? ids.stride[d] : (d == 1 ? 1 : 0);
    a.space.add(q.shape[d], {q.stride[d], q_out.stride[d], k.stride[d], k_out.stride[d], id});
  }
  a.space.coalesce();
  a.cos = cos.ptr;
  a.sin = sin.ptr;
  a.cos_row = cos.stride[0];
  a.cos_col = cos.stride[1];
  a.sin_row = sin.stride[0];
  a.sin_col = sin.stride[1];
  a.channels = q.shape[n - 1];
  a.interleaved = l.params<fg_apply_rotary_pos_emb_params>().rotary_interleaved != 0;
  return a;
}

}  // namespace

Result<void> scaled_dot_product_attention(const sdk::Launch& l) {
  attention(attention_args(l), PoolExec(l), workspace_at(l));
  return {};
}
Result<std::uint64_t> scaled_dot_product_attention_workspace(const sdk::Launch& l) {
  return attention_workspace(attention_args(l), workers_of(l)) + kWorkspaceAlign;
}

Result<void> apply_rotary_pos_emb(const sdk::Launch& l) {
  const RotaryArgs a = rotary_args(l);
  const std::int64_t positions = l.in(2).shape[0];
  if (a.ids.data != nullptr) {
    FG_TRY(check_indices(l, {"apply_rotary_pos_emb", "position_ids", "cos has " + std::to_string(positions) + " rows",
                             6, a.ids, a.space, RotaryArgs::kIds, positions}));
  }
  rotary(a, PoolExec(l), workspace_at(l));
  return {};
}
Result<std::uint64_t> apply_rotary_pos_emb_workspace(const sdk::Launch& l) {
  return rotary_workspace(rotary_args(l), workers_of(l)) + kWorkspaceAlign;
}

}  // namespace fg::cpu::entry
