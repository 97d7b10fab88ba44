// SPDX-License-Identifier: Apache-2.0
//
// The kernels of attention: tiles of queries, or few rows of queries (decoding) over chunks of keys.

#include "plugins/gpu/attention.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/attention_matrix.hpp"
#include "plugins/gpu/functions.hpp"

namespace fg::gpu {
namespace {

// attention_tile: queries and keys of a block, channels and keys of a slice.
struct TileShape {
  int queries, keys, slice_c, slice_k;
  int group() const { return queries / 4 * (keys / 4); }
};
// attention_rows, by the rows of queries that it holds.
struct RowShape {
  int rows, group, chunk, ahead;
};

// What fits into the memory of a group is taken, the best first.
constexpr TileShape kTiles[] = {{64, 64, 16, 16}, {64, 64, 16, 8}, {32, 32, 16, 8}, {32, 32, 8, 4}, {32, 32, 4, 2}};
constexpr RowShape kRows[] = {{1, 256, 256, 4}, {2, 256, 256, 4}, {4, 256, 256, 4}, {8, 256, 128, 2}, {16, 256, 64, 2}};
constexpr int kMostValues = 256;  // Channels of v that a group of attention_tile has.
constexpr int kRound = 2;         // Rows whose scores attention_rows adds at once.
constexpr int kShares = 32;       // Work-items that share a row's maximum.
constexpr int kLeastChunk = 64;   // Keys of a chunk, of which there should be one for every compute unit.
constexpr int kMostChunk = 512;   // A tuner may choose up to here,
// the keys of a chunk and those that a work-item reads ahead.
constexpr std::int64_t kChunks[] = {kByRule, 64, 128, 256, kMostChunk}, kAheads[] = {kByRule, 2, 4, 8};
constexpr fg_tune_param kRowsParams[] = {{"chunk", kChunks, std::size(kChunks), 0},
                                         {"ahead", kAheads, std::size(kAheads), 0}};
constexpr int kJoinAhead = 8;  // Chunks that attention_join reads at once.

Lines channels_of(const Attention::Side& x, std::int64_t positions, std::int64_t channels) {
  return {x.at, positions, x.row, channels, x.col, 0};
}
// A side whose heads and batches begin at whole pieces.
Reading read_side(const Attention::Side& x, Lines lines, fg_dtype dtype) {
  Reading r = reading_of(lines, dtype);
  for (const std::int64_t stride : {x.batch, x.head, x.group}) {
    if (stride % r.vec != 0) r.vec = 1;
  }
  return r;
}

int power_of_two(std::int64_t at_least) {
  int p = 1;
  while (p < at_least) p *= 2;
  return p;
}

// What all kernels here need.
Result<void> add_common(Source& s, const Attention& a) {
  const bool f64 = a.dtype == FG_F64;
  add_sums(s, a.dtype);
  s.define("LOWEST", f64 ? "(-INF_F64)" : "(-INF_F32)").define("MAX", f64 ? "MAX_F64" : "MAX_F32");
  s.wide_index = a.wide;
  return add_functions(s, compute_type(a.dtype), {{FG_EX_EXP, "exp_of"}});
}

void add_masks(Source& s, const Attention& a) {
  s.define("CAUSAL", a.causal ? 1 : 0).define("MASK", a.mask_dtype == 0 ? 0 : a.mask_dtype == FG_BOOL ? 1 : 2);
  s.params.push_back({a.dtype == FG_F64 ? ParamType::f64 : ParamType::f32, "scale", 1});
}

std::array<fg_dtype, 5> dtypes_of(const Attention& a, fg_dtype out) {
  return {a.dtype, a.dtype, a.dtype, a.mask_dtype == 0 ? a.dtype : a.mask_dtype, out};
}

// --- tiles ---

struct TilePlan {
  TileShape shape;
  int values;  // Channels of v of a group.
  Reading q, k, v;
  int slice() const {
    return std::max(shape.slice_c * (shape.queries + shape.keys + 2 * kSlicePad), shape.slice_k * (values + kSlicePad));
  }
  int shared() const {  // Numbers in shared memory.
    return slice() + shape.keys * (shape.queries + kSlicePad) + shape.group() + 2 * shape.queries;
  }
  // Of all loops of a work-item, if none is unrolled.
  std::int64_t rounds(const Attention& a) const {
    const auto each = [&](int lines, int length) { return ceil_div(lines * length, shape.group()); };
    const std::int64_t scores =
        1 + shape.slice_c + 2 * (each(shape.queries, shape.slice_c) + each(shape.keys, shape.slice_c));
    const std::int64_t sums = 1 + shape.slice_k + 2 * each(values, shape.slice_k);
    const std::int64_t weights = 2 * ceil_div(shape.keys * shape.queries, shape.group());
    const std::int64_t block =
        1 + ceil_div(a.channels, shape.slice_c) * scores + weights + ceil_div(shape.keys, shape.slice_k) * sums;
    return ceil_div(a.keys, shape.keys) * block;
  }
};

TilePlan plan_tiles(const Attention& a, const Features& f) {
  TilePlan p{};
  const std::int64_t bytes = dtype_bytes(sum_dtype(a.dtype));
  for (const TileShape& t : kTiles) {
    p.shape = t;
    p.values = static_cast<int>(std::min<std::int64_t>(ceil_div(a.values, t.keys) * t.keys, kMostValues));
    if (p.shared() * bytes <= static_cast<std::int64_t>(f.local_bytes)) break;
  }
  p.q = read_side(a.q, channels_of(a.q, a.queries, a.channels), a.dtype);
  p.k = read_side(a.k, channels_of(a.k, a.keys, a.channels), a.dtype);
  p.v = read_side(a.v, {a.v.at, a.values, a.v.col, a.keys, a.v.row, 0}, a.dtype);
  // Slices are whole pieces; a processor's compiler makes vectors of elements itself.
  const auto settle = [&](Reading& r, int slice) {
    if (f.software || (r.along && slice % r.vec != 0)) r.vec = 1;
  };
  settle(p.q, p.shape.slice_c);
  settle(p.k, p.shape.slice_c);
  settle(p.v, p.shape.slice_k);
  return p;
}

Result<Source> tile_source(const Attention& a, const TilePlan& p, const Features& f) {
  FG_TRY_ASSIGN(Source s, source_of("attention_tile", dtypes_of(a, a.dtype)));
  const TileShape& t = p.shape;
  s.group_size = static_cast<std::uint32_t>(t.group());
  s.define("BQ", t.queries).define("BK", t.keys).define("SLICE_C", t.slice_c).define("SLICE_K", t.slice_k);
  s.define("VALUES", p.values / t.keys * 4).define("SHARES", t.group() / t.queries).define("SLICE", p.slice());
  s.define("PITCH", t.queries + kSlicePad);
  FG_TRY(add_common(s, a));
  add_masks(s, a);
  add_reading(s, "q", "Q", p.q);
  add_reading(s, "k", "K", p.k);
  add_reading(s, "v", "V", p.v);
  add_slice(s, "Q", p.q, t.queries, t.slice_c);
  add_slice(s, "K", p.k, t.keys, t.slice_c);
  add_slice(s, "V", p.v, p.values, t.slice_k);
  FG_TRY(add_slice_text(s, f));
  return s;
}

Number number_of(const Attention& a, int kernel) {
  return Number()
      .add(kernel, 2)
      .add(a.wide, 1)
      .add(a.causal, 1)
      .add(a.mask_dtype == 0         ? 0
           : a.mask_dtype == FG_BOOL ? 1
                                     : 2,
           2);
}

void add_side(std::vector<Value>& values, const Attention::Side& x, std::int64_t head, bool group) {
  values.insert(values.end(), {x.batch, head});
  if (group) values.emplace_back(x.group);
  values.insert(values.end(), {x.row, x.col});
}

bool is_too_long(const TilePlan& p, const Attention& a, const Features& f) {
  return f.most_rounds != 0 && p.rounds(a) > f.most_rounds;
}

Result<void> run_tiles(const Attention& a, Variants& variants, const sdk::Launch& launch) {
  const Features& f = device_of(launch).features();
  const TilePlan p = plan_tiles(a, f);
  if (is_too_long(p, a, f)) {
    return unsupported("attention over " + std::to_string(a.keys) + " keys of " + std::to_string(a.channels) +
                       " channels takes " + std::to_string(p.rounds(a)) + " rounds of loops, which end after " +
                       std::to_string(f.most_rounds) + " on this device");
  }
  const std::uint64_t number = number_of(a, 0)
                                   .add(p.shape.queries, 8)
                                   .add(p.shape.slice_c, 6)
                                   .add(p.shape.slice_k, 6)
                                   .add(p.values, 10)
                                   .add(p.q)
                                   .add(p.k)
                                   .add(p.v)
                                   .value();
  FG_TRY_ASSIGN(const Program* program, variants.get(device_of(launch), number, [&] { return tile_source(a, p, f); }));
  const std::int64_t heads = a.key_heads * a.group, blocks = ceil_div(a.queries, p.shape.queries);
  const std::int64_t value_blocks = ceil_div(a.values, p.values);
  std::vector<Value> values{heads, a.group, a.queries, a.keys, a.channels, a.values, blocks, value_blocks};
  add_side(values, a.q, a.q.group, false);
  add_side(values, a.k, a.k.head, false);
  add_side(values, a.v, a.v.head, false);
  add_side(values, a.mask, a.mask.group, false);
  add_side(values, a.out, a.out.group, false);
  values.emplace_back(a.scale);
  const std::array buffers{a.q.at, a.k.at, a.v.at, a.mask.at, a.out.at};
  return enqueue(launch, *program, buffers, values,
                 static_cast<std::uint64_t>(a.batch * heads * blocks * value_blocks));
}

// --- few rows ---

struct RowPlan {
  RowShape shape;
  Reading k, v;
  int lanes_c = 1, lanes_v = 1;
  std::int64_t chunks = 1;

