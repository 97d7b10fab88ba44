// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <array>

#include "plugins/gpu/experts.hpp"
#include "plugins/gpu/functions.hpp"
#include "plugins/gpu/product_plan.hpp"

namespace fg::gpu {
namespace {

// Few rows: an expert's last tile is half empty.
constexpr TileShape kTile{32, 64, 16, 4, 4, 1, 1}, kSoftwareTile{16, 64, 32, 4, 4, 1, 1};
constexpr std::int64_t kLeastPairs = 4;  // For each expert.
// Multiplications below which a processor is done before it has compiled five kernels in place of two.
constexpr std::int64_t kLeastWork = std::int64_t{1} << 18;

struct Groups {
  const Experts& e;
  TileShape tile;
  std::int64_t tiles;  // At most.
  bool wide;
  BufferRef counts, slots, pairs, owners, middle, results;
  std::uint64_t bytes;

  Groups(const sdk::Launch& l, const Experts& experts)
      : e(experts),
        tile(device_of(l).features().software ? kSoftwareTile : kTile),
        tiles(std::min(ceil_div(e.pairs(), tile.m) + e.experts, e.pairs())),
        wide(e.wide || tiles * tile.m * std::max(e.channels, e.middle) >= std::int64_t{1} << 31) {
    Places places(l);
    const std::int64_t sum = dtype_bytes(sum_dtype(e.x.dtype));
    counts = places.take(e.experts * 4);
    slots = places.take(e.pairs() * 4);
    pairs = places.take(tiles * tile.m * 4);
    owners = places.take(tiles * 4);
    middle = places.take(tiles * tile.m * e.middle * sum);
    results = places.take(tiles * tile.m * e.channels * sum);
    bytes = places.bytes();
  }
};

enum Kernel : std::uint8_t { kCounts = 2, kPlaces, kUp, kDown, kMix };  // Behind those of experts.cpp.

class Run {
 public:
  Run(const Prepared& k, const sdk::Launch& l, const Groups& g) : k_(k), l_(l), g_(g), e_(g.e) {}

  Result<void> place() {
    const std::int64_t experts = e_.experts;
    FG_TRY_ASSIGN(const Program* counts, program(kCounts, {}, {}, [&] {
                    return source_of("expert_counts", std::array<fg_dtype, 2>{FG_I32, e_.ids.dtype});
                  }));
    FG_TRY(enqueue(l_, *counts, {g_.counts, ref(e_.ids)}, {e_.pairs()}, static_cast<std::uint64_t>(experts)));
    FG_TRY_ASSIGN(const Program* places, program(kPlaces, {}, {}, [&]() -> Result<Source> {
                    FG_TRY_ASSIGN(Source s, source_of("expert_places", std::array<fg_dtype, 5>{FG_I32, FG_I32, FG_I32,
                                                                                               FG_I32, e_.ids.dtype}));
                    return s.define("ROWS", g_.tile.m), s;
                  }));
    return enqueue(l_, *places, {g_.slots, g_.pairs, g_.owners, g_.counts, ref(e_.ids)},
                   {e_.pairs(), experts, g_.tiles}, static_cast<std::uint64_t>(experts));
  }

  Result<void> up() {
    return product(kUp, e_.x.dtype, {g_.middle, ref(e_.x), ref(e_.w1)}, e_.middle, e_.channels,
                   readings(read_rows(e_.x, e_.channels), read_rows(e_.w1, e_.channels)));
  }
  Result<void> down() {
    const fg_dtype sum = sum_dtype(e_.x.dtype);
    const Lines x{g_.middle, g_.tiles * g_.tile.m, e_.middle, e_.middle, 1, 0};
    return product(kDown, sum, {g_.results, g_.middle, ref(e_.w2)}, e_.channels, e_.middle,
                   readings(reading_of(x, sum), read_rows(e_.w2, e_.middle)));
  }

