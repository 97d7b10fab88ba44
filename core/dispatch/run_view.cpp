// SPDX-License-Identifier: Apache-2.0
//
// View operators: arguments of the generic call to core/tensor/views.hpp.

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "core/catalogue/shape_rules.hpp"
#include "core/dispatch/outputs.hpp"
#include "core/dispatch/run.hpp"
#include "core/tensor/views.hpp"

namespace fg::core {
namespace {

using views::Dims;

// Attribute readers; argument 0 is self.
struct Attributes {
  const Call& c;

  Dims dims(std::size_t i) const {
    const fg_value& v = c.arg(i);
    if (v.tag == FG_V_DIMS) return {v.v.dims, v.n};
    if (v.tag == FG_V_INT) return {&v.v.i, 1};
    return c.op.args[i].default_dims;
  }
  bool given(std::size_t i) const { return c.arg(i).tag != FG_V_NONE; }
  Tensor other() const { return Tensor::share(c.arg(1).v.tensor); }
  std::int64_t integer(std::size_t i) const { return scalar_of(c.op.args[i], c.arg(i)).v.i; }
  std::optional<std::int64_t> optional(std::size_t i) const {
    return given(i) ? std::optional(integer(i)) : std::nullopt;
  }
};

Result<Tensor> reshaped(const Tensor& self, Result<std::optional<Tensor>> view, Result<Shape> shape) {
  if (!view) return tl::unexpected(std::move(view).error());
  if (*view) return std::move(**view);
  if (!shape) return tl::unexpected(std::move(shape).error());
  FG_TRY_ASSIGN(const Tensor dense, copy_of(self));
  return views::view(dense, shape->dims());
}

using Function = Result<Tensor> (*)(const Tensor& self, const Attributes& a);
struct Entry {
  std::string_view name;
  Function function;
};

constexpr Entry kViews[] = {
    {"view", [](const Tensor& t, const Attributes& a) { return views::view(t, a.dims(1)); }},
    {"reshape",
     [](const Tensor& t, const Attributes& a) {
       return reshaped(t, views::reshape(t, a.dims(1)), views::inferred_shape(t, a.dims(1)));
     }},
    {"expand", [](const Tensor& t, const Attributes& a) { return views::expand(t, a.dims(1)); }},
    {"permute", [](const Tensor& t, const Attributes& a) { return views::permute(t, a.dims(1)); }},
    {"transpose", [](const Tensor& t, const Attributes& a) { return views::transpose(t, a.integer(1), a.integer(2)); }},
    {"t", [](const Tensor& t, const Attributes&) { return views::t(t); }},
    {"select", [](const Tensor& t, const Attributes& a) { return views::select(t, a.integer(1), a.integer(2)); }},
    {"slice",
     [](const Tensor& t, const Attributes& a) {
       return views::slice(t, a.integer(1), a.optional(2), a.optional(3), a.integer(4));
     }},
    {"squeeze", [](const Tensor& t,
                   const Attributes& a) { return a.given(1) ? views::squeeze(t, a.dims(1)) : views::squeeze(t); }},
    {"unsqueeze", [](const Tensor& t, const Attributes& a) { return views::unsqueeze(t, a.integer(1)); }},
    {"as_strided",
     [](const Tensor& t, const Attributes& a) { return views::as_strided(t, a.dims(1), a.dims(2), a.optional(3)); }},
    {"flatten",
     [](const Tensor& t, const Attributes& a) {
       return reshaped(t, views::flatten(t, a.integer(1), a.integer(2)),
                       views::flattened_shape(t, a.integer(1), a.integer(2)));
     }},
    {"contiguous", [](const Tensor& t, const Attributes&) { return t.dense() ? views::detach(t) : copy_of(t); }},
    {"detach", [](const Tensor& t, const Attributes&) { return views::detach(t); }},
    {"diagonal",
     [](const Tensor& t, const Attributes& a) { return views::diagonal(t, a.integer(1), a.integer(2), a.integer(3)); }},
    {"expand_as", [](const Tensor& t, const Attributes& a) { return views::expand(t, a.other().shape()); }},
    {"movedim", [](const Tensor& t, const Attributes& a) { return views::movedim(t, a.dims(1), a.dims(2)); }},
    {"narrow",
     [](const Tensor& t, const Attributes& a) { return views::narrow(t, a.integer(1), a.integer(2), a.integer(3)); }},
    {"unfold",
     [](const Tensor& t, const Attributes& a) { return views::unfold(t, a.integer(1), a.integer(2), a.integer(3)); }},
    {"view_as", [](const Tensor& t, const Attributes& a) { return views::view(t, a.other().shape()); }},
};

// The functions by position in the catalogue, so that a call compares no names.
std::vector<Function> functions_by_index() {
  std::vector<Function> found(catalogue().size(), nullptr);
  for (const Entry& e : kViews) {
    if (const OpInfo* op = find_op(e.name)) found[op->index] = e.function;
  }
  return found;
}

}  // namespace

Result<void> run_view(const Call& c, const Plan&) {
  const Tensor self = Tensor::share(c.arg(0).v.tensor);
  if (c.form != Form::functional) {
    return invalid(fmt::format("{} has no in-place form: tensor handles do not change", c.op.name), FG_R_PARAMETER);
  }
  static const std::vector<Function> functions = functions_by_index();
  const Function function = functions[c.op.index];
  if (function == nullptr) {
    return unsupported(fmt::format("{}: view is not known to the core", c.op.name), FG_R_UNKNOWN_OP);
  }
  Result<Tensor> made = function(self, Attributes{c});
  if (!made) return tl::unexpected(std::move(made).error());
  c.outs[0] = made->leak();
  return {};
}

}  // namespace fg::core
