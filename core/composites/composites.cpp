// SPDX-License-Identifier: Apache-2.0
//
// The table of composites and the words they are written in.

#include "core/composites/composites.hpp"

#include <numeric>
#include <string>

#include "core/catalogue/shape_rules.hpp"
#include "core/dispatch/enable.hpp"
#include "core/dispatch/outputs.hpp"
#include "core/dispatch/user_map.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::core {
namespace {

struct Entry {
  std::string_view op;
  CompositeFn function;
};
// clang-format off
constexpr Entry kComposites[] = {
    {"addbmm", addbmm},
    {"addr", addr},
    {"allclose", allclose},
    {"aminmax", aminmax},
    {"constant_pad_nd", constant_pad_nd},
    {"cross_entropy_loss", cross_entropy_loss},
    {"cross_entropy_loss_prob", cross_entropy_loss_prob},
    {"dgeglu", dgeglu},
    {"diag", diag},
    {"diag_embed", diag_embed},
    {"diagonal_backward", diagonal_backward},
    {"diagonal_scatter", diagonal_scatter},
    {"dist", dist},
    {"dreglu", dreglu},
    {"dswiglu", dswiglu},
    {"equal", equal},
    {"eye", eye},
    {"flip", flip},
    {"fused_add_rms_norm", fused_add_rms_norm},
    {"fused_experts", fused_experts},
    {"geglu", geglu},
    {"glu", glu},
    {"glu_backward", glu_backward},
    {"group_norm", group_norm},
    {"group_norm_backward", group_norm_backward},
    {"grouped_topk", grouped_topk},
    {"hstack", hstack},
    {"kron", kron},
    {"layer_norm", layer_norm},
    {"layer_norm_backward", layer_norm_backward},
    {"linalg_vector_norm", linalg_vector_norm},
    {"linear", linear},
    {"log_softmax", log_softmax},
    {"log_softmax_backward", log_softmax_backward},
    {"moe_sum", moe_sum},
    {"mse_loss", mse_loss},
    {"mse_loss_backward", mse_loss_backward},
    {"nan_to_num", nan_to_num},
    {"nll_loss", nll_loss},
    {"nll_loss_backward", nll_loss_backward},
    {"outer", outer},
    {"rand", rand},
    {"rand_like", rand},
    {"randn", randn},
    {"randn_like", randn},
    {"reglu", reglu},
    {"repeat", repeat},
    {"repeat_interleave", repeat_interleave},
    {"rms_norm", rms_norm},
    {"rms_norm_backward", rms_norm_backward},
    {"roll", roll},
    {"safe_softmax", safe_softmax},
    {"scaled_dot_product_attention", scaled_dot_product_attention},
    {"select_backward", select_backward},
    {"select_scatter", select_scatter},
    {"skip_layer_norm", skip_layer_norm},
    {"slice_backward", slice_backward},
    {"slice_scatter", slice_scatter},
    {"softmax", softmax},
    {"softmax_backward", softmax_backward},
    {"stack", stack},
    {"swiglu", swiglu},
    {"tile", tile},
    {"topk_softmax", topk_softmax},
    {"tril", tril},
    {"tril_indices", tril_indices},
    {"triu", triu},
    {"triu_indices", triu_indices},
    {"vstack", vstack},
    {"weight_norm", weight_norm},
};
// clang-format on

Result<const OpInfo*> operator_of(std::string_view text, std::span<const Named> operands) {
  std::vector<const char*> names;
  for (const Named& n : operands) names.push_back(n.name);
  return user_map(text, names, 0);
}

std::vector<fg_value> values(std::span<const Named> operands) {
  std::vector<fg_value> list;
  for (const Named& n : operands) list.push_back(n.value);
  return list;
}

}  // namespace

CompositeFn find_composite(std::string_view op) {
  for (const Entry& e : kComposites) {
    if (e.op == op) return e.function;
  }
  return nullptr;
}

std::size_t CompositeCall::index(std::string_view name) const {
  for (std::size_t i = 0; i < call.op.args.size(); ++i) {
    if (call.op.args[i].name == name) return i;
  }
  return call.op.args.size();
}

Tensor CompositeCall::tensor(std::string_view name) const {
  const fg_value& v = call.arg(index(name));
  return v.tag == FG_V_TENSOR ? Tensor::share(v.v.tensor) : Tensor();
}

std::optional<double> CompositeCall::number(std::string_view name) const {
  const std::size_t i = index(name);
  if (i == call.op.args.size()) return std::nullopt;
  const fg_scalar s = scalar_of(call.op.args[i], call.arg(i));
  if (s.kind == FG_SCALAR_NONE) return std::nullopt;
  return s.kind == FG_SCALAR_FLOAT ? s.v.f : static_cast<double>(s.v.i);
}

std::int64_t CompositeCall::integer(std::string_view name) const {
  const std::size_t i = index(name);
  return i == call.op.args.size() ? 0 : scalar_of(call.op.args[i], call.arg(i)).v.i;
}

