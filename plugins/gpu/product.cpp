// SPDX-License-Identifier: Apache-2.0
//
// The texts of the kernels of a product, and their launches.

#include "plugins/gpu/product.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/product_matrix.hpp"
#include "plugins/gpu/product_tuning.hpp"

namespace fg::gpu {
namespace {

constexpr int kRoundBytes = 16 << 10;  // Shared memory of product_rows.

ParamType scale_type(fg_dtype dtype) {
  const fg_dtype d = sum_dtype(dtype);
  return d == FG_F64 ? ParamType::f64 : d == FG_F32 ? ParamType::f32 : d == FG_I64 ? ParamType::u64 : ParamType::u32;
}

// FINISH(v, at): what is stored for the sum v; `at`: where self has its element.
void add_finish(Source& s, fg_dtype dtype, Finish finish) {
  s.define("FINISH(v, at)", finish == Finish::plain    ? "(v)"
                            : finish == Finish::scaled ? "(alpha * (v))"
                                                       : "MAC(beta, ACC(self_load(at)), alpha * (v))");
  if (finish != Finish::plain) s.params.push_back({scale_type(dtype), "alpha", 1});
  if (finish == Finish::with_self) s.params.push_back({scale_type(dtype), "beta", 1});
}

void add_scales(std::vector<Value>& values, const Product& p, Finish finish) {
  if (finish != Finish::plain) values.push_back(p.alpha);
  if (finish == Finish::with_self) values.push_back(p.beta);
}

Result<Source> tile_source(const ProductPlan& plan, const Features& f, Finish finish, fg_dtype out) {
  const fg_dtype d = plan.p.dtype;
  FG_TRY_ASSIGN(Source s, source_of("product_tile", std::array{d, d, d, out}));
  const TileShape& t = plan.tile;
  s.group_size = static_cast<std::uint32_t>(t.group());
  s.define("BM", t.m).define("BN", t.n).define("BK", t.k).define("TM", t.item_m).define("TN", t.item_n);
  s.define("RUN_M", t.run_m).define("RUN_N", t.run_n);
  add_sums(s, d);
  add_finish(s, d, finish);
  add_reading(s, "a", "A", plan.a);
  add_reading(s, "b", "B", plan.b);
  add_slice(s, "A", plan.a, t.m, t.k);
  add_slice(s, "B", plan.b, t.n, t.k);
  FG_TRY(add_slice_text(s, f));
  return s;
}

Result<Source> rows_source(const ProductPlan& plan, Finish finish, fg_dtype out) {
  const fg_dtype d = plan.p.dtype;
  FG_TRY_ASSIGN(Source s, source_of("product_rows", std::array{d, d, d, out}));
  const RowShape& r = plan.row;
  s.group_size = static_cast<std::uint32_t>(r.group);
  const auto row_bytes = static_cast<int>(r.group * r.width * dtype_bytes(sum_dtype(d)));
  s.define("M", plan.rows).define("LANES_N", r.lanes_n).define("LANES_K", r.lanes_k()).define("WIDTH", r.width);
  s.define("AHEAD", r.ahead)
      .define("CHAINS", r.chains)
      .define("ROUND", std::clamp(kRoundBytes / row_bytes, 1, plan.rows));
  add_sums(s, d);
  add_finish(s, d, finish);
  // Pieces of a meet pieces of b: along k, or a is read by elements.
  add_reading(s, "a", "A", plan.a.along && plan.b.along && plan.b.vec == plan.a.vec ? plan.a : Reading{});
  add_reading(s, "b", "B", plan.b);
  return s;
}

Result<Source> join_source(const ProductPlan& plan, Finish finish, bool by_group) {
  const fg_dtype d = plan.p.dtype;
  FG_TRY_ASSIGN(Source s, source_of("product_join", std::array{sum_dtype(d), d, d}));
  s.define("BY_GROUP", by_group ? 1 : 0).define("SHARED", by_group ? static_cast<int>(s.group_size) : 1);
  add_sums(s, d);
  add_finish(s, d, finish);
  return s;
}

std::uint64_t variant_number(const ProductPlan& plan, Finish finish, bool to_parts) {
  Number number;
  number.add(plan.by_rows ? 1 : 2, 2).add(to_parts, 1).add(plan.wide, 1).add(static_cast<std::int64_t>(finish), 2);
  number.add(plan.a).add(plan.b);
  const RowShape& r = plan.row;
  if (plan.by_rows) return number.add(plan.rows, 5).add(r.lanes_n, 9).add(r.width, 5).add(r.ahead, 5).value();
  return number.add(plan.tile.m, 9).add(plan.tile.n, 9).value();
}

// The first pass, into p.out or, when k is split, the workspace.
Result<void> run_main(const ProductPlan& plan, Variants& variants, const sdk::Launch& launch, const Operand& out,
                      fg_dtype out_dtype, Finish finish) {
  if (plan.matrix != nullptr) return run_matrix(plan, variants, launch, out, out_dtype, finish);
  const Product& p = plan.p;
  const bool to_parts = plan.splits > 1;
  FG_TRY_ASSIGN(const Program* program,
                variants.get(device_of(launch), variant_number(plan, finish, to_parts), [&]() -> Result<Source> {
                  FG_TRY_ASSIGN(Source s, plan.by_rows
                                              ? rows_source(plan, finish, out_dtype)
                                              : tile_source(plan, device_of(launch).features(), finish, out_dtype));
                  s.wide_index = plan.wide;
                  return s;
                }));
  std::vector<Value> values{p.m,     p.n,     p.k,       p.a.row,       p.a.col,    p.a.batch,
                            p.b.row, p.b.col, p.b.batch, p.self.row,    p.self.col, p.self.batch,
                            out.row, out.col, out.batch, plan.results()};
  if (!plan.by_rows) values.emplace_back(plan.tiles_m);
  values.insert(values.end(), {plan.tiles_n, plan.splits, plan.split_k});
  add_scales(values, p, finish);
  const std::array buffers{p.a.at, p.b.at, finish == Finish::with_self ? p.self.at : BufferRef{}, out.at};
  return enqueue(launch, *program, buffers, values, static_cast<std::uint64_t>(plan.groups()));
}

// Of elements of 2 bytes, as matrix units take them.
Operand part_of(Operand x, std::int64_t row, std::int64_t col) {
  x.at.byte_offset += static_cast<std::uint64_t>(2 * (row * x.row + col * x.col));
  return x;
}

// The lines of an operand from `first` on as rows, k as columns; where it was packed as they are in the workspace.
Operand lines_of(const MatrixSide& s, const Operand& given, const BufferRef& packed, std::int64_t first) {
  if (!s.packed) return part_of(given, first, 0);
  const Operand lines = s.along ? Operand{packed, s.pitch(), 1, s.read_batch()}  //
                                : Operand{packed, 1, s.pitch(), s.read_batch()};
  return part_of(lines, first, 0);
}

// The strips beside the tiles of matrix units.
Result<void> run_strips(const ProductPlan& plan, Variants& variants, const sdk::Launch& launch) {
  const Product& p = plan.p;
  const MatrixSide &a = plan.side_a, &b = plan.side_b;
  const auto run = [&](std::int64_t row, std::int64_t col, std::int64_t m, std::int64_t n) -> Result<void> {
    Product strip = p;
    strip.m = m, strip.n = n;
    strip.a = lines_of(a, p.a, workspace_at(launch), row);
    strip.b = transposed(lines_of(b, transposed(p.b), workspace_at(launch, plan.b_at), col));
    // Zeros stand behind both; whole pieces are read at once.
    if (a.packed && a.along && b.packed && b.along) strip.k = ceil_div(p.k, 8) * 8;
    strip.self = part_of(p.self, row, col);
    strip.out = part_of(p.out, row, col);
    const ProductPlan part = plan_product(strip, device_of(launch).features(), 0, {.parts = 1});
    return run_main(part, variants, launch, part.p.out, p.dtype, finish_of(p));
  };
  // The corner belongs to the strip that streams lines along k: those across it are then whole pieces.
  const bool rows_have_corner = b.along;
  if (plan.strip_m != 0) FG_TRY(run(plan.main_m(), 0, plan.strip_m, rows_have_corner ? p.n : plan.main_n()));
  if (plan.strip_n != 0) FG_TRY(run(0, plan.main_n(), rows_have_corner ? plan.main_m() : p.m, plan.strip_n));
  return {};
}

Result<void> run_join(const ProductPlan& plan, Variants& variants, const sdk::Launch& launch, const BufferRef& parts) {
  const Product& p = plan.p;
  const Finish finish = finish_of(p);
  const bool by_group = plan.results() < 1024 && plan.splits >= 16;
  const std::uint64_t number = static_cast<std::uint64_t>(finish) | static_cast<std::uint64_t>(by_group) << 2 |
                               static_cast<std::uint64_t>(plan.wide) << 3;
  FG_TRY_ASSIGN(const Program* program, variants.get(device_of(launch), number, [&]() -> Result<Source> {
    FG_TRY_ASSIGN(Source s, join_source(plan, finish, by_group));
    s.wide_index = plan.wide;
    return s;
  }));
  std::vector<Value> values{p.m,       p.n,       p.self.row,  p.self.col,     p.self.batch,
                            p.out.row, p.out.col, p.out.batch, plan.results(), plan.splits};
  add_scales(values, p, finish);
  const std::array buffers{parts, finish == Finish::with_self ? p.self.at : BufferRef{}, p.out.at};
  const auto results = static_cast<std::uint64_t>(plan.results());
  return enqueue(launch, *program, buffers, values,
                 by_group ? results : groups_for(results, program->source.group_size));
}

std::uint64_t workspace_of(const ProductPlan& plan) {
  return plan.space == 0 || plan.results() == 0 ? 0 : plan.space + kWorkspaceAlign;
}

}  // namespace

Result<void> run_product(const Product& product, Variants& variants, const sdk::Launch& launch) {
  ProductPlan plan = tuned_plan(product, device_of(launch), Tunables::Asks::launch);
  if (plan.results() == 0) return {};
  // Something else was chosen after the workspace was asked for, or captured.
  if (workspace_of(plan) > launch.raw().ws_bytes) plan = plan_without_workspace(product, device_of(launch).features());
  if (plan.splits == 1) {
    FG_TRY(run_main(plan, variants, launch, plan.p.out, plan.p.dtype, finish_of(plan.p)));
    return run_strips(plan, variants, launch);
  }
  const Operand parts{workspace_at(launch, plan.parts_at), plan.p.n, 1, plan.p.m * plan.p.n};
  FG_TRY(run_main(plan, variants, launch, parts, sum_dtype(plan.p.dtype), Finish::plain));
  return run_join(plan, variants, launch, parts.at);
}

std::uint64_t product_workspace(const Product& product, Device& device) {
  return workspace_of(tuned_plan(product, device, Tunables::Asks::workspace));
}

}  // namespace fg::gpu
