// SPDX-License-Identifier: Apache-2.0
//
// index, index_put, take, put as launches.  A mask becomes one tensor of indices for each of its
// dimensions: the positions of its true elements.

#include <bitset>
#include <vector>

#include "fg/abi/ops.h"
#include "plugins/cpu/kernels/convert.hpp"
#include "plugins/cpu/kernels/copy.hpp"
#include "plugins/cpu/kernels/entry.hpp"
#include "plugins/cpu/kernels/index_entry.hpp"
#include "plugins/cpu/kernels/kernels.hpp"
#include "plugins/cpu/kernels/nonzero.hpp"
#include "plugins/cpu/kernels/positions.hpp"

namespace fg::cpu::entry {
namespace {

using Lengths = std::vector<std::int64_t>;

// One index along one dimension of self.
struct Along {
  Indices indices;
  Lengths shape, stride;
  std::int64_t dim = 0;
};

// What index and index_put have in common.
struct Indexed {
  const char* op;
  const fg_tensor& self;
  std::size_t first, count;  // Inputs that are tensors of indices.
  std::span<const std::int64_t> dims;
  std::vector<Along> along;
  Lengths shape;                 // All indices broadcast.
  int start = 0;                 // Where these dimensions are in the result.
  std::vector<int> lead, trail;  // The other dimensions of self, before and after them.
};

NonzeroArgs mask_args(const fg_tensor& mask, std::int64_t* rows) {
  return {mask.dtype, mask.ptr, mask.ndim, mask.shape, mask.stride, rows, std::max(mask.ndim, 1), 1};
}

// Rows of positions of the mask, then what finding them takes.
void* take_mask(Arena& arena, const fg_tensor& mask, std::int64_t*& rows) {
  rows = arena.take<std::int64_t>(sdk::numel(mask) * std::max(mask.ndim, 1));
  return arena.take<std::byte>(static_cast<std::int64_t>(cpu::nonzero_workspace(mask_args(mask, nullptr))));
}

void add_mask(Indexed& x, const fg_tensor& mask, std::int64_t dim, Arena& arena, const Exec& exec) {
  std::int64_t* rows = nullptr;
  void* ws = take_mask(arena, mask, rows);
  const std::int64_t found = cpu::nonzero(mask_args(mask, rows), exec, ws);
  for (int d = 0; d < mask.ndim; ++d) x.along.push_back({{rows + d, 8}, {found}, {mask.ndim}, dim + d});
}

bool join_shape(Lengths& into, const Lengths& other) {
  if (into.size() < other.size()) into.insert(into.begin(), other.size() - into.size(), 1);
  const std::size_t lead = into.size() - other.size();
  for (std::size_t d = 0; d < other.size(); ++d) {
    std::int64_t& n = into[lead + d];
    if (n == 1) n = other[d];
    if (other[d] != 1 && other[d] != n) return false;
  }
  return true;
}

std::string text_of(const Lengths& shape) {
  std::string text;
  for (const std::int64_t n : shape) text += (text.empty() ? "" : ", ") + std::to_string(n);
  return "[" + text + "]";
}

// Where the dimensions of the indices go: in their place when they are neighbours, else first.
void arrange(Indexed& x) {
  std::bitset<FG_MAX_NDIM> used;
  std::int64_t least = FG_MAX_NDIM, most = -1;
  for (const Along& a : x.along) {
    used.set(static_cast<std::size_t>(a.dim));
    least = std::min(least, a.dim);
    most = std::max(most, a.dim);
  }
  const bool neighbours = most - least + 1 == static_cast<std::int64_t>(used.count());
  for (int d = 0; d < x.self.ndim; ++d) {
    if (!used[static_cast<std::size_t>(d)]) (neighbours && d < least ? x.lead : x.trail).push_back(d);
  }
  x.start = static_cast<int>(x.lead.size());
}

Result<Indexed> indexed_of(const sdk::Launch& l, const char* op, std::size_t first, std::size_t count,
                           std::span<const std::int64_t> dims) {
  Indexed x{op, l.in(0), first, count, dims, {}, {}, 0, {}, {}};
  Arena arena(workspace_at(l));
  std::int64_t next = 0;
  for (std::size_t k = 0; k < count; ++k) {
    const fg_tensor& t = l.in(first + k);
    const std::int64_t dim = dims.empty() ? next : dims[k];
    next = dim + (t.dtype == FG_BOOL ? t.ndim : 1);
    if (t.dtype == FG_BOOL) {
      add_mask(x, t, dim, arena, PoolExec(l));
      continue;
    }
    Along a{indices_of(t), {t.shape, t.shape + t.ndim}, {t.stride, t.stride + t.ndim}, dim};
    Space space;
    for (int d = 0; d < t.ndim; ++d) space.add(t.shape[d], {t.stride[d]});
    space.coalesce();
    const std::int64_t bound = x.self.shape[dim];
    const std::string name = "indices[" + std::to_string(k) + "]";
    FG_TRY(check_indices(
        l, {op, name.c_str(), "self has length " + std::to_string(bound) + " in dimension " + std::to_string(dim),
            static_cast<std::int32_t>(l.n_out() + first + k), a.indices, space, 0, bound, true}));
    x.along.push_back(std::move(a));
  }
  for (const Along& a : x.along) {
    const Lengths before = x.shape;
    if (!join_shape(x.shape, a.shape)) {
      return invalid(std::string(op) + ": an index has shape " + text_of(a.shape) + ", those before it " +
                         text_of(before) + ", expected shapes that broadcast (a mask counts as its true elements)",
                     FG_R_SHAPE);
    }
  }
  arrange(x);
  return x;
}

// Shape of what is read or written: lead, positions, trail.
Lengths result_shape(const Indexed& x) {
  Lengths shape;
  for (const int d : x.lead) shape.push_back(x.self.shape[d]);
  shape.insert(shape.end(), x.shape.begin(), x.shape.end());
  for (const int d : x.trail) shape.push_back(x.self.shape[d]);
  return shape;
}

// Fills everything but the addresses; `self_stride` and `other_stride` are those of self and of the result.
PositionArgs position_args(const Indexed& x, const Lengths& self_stride, const Lengths& other_stride) {
  PositionArgs a;
  a.element_bytes = element_bytes(x.self);
  a.count = 1;
  for (const std::int64_t n : x.shape) a.count *= n;
  for (const Along& along : x.along) {
    Coordinate c;
    c.indices = along.indices;
    c.bound = x.self.shape[along.dim];
    c.stride = self_stride[static_cast<std::size_t>(along.dim)];
    const std::size_t missing = x.shape.size() - along.shape.size();
    for (std::size_t d = 0; d < x.shape.size(); ++d) {
      const bool repeats = d < missing || along.shape[d - missing] == 1;
      c.space.add(x.shape[d], {repeats ? 0 : along.stride[d - missing]});
    }
    c.space.coalesce();
    a.coordinates.push_back(c);
  }
  auto other = other_stride.begin();
  for (const int d : x.lead) a.lead.add(x.self.shape[d], {self_stride[static_cast<std::size_t>(d)], *other++});
  for (const std::int64_t n : x.shape) a.other.add(n, {0, *other++});
  for (const int d : x.trail) a.trail.add(x.self.shape[d], {self_stride[static_cast<std::size_t>(d)], *other++});
  a.lead.coalesce();
  a.other.coalesce();
  a.trail.coalesce();
  return a;
}

Lengths row_major(const Lengths& shape) {
  Lengths stride(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) stride[d - 1] = stride[d] * shape[d];
  return stride;
}

Lengths strides_of(const fg_tensor& t) { return {t.stride, t.stride + t.ndim}; }

Space space_of(const fg_tensor& a, const Lengths& other) {
  Space s;
  for (int d = 0; d < a.ndim; ++d) s.add(a.shape[d], {a.stride[d], other[static_cast<std::size_t>(d)]});
  s.coalesce();
  return s;
}

std::span<const std::int64_t> dims_of(const std::int64_t* dims, std::int64_t n) {
  return {dims, static_cast<std::size_t>(n)};
}

std::uint64_t masks_workspace(const sdk::Launch& l, std::size_t first, std::size_t count) {
  Arena arena(nullptr);
  for (std::size_t k = 0; k < count; ++k) {
    std::int64_t* rows = nullptr;
    if (l.in(first + k).dtype == FG_BOOL) take_mask(arena, l.in(first + k), rows);
  }
  return arena.used();
}

// 16-bit sums are kept in f32 until the end: a dense copy of self.
bool widens(const sdk::Launch& l, bool accumulate) {
  return accumulate && (l.out().dtype == FG_F16 || l.out().dtype == FG_BF16);
}
std::uint64_t wide_bytes(const sdk::Launch& l, bool accumulate) {
  return widens(l, accumulate) ? static_cast<std::uint64_t>(sdk::numel(l.out())) * sizeof(float) + kWorkspaceAlign : 0;
}

Lengths shape_of(const fg_tensor& t) { return {t.shape, t.shape + t.ndim}; }

// out holds self; then f(strides of what is written, its address) writes.
template <class F>
void update(const sdk::Launch& l, bool accumulate, std::uint64_t ws_offset, F&& write) {
  const fg_tensor &out = l.out(), &self = l.in(0);
  const PoolExec exec(l);
  if (widens(l, accumulate)) {
    auto* wide = reinterpret_cast<float*>(static_cast<std::byte*>(workspace_at(l)) + ws_offset);
    const Lengths dense = row_major(shape_of(out));
    widen(self.dtype, self.ptr, wide, space_of(self, dense), exec);
    write(dense, wide);
    narrow(out.dtype, wide, out.ptr, space_of(out, dense), exec);
    return;
  }
  if (out.ptr != self.ptr) copy_elements(self.ptr, out.ptr, space_of(self, strides_of(out)), element_bytes(out), exec);
  write(strides_of(out), out.ptr);
}

std::size_t index_count(const sdk::Launch& l) { return l.n_in() - 1; }
std::size_t put_count(const sdk::Launch& l) { return l.n_in() - 2; }

Result<void> check_numel(const sdk::Launch& l, const char* op, const fg_tensor& index, std::int64_t bound) {
  Space space;
  for (int d = 0; d < index.ndim; ++d) space.add(index.shape[d], {index.stride[d]});
  space.coalesce();
  return check_indices(l, {op, "index", "self has " + std::to_string(bound) + " elements",
                           static_cast<std::int32_t>(l.n_out()) + 1, indices_of(index), space, 0, bound, true});
}

// take and put: one index that counts elements of self, and the other tensor of as many elements.
PositionArgs flat_args(const fg_tensor& index, const Space& self, const fg_tensor& other, std::int64_t bound) {
  PositionArgs a;
  a.element_bytes = element_bytes(other);
  a.count = sdk::numel(index);
  Coordinate c;
  c.indices = indices_of(index);
  for (int d = 0; d < index.ndim; ++d) c.space.add(index.shape[d], {index.stride[d]});
  c.space.coalesce();
  c.bound = bound;
  if (self.ndim > 1) {
    c.flat = &self;
  } else {
    c.stride = self.ndim == 1 ? self.stride[0][0] : 0;
  }
  a.coordinates.push_back(c);
  for (int d = 0; d < other.ndim; ++d) a.other.add(other.shape[d], {0, other.stride[d]});
  a.other.coalesce();
  return a;
}

}  // namespace

Result<void> index(const sdk::Launch& l) {
  const auto& p = l.params<fg_index_params>();
  FG_TRY_ASSIGN(const Indexed x, indexed_of(l, "index", 1, index_count(l), dims_of(p.dims, p.n_dims)));
  const Lengths shape = result_shape(x);
  PositionArgs a = position_args(x, strides_of(x.self), row_major(shape));
  a.indexed = x.self.ptr;
  a.values = l.out().ptr;
  read_positions(a, PoolExec(l));
  // The dimension that masks decide is the last one of the positions.
  *static_cast<std::int64_t*>(l.out(1).ptr) = x.shape.empty() ? 1 : x.shape.back();
  return {};
}
Result<std::uint64_t> index_workspace(const sdk::Launch& l) {
  return masks_workspace(l, 1, index_count(l)) + kWorkspaceAlign;
}

Result<void> index_put(const sdk::Launch& l) {
  const auto& p = l.params<fg_index_put_params>();
  const fg_tensor& values = l.in(l.n_in() - 1);
  FG_TRY_ASSIGN(const Indexed x, indexed_of(l, "index_put", 1, put_count(l), dims_of(p.dims, p.n_dims)));
  const Lengths shape = result_shape(x);
  Lengths joined = shape;
  if (!join_shape(joined, shape_of(values)) || joined != shape) {
    return invalid("index_put: values has shape " + text_of(shape_of(values)) + ", the indices select " +
                       text_of(shape) + ", expected a shape that broadcasts to it",
                   FG_R_SHAPE, static_cast<std::int32_t>(l.n_out() + l.n_in()) - 1);
  }
  Lengths value_stride;
  for (std::size_t d = 0; d < shape.size(); ++d)
    value_stride.push_back(broadcast_stride(values, static_cast<int>(d), static_cast<int>(shape.size())));
  const bool accumulate = p.accumulate != 0;
  update(l, accumulate, masks_workspace(l, 1, put_count(l)), [&](const Lengths& stride, void* to) {
    PositionArgs a = position_args(x, stride, value_stride);
    a.indexed = to;
    a.values = values.ptr;
    write_positions(a, {l.out().dtype, accumulate}, PoolExec(l));
  });
  return {};
}
Result<std::uint64_t> index_put_workspace(const sdk::Launch& l) {
  return masks_workspace(l, 1, put_count(l)) + wide_bytes(l, l.params<fg_index_put_params>().accumulate != 0) +
         kWorkspaceAlign;
}

Result<void> take(const sdk::Launch& l) {
  const fg_tensor &self = l.in(0), &index = l.in(1), &out = l.out();
  const std::int64_t bound = sdk::numel(self);
  FG_TRY(check_numel(l, "take", index, bound));
  const Space space = space_of(self, strides_of(self));
  PositionArgs a = flat_args(index, space, out, bound);
  a.indexed = self.ptr;
  a.values = out.ptr;
  read_positions(a, PoolExec(l));
  return {};
}

Result<void> put(const sdk::Launch& l) {
  const auto& p = l.params<fg_put_params>();
  const fg_tensor &index = l.in(1), &source = l.in(2);
  const std::int64_t bound = sdk::numel(l.out());
  FG_TRY(check_numel(l, "put", index, bound));
  update(l, p.accumulate != 0, 0, [&](const Lengths& stride, void* to) {
    Space space;
    for (int d = 0; d < l.out().ndim; ++d) space.add(l.out().shape[d], {stride[static_cast<std::size_t>(d)]});
    space.coalesce();
    PositionArgs a = flat_args(index, space, source, bound);
    a.indexed = to;
    a.values = source.ptr;
    write_positions(a, {l.out().dtype, p.accumulate != 0}, PoolExec(l));
  });
  return {};
}
Result<std::uint64_t> put_workspace(const sdk::Launch& l) {
  return wide_bytes(l, l.params<fg_put_params>().accumulate != 0) + kWorkspaceAlign;
}

}  // namespace fg::cpu::entry
