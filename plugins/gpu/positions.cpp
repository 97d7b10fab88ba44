// SPDX-License-Identifier: Apache-2.0
//
// Masks become numbers of elements, indices and numbers become slots, then elements move.

#include "plugins/gpu/positions.hpp"

#include <algorithm>

#include "fg/sdk/dtype.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/gpu/compact.hpp"

namespace fg::gpu {
namespace {

// "last": the length of the positions' last dimension, which the masks' counts n decide where indices leave it open.
constexpr const char* kLast =
    "idx last = extent; for (i32 m = 0; m < masks; ++m) { if (last == idx(1)) { last = idx(n_load(m)); } }";

bool is_wide(const sdk::Launch& l, const Positions& p) {
  const std::int64_t moved = p.rows.count * p.longest() * p.behind.count;
  return !fits_index32(l) || moved >= std::int64_t{1} << 31 || p.count() >= std::int64_t{1} << 31;
}
fg_dtype slot_dtype(const sdk::Launch& l, const Positions& p) { return is_wide(l, p) ? FG_I64 : FG_I32; }

BufferRef behind(BufferRef ref, std::int64_t bytes) {
  ref.byte_offset += static_cast<std::uint64_t>(bytes);
  return ref;
}

// Adds what along[i] says; `mask` is its number among the masks.
Result<void> add_slots(const Prepared& k, const sdk::Launch& l, const Positions& p, const PositionMemory& m,
                       std::size_t i, std::int64_t mask, const BufferRef& count) {
  const Along& a = p.along[i];
  const bool wide = is_wide(l, p), counts = count.buffer != nullptr && i == 0;
  const std::size_t rank = p.shape.size(), missing = rank - a.shape.size();
  const Lengths strides = row_major(a.shape);
  const auto stride = [&](std::size_t d) {
    return d < missing || a.shape[d - missing] == 1 ? 0 : strides[d - missing];
  };
  Walk rows = make_walk(1);
  for (std::size_t d = 0; d + 1 < rank; ++d) add_to_walk(rows, p.shape[d], {a.mask ? 0 : stride(d)});
  settle_rank(rows, device_of(l).features());
  const fg_dtype dtype = a.mask ? FG_I64 : a.tensor->dtype;
  const std::uint64_t number = variant_number({'s', wide, rows.ndim, a.mask, counts, dtype == FG_I64});
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), number, [&] {
    return make_source("slots", {slot_dtype(l, p), dtype, FG_I64, FG_I64}, wide, [&](Source& s) {
      s.define("LAST", kLast);
      define_index(s);
      s.define("MASK", a.mask ? 1 : 0);
      s.define("COUNTS", counts ? 1 : 0);
      define_locate(s, "LOCATE", {"", "row", "o"}, rows.ndim, first_n(1));
    });
  }));
  std::vector<Value> values{p.position_rows(),   p.length(), a.mask || rank == 0 ? 0 : stride(rank - 1),
                            a.stride / p.unit(), p.masks(),  mask,
                            i == 0 ? 1 : 0,      a.bound,    a.wraps ? a.bound : std::int64_t{0}};
  add_walk_values(values, rows, first_n(1));
  const BufferRef buffers[] = {m.slots, a.mask ? m.numbers : ref(*a.tensor), m.counts, counts ? count : BufferRef{}};
  return enqueue(l, *program, buffers, values, groups_of(*program, p.count()));
}

Result<void> find_slots(const Prepared& k, const sdk::Launch& l, const Positions& p, const PositionMemory& m,
                        const BufferRef& count) {
  if (p.along.empty()) return l.raw().stream->fill(m.slots, 8, 0);
  std::int64_t mask = 0;
  PositionMemory own = m;
  for (const Along& a : p.along) {
    if (!a.mask) continue;
    FG_TRY(compact_mask(k, l, *a.tensor, own.numbers, behind(m.counts, 8 * mask++), m.scratch));
    own.numbers = behind(own.numbers, 8 * a.bound);
  }
  own.numbers = m.numbers;
  mask = 0;
  for (std::size_t i = 0; i < p.along.size(); ++i) {
    FG_TRY(add_slots(k, l, p, own, i, mask, count));
    if (!p.along[i].mask) continue;
    own.numbers = behind(own.numbers, 8 * p.along[i].bound);
    ++mask;
  }
  return {};
}