  Result<void> mix() {
    const fg_dtype d = e_.x.dtype;
    FG_TRY_ASSIGN(
        const Program* mixes, program(kMix, {}, {}, [&]() -> Result<Source> {
          FG_TRY_ASSIGN(Source s, source_of("expert_mix", std::array<fg_dtype, 4>{d, sum_dtype(d), FG_I32, FG_F32}));
          return add_sums(s, d), s;
        }));
    const std::int64_t count = e_.tokens * e_.channels;
    return enqueue(l_, *mixes, {ref(e_.out), g_.results, g_.slots, ref(e_.weights)}, {count, e_.channels, e_.choices},
                   groups_for(static_cast<std::uint64_t>(count), mixes->source.group_size));
  }

 private:
  using Readings = std::array<Reading, 2>;

  template <class Make>
  Result<const Program*> program(Kernel kernel, const Reading& x, const Reading& w, Make&& make) {
    const std::uint64_t number = variant_number({kernel, g_.wide, e_.ids.dtype == FG_I64, x.vec, w.vec});
    return k_->get(device_of(l_), number, [&]() -> Result<Source> {
      FG_TRY_ASSIGN(Source s, make());
      s.wide_index = g_.wide;
      return s;
    });
  }
  // Processors gain nothing from pieces.
  Readings readings(Reading x, Reading w) const {
    if (device_of(l_).features().software) x.vec = w.vec = 1;
    return {x, w};
  }
  Result<Source> tile_source(Kernel kernel, fg_dtype x, const Readings& r) const {
    const fg_dtype d = e_.x.dtype;
    const TileShape& t = g_.tile;
    FG_TRY_ASSIGN(Source s, source_of("expert_tile", std::array<fg_dtype, 5>{sum_dtype(d), x, d, FG_I32, FG_I32}));
    s.group_size = static_cast<std::uint32_t>(t.group());
    s.define("UP", kernel == kUp ? 1 : 0).define("BM", t.m).define("BN", t.n).define("BK", t.k);
    s.define("TM", t.item_m).define("TN", t.item_n);
    add_sums(s, d);
    add_reading(s, "x", "X", r[0]);
    add_reading(s, "w", "W", r[1]);
    add_slice(s, "X", r[0], t.m, t.k);
    add_slice(s, "W", r[1], t.n, t.k);
    FG_TRY(add_slice_text(s, device_of(l_).features()));
    FG_TRY(add_functions(s, compute_type(d), {{FG_EX_SIGMOID, "sigmoid_of"}}));
    return s;
  }
  // `buffers`: result, operand, weights.
  Result<void> product(Kernel kernel, fg_dtype x, const std::array<BufferRef, 3>& buffers, std::int64_t columns,
                       std::int64_t depth, const Readings& r) {
    FG_TRY_ASSIGN(const Program* tiles, program(kernel, r[0], r[1], [&] { return tile_source(kernel, x, r); }));
    const std::int64_t tiles_n = ceil_div(columns, g_.tile.n);
    return enqueue(l_, *tiles, {buffers[0], buffers[1], buffers[2], g_.pairs, g_.owners},
                   {columns, depth, e_.choices, tiles_n}, static_cast<std::uint64_t>(g_.tiles * tiles_n));
  }

  const Prepared& k_;
  const sdk::Launch& l_;
  const Groups& g_;
  const Experts& e_;
};

}  // namespace

bool by_groups(const Experts& e, const Features& features) {
  if (e.experts == 0 || e.pairs() < kLeastPairs * e.experts) return false;
  return !features.few_kernels || 3 * e.pairs() * e.middle * e.channels >= kLeastWork;
}

Result<void> experts_by_groups(const Prepared& k, const sdk::Launch& l, const Experts& e) {
  const Groups groups(l, e);
  Run run(k, l, groups);
  FG_TRY(run.place());
  FG_TRY(run.up());
  FG_TRY(run.down());
  return run.mix();
}

std::uint64_t experts_by_groups_workspace(const sdk::Launch& l, const Experts& e) { return Groups(l, e).bytes; }

}  // namespace fg::gpu