  int round() const { return std::min(kRound, shape.rows); }
  int part() const { return std::max(round() * (shape.group * shape.ahead + lanes_c), shape.group * v.vec); }
  std::int64_t parts(const Attention& a) const { return chunks * a.lines() * a.rows() * (a.values + 2); }
};

// Pieces along the channels, or elements.
Reading along_channels(const Attention::Side& x, std::int64_t positions, std::int64_t channels, fg_dtype dtype) {
  const Reading r = read_side(x, channels_of(x, positions, channels), dtype);
  return r.along ? r : Reading{};
}

bool takes_rows(const Attention& a, const Features& f) {
  const std::int64_t vec = 16 / dtype_bytes(a.dtype);
  const bool tiles = f.software && !is_too_long(plan_tiles(a, f), a, f);
  return !tiles && a.rows() <= kRows[std::size(kRows) - 1].rows && a.channels <= kRows[0].group &&
         a.values <= kRows[0].group && a.keys > 0 && vec > 0;
}

// Before a chunk is chosen.
RowPlan begin_rows(const Attention& a) {
  RowPlan p{};
  p.shape = *std::find_if(std::begin(kRows), std::end(kRows), [&](const RowShape& r) { return a.rows() <= r.rows; });
  p.k = along_channels(a.k, a.keys, a.channels, a.dtype);
  p.v = along_channels(a.v, a.keys, a.values, a.dtype);
  p.lanes_c = power_of_two(ceil_div(a.channels, p.k.vec));
  p.lanes_v = power_of_two(ceil_div(a.values, p.v.vec));
  return p;
}

bool fits(const RowPlan& p, const Attention& a, const Features& f) {
  const std::int64_t bytes = dtype_bytes(sum_dtype(a.dtype));
  return (p.part() + p.shape.rows * p.shape.chunk) * bytes <= static_cast<std::int64_t>(f.local_bytes);
}

RowPlan rows_by_rule(const Attention& a, const Features& f) {
  RowPlan p = begin_rows(a);
  while (!fits(p, a, f)) {
    p.shape.chunk /= 2;
    p.shape.ahead = std::max(p.shape.ahead / 2, 1);
  }
  const auto few = [&] { return a.lines() * ceil_div(a.keys, p.shape.chunk) < std::int64_t{f.compute_units}; };
  while (p.shape.chunk > kLeastChunk && few()) p.shape.chunk /= 2;
  p.chunks = ceil_div(a.keys, p.shape.chunk);
  return p;
}

// With what was chosen, where that fits into the memory of a group.
RowPlan rows_chosen(const Attention& a, const Features& f, std::int64_t chunk, std::int64_t ahead) {
  RowPlan p = rows_by_rule(a, f);
  const RowShape own = p.shape;
  if (chunk != kByRule) p.shape.chunk = static_cast<int>(chunk);
  if (ahead != kByRule) p.shape.ahead = static_cast<int>(ahead);
  if (!fits(p, a, f)) p.shape = own;
  p.chunks = ceil_div(a.keys, p.shape.chunk);
  return p;
}

// Buckets: bytes of an element, rows, channels and, as powers of two, lines and keys.
TunablePoint point_of(const Attention& a, const Features& f, int rows) {
  const auto power = [](std::int64_t n) { return " 2^" + std::to_string(log2_below(n)); };
  const std::string bytes = std::to_string(dtype_bytes(a.dtype));
  return {bytes + " " + std::to_string(rows) + "x" + std::to_string(a.channels) + " of" + power(a.lines()) + " to" +
              power(a.keys),
          [a, f] {
            const RowShape own = rows_by_rule(a, f).shape;
            std::vector<std::int64_t> chunks{kByRule}, aheads{kByRule};
            for (const std::int64_t c : kChunks) {
              const bool other = c != kByRule && c != own.chunk && c < 2 * a.keys;
              if (other && rows_chosen(a, f, c, kByRule).shape.chunk == c) chunks.push_back(c);
            }
            for (const std::int64_t n : kAheads) {
              if (n != kByRule && n != own.ahead && rows_chosen(a, f, kByRule, n).shape.ahead == n) aheads.push_back(n);
            }
            return std::vector{chunks, aheads};
          }};
}

RowPlan plan_rows(const Attention& a, Device& device, Tunables::Asks asks) {
  const Features& f = device.features();
  const int rows = begin_rows(a).shape.rows;
  const std::uint64_t code = Number()
                                 .add(dtype_bytes(a.dtype), 4)
                                 .add(rows, 5)
                                 .add(a.channels, 9)
                                 .add(log2_below(a.lines()), 6)
                                 .add(log2_below(a.keys), 6)
                                 .value();
  const Tunables::Values v = device.tunables().choose(
      kTunableAttention, code, [&] { return point_of(a, f, rows); }, asks);
  return rows_chosen(a, f, v[0], v[1]);
}

std::uint64_t workspace_of(const RowPlan& p, const Attention& a) {
  return static_cast<std::uint64_t>(p.parts(a) * dtype_bytes(sum_dtype(a.dtype))) + kWorkspaceAlign;
}

// The plan for a launch.  Something else may have been chosen after the workspace was asked for, or captured: long
// chunks need the least.
RowPlan plan_rows(const Attention& a, const sdk::Launch& launch) {
  const Features& f = device_of(launch).features();
  RowPlan p = plan_rows(a, device_of(launch), Tunables::Asks::launch);
  for (std::int64_t chunk = p.shape.chunk; workspace_of(p, a) > launch.raw().ws_bytes && chunk <= kMostChunk;
       chunk *= 2)
    p = rows_chosen(a, f, chunk, kByRule);
  return p;
}

Result<Source> rows_source(const Attention& a, const RowPlan& p) {
  FG_TRY_ASSIGN(Source s, source_of("attention_rows", dtypes_of(a, sum_dtype(a.dtype))));
  s.group_size = static_cast<std::uint32_t>(p.shape.group);
  s.define("ROWS", p.shape.rows).define("CHUNK", p.shape.chunk).define("AHEAD", p.shape.ahead);
  s.define("LANES_C", p.lanes_c).define("LANES_V", p.lanes_v).define("ROUND", p.round()).define("PART", p.part());
  s.define("SHARES", std::min(kShares, p.shape.group / p.shape.rows));
  FG_TRY(add_common(s, a));
  add_masks(s, a);
  add_reading(s, "k", "K", p.k);
  add_reading(s, "v", "V", p.v);
  return s;
}

Result<Source> join_source(const Attention& a) {
  FG_TRY_ASSIGN(Source s, source_of("attention_join", std::array{sum_dtype(a.dtype), a.dtype}));
  s.define("AHEAD", kJoinAhead);
  FG_TRY(add_common(s, a));
  return s;
}

Result<void> run_rows(const Attention& a, const RowPlan& p, Variants& variants, const sdk::Launch& launch) {
  const std::uint64_t number = number_of(a, 1)
                                   .add(p.shape.rows, 6)
                                   .add(p.shape.chunk, 10)
                                   .add(p.shape.ahead, 4)
                                   .add(p.lanes_c, 10)
                                   .add(p.lanes_v, 10)
                                   .add(p.k)
                                   .add(p.v)
                                   .value();
  FG_TRY_ASSIGN(const Program* program, variants.get(device_of(launch), number, [&] { return rows_source(a, p); }));
  FG_TRY_ASSIGN(const Program* join, variants.get(device_of(launch), Number().add(2, 2).add(a.wide, 1).value(),
                                                  [&] { return join_source(a); }));
  std::vector<Value> values{a.key_heads, a.rows(), a.queries, a.keys, a.channels, a.values, p.chunks, a.lines()};
  add_side(values, a.q, a.q.head, true);
  add_side(values, a.k, a.k.head, false);
  add_side(values, a.v, a.v.head, false);
  add_side(values, a.mask, a.mask.head, true);
  values.emplace_back(a.scale);
  const BufferRef parts = workspace_at(launch);
  const std::array buffers{a.q.at, a.k.at, a.v.at, a.mask.at, parts};
  FG_TRY(enqueue(launch, *program, buffers, values, static_cast<std::uint64_t>(a.lines() * p.chunks)));
  std::vector<Value> joined{a.key_heads, a.rows(), a.queries, a.values, p.chunks, a.lines()};
  add_side(joined, a.out, a.out.head, true);
  return enqueue(launch, *join, std::array{parts, a.out.at}, joined,
                 groups_for(static_cast<std::uint64_t>(a.results()), join->source.group_size));
}

}  // namespace

const TunableKernel kTunableAttention{"attention_rows", 1, kRowsParams};

Result<void> run_attention(const Attention& attention, Variants& variants, const sdk::Launch& launch) {
  if (attention.results() == 0) return {};
  const Features& f = device_of(launch).features();
  if (!takes_rows(attention, f)) {
    const AttentionTile* tile = attention_tile(attention, device_of(launch));
    return tile != nullptr ? run_attention_matrix(*tile, attention, variants, launch)
                           : run_tiles(attention, variants, launch);
  }
  Attention a = attention;
  const RowPlan p = plan_rows(a, launch);
  a.wide = a.wide || p.parts(a) >= (std::int64_t{1} << 31);
  return run_rows(a, p, variants, launch);
}

std::uint64_t attention_workspace(const Attention& a, Device& device) {
  if (a.results() == 0 || !takes_rows(a, device.features())) return 0;
  return workspace_of(plan_rows(a, device, Tunables::Asks::workspace), a);
}

}  // namespace fg::gpu
