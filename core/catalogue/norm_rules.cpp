// SPDX-License-Identifier: Apache-2.0
#include "core/catalogue/norm_rules.hpp"

#include <algorithm>

namespace fg::core::rules {
namespace {

std::span<const std::int64_t> input_of(const RuleCall& call) { return call.shape(call.find("input")); }

// The last dimensions of the input are normalized_shape, which weight and bias have.
Result<void> check_normalized(const RuleCall& call) {
  const int shape_at = call.find("normalized_shape");
  const auto input = input_of(call), normalized = call.list(shape_at);
  if (normalized.empty())
    return call.error(shape_at, FG_R_SHAPE, "normalized_shape is empty, expected at least 1 length");
  if (normalized.size() > input.size() || !std::ranges::equal(normalized, input.last(normalized.size()))) {
    return call.error(shape_at, FG_R_SHAPE,
                      "normalized_shape is " + shape_text(normalized) + ", input has shape " + shape_text(input) +
                          ", expected its last dimensions");
  }
  for (const std::string_view name : {"weight", "bias"})
    FG_TRY(expect_shape(call, name, normalized, "normalized_shape"));
  return {};
}

// Leading dimensions, then ones; binds the numbers of rows and columns.
Shape statistics(const RuleCall& call) {
  const auto input = input_of(call);
  const std::size_t leading = input.size() - call.list(call.find("normalized_shape")).size();
  Shape stat;
  std::int64_t rows = 1, columns = 1;
  for (std::size_t d = 0; d < input.size(); ++d) {
    stat.push(d < leading ? input[d] : 1);
    (d < leading ? rows : columns) *= input[d];
  }
  call.bind(0, rows);
  call.bind(1, columns);
  return stat;
}

// Outputs that output_mask leaves out have no elements.
Result<void> apply_mask(const RuleCall& call) {
  const int mask_at = call.find("output_mask");
  if (mask_at < 0) return {};
  const auto mask = call.list(mask_at);
  if (mask.size() != call.outs.size()) {
    return call.error(
        mask_at, FG_R_PARAMETER,
        "output_mask has " + std::to_string(mask.size()) + " entries, expected " + std::to_string(call.outs.size()));
  }
  const std::int64_t none[] = {0};
  for (std::size_t j = 0; j < mask.size(); ++j) {
    if (mask[j] == 0) assign(call.outs[j], none);
  }
  return {};
}

Result<std::int64_t> groups_of(const RuleCall& call) {
  const int groups_at = call.find("num_groups");
  const auto input = input_of(call);
  const std::int64_t groups = call.integer(groups_at);
  if (input.size() < 2) {
    return call.error(call.find("input"), FG_R_RANK,
                      "input has " + std::to_string(input.size()) + " dimensions, expected at least 2");
  }
  if (input[1] % groups != 0) {
    return call.error(groups_at, FG_R_PARAMETER,
                      "num_groups is " + std::to_string(groups) + ", which does not divide the " +
                          std::to_string(input[1]) + " channels of input");
  }
  const std::int64_t channels[] = {input[1]};
  for (const std::string_view name : {"weight", "bias"}) FG_TRY(expect_shape(call, name, channels, "one per channel"));
  return groups;
}

}  // namespace

Result<void> expect_shape(const RuleCall& call, std::string_view name, std::span<const std::int64_t> shape,
                          const std::string& meaning) {
  const int i = call.find(name);
  if (i < 0 || !call.present(i) || std::ranges::equal(call.shape(i), shape)) return {};
  return call.error(i, FG_R_SHAPE,
                    std::string(name) + " has shape " + shape_text(call.shape(i)) + ", expected " + meaning + " " +
                        shape_text(shape));
}

Result<void> norm(const RuleCall& call) {
  FG_TRY(check_normalized(call));
  assign(call.outs[0], input_of(call));
  const Shape stat = statistics(call);
  for (std::size_t j = 1; j < call.outs.size(); ++j) call.outs[j] = stat;
  return {};
}

Result<void> fused_norm(const RuleCall& call) {
  FG_TRY(check_normalized(call));
  FG_TRY(expect_shape(call, "residual", input_of(call), "that of input"));
  statistics(call);
  for (Shape& out : call.outs) assign(out, input_of(call));
  return {};
}

Result<void> norm_backward(const RuleCall& call) {
  FG_TRY(check_normalized(call));
  FG_TRY(expect_shape(call, "grad_output", input_of(call), "that of input"));
  const Shape stat = statistics(call);
  FG_TRY(expect_shape(call, "mean", stat.dims(), "one per row"));
  FG_TRY(expect_shape(call, "rstd", stat.dims(), "one per row"));
  assign(call.outs[0], input_of(call));
  for (std::size_t j = 1; j < call.outs.size(); ++j) assign(call.outs[j], call.list(call.find("normalized_shape")));
  return apply_mask(call);
}

Result<void> group_norm(const RuleCall& call) {
  FG_TRY_ASSIGN(const std::int64_t groups, groups_of(call));
  const auto input = input_of(call);
  assign(call.outs[0], input);
  const std::int64_t stat[] = {input[0], groups};
  for (std::size_t j = 1; j < call.outs.size(); ++j) assign(call.outs[j], stat);
  return {};
}

Result<void> group_norm_backward(const RuleCall& call) {
  FG_TRY_ASSIGN(const std::int64_t groups, groups_of(call));
  const auto input = input_of(call);
  const std::int64_t stat[] = {input[0], groups}, channels[] = {input[1]};
  FG_TRY(expect_shape(call, "grad_output", input, "that of input"));
  FG_TRY(expect_shape(call, "mean", stat, "one per group"));
  FG_TRY(expect_shape(call, "rstd", stat, "one per group"));
  assign(call.outs[0], input);
  assign(call.outs[1], channels);
  assign(call.outs[2], channels);
  return apply_mask(call);
}

Result<void> weight_norm(const RuleCall& call) {
  const auto v = call.shape(0);
  const int dim_at = call.find("dim");
  FG_TRY_ASSIGN(const std::int32_t dim, wrap_dim(call.op, call.op.args[static_cast<std::size_t>(dim_at)],
                                                 call.integer(dim_at), static_cast<std::int32_t>(v.size())));
  Shape kept;
  for (std::size_t d = 0; d < v.size(); ++d) kept.push(static_cast<std::int32_t>(d) == dim ? v[d] : 1);
  FG_TRY(expect_shape(call, "g", kept.dims(), "that of the norms,"));
  assign(call.outs[0], v);
  return {};
}

}  // namespace fg::core::rules
