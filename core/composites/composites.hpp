// SPDX-License-Identifier: Apache-2.0
//
// Operators written with other operators.  A plugin that claims the name is used instead.

#ifndef FG_CORE_COMPOSITES_COMPOSITES_HPP_
#define FG_CORE_COMPOSITES_COMPOSITES_HPP_

#include <array>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/dispatch/plan.hpp"

namespace fg::core {

// What a composite reads and fills.  Arguments are checked and lie on one device.
struct CompositeCall {
  const Call& call;
  const Plan& plan;
  std::array<Tensor, kMaxOutputs> out;  // To be written; shapes are the inferred ones.

  Tensor tensor(std::string_view arg) const;                 // Empty when left out.
  std::optional<double> number(std::string_view arg) const;  // Given or default.
  std::int64_t integer(std::string_view arg) const;
  // A number given or its default, of the category that operands of `common` take.
  fg_value scalar(std::string_view arg, fg_dtype common) const;
  bool flag(std::string_view arg) const { return integer(arg) != 0; }
  std::span<const std::int64_t> dims(std::string_view arg) const;
  std::int64_t choice(std::string_view arg) const;  // The number of an enum value.
  fg_value value(std::string_view arg) const;       // A number as it was given, or the default.
  std::vector<Tensor> tensors(std::string_view arg) const;
  bool given(std::string_view arg) const { return call.arg(index(arg)).tag != FG_V_NONE; }

 private:
  std::size_t index(std::string_view arg) const;
};

// The function of a composite operator, nullptr when there is none.
CompositeFn find_composite(std::string_view op);

Result<void> softmax(CompositeCall& c);
Result<void> linalg_vector_norm(CompositeCall& c);  // folds.cpp
Result<void> dist(CompositeCall& c);
Result<void> aminmax(CompositeCall& c);
Result<void> log_softmax(CompositeCall& c);
Result<void> safe_softmax(CompositeCall& c);
Result<void> softmax_backward(CompositeCall& c);
Result<void> log_softmax_backward(CompositeCall& c);
Result<void> layer_norm(CompositeCall& c);
Result<void> rand(CompositeCall& c);  // random.cpp; rand_like too
Result<void> randn(CompositeCall& c);
Result<void> layer_norm_backward(CompositeCall& c);
Result<void> skip_layer_norm(CompositeCall& c);
Result<void> group_norm(CompositeCall& c);
Result<void> group_norm_backward(CompositeCall& c);
Result<void> rms_norm(CompositeCall& c);
Result<void> rms_norm_backward(CompositeCall& c);
Result<void> fused_add_rms_norm(CompositeCall& c);
Result<void> weight_norm(CompositeCall& c);
Result<void> cross_entropy_loss(CompositeCall& c);
Result<void> cross_entropy_loss_prob(CompositeCall& c);
Result<void> nll_loss(CompositeCall& c);
Result<void> nll_loss_backward(CompositeCall& c);
Result<void> mse_loss(CompositeCall& c);
Result<void> mse_loss_backward(CompositeCall& c);
Result<void> scaled_dot_product_attention(CompositeCall& c);
Result<void> linear(CompositeCall& c);  // products.cpp
Result<void> addbmm(CompositeCall& c);
Result<void> outer(CompositeCall& c);
Result<void> addr(CompositeCall& c);
Result<void> kron(CompositeCall& c);
Result<void> eye(CompositeCall& c);
Result<void> flip(CompositeCall& c);
Result<void> roll(CompositeCall& c);
Result<void> repeat(CompositeCall& c);
Result<void> tile(CompositeCall& c);
Result<void> repeat_interleave(CompositeCall& c);
Result<void> constant_pad_nd(CompositeCall& c);
Result<void> stack(CompositeCall& c);
Result<void> hstack(CompositeCall& c);
Result<void> vstack(CompositeCall& c);
Result<void> tril(CompositeCall& c);
Result<void> triu(CompositeCall& c);
Result<void> tril_indices(CompositeCall& c);
Result<void> triu_indices(CompositeCall& c);
Result<void> diag(CompositeCall& c);
Result<void> diag_embed(CompositeCall& c);
Result<void> select_scatter(CompositeCall& c);
Result<void> slice_scatter(CompositeCall& c);
Result<void> diagonal_scatter(CompositeCall& c);
Result<void> select_backward(CompositeCall& c);
Result<void> slice_backward(CompositeCall& c);
Result<void> diagonal_backward(CompositeCall& c);
Result<void> glu(CompositeCall& c);  // gated.cpp
Result<void> glu_backward(CompositeCall& c);
Result<void> geglu(CompositeCall& c);
Result<void> dgeglu(CompositeCall& c);
Result<void> reglu(CompositeCall& c);
Result<void> dreglu(CompositeCall& c);
Result<void> swiglu(CompositeCall& c);
Result<void> dswiglu(CompositeCall& c);
Result<void> topk_softmax(CompositeCall& c);  // moe.cpp
Result<void> grouped_topk(CompositeCall& c);
Result<void> fused_experts(CompositeCall& c);
Result<void> moe_sum(CompositeCall& c);
Result<void> allclose(CompositeCall& c);  // closeness.cpp
Result<void> equal(CompositeCall& c);
Result<void> nan_to_num(CompositeCall& c);

// --- the words composites are written in ---

inline fg_value arg(const Tensor& t) { return t ? fg_value_tensor(t.get()) : fg_value_none(); }
inline fg_value arg(double x) { return fg_value_float(x); }
inline fg_value arg(std::span<const std::int64_t> dims) {
  return fg_value_dims(dims.data(), static_cast<std::uint32_t>(dims.size()));
}

// The first result of a catalogue operator.
Result<Tensor> apply(std::string_view op, std::initializer_list<fg_value> args);

// The one result of a catalogue operator, written into `out`.
Result<void> apply_into(const Tensor& out, std::string_view op, std::initializer_list<fg_value> args);

// A catalogue operator on its first argument.
Result<void> apply_in_place(std::string_view op, std::span<const fg_value> args);

// One operand of an expression and its name.
struct Named {
  const char* name;
  fg_value value;
  Named(const char* n, const Tensor& t) : name(n), value(arg(t)) {}
  Named(const char* n, double x) : name(n), value(arg(x)) {}
  Named(const char* n, const fg_value& v) : name(n), value(v) {}
  Named(const char* n, std::int64_t x) : name(n), value(fg_value_int(x)) {}
};
// An element-wise expression: a new tensor, or written into `out`.
Result<Tensor> map(std::string_view text, std::span<const Named> operands);
Result<void> map_into(const Tensor& out, std::string_view text, std::span<const Named> operands);

// Every element of `t` becomes `value`, a number.
Result<void> fill_with(const Tensor& t, const fg_value& value);

// 0 .. n - 1 on the device, i64.
Result<Tensor> count_from_zero(Device* device, std::int64_t n);

// `t` in the type in which sums are kept: f32 for 16-bit floats, else its own.
Result<Tensor> widened(const Tensor& t);

// --- what normalisations share ---

// The dimensions of `x` that the attribute normalized_shape covers.
std::vector<std::int64_t> last_dims(const Tensor& x, const CompositeCall& c);
// rsqrt(mean(x^2) + eps) over `dims`, which stay with length 1.
Result<Tensor> inverse_rms(const Tensor& x, const std::vector<std::int64_t>& dims, double eps);
// x * weight + bias, without those that are empty.
Result<Tensor> weighted(const Tensor& x, const Tensor& weight, const Tensor& bias);

}  // namespace fg::core

#endif  // FG_CORE_COMPOSITES_COMPOSITES_HPP_
