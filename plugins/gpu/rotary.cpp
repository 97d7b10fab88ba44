// SPDX-License-Identifier: Apache-2.0
//
// apply_rotary_pos_emb.

#include <array>
#include <memory>

#include "plugins/gpu/entries.hpp"
#include "plugins/gpu/launch.hpp"

namespace fg::gpu {
namespace {

struct State {
  std::shared_ptr<Variants> variants = std::make_shared<Variants>();
};

Result<Source> make_source(const sdk::Launch& l, bool interleaved, bool has_ids, bool wide) {
  const fg_dtype d = l.in(0).dtype, table = l.in(2).dtype;
  const fg_dtype ids = has_ids ? l.in(4).dtype : fg_dtype{FG_I64};
  FG_TRY_ASSIGN(Source s, source_of("rotary", std::array{d, d, table, table, ids, d, d}));
  s.wide_index = wide;
  s.define("INTERLEAVED", interleaved ? 1 : 0).define("HAS_IDS", has_ids ? 1 : 0);
  s.define("REAL", d == FG_F64 || table == FG_F64 ? "f64" : "f32");
  return s;
}

Result<void> rotary(const State& state, const sdk::Launch& l) {
  const fg_tensor &q = l.in(0), &k = l.in(1), &cos = l.in(2), &ids = l.in(4);
  const int n = q.ndim;
  const std::int64_t halves = q.shape[n - 1] / 2, q_heads = q.shape[n - 2], k_heads = k.shape[n - 2];
  std::int64_t lines = 1, inner = 1;
  for (int d = 0; d < n - 2; ++d) (d > 1 ? inner : lines) *= q.shape[d];
  lines *= inner;
  const std::int64_t items = lines * (q_heads + k_heads) * halves;
  if (items == 0) return {};
  const bool interleaved = l.params<fg_apply_rotary_pos_emb_params>().rotary_interleaved != 0;
  const bool has_ids = present(ids), wide = !fits_index32(l) || items >= (std::int64_t{1} << 30);
  const std::uint64_t number = (interleaved ? 1u : 0u) | (has_ids ? 2u : 0u) | (wide ? 4u : 0u);
  FG_TRY_ASSIGN(const Program* program,
                state.variants->get(device_of(l), number, [&] { return make_source(l, interleaved, has_ids, wide); }));
  // Without ids the position is the index in the second dimension.
  const std::int64_t period = n - 2 > 1 ? q.shape[1] : 1;
  return enqueue(
      l, *program,
      {ref(q), ref(k), ref(cos), ref(l.in(3)), has_ids ? ref(ids) : BufferRef{}, ref(l.out(0)), ref(l.out(1))},
      {q_heads, k_heads, halves, lines, cos.shape[0], inner, period},
      groups_for(static_cast<std::uint64_t>(items), program->source.group_size));
}

Result<sdk::PreparedKernel> prepare(const fg_sig&) { return sdk::make_kernel<rotary>(State{}); }

FG_GPU_ROWS(APPLY_ROTARY_POS_EMB);

constexpr sdk::KernelEntry kEntries[] = {
    {FG_GPU_ENTRY(APPLY_ROTARY_POS_EMB), .layouts = FG_LAYOUT_DENSE,
     .flags = FG_K_BITWISE_DETERMINISTIC | FG_K_INPLACE_OK, .prepare = prepare},
};

}  // namespace

std::span<const sdk::KernelEntry> rotary_entries() { return kEntries; }

}  // namespace fg::gpu
