// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/product_matrix.hpp"

#include <algorithm>
#include <array>

#include "fg/sdk/dtype.hpp"

namespace fg::gpu {
namespace {

constexpr std::uint64_t kPackVariant =
    16;  // Beside product.cpp's numbers, which are smaller or far larger, and those below.

// Lines of whole pieces in the workspace, zeros behind each.
Result<BufferRef> packed(const MatrixSide& side, std::uint64_t at, Variants& variants, const sdk::Launch& launch) {
  if (!side.packed) return side.at;
  const std::int64_t pieces = side.pitch() / 8, count = side.batches * side.lines * pieces;
  const std::int64_t reach =
      (side.batches - 1) * side.batch + (side.lines - 1) * side.line + (side.pitch() - 1) * side.step;
  const bool wide = std::max(reach, count * 8) >= (std::int64_t{1} << 31) - 65536;
  const bool dense = side.step == 1;
  const std::uint64_t variant = kPackVariant + (wide ? 1 : 0) + (dense ? 2 : 0);
  FG_TRY_ASSIGN(const Program* program, variants.get(device_of(launch), variant, [&]() -> Result<Source> {
    FG_TRY_ASSIGN(Source s, source_of("product_pack", std::array<fg_dtype, 2>{FG_I16, FG_I16}));
    s.wide_index = wide;
    s.define("DENSE", dense);
    return s;
  }));
  const std::uint64_t skew = side.at.byte_offset % 4;
  const BufferRef to = workspace_at(launch, at);
  FG_TRY(enqueue(launch, *program, {to, {side.at.buffer, side.at.byte_offset - skew}},
                 {count, pieces, side.lines, side.length, side.line, side.step, side.batch, skew / 2},
                 groups_for(static_cast<std::uint64_t>(count), program->source.group_size)));
  return to;
}

std::uint64_t variant_number(const ProductPlan& plan, const Features& f, Finish finish, fg_dtype out) {
  Number number;
  number.add(3, 2).add(plan.matrix - f.matrix.data(), 5).add(out == FG_F32, 1);
  number.add(static_cast<std::int64_t>(finish), 2);
  return number.add(plan.side_a.along, 1).add(plan.side_b.along, 1).value();
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
  FG_TRY_ASSIGN(const BufferRef a_at, packed(a, 0, variants, launch));
  FG_TRY_ASSIGN(const BufferRef b_at, packed(b, plan.b_at, variants, launch));
  FG_TRY_ASSIGN(const Program* program,
                variants.get(device_of(launch), variant_number(plan, device_of(launch).features(), finish, out_dtype),
                             [&]() -> Result<Source> {
                               return matrix_source(*plan.matrix, a.along, b.along, finish, out_dtype);
                             }));
  const std::array buffers{a_at, b_at, finish == Finish::with_self ? p.self.at : BufferRef{}, out.at};
  const std::array<Value, 20> values{
      a.read_line(), a.read_batch(), b.read_line(), b.read_batch(), p.self.row, p.self.col, p.self.batch,
      out.row,       out.col,        out.batch,     plan.results(), p.m,        p.n,        p.k,
      plan.tiles_m,  plan.tiles_n,   plan.splits,   plan.split_k,   p.alpha,    p.beta};
  return enqueue(launch, *program, buffers, values, static_cast<std::uint64_t>(plan.groups()));
}

}  // namespace fg::gpu
