// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/attention_matrix.hpp"

#include <algorithm>
#include <array>

#include "fg/sdk/dtype.hpp"

namespace fg::gpu {
namespace {

constexpr std::int64_t kMostChannels = 128;  // Beyond, sums do not fit into registers.

bool has_pieces(const Attention::Side& x) {
  const bool even = x.batch % 8 == 0 && x.head % 8 == 0 && x.group % 8 == 0 && x.row % 8 == 0;
  return even && x.col == 1 && x.at.byte_offset % 16 == 0;
}

bool suits(const Attention& a) {
  const auto count = [](std::int64_t n) { return n > 0 && n <= kMostChannels && n % 16 == 0; };
  constexpr std::int64_t kMost = (std::int64_t{1} << 31) - 65536;  // The kernel counts in i32.
  return a.mask_dtype == 0 && a.keys > 0 && count(a.channels) && count(a.values) && has_pieces(a.q) &&
         has_pieces(a.k) && has_pieces(a.v) && has_pieces(a.out) && std::max(a.queries, a.keys) < kMost &&
         a.out.row < kMost;
}

std::int64_t groups_of(const AttentionTile& t, const Attention& a) {
  return a.batch * a.key_heads * a.group * ceil_div(a.queries, t.queries);
}

// Work-items read as many pieces each.
bool shares_evenly(const AttentionTile& t, const Attention& a) {
  const auto even = [&](std::int64_t lines, std::int64_t channels) { return lines * channels / 8 % t.group_size == 0; };
  return even(t.queries, a.channels) && even(t.keys, a.channels) && even(t.keys, a.values);
}

}  // namespace

const AttentionTile* attention_tile(const Attention& a, Device& device) {
  if (!suits(a)) return nullptr;
  for (const AttentionTile& t : device.features().attention) {
    if (t.dtype == a.dtype && shares_evenly(t, a) && device.proves(t)) return &t;
  }
  return nullptr;
}

Source attention_source(const AttentionTile& t, const Attention& a) {
  Source s;
  s.name = t.kernel;
  s.own = true;
  s.group_size = t.group_size;
  s.buffers = {{"q", t.dtype, Access::read},
               {"k", t.dtype, Access::read},
               {"v", t.dtype, Access::read},
               {"out", t.dtype, Access::write}};
  for (const char* name : {"q_batch", "q_head", "q_row", "k_batch", "k_head", "k_row", "v_batch", "v_head", "v_row",
                           "out_batch", "out_head", "out_row"}) {
    s.params.push_back({ParamType::i64, name, 1});
  }
  for (const char* name : {"heads", "group", "queries", "keys", "blocks"})
    s.params.push_back({ParamType::i32, name, 1});
  s.params.push_back({ParamType::f32, "scale", 1});
  s.define("BQ", t.queries).define("BK", t.keys).define("CHANNELS", a.channels).define("VALUES", a.values);
  return s.define("CAUSAL", a.causal);
}

Result<void> run_attention_matrix(const AttentionTile& t, const Attention& a, Variants& variants,
                                  const sdk::Launch& launch) {
  const std::uint64_t number = Number()
                                   .add(3, 2)
                                   .add(t.queries, 10)
                                   .add(t.keys, 10)
                                   .add(a.channels, 8)
                                   .add(a.values, 8)
                                   .add(a.causal, 1)
                                   .value();
  FG_TRY_ASSIGN(const Program* program,
                variants.get(device_of(launch), number, [&]() -> Result<Source> { return attention_source(t, a); }));
  const std::array<Value, 18> values{a.q.batch,
                                     a.q.group,
                                     a.q.row,
                                     a.k.batch,
                                     a.k.head,
                                     a.k.row,
                                     a.v.batch,
                                     a.v.head,
                                     a.v.row,
                                     a.out.batch,
                                     a.out.group,
                                     a.out.row,
                                     a.key_heads * a.group,
                                     a.group,
                                     a.queries,
                                     a.keys,
                                     ceil_div(a.queries, t.queries),
                                     a.scale};
  const std::array buffers{a.q.at, a.k.at, a.v.at, a.out.at};
  return enqueue(launch, *program, buffers, values, static_cast<std::uint64_t>(groups_of(t, a)));
}

}  // namespace fg::gpu