Result<void> claim_slots(const Prepared& k, const sdk::Launch& l, const Positions& p, const PositionMemory& m) {
  const bool wide = is_wide(l, p);
  const fg_dtype dtype = claim_dtype(p.count());
  FG_TRY(clear_claims(l, m.claims, dtype, p.slots()));
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), variant_number({'w', wide, dtype == FG_I64}), [&] {
    return make_source("claim", {slot_dtype(l, p), FG_I64, dtype}, wide, [&](Source& s) {
      s.define("LAST", kLast);
      define_join(s, Join::claim, dtype);
    });
  }));
  return enqueue(l, *program, {m.slots, m.counts, m.claims}, {p.position_rows(), p.length(), p.masks()},
                 groups_of(*program, p.count()));
}

// What moves elements goes by pieces, sums go element by element: `piece` is then an element.
struct Pass {
  Use use;
  fg_dtype y, x;
  std::int64_t piece;
  int rows, behind;
};

Result<Source> pass_source(const sdk::Launch& l, const Positions& p, const Pass& pass) {
  const fg_dtype claims = claim_dtype(p.count());
  return make_source("positions", {pass.y, pass.x, slot_dtype(l, p), FG_I64, claims}, is_wide(l, p), [&](Source& s) {
    s.define("LAST", kLast);
    s.define("HOW", static_cast<std::int64_t>(pass.use));
    define_join(s, pass.use == Use::add ? Join::add : Join::assign, pass.y);
    define_piece(s, pass.piece);
    define_locate(s, "LOCATE_ROW", {"r", "row", "r"}, pass.rows, first_n(3));
    define_locate(s, "LOCATE_BEHIND", {"b", "inner", "b"}, pass.behind, first_n(2));
  });
}

// y and x: the indexed tensor and the other one, or the other way round.
Result<void> move_positions(const Prepared& k, const sdk::Launch& l, const Positions& p, const PositionMemory& m,
                            Use use, const BufferRef& y, fg_dtype y_dtype, const fg_tensor& x) {
  const bool adds = use == Use::add;
  const std::int64_t element = dtype_bytes(x.dtype);
  Walk rows = p.rows, inner = p.behind;
  std::vector<std::int64_t> bytes{static_cast<std::int64_t>(y.byte_offset), offset_of(x), p.unit() * element,
                                  p.step * element};
  for (int d = 0; d < rows.ndim; ++d) {
    for (std::size_t t = 0; t < 2; ++t) bytes.push_back(rows.stride[t][static_cast<std::size_t>(d)] * element);
  }
  const std::int64_t piece = adds ? element : walk_in_pieces(inner, element, bytes), each = piece / element;
  for (int d = 0; d < rows.ndim; ++d) {
    for (std::size_t t = 0; t < 2; ++t) rows.stride[t][static_cast<std::size_t>(d)] /= each;
  }
  settle_rank(rows, device_of(l).features());
  settle_rank(inner, device_of(l).features());
  const Pass pass{use,       adds ? y_dtype : piece_dtype(piece), adds ? x.dtype : piece_dtype(piece), piece, rows.ndim,
                  inner.ndim};
  const std::uint64_t number = variant_number({'p', is_wide(l, p), static_cast<std::int64_t>(use), piece, rows.ndim,
                                               inner.ndim, claim_dtype(p.count()) == FG_I64});
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), number, [&] { return pass_source(l, p, pass); }));
  const std::int64_t limit = p.other_length == 1 ? p.longest() : p.other_length;
  std::vector<Value> values{rows.count, p.length(), inner.count, p.unit() / each, p.step / each, limit, p.masks()};
  add_walk_values(values, rows, first_n(3));
  add_walk_values(values, inner, first_n(2));
  const BufferRef buffers[] = {y, ref(x), m.slots, m.counts, m.claims};
  return enqueue(l, *program, buffers, values, groups_of(*program, rows.count * p.longest() * inner.count));
}

}  // namespace