fg_value CompositeCall::scalar(std::string_view name, fg_dtype common) const {
  const std::size_t i = index(name);
  const fg_scalar s = scalar_of(call.op.args[i], call.arg(i));
  const bool fraction = s.kind == FG_SCALAR_FLOAT;
  if (is_float(common)) return fg_value_float(fraction ? s.v.f : static_cast<double>(s.v.i));
  return fg_value_int(fraction ? static_cast<std::int64_t>(s.v.f) : s.v.i);
}

std::span<const std::int64_t> CompositeCall::dims(std::string_view name) const {
  const fg_value& v = call.arg(index(name));
  if (v.tag == FG_V_DIMS) return {v.v.dims, v.n};
  if (v.tag == FG_V_INT) return {&v.v.i, 1};
  return {};
}

std::int64_t CompositeCall::choice(std::string_view name) const {
  const std::size_t i = index(name);
  const ArgInfo& a = call.op.args[i];
  const fg_value& v = call.arg(i);
  return v.tag == FG_V_NONE ? a.default_value.v.i : enum_value(call.op, a, v).value_or(0);
}

fg_value CompositeCall::value(std::string_view name) const {
  const std::size_t i = index(name);
  const fg_value& v = call.arg(i);
  if (v.tag != FG_V_NONE || i == call.op.args.size()) return v;
  const fg_scalar s = scalar_of(call.op.args[i], v);
  return s.kind == FG_SCALAR_FLOAT  ? fg_value_float(s.v.f)
         : s.kind == FG_SCALAR_BOOL ? fg_value_bool(s.v.i != 0)
         : s.kind == FG_SCALAR_INT  ? fg_value_int(s.v.i)
                                    : fg_value_none();
}

std::vector<Tensor> CompositeCall::tensors(std::string_view name) const {
  const fg_value& v = call.arg(index(name));
  std::vector<Tensor> list;
  for (std::uint32_t k = 0; v.tag == FG_V_TENSORS && k < v.n; ++k) list.push_back(Tensor::share(v.v.tensors[k]));
  return list;
}

Result<Tensor> apply(std::string_view name, std::initializer_list<fg_value> args) {
  FG_TRY_ASSIGN(const OpInfo* op, lookup(name));
  std::array<fg_tensor_handle, kMaxOutputs> made{};
  FG_TRY(call(*op, {args.begin(), args.size()}, Form::functional, {made.data(), op->outs.size()}));
  for (std::size_t i = 1; i < op->outs.size(); ++i) release(made[i]);
  return Tensor::adopt(made[0]);
}

Result<void> apply_into(const Tensor& out, std::string_view name, std::initializer_list<fg_value> args) {
  FG_TRY_ASSIGN(const OpInfo* op, lookup(name));
  fg_tensor_handle given[1] = {out.get()};
  return call(*op, {args.begin(), args.size()}, Form::out, given);
}

Result<void> apply_in_place(std::string_view name, std::span<const fg_value> args) {
  FG_TRY_ASSIGN(const OpInfo* op, lookup(name));
  return call(*op, args, Form::inplace, {});
}

Result<Tensor> map(std::string_view text, std::span<const Named> operands) {
  FG_TRY_ASSIGN(const OpInfo* op, operator_of(text, operands));
  fg_tensor_handle made[1] = {nullptr};
  FG_TRY(call(*op, values(operands), Form::functional, made));
  return Tensor::adopt(made[0]);
}

Result<void> map_into(const Tensor& out, std::string_view text, std::span<const Named> operands) {
  FG_TRY_ASSIGN(const OpInfo* op, operator_of(text, operands));
  fg_tensor_handle given[1] = {out.get()};
  return call(*op, values(operands), Form::out, given);
}

Result<void> fill_with(const Tensor& t, const fg_value& value) {
  static const OpInfo* const op = find_op("fill");
  if (t.numel() == 0) return {};
  const fg_value args[] = {arg(t), value};
  return call(*op, args, Form::inplace, {});
}

Result<Tensor> count_from_zero(Device* device, std::int64_t n) {
  static const OpInfo* const op = find_op("arange");
  const fg_value args[] = {fg_value_int(0), fg_value_int(n)};
  fg_tensor_handle made[1] = {nullptr};
  FG_TRY(call(*op, args, Form::functional, made, device));
  return Tensor::adopt(made[0]);
}

Result<Tensor> widened(const Tensor& t) {
  if (!is_float(t.dtype()) || t.dtype() == FG_F64 || t.dtype() == FG_F32) return t;
  return copy_of(t, FG_F32);
}

std::vector<std::int64_t> last_dims(const Tensor& x, const CompositeCall& c) {
  std::vector<std::int64_t> dims(c.dims("normalized_shape").size());
  std::iota(dims.begin(), dims.end(), x.ndim() - static_cast<std::int64_t>(dims.size()));
  return dims;
}

Result<Tensor> weighted(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  std::vector<Named> operands{Named("x", x)};
  if (weight) operands.emplace_back("w", weight);
  if (bias) operands.emplace_back("b", bias);
  if (operands.size() == 1) return x;
  return map(!bias ? "x * w" : !weight ? "x + b" : "x * w + b", operands);
}

}  // namespace fg::core
