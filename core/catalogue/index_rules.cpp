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

// At most every element is not zero; one row has the position in each dimension.
Result<void> nonzero(const RuleCall& call) {
  call.outs[0].ndim = 0;
  call.outs[0].push(numel(call.shape(0)));
  call.outs[0].push(static_cast<std::int64_t>(call.shape(0).size()));
  return {};
}

}  // namespace fg::core::index_rules
