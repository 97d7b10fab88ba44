// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/product_matrix.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "fg/sdk/dtype.hpp"

namespace fg::gpu {
namespace {

constexpr std::uint64_t kPackVariant =
    16;                               // Beside product.cpp's numbers, which are smaller or far larger, and those below.
constexpr std::int64_t kTurned = 64;  // Lines and elements that a group of product_pack turns.

bool is_wide(const MatrixSide& s) {
  const std::int64_t along = s.turned ? s.line : s.step, across = s.turned ? s.step : s.line;
  const std::int64_t reach = (s.batches - 1) * s.batch + (s.lines - 1) * across + (s.pitch() - 1) * along;
  return s.packed && std::max(reach, s.batches * s.lines * s.pitch()) >= (std::int64_t{1} << 31) - 65536;
}

// Where a packed operand begins for product_pack, which reads whole pieces.
std::uint64_t skew_of(const MatrixSide& s) { return s.at.byte_offset % 16; }
BufferRef aligned(const MatrixSide& s) { return {s.at.buffer, s.at.byte_offset - skew_of(s)}; }

std::int64_t pieces_of(const MatrixSide& s) { return s.packed ? s.batches * s.lines * s.pitch() / 8 : 0; }

// Of product_pack.
std::int64_t groups_of(const MatrixSide& s, std::int64_t group_size) {
  if (!s.turned) return ceil_div(pieces_of(s), group_size);
  return s.batches * ceil_div(s.lines, kTurned) * (s.pitch() / kTurned);
}

// One launch for both: lines of whole pieces in the workspace, zeros behind each.
Result<void> pack(const ProductPlan& plan, Variants& variants, const sdk::Launch& launch) {
  const MatrixSide &a = plan.side_a, &b = plan.side_b;
  if (!a.packed && !b.packed) return {};
  const bool wide = is_wide(a) || is_wide(b);
  const bool dense = (!a.packed || a.step == 1) && (!b.packed || b.step == 1);
  const std::uint64_t variant =
      kPackVariant + (wide ? 1 : 0) + (dense ? 2 : 0) + (a.turned ? 4 : 0) + (b.turned ? 8 : 0);
  FG_TRY_ASSIGN(const Program* program, variants.get(device_of(launch), variant, [&]() -> Result<Source> {
    FG_TRY_ASSIGN(Source s, source_of("product_pack", std::array<fg_dtype, 3>{FG_I16, FG_I16, FG_I16}));
    s.wide_index = wide;
    s.define("DENSE", dense).define("A_TURNED", a.turned).define("B_TURNED", b.turned);
    return s;
  }));
  const std::int64_t group_size = program->source.group_size, groups = groups_of(a, group_size);
  std::vector<Value> values{groups, static_cast<std::int64_t>(plan.b_at / 16)};
  for (const MatrixSide* s : {&a, &b}) {
    values.insert(values.end(),
                  {pieces_of(*s), s->pitch() / 8, s->lines, s->length, s->line, s->step, s->batch, skew_of(*s) / 2});
  }
  return enqueue(launch, *program, std::array{workspace_at(launch), aligned(a), aligned(b)}, values,
                 static_cast<std::uint64_t>(groups + groups_of(b, group_size)));
}

std::uint64_t variant_number(const ProductPlan& plan, const Features& f, Finish finish, fg_dtype out) {
  Number number;
  number.add(3, 2).add(plan.matrix - f.matrix.data(), 5).add(out == FG_F32, 1);
  number.add(static_cast<std::int64_t>(finish), 2);
  return number.add(plan.side_a.along, 1).add(plan.side_b.along, 1).value();
}

// As far as zeros stand behind both operands, kernels that prefer whole slices are given them.
std::int64_t read_k(const ProductPlan& plan) {
  const MatrixSide &a = plan.side_a, &b = plan.side_b;
  const std::int64_t whole = ceil_div(plan.p.k, plan.matrix->k) * plan.matrix->k;
  const bool zeros = a.packed && a.along && b.packed && b.along && whole <= std::min(a.pitch(), b.pitch());
  return plan.matrix->whole && zeros ? whole : plan.p.k;
}

}  // namespace

Source matrix_source(const MatrixTile& t, bool a_along, bool b_along, Finish finish, fg_dtype out) {
  Source s;
  s.name = t.kernel;
  s.own = true;
  s.group_size = t.group_size;
  s.buffers = {{"a", t.dtype, Access::read},
               {"b", t.dtype, Access::read},
               {"self", t.dtype, Access::read},
               {"out", out, Access::write}};
  for (const char* name : {"a_line", "a_batch", "b_line", "b_batch", "self_row", "self_col", "self_batch", "out_row",
                           "out_col", "out_batch", "out_split"}) {
    s.params.push_back({ParamType::i64, name, 1});
  }
  for (const char* name : {"m", "n", "k", "tiles_m", "tiles_n", "splits", "split_k"}) {
    s.params.push_back({ParamType::i32, name, 1});
  }
  for (const char* name : {"alpha", "beta"}) s.params.push_back({ParamType::f32, name, 1});
  s.define("BM", t.m).define("BN", t.n).define("BK", t.k).define("A_ALONG", a_along).define("B_ALONG", b_along);
  s.define("FINISH", static_cast<std::int64_t>(finish)).define("BF16", t.dtype == FG_BF16);
  return s.define("OUT_F32", out == FG_F32);
}

Result<void> run_matrix(const ProductPlan& plan, Variants& variants, const sdk::Launch& launch, const Operand& out,
                        fg_dtype out_dtype, Finish finish) {
  const Product& p = plan.p;
  const MatrixSide &a = plan.side_a, &b = plan.side_b;
  FG_TRY(pack(plan, variants, launch));
  FG_TRY_ASSIGN(const Program* program,
                variants.get(device_of(launch), variant_number(plan, device_of(launch).features(), finish, out_dtype),
                             [&]() -> Result<Source> {
                               return matrix_source(*plan.matrix, a.along, b.along, finish, out_dtype);
                             }));
  const std::array buffers{a.packed ? workspace_at(launch) : a.at, b.packed ? workspace_at(launch, plan.b_at) : b.at,
                           finish == Finish::with_self ? p.self.at : BufferRef{}, out.at};
  const std::array<Value, 20> values{a.read_line(),  a.read_batch(), b.read_line(), b.read_batch(), p.self.row,
                                     p.self.col,     p.self.batch,   out.row,       out.col,        out.batch,
                                     plan.results(), plan.main_m(),  plan.main_n(), read_k(plan),   plan.tiles_m,
                                     plan.tiles_n,   plan.splits,    plan.split_k,  p.alpha,        p.beta};
  return enqueue(launch, *program, buffers, values, static_cast<std::uint64_t>(plan.groups()));
}

}  // namespace fg::gpu
