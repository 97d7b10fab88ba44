// SPDX-License-Identifier: Apache-2.0
//
// scaled_dot_product_attention as a launch.

#include <cmath>
#include <memory>

#include "plugins/gpu/attention.hpp"
#include "plugins/gpu/entries.hpp"

namespace fg::gpu {
namespace {

struct State {
  std::shared_ptr<Variants> variants = std::make_shared<Variants>();
};

// Heads are the third dimension from the end, the batch the fourth.  `wide`: the query's rank; a mask that
// lacks a dimension, or has one element there, repeats.
Attention::Side side_of(const fg_tensor& t, int rank) {
  const auto stride = [&](int back) -> std::int64_t {
    const int own = t.ndim - back;
    return back > rank || own < 0 || t.shape[own] == 1 ? 0 : t.stride[own];
  };
  return {ref(t), stride(4), stride(3), 0, stride(2), stride(1)};
}

// `each` heads share one.
void share_heads(Attention::Side& x, std::int64_t each) {
  x.group = x.head;
  x.head *= each;
}

Attention attention_of(const sdk::Launch& l) {
  const auto& p = l.params<fg_scaled_dot_product_attention_params>();
  const fg_tensor &q = l.in(0), &k = l.in(1), &v = l.in(2), &mask = l.in(3), &out = l.out();
  const int n = q.ndim;
  Attention a;
  a.dtype = q.dtype;
  a.q = side_of(q, n);
  a.k = side_of(k, n);
  a.v = side_of(v, n);
  a.out = side_of(out, n);
  a.batch = n == 4 ? q.shape[0] : 1;
  a.key_heads = n >= 3 ? k.shape[n - 3] : 1;
  a.group = n >= 3 && a.key_heads != 0 ? q.shape[n - 3] / a.key_heads : 1;
  a.queries = q.shape[n - 2];
  a.channels = q.shape[n - 1];
  a.values = v.shape[n - 1];
  a.causal = p.is_causal != 0;
  a.keys = a.causal ? std::min(k.shape[n - 2], a.queries) : k.shape[n - 2];
  if (present(mask) && a.keys != 0) {
    a.mask_dtype = mask.dtype;
    a.mask = side_of(mask, n);
  }
  share_heads(a.q, a.group);
  share_heads(a.out, a.group);
  share_heads(a.mask, a.group);
  // Without channels the scores are sums of nothing; 1 / sqrt(0) times them is not.
  a.scale = a.channels == 0 ? 1 : p.has_scale != 0 ? p.scale : 1 / std::sqrt(static_cast<double>(a.channels));
  a.wide = !fits_index32(l);
  return a;
}

Result<void> attention(const State& s, const sdk::Launch& l) { return run_attention(attention_of(l), *s.variants, l); }
Result<std::uint64_t> attention_space(const State&, const sdk::Launch& l) {
  return attention_workspace(attention_of(l), device_of(l));
}
Result<sdk::PreparedKernel> prepare(const fg_sig&) { return sdk::make_kernel<attention, attention_space>(State{}); }

FG_GPU_ROWS(SCALED_DOT_PRODUCT_ATTENTION);

// More dimensions are the composite's.
constexpr sdk::KernelEntry kEntries[] = {
    {FG_GPU_ENTRY(SCALED_DOT_PRODUCT_ATTENTION), .max_ndim = 4, .layouts = kForward,
     .flags = FG_K_BITWISE_DETERMINISTIC, .prepare = prepare},
};

}  // namespace

std::span<const sdk::KernelEntry> attention_entries() { return kEntries; }

}  // namespace fg::gpu
