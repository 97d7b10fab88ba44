// SPDX-License-Identifier: Apache-2.0
//
// embedding, index_select, gather, take.

#include "plugins/gpu/indexing.hpp"

#include "fg/sdk/dtype.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/gpu/entries.hpp"

namespace fg::gpu {

TakeRows rows_along(const fg_tensor& self, std::int64_t dim) {
  TakeRows t;
  for (int d = 0; d < self.ndim; ++d) (d < dim ? t.outer : d == dim ? t.bound : t.width) *= self.shape[d];
  return t;
}

Result<void> put_slice(const Prepared& k, const sdk::Launch& l, const fg_tensor& index, const fg_tensor& source,
                       const TakeRows& t) {
  const fg_tensor& out = l.out();
  const std::int64_t element = dtype_bytes(out.dtype);
  const std::int64_t piece = piece_bytes(element, {offset_of(out), offset_of(source), t.width * element});
  const std::int64_t width = t.width * element / piece, count = t.outer * width;
  if (count == 0) return {};
  const bool wide = !fits_index32(l);
  const std::uint64_t number = variant_number({'o', piece, wide, index.dtype == FG_I64});
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), number, [&] {
    return make_source("put_slice", {piece_dtype(piece), piece_dtype(piece), index.dtype}, wide, [&](Source& s) {
      define_piece(s, piece);
      define_index(s);
    });
  }));
  return enqueue(l, *program, {ref(out), ref(source), ref(index)},
                 {count, width, t.bound, t.wraps ? t.bound : std::int64_t{0}}, groups_of(*program, count));
}

Result<void> take_rows(const Prepared& k, const sdk::Launch& l, const fg_tensor& index, const TakeRows& t) {
  const fg_tensor &out = l.out(), &self = l.in(0);
  const std::int64_t element = dtype_bytes(self.dtype), named = sdk::numel(index);
  const std::int64_t piece = piece_bytes(element, {offset_of(out), offset_of(self), t.width * element});
  const std::int64_t whole = t.width * element / piece, pieces = t.outer * named * whole;
  if (pieces == 0) return {};
  const bool wide = !fits_index32(l);
  // To find a row costs more than to read a piece of it; neighbours still read lines of memory.
  constexpr std::int64_t kEach = 4, kLeastWidth = 16, kManyPieces = 1 << 18;
  const bool several = whole % kEach == 0 && whole >= kEach * kLeastWidth && pieces >= kManyPieces;
  const std::int64_t each = several ? kEach : 1, width = whole / each, count = pieces / each;
  const std::uint64_t number = variant_number({'r', piece, wide, index.dtype == FG_I64, each});
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), number, [&] {
    return make_source("take_rows", {piece_dtype(piece), piece_dtype(piece), index.dtype}, wide, [&](Source& s) {
      define_piece(s, piece);
      define_index(s);
      s.define("EACH", each);
    });
  }));
  return enqueue(l, *program, {ref(out), ref(self), ref(index)},
                 {count, width, named, t.bound, t.wraps ? t.bound : std::int64_t{0}}, groups_of(*program, count));
}

namespace {

constexpr std::uint32_t kFlags = FG_K_BITWISE_DETERMINISTIC;

Result<void> embedding(const Prepared& k, const sdk::Launch& l) {
  return take_rows(k, l, l.in(1), rows_along(l.in(0), 0));
}

Result<void> index_select(const Prepared& k, const sdk::Launch& l) {
  return take_rows(k, l, l.in(1), rows_along(l.in(0), l.params<fg_index_select_params>().dim));
}

// `walk`: of the index; operand 0 is self, standing still in the gathered dimension.
struct Gather {
  Walk walk = make_walk(1);
  std::int64_t step = 1, bound = 1;
  bool wraps = false;
};

Result<void> gather_elements(const Prepared& k, const sdk::Launch& l, Gather g) {
  const fg_tensor &out = l.out(), &self = l.in(0), &index = l.in(1);
  const std::int64_t count = sdk::numel(index), element = dtype_bytes(self.dtype);
  if (count == 0) return {};
  const bool wide = !fits_index32(l);
  settle_rank(g.walk, device_of(l).features());
  const int ndim = g.walk.ndim;
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), variant_number({'g', wide, ndim}), [&] {
    return make_source("gather", {piece_dtype(element), piece_dtype(element), index.dtype}, wide, [&](Source& s) {
      define_piece(s, element);
      define_index(s);
      define_locate(s, "LOCATE", {"", "at", "o"}, ndim, first_n(1));
    });
  }));
  std::vector<Value> values{count, g.step, g.bound, g.wraps ? g.bound : std::int64_t{0}};
  add_walk_values(values, g.walk, first_n(1));
  const BufferRef buffers[] = {ref(out), ref(self), ref(index)};
  return enqueue(l, *program, buffers, values, groups_of(*program, count));
}

Result<void> gather(const Prepared& k, const sdk::Launch& l) {
  const fg_tensor &self = l.in(0), &index = l.in(1);
  const std::int64_t dim = l.params<fg_gather_params>().dim;
  Gather g;
  g.step = self.ndim == 0 ? 0 : self.stride[dim];
  g.bound = self.ndim == 0 ? 1 : self.shape[dim];
  for (int d = 0; d < index.ndim; ++d) add_to_walk(g.walk, index.shape[d], {d == dim ? 0 : stride_of(self, d)});
  return gather_elements(k, l, g);
}

Result<void> take(const Prepared& k, const sdk::Launch& l) {
  Gather g;
  g.bound = sdk::numel(l.in(0));
  g.wraps = true;
  return gather_elements(k, l, g);
}

FG_GPU_ROWS(EMBEDDING);
FG_GPU_ROWS(GATHER);
FG_GPU_ROWS(INDEX_SELECT);
FG_GPU_ROWS(TAKE);

constexpr sdk::KernelEntry kEntries[] = {
    {FG_GPU_ENTRY(EMBEDDING), .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<embedding>},
    {FG_GPU_ENTRY(GATHER), .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<gather>},
    {FG_GPU_ENTRY(INDEX_SELECT), .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<index_select>},
    {FG_GPU_ENTRY(TAKE), .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<take>},
};

}  // namespace

std::span<const sdk::KernelEntry> indexing_entries() { return kEntries; }

}  // namespace fg::gpu
