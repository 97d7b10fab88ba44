// SPDX-License-Identifier: Apache-2.0
#include "core/catalogue/index_rules.hpp"

#include <algorithm>

namespace fg::core::index_rules {
namespace {

Result<std::int32_t> dimension(const RuleCall& call) {
  const int at = call.find("dim");
  return wrap_dim(call.op, call.op.args[static_cast<std::size_t>(at)], call.integer(at),
                  static_cast<std::int32_t>(call.shape(0).size()));
}

bool is_empty(std::span<const std::int64_t> shape) { return std::ranges::find(shape, 0) != shape.end(); }

// The index is nowhere longer than tensor `other`, except in dimension `dim` (-1: none).
Result<void> check_inside(const RuleCall& call, int index_at, int other_at, std::int32_t dim) {
  const auto index = call.shape(index_at), other = call.shape(other_at);
  const auto counted = [](std::span<const std::int64_t> s) { return std::max<std::size_t>(s.size(), 1); };
  if (counted(other) != counted(index)) {
    return call.error(index_at, FG_R_RANK,
                      "index has " + std::to_string(index.size()) + " dimensions, " + call.name(other_at) + " has " +
                          std::to_string(other.size()));
  }
  for (std::size_t d = 0; d < other.size() && d < index.size(); ++d) {
    if (static_cast<std::int32_t>(d) == dim || index[d] <= other[d]) continue;
    return call.error(index_at, FG_R_SHAPE,
                      "index has length " + std::to_string(index[d]) + " in dimension " + std::to_string(d) + ", " +
                          call.name(other_at) + " has " + std::to_string(other[d]));
  }
  return {};
}

Result<void> check_line(const RuleCall& call, int index_at) {
  const std::size_t n = call.shape(index_at).size();
  if (n <= 1) return {};
  return call.error(index_at, FG_R_RANK, "index has " + std::to_string(n) + " dimensions, expected at most 1");
}

std::int64_t numel(std::span<const std::int64_t> shape) {
  std::int64_t n = 1;
  for (const std::int64_t length : shape) n *= length;
  return n;
}

// Exactly one of a tensor and a number.
Result<void> check_one_given(const RuleCall& call, int tensor_at, int number_at) {
  if (call.present(tensor_at) != call.given(number_at)) return {};
  return call.error(tensor_at, FG_R_PARAMETER,
                    call.name(tensor_at) + " and " + call.name(number_at) +
                        (call.given(number_at) ? " are both given" : " are both missing") +
                        ", expected one of the two");
}

}  // namespace

Result<void> gather(const RuleCall& call) {
  const int index_at = call.find("index");
  FG_TRY_ASSIGN(const std::int32_t dim, dimension(call));
  assign(call.outs[0], call.shape(index_at));
  if (is_empty(call.shape(index_at))) return {};  // Nothing is read.
  return check_inside(call, index_at, 0, dim);
}

Result<void> scatter(const RuleCall& call) {
  const int index_at = call.find("index"), src_at = call.find("src"), value_at = call.find("value");
  FG_TRY_ASSIGN(const std::int32_t dim, dimension(call));
  assign(call.outs[0], call.shape(0));
  if (value_at >= 0) FG_TRY(check_one_given(call, src_at, value_at));
  if (is_empty(call.shape(index_at))) return {};  // Nothing is written.
  FG_TRY(check_inside(call, index_at, 0, dim));
  return call.present(src_at) ? check_inside(call, index_at, src_at, -1) : Result<void>{};
}

Result<void> index_select(const RuleCall& call) {
  const int index_at = call.find("index");
  FG_TRY_ASSIGN(const std::int32_t dim, dimension(call));
  FG_TRY(check_line(call, index_at));
  const std::int64_t n = numel(call.shape(index_at));
  Shape& out = call.outs[0];
  assign(out, call.shape(0));
  if (out.ndim > 0) {
    out.dim[dim] = n;
  } else if (n != 1) {
    return call.error(index_at, FG_R_SHAPE,
                      "index has " + std::to_string(n) + " elements, expected 1 for a self without dimensions");
  }
  return {};
}

Result<void> index_write(const RuleCall& call) {
  const int index_at = call.find("index"), source_at = call.find("source");
  FG_TRY_ASSIGN(const std::int32_t dim, dimension(call));
  FG_TRY(check_line(call, index_at));
  assign(call.outs[0], call.shape(0));
  // A tensor without dimensions counts as one of length 1.
  static constexpr std::int64_t kOne[] = {1};
  const auto self = call.shape(0).empty() ? std::span<const std::int64_t>(kOne) : call.shape(0);
  const auto source = call.shape(source_at).empty() ? std::span<const std::int64_t>(kOne) : call.shape(source_at);
  Shape expected;
  assign(expected, self);
  expected.dim[dim] = numel(call.shape(index_at));
  if (!std::ranges::equal(source, expected.dims())) {
    return call.error(source_at, FG_R_SHAPE,
                      "source has shape " + shape_text(call.shape(source_at)) + ", expected " +
                          shape_text(expected.dims()) + ": that of self with as many slices as index has elements");
  }
  return {};
}

Result<void> index_fill(const RuleCall& call) {
  const int index_at = call.find("index"), tensor_at = call.find("value_tensor");
  FG_TRY(dimension(call));
  FG_TRY(check_line(call, index_at));
  FG_TRY(check_one_given(call, tensor_at, call.find("value")));
  if (call.present(tensor_at) && !call.shape(tensor_at).empty()) {
    return call.error(
        tensor_at, FG_R_RANK,
        "value_tensor has " + std::to_string(call.shape(tensor_at).size()) + " dimensions, expected none");
  }
  assign(call.outs[0], call.shape(0));
  return {};
}

namespace {

// The tensors of indices of index and index_put, over the dimensions of self.
struct Indexed {
  bool used[FG_MAX_NDIM] = {};
  Shape shape;         // Of all indices, broadcast; a mask counts as one dimension of all its elements.
  bool masks = false;  // Then the last length of `shape` is a bound.
  std::int64_t masked = 0;
};

Result<void> add_index(const RuleCall& call, std::size_t k, std::int64_t dim, Indexed& x) {
  const int at = call.find("indices");
  const auto self = call.shape(0);
  const ShapeArg& a = call.args[static_cast<std::size_t>(at)];
  const auto shape = a.list[k];
  const bool mask = !a.list_dtypes.empty() && a.list_dtypes[k] == FG_BOOL;
  const auto named = [&] { return "indices[" + std::to_string(k) + "]"; };
  const auto taken = static_cast<std::int64_t>(mask ? shape.size() : 1);
  if (mask && shape.empty()) {
    return call.error(at, FG_R_RANK, named() + " is a mask without dimensions, expected at least 1");
  }
  if (dim + taken > static_cast<std::int64_t>(self.size())) {
    return call.error(at, FG_R_RANK,
                      named() + " is for dimension " + std::to_string(dim + taken - 1) + ", self has " +
                          std::to_string(self.size()) + " dimensions");
  }
  if (mask && !std::ranges::equal(shape, self.subspan(static_cast<std::size_t>(dim), shape.size()))) {
    return call.error(at, FG_R_SHAPE,
                      named() + " is a mask of shape " + shape_text(shape) + ", self has shape " + shape_text(self) +
                          ", expected its lengths from dimension " + std::to_string(dim));
  }
  for (std::int64_t d = dim; d < dim + taken; ++d) {
    if (x.used[d])
      return call.error(at, FG_R_PARAMETER, named() + " is for dimension " + std::to_string(d) + ", which has one");
    x.used[d] = true;
  }
  if (mask) {
    x.masks = true;
    x.masked = std::max(x.masked, numel(shape));
  } else if (!broadcast_into(x.shape, shape)) {
    return call.error(at, FG_R_SHAPE,
                      named() + " has shape " + shape_text(shape) + ", those before it " + shape_text(x.shape.dims()) +
                          ", expected shapes that broadcast");
  }
  return {};
}

Result<Indexed> indexed_of(const RuleCall& call) {
  const int at = call.find("indices"), dims_at = call.find("dims");
  const ShapeArg& a = call.args[static_cast<std::size_t>(at)];
  const auto dims = call.list(dims_at);
  if (!dims.empty() && dims.size() != a.list.size()) {
    return call.error(dims_at, FG_R_PARAMETER,
                      "dims has " + std::to_string(dims.size()) + " dimensions, indices has " +
                          std::to_string(a.list.size()) + " tensors, expected as many");
  }
  Indexed x;
  std::int64_t next = 0;
  for (std::size_t k = 0; k < a.list.size(); ++k) {
    std::int64_t dim = next;
    if (!dims.empty()) {
      FG_TRY_ASSIGN(dim, wrap_dim(call.op, call.op.args[static_cast<std::size_t>(dims_at)], dims[k],
                                  static_cast<std::int32_t>(call.shape(0).size())));
    }
    FG_TRY(add_index(call, k, dim, x));
    const bool mask = !a.list_dtypes.empty() && a.list_dtypes[k] == FG_BOOL;
    next = dim + static_cast<std::int64_t>(mask ? a.list[k].size() : 1);
  }
  if (x.masks) {
    if (x.shape.ndim == 0) x.shape.push(1);
    std::int64_t& last = x.shape.dim[x.shape.ndim - 1];
    if (last == 1) last = x.masked;  // Otherwise masks have that many true elements, or one.
  }
  return x;
}

}  // namespace

Result<void> index(const RuleCall& call) {
  FG_TRY_ASSIGN(const Indexed x, indexed_of(call));
  const auto self = call.shape(0);
  const auto n = static_cast<std::int32_t>(self.size());
  std::int32_t first = 0, last = n - 1, rest = 0;
  while (first < n && !x.used[first]) ++first;
  while (last >= 0 && !x.used[last]) --last;
  bool neighbours = true;
  for (std::int32_t d = 0; d < n; ++d) {
    rest += x.used[d] ? 0 : 1;
    if (d > first && d < last && !x.used[d]) neighbours = false;
  }
  if (rest + x.shape.ndim > FG_MAX_NDIM) {
    return call.error(0, FG_R_RANK,
                      "the result would have " + std::to_string(rest + x.shape.ndim) +
                          " dimensions, expected at most " + std::to_string(FG_MAX_NDIM));
  }
  Shape& out = call.outs[0];
  out.ndim = 0;
  const std::int32_t before = neighbours ? first : 0;
  for (std::int32_t d = 0; d < before; ++d) out.push(self[static_cast<std::size_t>(d)]);
  for (const std::int64_t length : x.shape.dims()) out.push(length);
  for (std::int32_t d = before; d < n; ++d) {
    if (!x.used[d]) out.push(self[static_cast<std::size_t>(d)]);
  }
  out.open = x.shape.ndim == 0 ? out.ndim : before + x.shape.ndim - 1;
  return {};
}

Result<void> index_put(const RuleCall& call) {
  FG_TRY(indexed_of(call));
  assign(call.outs[0], call.shape(0));
  return {};
}

Result<void> take(const RuleCall& call) {
  assign(call.outs[0], call.shape(call.find("index")));
  return {};
}

Result<void> put(const RuleCall& call) {
  const int index_at = call.find("index"), source_at = call.find("source");
  const std::int64_t index = numel(call.shape(index_at)), source = numel(call.shape(source_at));
  assign(call.outs[0], call.shape(0));
  if (index == source) return {};
  return call.error(
      source_at, FG_R_SHAPE,
      "source has " + std::to_string(source) + " elements, index has " + std::to_string(index) + ", expected as many");
}

namespace {

Result<void> join_mask(const RuleCall& call, Shape& out) {
  const int mask_at = call.find("mask");
  assign(out, call.shape(0));
  if (broadcast_into(out, call.shape(mask_at))) return {};
  return call.error(mask_at, FG_R_SHAPE,
                    "mask has shape " + shape_text(call.shape(mask_at)) + ", self has " + shape_text(call.shape(0)) +
                        ", expected shapes that broadcast");
}

}  // namespace

Result<void> masked_select(const RuleCall& call) {
  Shape space;
  FG_TRY(join_mask(call, space));
  call.outs[0].ndim = 0;
  call.outs[0].push(numel(space.dims()));
  return {};
}

Result<void> masked_scatter(const RuleCall& call) { return join_mask(call, call.outs[0]); }

Result<void> embedding_dense_backward(const RuleCall& call) {
  const auto grad = call.shape(0), indices = call.shape(1);
  if (grad.size() != indices.size() + 1 || !std::ranges::equal(grad.first(indices.size()), indices)) {
    return call.error(0, FG_R_SHAPE,
                      "grad_output has shape " + shape_text(grad) + ", indices has " + shape_text(indices) +
                          ", expected its lengths and one more");
  }
  call.outs[0].ndim = 0;
  call.outs[0].push(call.integer(call.find("num_weights")));
  call.outs[0].push(grad.back());
  return {};
}

// At most every element is not zero; one row has the position in each dimension.
Result<void> nonzero(const RuleCall& call) {
  call.outs[0].ndim = 0;
  call.outs[0].push(numel(call.shape(0)));
  call.outs[0].push(static_cast<std::int64_t>(call.shape(0).size()));
  return {};
}

}  // namespace fg::core::index_rules
