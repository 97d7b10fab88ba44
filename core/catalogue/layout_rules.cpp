// SPDX-License-Identifier: Apache-2.0
//
// Shapes of operators that make, join, repeat and pad.

#include <algorithm>
#include <limits>

#include "core/catalogue/named_rules.hpp"

namespace fg::core {
namespace {

tl::unexpected<Error> too_long(const RuleCall& call) {
  return call.error(-1, FG_R_LIMIT, "a length of the result would pass 2^63");
}

tl::unexpected<Error> too_many(const RuleCall& call, std::size_t n) {
  return call.error(-1, FG_R_RANK,
                    "the result would have " + std::to_string(n) + " dimensions, at most " +
                        std::to_string(FG_MAX_NDIM) + " are possible");
}

const ArgInfo& argument(const RuleCall& call, std::string_view name) {
  return call.op.args[static_cast<std::size_t>(call.find(name))];
}

Result<std::int32_t> dim_of(const RuleCall& call, std::string_view name, std::size_t ndim) {
  return wrap_dim(call.op, argument(call, name), call.integer(call.find(name)), static_cast<std::int32_t>(ndim));
}

Result<void> fill_rule(const RuleCall& call) {
  const int value = call.find("value");
  if (call.present(value) && !call.shape(value).empty()) {
    return call.error(
        value, FG_R_SHAPE,
        "value has shape " + shape_text(call.shape(value)) + ", expected a number or a tensor without dimensions");
  }
  assign(call.outs[0], call.shape(0));
  return {};
}

Result<void> eye_rule(const RuleCall& call) {
  const int n = call.find("n"), m = call.find("m");
  call.outs[0].ndim = 0;
  call.outs[0].push(call.integer(n));
  call.outs[0].push(call.given(m) ? call.integer(m) : call.integer(n));
  return {};
}

Result<void> steps_rule(const RuleCall& call) {
  call.outs[0].ndim = 0;
  call.outs[0].push(call.integer(call.find("steps")));
  return {};
}

// Positions (r, c) of a matrix with c - r <= offset.
std::int64_t lower_count(std::int64_t rows, std::int64_t columns, std::int64_t offset) {
  // Row r has r + 1 + offset of them, at least 0 and at most `columns`.
  const std::int64_t first = std::clamp<std::int64_t>(-offset, 0, rows);              // The first row with any.
  const std::int64_t full = std::clamp<std::int64_t>(columns - offset, first, rows);  // From here on all.
  const std::int64_t growing = full - first;
  return growing * (first + 1 + offset) + growing * (growing - 1) / 2 + (rows - full) * columns;
}

// [2, positions in the triangle]
Result<void> triangle_rule(const RuleCall& call, bool upper) {
  const std::int64_t rows = call.integer(call.find("row")), columns = call.integer(call.find("col"));
  constexpr std::int64_t kSide = std::int64_t{1} << 31;
  if (rows > kSide || columns > kSide) {
    return call.error(
        call.find("row"), FG_R_LIMIT,
        std::to_string(rows) + " rows and " + std::to_string(columns) + " columns, expected at most 2^31");
  }
  // Beyond the corners nothing changes.  The upper triangle is what the lower one below it leaves.
  const std::int64_t offset = std::clamp(call.integer(call.find("offset")), -rows - 1, columns + 1);
  const std::int64_t n =
      upper ? rows * columns - lower_count(rows, columns, offset - 1) : lower_count(rows, columns, offset);
  call.outs[0].ndim = 0;
  call.outs[0].push(2);
  call.outs[0].push(n);
  return {};
}

Result<void> stack_rule(const RuleCall& call) {
  const auto& list = call.args[0].list;
  if (list.empty()) return call.error(0, FG_R_PARAMETER, "tensors is empty, expected at least 1 tensor");
  for (std::size_t k = 1; k < list.size(); ++k) {
    if (std::ranges::equal(list[k], list[0])) continue;
    return call.error(0, FG_R_SHAPE,
                      "tensor " + std::to_string(k) + " has shape " + shape_text(list[k]) + ", tensor 0 has " +
                          shape_text(list[0]) + ", expected the same");
  }
  const std::size_t n = list[0].size();
  if (n == FG_MAX_NDIM) return too_many(call, n + 1);
  FG_TRY_ASSIGN(const std::int32_t dim, dim_of(call, "dim", n + 1));
  Shape& out = call.outs[0];
  out.ndim = 0;
  for (std::size_t d = 0; d <= n; ++d) {
    if (static_cast<std::int32_t>(d) == dim) out.push(static_cast<std::int64_t>(list.size()));
    if (d < n) out.push(list[0][d]);
  }
  return {};
}

// hstack, vstack: tensors of too few dimensions get leading ones of length 1.
Result<void> join_rule(const RuleCall& call, std::size_t least, std::size_t dim_of_vectors, std::size_t dim) {
  const auto& list = call.args[0].list;
  if (list.empty()) return call.error(0, FG_R_PARAMETER, "tensors is empty, expected at least 1 tensor");
  const auto wide = [&](std::span<const std::int64_t> s) {
    Shape w;
    for (std::size_t d = s.size(); d < least; ++d) w.push(1);
    for (const std::int64_t n : s) w.push(n);
    return w;
  };
  Shape& out = call.outs[0];
  out = wide(list[0]);
  const auto at = static_cast<std::int32_t>(out.ndim == 1 ? dim_of_vectors : dim);
  for (std::size_t k = 1; k < list.size(); ++k) {
    const Shape other = wide(list[k]);
    bool fits = other.ndim == out.ndim;
    for (std::int32_t d = 0; fits && d < out.ndim; ++d) fits = d == at || other.dim[d] == out.dim[d];
    if (!fits) {
      return call.error(0, FG_R_SHAPE,
                        "tensor " + std::to_string(k) + " has shape " + shape_text(list[k]) + ", tensor 0 has " +
                            shape_text(list[0]) + ", expected the same except in dimension " + std::to_string(at));
    }
    if (__builtin_add_overflow(out.dim[at], other.dim[at], &out.dim[at])) return too_long(call);
  }
  return {};
}

Result<void> roll_rule(const RuleCall& call) {
  const int shifts_at = call.find("shifts"), dims_at = call.find("dims");
  const auto self = call.shape(0), shifts = call.list(shifts_at), dims = call.list(dims_at);
  const std::size_t wanted = dims.empty() ? 1 : dims.size();
  if (shifts.size() != wanted) {
    return call.error(shifts_at, FG_R_PARAMETER,
                      "shifts has " + std::to_string(shifts.size()) + " numbers, expected " + std::to_string(wanted));
  }
  std::int32_t wrapped[FG_MAX_NDIM];
  FG_TRY(wrap_dims(call.op, argument(call, "dims"), dims, static_cast<std::int32_t>(self.size()), wrapped));
  assign(call.outs[0], self);
  return {};
}

// Lengths times counts; missing leading ones of either are 1.
Result<void> repeat_rule(const RuleCall& call, std::string_view counts_name, bool may_be_fewer) {
  const int counts_at = call.find(counts_name);
  const auto self = call.shape(0), counts = call.list(counts_at);
  if (counts.size() > FG_MAX_NDIM) return too_many(call, counts.size());
  if (counts.size() < self.size() && !may_be_fewer) {
    return call.error(counts_at, FG_R_PARAMETER,
                      std::string(counts_name) + " has " + std::to_string(counts.size()) +
                          " numbers, expected at least the " + std::to_string(self.size()) + " dimensions of self");
  }
  Shape& out = call.outs[0];
  out.ndim = 0;
  const std::size_t n = std::max(self.size(), counts.size());
  for (std::size_t d = 0; d < n; ++d) {
    std::int64_t length = d + self.size() < n ? 1 : self[d + self.size() - n];
    const std::int64_t count = d + counts.size() < n ? 1 : counts[d + counts.size() - n];
    if (__builtin_mul_overflow(length, count, &length)) return too_long(call);
    out.push(length);
  }
  return {};
}

Result<void> interleave_rule(const RuleCall& call) {
  const int repeats_at = call.find("repeats"), dim_at = call.find("dim"), size_at = call.find("output_size");
  const auto self = call.shape(0);
  Shape& out = call.outs[0];
  std::int32_t dim = 0;
  if (call.given(dim_at)) {
    FG_TRY_ASSIGN(dim, dim_of(call, "dim", self.size()));
    assign(out, self);
    if (out.ndim == 0) out.push(1);
  } else {
    std::int64_t n = 1;
    for (const std::int64_t length : self) n *= length;
    out.ndim = 0;
    out.push(n);
  }
  if (__builtin_mul_overflow(out.dim[dim], call.integer(repeats_at), &out.dim[dim])) return too_long(call);
  if (call.given(size_at) && call.integer(size_at) != out.dim[dim]) {
    return call.error(size_at, FG_R_PARAMETER,
                      "output_size is " + std::to_string(call.integer(size_at)) + ", the result has length " +
                          std::to_string(out.dim[dim]));
  }
  return {};
}

Result<void> pad_rule(const RuleCall& call) {
  const int pad_at = call.find("pad");
  const auto self = call.shape(0), pad = call.list(pad_at);
  if (pad.size() % 2 != 0 || pad.size() > 2 * self.size()) {
    return call.error(pad_at, FG_R_PARAMETER,
                      "pad has " + std::to_string(pad.size()) + " numbers, expected two for each of at most " +
                          std::to_string(self.size()) + " dimensions");
  }
  Shape& out = call.outs[0];
  assign(out, self);
  for (std::size_t k = 0; k < pad.size() / 2; ++k) {
    std::int64_t& length = out.dim[static_cast<std::size_t>(out.ndim) - 1 - k];
    const std::int64_t before = length;
    if (__builtin_add_overflow(length, pad[2 * k], &length) || __builtin_add_overflow(length, pad[2 * k + 1], &length))
      return too_long(call);
    if (length >= 0 && pad[2 * k] >= -before && pad[2 * k + 1] >= -before) continue;
    return call.error(pad_at, FG_R_PARAMETER,
                      "pad takes " + std::to_string(pad[2 * k]) + " and " + std::to_string(pad[2 * k + 1]) +
                          " from a dimension of length " + std::to_string(before));
  }
  return {};
}

// The length that a diagonal `offset` above the main one adds to a matrix: |offset|.
Result<std::int64_t> diagonal_side(const RuleCall& call, std::string_view name, std::int64_t length) {
  const std::int64_t offset = call.integer(call.find(name));
  std::int64_t side = 0;
  if (offset == std::numeric_limits<std::int64_t>::min() ||
      __builtin_add_overflow(length, offset < 0 ? -offset : offset, &side)) {
    return too_long(call);
  }
  return side;
}

Result<void> diag_embed_rule(const RuleCall& call) {
  const auto self = call.shape(0);
  if (self.empty()) return call.error(0, FG_R_RANK, "self has no dimensions, expected at least 1");
  if (self.size() == FG_MAX_NDIM) return too_many(call, self.size() + 1);
  FG_TRY_ASSIGN(const std::int32_t dim1, dim_of(call, "dim1", self.size() + 1));
  FG_TRY_ASSIGN(const std::int32_t dim2, dim_of(call, "dim2", self.size() + 1));
  if (dim1 == dim2) {
    return call.error(call.find("dim2"), FG_R_PARAMETER,
                      "dim1 and dim2 are both dimension " + std::to_string(dim1) + ", expected two");
  }
  FG_TRY_ASSIGN(const std::int64_t side, diagonal_side(call, "offset", self.back()));
  Shape& out = call.outs[0];
  out.ndim = 0;
  std::size_t next = 0;
  for (std::size_t d = 0; d <= self.size(); ++d) {
    const auto at = static_cast<std::int32_t>(d);
    out.push(at == dim1 || at == dim2 ? side : self[next++]);
  }
  return {};
}

Result<void> diag_rule(const RuleCall& call) {
  const auto self = call.shape(0);
  if (self.size() != 1 && self.size() != 2) {
    return call.error(0, FG_R_RANK, "self has " + std::to_string(self.size()) + " dimensions, expected 1 or 2");
  }
  FG_TRY_ASSIGN(const std::int64_t side, diagonal_side(call, "diagonal", self.size() == 1 ? self[0] : 0));
  Shape& out = call.outs[0];
  out.ndim = 0;
  if (self.size() == 1) {
    out.push(side);
    out.push(side);
    return {};
  }
  const bool above = call.integer(call.find("diagonal")) >= 0;
  const std::int64_t rows = self[0] - (above ? 0 : side), columns = self[1] - (above ? side : 0);
  out.push(std::max<std::int64_t>(0, std::min(rows, columns)));
  return {};
}

}  // namespace

Result<void> layout_rule(ShapeRule rule, const RuleCall& call) {
  switch (rule) {
    case ShapeRule::fill: return fill_rule(call);
    case ShapeRule::eye: return eye_rule(call);
    case ShapeRule::steps: return steps_rule(call);
    case ShapeRule::tril_indices: return triangle_rule(call, false);
    case ShapeRule::triu_indices: return triangle_rule(call, true);
    case ShapeRule::stack: return stack_rule(call);
    case ShapeRule::hstack: return join_rule(call, 1, 0, 1);
    case ShapeRule::vstack: return join_rule(call, 2, 0, 0);
    case ShapeRule::roll: return roll_rule(call);
    case ShapeRule::repeat: return repeat_rule(call, "repeats", false);
    case ShapeRule::tile: return repeat_rule(call, "dims", true);
    case ShapeRule::repeat_interleave: return interleave_rule(call);
    case ShapeRule::pad: return pad_rule(call);
    case ShapeRule::diag: return diag_rule(call);
    case ShapeRule::diag_embed: return diag_embed_rule(call);
    default: return fail(FG_E_INTERNAL, std::string(call.op.name) + ": no such shape rule");
  }
}

}  // namespace fg::core
