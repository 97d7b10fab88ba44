// SPDX-License-Identifier: Apache-2.0
//
// index, index_put, index_copy, put as launches.

#include <algorithm>
#include <array>

#include "fg/sdk/dtype.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/gpu/entries.hpp"
#include "plugins/gpu/indexing.hpp"
#include "plugins/gpu/positions.hpp"

namespace fg::gpu {
namespace {

Lengths shape_of(const fg_tensor& t) { return {t.shape, t.shape + t.ndim}; }

void broadcast_into(Lengths& into, const Lengths& other) {
  if (into.size() < other.size()) into.insert(into.begin(), other.size() - into.size(), 1);
  for (std::size_t d = 0; d < other.size(); ++d) {
    std::int64_t& n = into[into.size() - other.size() + d];
    if (n == 1) n = other[d];
  }
}

// The dimensions of self that tensors of indices and masks take.
std::array<bool, FG_MAX_NDIM> add_along(Positions& p, const sdk::Launch& l, std::size_t count,
                                        std::span<const std::int64_t> dims) {
  const Lengths shape = shape_of(l.in(0)), stride = row_major(shape);
  std::array<bool, FG_MAX_NDIM> used{};
  std::int64_t next = 0;
  for (std::size_t k = 0; k < count; ++k) {
    const fg_tensor& t = l.in(1 + k);
    Along a;
    a.tensor = &t;
    a.mask = t.dtype == FG_BOOL;
    a.wraps = !a.mask;
    const std::int64_t dim = dims.empty() ? next : dims[k];
    next = dim + (a.mask ? t.ndim : 1);
    for (std::int64_t d = dim; d < next; ++d) {
      a.bound *= shape[static_cast<std::size_t>(d)];
      a.stride = stride[static_cast<std::size_t>(d)];
      used[static_cast<std::size_t>(d)] = true;
    }
    if (a.mask) {
      p.masked = std::max(p.masked, a.bound);
      broadcast_into(p.shape, {1});
    } else {
      a.shape = shape_of(t);
      broadcast_into(p.shape, a.shape);
    }
    p.along.push_back(std::move(a));
  }
  return used;
}

// `other`: the tensor that is broadcast to what the positions select, or that holds it densely.
Positions positions_of(const sdk::Launch& l, std::size_t count, std::span<const std::int64_t> dims,
                       const fg_tensor& other) {
  Positions p;
  const Lengths shape = shape_of(l.in(0)), stride = row_major(shape);
  const auto used = add_along(p, l, count, dims);
  const auto n = static_cast<int>(shape.size());
  const int least = static_cast<int>(std::find(used.begin(), used.begin() + n, true) - used.begin());
  const int taken = static_cast<int>(std::count(used.begin(), used.begin() + n, true));
  const bool neighbours = std::count(used.begin() + least, used.begin() + std::min(n, least + taken), true) == taken;
  const int rank = n - taken + static_cast<int>(p.shape.size());
  int at = 0;  // The dimension of the result.
  const auto own = [&](int d, Walk& to, bool row) {
    const std::int64_t length = shape[static_cast<std::size_t>(d)], step = stride[static_cast<std::size_t>(d)];
    const std::int64_t others = broadcast_stride(other, at++, rank);
    if (row) {
      add_to_walk(to, length, {step, others, 0});
    } else {
      add_to_walk(to, length, {step, others});
    }
  };
  for (int d = 0; neighbours && d < least; ++d) own(d, p.rows, true);
  const Lengths rows = row_major(p.shape.empty() ? Lengths{} : Lengths(p.shape.begin(), p.shape.end() - 1));
  for (std::size_t d = 0; d < p.shape.size(); ++d) {
    const std::int64_t others = broadcast_stride(other, at++, rank);
    if (d + 1 < p.shape.size()) {
      add_to_walk(p.rows, p.shape[d], {0, others, rows[d]});
    } else {
      p.step = others;
      const int mine = at - 1 - (rank - other.ndim);
      p.other_length = mine < 0 ? 1 : other.shape[mine];
    }
  }
  for (int d = neighbours ? least : 0; d < n; ++d) {
    if (!used[static_cast<std::size_t>(d)]) own(d, p.behind, false);
  }
  return p;
}

std::span<const std::int64_t> dims_of(const std::int64_t* dims, std::int64_t n) {
  return {dims, static_cast<std::size_t>(n)};
}

// --- index ----------------------------------------------------------------------------------------------------------

Positions of_index(const sdk::Launch& l) {
  const auto& p = l.params<fg_index_params>();
  return positions_of(l, l.n_in() - 1, dims_of(p.dims, p.n_dims), l.out());
}

Result<void> index(const Prepared& k, const sdk::Launch& l) {
  const auto& p = l.params<fg_index_params>();
  const fg_tensor &self = l.in(0), &first = l.in(1);
  if (l.n_in() == 2 && first.dtype != FG_BOOL) {
    TakeRows rows = rows_along(self, p.n_dims == 0 ? 0 : p.dims[0]);
    rows.wraps = true;
    FG_TRY(put_count(l, l.out(1), first.ndim == 0 ? 1 : first.shape[first.ndim - 1]));
    return take_rows(k, l, first, rows);
  }
  return read_positions(k, l, of_index(l), l.out(1));
}
Result<std::uint64_t> index_workspace(const Prepared&, const sdk::Launch& l) {
  return position_memory(l, of_index(l), Use::read).bytes;
}

// --- what writes ----------------------------------------------------------------------------------------------------

Positions of_index_put(const sdk::Launch& l) {
  const auto& p = l.params<fg_index_put_params>();
  return positions_of(l, l.n_in() - 2, dims_of(p.dims, p.n_dims), l.in(l.n_in() - 1));
}
bool adds_index_put(const sdk::Launch& l) { return l.params<fg_index_put_params>().accumulate != 0; }

// One line of `index`, along a dimension of that length and stride; the other tensor has its elements side by side.
Positions line_of(const fg_tensor& index, std::int64_t bound, std::int64_t stride, bool wraps) {
  Positions p;
  Along a;
  a.tensor = &index;
  a.shape = {sdk::numel(index)};
  a.bound = bound;
  a.stride = stride;
  a.wraps = wraps;
  p.shape = a.shape;
  p.other_length = a.shape[0];
  p.step = stride;
  p.along.push_back(std::move(a));
  return p;
}

Positions of_put(const sdk::Launch& l) { return line_of(l.in(1), sdk::numel(l.out()), 1, true); }
bool adds_put(const sdk::Launch& l) { return l.params<fg_put_params>().accumulate != 0; }

Positions of_index_copy(const sdk::Launch& l) {
  const TakeRows t = rows_along(l.in(0), l.params<fg_index_copy_params>().dim);
  Positions p = line_of(l.in(1), t.bound, t.width, false);
  add_to_walk(p.rows, t.outer, {t.bound * t.width, p.shape[0] * t.width, 0});
  add_to_walk(p.behind, t.width, {1, 1});
  return p;
}

template <Positions (*Of)(const sdk::Launch&), bool (*Adds)(const sdk::Launch&)>
Result<void> write(const Prepared& k, const sdk::Launch& l) {
  return write_positions(k, l, Of(l), l.in(l.n_in() - 1), Adds(l));
}
template <Positions (*Of)(const sdk::Launch&), bool (*Adds)(const sdk::Launch&)>
Result<std::uint64_t> write_workspace(const Prepared&, const sdk::Launch& l) {
  return position_memory(l, Of(l), Adds(l) ? Use::add : Use::assign).bytes;
}
template <Positions (*Of)(const sdk::Launch&), bool (*Adds)(const sdk::Launch&)>
constexpr auto kPrepare = prepare<write<Of, Adds>, write_workspace<Of, Adds>>;

// One index names no place twice, so nothing is claimed: a decode step puts one token into its cache.
bool one_slice(const sdk::Launch& l) { return sdk::numel(l.in(1)) == 1; }

Result<void> index_copy(const Prepared& k, const sdk::Launch& l) {
  const fg_tensor& source = l.in(2);
  if (!one_slice(l)) return write_positions(k, l, of_index_copy(l), source, false);
  FG_TRY(copy_self(l, l.out(), l.in(0)));
  return put_slice(k, l, l.in(1), source, rows_along(l.in(0), l.params<fg_index_copy_params>().dim));
}
Result<std::uint64_t> index_copy_workspace(const Prepared&, const sdk::Launch& l) {
  return one_slice(l) ? 0 : position_memory(l, of_index_copy(l), Use::assign).bytes;
}

FG_GPU_ROWS(INDEX);
FG_GPU_ROWS(INDEX_COPY);
FG_GPU_ROWS(INDEX_PUT);
FG_GPU_ROWS(PUT);

constexpr sdk::KernelEntry kEntries[] = {
    {FG_GPU_ENTRY(INDEX), .list_slot = 2, .counted = true, .layouts = FG_LAYOUT_DENSE,
     .flags = FG_K_BITWISE_DETERMINISTIC, .prepare = prepare<index, index_workspace>},
    {FG_GPU_ENTRY(INDEX_COPY), .layouts = FG_LAYOUT_DENSE, .flags = FG_K_BITWISE_DETERMINISTIC | FG_K_INPLACE_OK,
     .prepare = prepare<index_copy, index_copy_workspace>},
    {FG_GPU_ENTRY(INDEX_PUT), .list_slot = 2, .layouts = FG_LAYOUT_DENSE, .flags = FG_K_INPLACE_OK,
     .prepare = kPrepare<of_index_put, adds_index_put>},
    {FG_GPU_ENTRY(PUT), .layouts = FG_LAYOUT_DENSE, .flags = FG_K_INPLACE_OK, .prepare = kPrepare<of_put, adds_put>},
};

}  // namespace

std::span<const sdk::KernelEntry> index_entries() { return kEntries; }

}  // namespace fg::gpu
