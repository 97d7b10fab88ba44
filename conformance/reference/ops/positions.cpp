// SPDX-License-Identifier: Apache-2.0
//
// index, index_put, take, put, masked_select, masked_scatter.  Tensors of indices follow NumPy's rules:
// a mask becomes one index for each of its dimensions, all indices are broadcast, and their dimensions
// take the place of those they index when these are neighbours, the front when they are not.

#include <algorithm>

#include "conformance/reference/ops/joins.hpp"

namespace fg::reference::ops {
namespace {

// One index along one dimension.
struct Along {
  std::size_t dim;
  Tensor index;
};

void add_mask(std::vector<Along>& to, const Tensor& mask, std::size_t dim) {
  std::vector<Along> made;
  for (std::size_t d = 0; d < mask.shape.size(); ++d) made.push_back({dim + d, {Type::i64, {0}, {}}});
  std::vector<std::int64_t> at(mask.shape.size(), 0);
  for (const Real x : mask.v) {
    for (std::size_t d = 0; x != 0 && d < made.size(); ++d) {
      made[d].index.v.push_back(static_cast<Real>(at[d]));
      ++made[d].index.shape[0];
    }
    next_index(at, mask.shape);
  }
  to.insert(to.end(), made.begin(), made.end());
}

// For every element of what is selected, in row-major order, its place in self.
struct Selection {
  Shape shape;
  std::vector<std::int64_t> place;
};

std::vector<Along> indices_of(const Call& call) {
  const std::vector<Tensor>& given = call["indices"].tensors;
  const std::vector<std::int64_t>& dims = call["dims"].dims;
  const std::size_t rank = call.tensor("self").shape.size();
  std::vector<Along> along;
  std::size_t next = 0;
  for (std::size_t k = 0; k < given.size(); ++k) {
    const std::size_t dim = dims.empty() ? next : static_cast<std::size_t>(wrap_dim(dims[k], rank));
    const bool mask = given[k].type == Type::boolean;
    next = dim + (mask ? given[k].shape.size() : 1);
    if (mask) {
      add_mask(along, given[k], dim);
    } else {
      along.push_back({dim, given[k]});
    }
  }
  return along;
}

Selection select(const Call& call) {
  const Shape& self = call.tensor("self").shape;
  const std::vector<Along> along = indices_of(call);
  Shape positions;
  std::vector<bool> used(self.size(), false);
  for (const Along& a : along) {
    positions = broadcast(positions, a.index.shape);
    used[a.dim] = true;
  }
  const auto first = static_cast<std::size_t>(std::find(used.begin(), used.end(), true) - used.begin());
  const bool neighbours = std::find(std::find(used.begin() + static_cast<std::ptrdiff_t>(first), used.end(), false),
                                    used.end(), true) == used.end();
  std::vector<std::size_t> kept;  // dimensions of self, in the result's order
  for (std::size_t d = 0; d < self.size(); ++d) {
    if (!used[d]) kept.push_back(d);
  }
  const std::size_t start = neighbours ? first : 0;
  Selection s;
  for (std::size_t d = 0; d < start; ++d) s.shape.push_back(self[kept[d]]);
  s.shape.insert(s.shape.end(), positions.begin(), positions.end());
  for (std::size_t d = start; d < kept.size(); ++d) s.shape.push_back(self[kept[d]]);

  const std::vector<std::int64_t> stride = row_major(self);
  const std::int64_t n = numel(s.shape);
  std::vector<std::int64_t> at(s.shape.size(), 0);
  for (std::int64_t i = 0; i < n; ++i) {
    std::int64_t place = 0;
    for (std::size_t d = 0; d < kept.size(); ++d) place += at[d < start ? d : d + positions.size()] * stride[kept[d]];
    const auto begin = at.begin() + static_cast<std::ptrdiff_t>(start);
    const std::vector<std::int64_t> position(begin, begin + static_cast<std::ptrdiff_t>(positions.size()));
    for (const Along& a : along) {
      const std::int64_t where = dot(position, broadcast_strides(a.index.shape, positions));
      auto v = static_cast<std::int64_t>(a.index.v[static_cast<std::size_t>(where)]);
      if (v < 0) v += self[a.dim];
      place += v * stride[a.dim];
    }
    s.place.push_back(place);
    next_index(at, s.shape);
  }
  return s;
}

std::size_t wrapped(Real index, const Tensor& self) {
  const auto v = static_cast<std::int64_t>(index);
  return static_cast<std::size_t>(v < 0 ? v + numel(self.shape) : v);
}

Outputs joined(const Call& call, const Joins& joins) {
  return joins.result(call.flag("accumulate", false) ? Combine::sum : Combine::assign, true);
}

}  // namespace

Outputs index(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Selection s = select(call);
  Output out = make_output(self.type, s.shape);
  for (const std::int64_t place : s.place) push(out, element(self, place));
  return {out};
}

Outputs index_put(const Call& call) {
  const Tensor& values = call.tensor("values");
  const Selection s = select(call);
  const std::vector<std::int64_t> stride = broadcast_strides(values.shape, s.shape);
  Joins joins(call.tensor("self"));
  std::vector<std::int64_t> at(s.shape.size(), 0);
  for (const std::int64_t place : s.place) {
    joins.of[static_cast<std::size_t>(place)].push_back(element(values, dot(at, stride)));
    next_index(at, s.shape);
  }
  return joined(call, joins);
}

Outputs take(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Tensor& index = call.tensor("index");
  Output out = make_output(self.type, index.shape);
  for (const Real i : index.v) push(out, element(self, static_cast<std::int64_t>(wrapped(i, self))));
  return {out};
}

Outputs put(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Tensor& index = call.tensor("index");
  Joins joins(self);
  for (std::size_t i = 0; i < index.v.size(); ++i)
    joins.of[wrapped(index.v[i], self)].push_back(element(call.tensor("source"), static_cast<std::int64_t>(i)));
  return joined(call, joins);
}

namespace {

// f(whether the mask is true, place in self) over both, broadcast.
template <class F>
Shape each_masked(const Call& call, F&& f) {
  const Tensor& self = call.tensor("self");
  const Tensor& mask = call.tensor("mask");
  const Shape shape = broadcast(self.shape, mask.shape);
  const std::vector<std::int64_t> own = broadcast_strides(self.shape, shape);
  const std::vector<std::int64_t> masks = broadcast_strides(mask.shape, shape);
  std::vector<std::int64_t> at(shape.size(), 0);
  for (std::int64_t i = numel(shape); i > 0; --i) {
    f(mask.v[static_cast<std::size_t>(dot(at, masks))] != 0, dot(at, own));
    next_index(at, shape);
  }
  return shape;
}

}  // namespace

Outputs masked_select(const Call& call) {
  const Tensor& self = call.tensor("self");
  Output out = make_output(self.type, {0});
  each_masked(call, [&](bool chosen, std::int64_t place) {
    if (!chosen) return;
    push(out, element(self, place));
    ++out.shape[0];
  });
  return {out};
}

Outputs masked_scatter(const Call& call) {
  const Tensor& self = call.tensor("self");
  Output out = make_output(self.type, {});
  std::int64_t taken = 0;
  out.shape = each_masked(call, [&](bool chosen, std::int64_t place) {
    push(out, chosen ? element(call.tensor("source"), taken++) : element(self, place));
  });
  return {out};
}

}  // namespace fg::reference::ops
