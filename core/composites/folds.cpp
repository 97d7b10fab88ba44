// SPDX-License-Identifier: Apache-2.0
//
// Reductions whose monoid depends on a number, or that have two: each way is a reduction of its own
// for the engines, in one pass over the tensor.

#include <xxhash.h>

#include <cmath>
#include <limits>

#include "core/composites/composites.hpp"
#include "core/dispatch/enable.hpp"
#include "core/dispatch/outputs.hpp"
#include "fg/abi/engine.h"
#include "fg/sdk/dtype.hpp"

namespace fg::core {
namespace {

ArgInfo argument(std::string_view name, ArgType type) {
  ArgInfo a{};
  a.name = name;
  a.type = type;
  a.same_as = -1;
  a.rule = DtypeRule::any_of;
  return a;
}

// A norm as a reduction that no catalogue names: fold(self, ord, dim, keepdim, dtype).
class Fold {
 public:
  Fold(std::string_view prologue, std::uint32_t monoid, std::string_view epilogue) : epilogue_{epilogue} {
    args_[0] = argument("self", ArgType::tensor);
    args_[0].promotes = true;
    args_[0].dtypes = static_cast<DtypeSet>((1u << kDtypes.size()) - 1u);
    args_[1] = argument("ord", ArgType::scalar);
    args_[2] = argument("dim", ArgType::dims);
    args_[2].optional = true;
    args_[3] = argument("keepdim", ArgType::bool_);
    args_[4] = argument("dtype", ArgType::dtype);
    args_[4].optional = true;
    variant_[0].promote = Promote::sum;
    variant_[0].prologue = prologue;
    variant_[0].expr = epilogue_;
    out_[0].name = "out";
    out_[0].rule = DtypeRule::promoted;
    out_[0].arg = -1;
    op_.name = "linalg_vector_norm";
    op_.family = "reduce";
    op_.kind = Kind::reduce;
    op_.has_out = true;
    op_.index = 0xFFFF;
    op_.uid = XXH64(prologue.data(), prologue.size(), monoid);
    op_.schema_version = 1;
    op_.params_size = sizeof(fg_hdr);
    op_.args = args_;
    op_.outs = out_;
    op_.variant_arg = -1;
    op_.variants = variant_;
    op_.monoid = monoid;
  }
  const OpInfo& op() const { return op_; }

 private:
  std::array<ArgInfo, 5> args_;
  std::array<std::string_view, 1> epilogue_;
  std::array<Variant, 1> variant_{};
  std::array<OutInfo, 1> out_{};
  OpInfo op_{};
};

const OpInfo& norm_of_order(double ord) {
  // Never destroyed: plans refer to them until the process ends.
  static const auto& zero = *new Fold("where(self == 0, 0, 1)", FG_MONOID_SUM, "acc");
  static const auto& one = *new Fold("abs(self)", FG_MONOID_SUM, "acc");
  static const auto& two = *new Fold("self * self", FG_MONOID_SUM, "sqrt(acc)");
  static const auto& greatest = *new Fold("abs(self)", FG_MONOID_MAX, "max(acc, 0)");
  static const auto& least = *new Fold("abs(self)", FG_MONOID_MIN, "acc");
  static const auto& any = *new Fold("pow(abs(self), ord)", FG_MONOID_SUM, "pow(acc, 1 / ord)");
  if (ord == 0) return zero.op();
  if (ord == 1) return one.op();
  if (ord == 2) return two.op();
  if (std::isinf(ord)) return ord > 0 ? greatest.op() : least.op();
  return any.op();
}

Result<void> norm_into(const Tensor& out, const Tensor& self, double ord, const fg_value& dim, bool keepdim) {
  const fg_value args[] = {arg(self), arg(ord), dim, fg_value_bool(keepdim), fg_value_dtype(out.dtype())};
  fg_tensor_handle given[] = {out.get()};
  return call(norm_of_order(ord), args, Form::out, given);
}

}  // namespace

Result<void> linalg_vector_norm(CompositeCall& c) {
  const auto dims = c.dims("dim");
  const double ord = c.number("ord").value_or(2);
  return norm_into(c.out[0], c.tensor("self"), ord, arg(dims), c.flag("keepdim"));
}

Result<void> dist(CompositeCall& c) {
  FG_TRY_ASSIGN(const Tensor a, widened(c.tensor("self")));
  FG_TRY_ASSIGN(const Tensor b, widened(c.tensor("other")));
  FG_TRY_ASSIGN(const Tensor difference, map("a - b", std::array{Named("a", a), Named("b", b)}));
  return norm_into(c.out[0], difference, c.number("p").value_or(2), fg_value_none(), false);
}

Result<void> aminmax(CompositeCall& c) {
  const std::string_view name[] = {"amin", "amax"};
  const auto dims = c.dims("dim");
  for (std::size_t k = 0; k < 2; ++k) {
    FG_TRY_ASSIGN(const OpInfo* op, lookup(name[k]));
    const fg_value args[] = {arg(c.tensor("self")), arg(dims), fg_value_bool(c.flag("keepdim"))};
    fg_tensor_handle given[] = {c.out[k].get()};
    FG_TRY(call(*op, args, Form::out, given));
  }
  return {};
}

}  // namespace fg::core