Lengths row_major(const Lengths& shape) {
  Lengths stride(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) stride[d - 1] = stride[d] * std::max<std::int64_t>(shape[d], 1);
  return stride;
}

std::int64_t Positions::masks() const {
  return std::count_if(along.begin(), along.end(), [](const Along& a) { return a.mask; });
}
std::int64_t Positions::position_rows() const {
  std::int64_t n = 1;
  for (std::size_t d = 0; d + 1 < shape.size(); ++d) n *= shape[d];
  return n;
}
std::int64_t Positions::unit() const {
  std::int64_t least = along.empty() ? 1 : along.front().stride;
  for (const Along& a : along) least = std::min(least, a.stride);
  return least;
}
std::int64_t Positions::slots() const {
  std::int64_t last = 0;
  for (const Along& a : along) last += std::max<std::int64_t>(a.bound - 1, 0) * (a.stride / unit());
  return last + 1;
}

PositionMemory position_memory(const sdk::Launch& l, const Positions& p, Use use) {
  PositionMemory m;
  const auto take = [&](std::int64_t bytes) {
    const BufferRef at = workspace_at(l, m.bytes);
    m.bytes += groups_for(static_cast<std::uint64_t>(bytes), kWorkspaceAlign) * kWorkspaceAlign;
    return at;
  };
  m.slots = take(p.count() * dtype_bytes(slot_dtype(l, p)));
  if (p.masks() > 0) {
    std::int64_t elements = 0;
    for (const Along& a : p.along) elements += a.mask ? a.bound : 0;
    m.counts = take(8 * p.masks());
    m.numbers = take(8 * elements);
    m.scratch = m.bytes;
    m.bytes += compact_bytes(p.masked);
  }
  if (use == Use::assign) m.claims = take(p.slots() * dtype_bytes(claim_dtype(p.count())));
  if (use == Use::add) {
    m.join = join_memory(l, {Join::add}, m.bytes);
    m.bytes += m.join.bytes;
  }
  m.bytes += kWorkspaceAlign;
  return m;
}

Result<void> read_positions(const Prepared& k, const sdk::Launch& l, const Positions& p, const fg_tensor& count) {
  const PositionMemory m = position_memory(l, p, Use::read);
  if (p.masks() == 0 || p.count() == 0) FG_TRY(put_count(l, count, p.masks() == 0 ? p.length() : 0));
  FG_TRY(find_slots(k, l, p, m, p.masks() == 0 ? BufferRef{} : ref(count)));
  return move_positions(k, l, p, m, Use::read, ref(l.out()), l.out().dtype, l.in(0));
}

Result<void> write_positions(const Prepared& k, const sdk::Launch& l, const Positions& p, const fg_tensor& other,
                             bool accumulate) {
  const fg_tensor &out = l.out(), &self = l.in(0);
  if (p.count() == 0) return copy_self(l, out, self);
  const PositionMemory m = position_memory(l, p, accumulate ? Use::add : Use::assign);
  FG_TRY(find_slots(k, l, p, m, {}));
  if (!accumulate) {
    FG_TRY(copy_self(l, out, self));
    FG_TRY(claim_slots(k, l, p, m));
    return move_positions(k, l, p, m, Use::assign, ref(out), out.dtype, other);
  }
  const Joined sum{Join::add};
  FG_TRY(begin_join(k, l, sum, m.join, &self));
  const bool separate = sum.separate(out.dtype);
  FG_TRY(move_positions(k, l, p, m, Use::add, separate ? m.join.state : ref(out), sum.state_of(out.dtype), other));
  return end_join(k, l, sum, m.join, &self);
}

}  // namespace fg::gpu
