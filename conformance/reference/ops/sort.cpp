// SPDX-License-Identifier: Apache-2.0
//
// Order along a dimension: stable, NaN is the greatest, -0 equals 0.  A device that flushes may compare
// subnormals as zero, as sorting by the smaller and the greater of two does: then each place holds something
// between what it has in the one order and in the other.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference::ops {
namespace {

// The first `k` of every line in order: values and positions.
Outputs in_order(const Tensor& self, std::int64_t dim, bool descending, std::int64_t k) {
  const Lines l = lines(self.shape, dim);
  Shape shape = self.shape;
  if (!shape.empty()) shape[static_cast<std::size_t>(dim)] = k;
  const Lines to = shape.empty() ? l : lines(shape, dim);
  Outputs outs{make_output(self.type, shape), make_output(Type::i64, shape)};
  for (Output& out : outs) out.hard.resize(static_cast<std::size_t>(to.outer * k * to.inner));
  auto before = [&](Real a, Real b) {
    if (descending) std::swap(a, b);
    return std::isnan(b) ? !std::isnan(a) : a < b;
  };
  const Ct type = compute_type(self.type);
  const bool flushes = is_float(self.type) && !arithmetic().subnormals;
  std::vector<std::int64_t> order(static_cast<std::size_t>(l.length)), other;
  for (std::int64_t o = 0; o < l.outer; ++o) {
    for (std::int64_t i = 0; i < l.inner; ++i) {
      std::iota(order.begin(), order.end(), 0);
      auto value = [&](std::int64_t j) { return self.v[static_cast<std::size_t>(l.at(o, j, i))]; };
      if (flushes) other = order;
      std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return before(value(a), value(b)); });
      auto compared = [&](std::int64_t j) { return may_flush(type, value(j)) ? 0 : value(j); };
      std::stable_sort(other.begin(), other.end(), [&](auto a, auto b) { return before(compared(a), compared(b)); });
      for (std::int64_t j = 0; j < k; ++j) {
        const auto at = static_cast<std::size_t>(to.at(o, j, i));
        const std::int64_t source = order[static_cast<std::size_t>(j)];
        outs[0].hard[at] = element(self, l.at(o, source, i));
        outs[1].hard[at] = exact(static_cast<Real>(source), Ct::i64);
        if (!flushes) continue;
        const std::int64_t also = other[static_cast<std::size_t>(j)];
        outs[0].hard[at] = flushed(hull(outs[0].hard[at], element(self, l.at(o, also, i))));
        outs[1].hard[at] = hull(outs[1].hard[at], exact(static_cast<Real>(also), Ct::i64));
      }
    }
  }
  return outs;
}

std::int64_t dim_of(const Call& call, const Tensor& self) {
  return self.shape.empty() ? 0 : wrap_dim(call.integer("dim", -1), self.shape.size());
}
std::int64_t length(const Tensor& self, std::int64_t dim) {
  return self.shape.empty() ? 1 : self.shape[static_cast<std::size_t>(dim)];
}

}  // namespace

Outputs sort(const Call& call) {
  const Tensor& self = call.tensor("self");
  const std::int64_t dim = dim_of(call, self);
  return in_order(self, dim, call.flag("descending", false), length(self, dim));
}

// Always in order, also when that was not asked for.
Outputs topk(const Call& call) {
  const Tensor& self = call.tensor("self");
  return in_order(self, dim_of(call, self), call.flag("largest", true), call.integer("k", 0));
}

}  // namespace fg::reference::ops
