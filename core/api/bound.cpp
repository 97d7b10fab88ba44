// SPDX-License-Identifier: Apache-2.0
//
// C API: prepared calls.  A bound call keeps the plan and its kernel; running checks that the tensors
// are of the kind bound, then launches.

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "core/api/api_call.hpp"
#include "core/dispatch/enable.hpp"
#include "core/dispatch/run.hpp"
#include "fg/fg.h"

using namespace fg;        // NOLINT: this file defines C functions only.
using namespace fg::core;  // NOLINT

struct fg_bound {
  const OpInfo* op = nullptr;
  std::vector<fg_value> args;
  std::vector<std::size_t> tensor_args;  // Arguments that run() replaces.
  std::vector<std::vector<std::int64_t>> dims;
  std::vector<std::string> texts;
  struct Expected {
    TensorClass cls;
    std::vector<std::int64_t> shape, stride;
  };
  std::vector<Expected> expected;  // Outputs, then tensor arguments.
  std::size_t n_outs = 0;
  PlanRef plan;
  PlanLine line;
  std::uint64_t generation = 0;
};

namespace {

fg_bound::Expected expect(fg_tensor_handle t) {
  return {t->cls, {t->shape, t->shape + t->desc.ndim}, {t->stride, t->stride + t->desc.ndim}};
}

bool as_expected(const fg_bound::Expected& e, fg_tensor_handle t) {
  if (t->cls != e.cls) return false;
  for (std::size_t d = 0; d < e.shape.size(); ++d) {
    if (t->shape[d] != e.shape[d] || t->stride[d] != e.stride[d]) return false;
  }
  return true;
}

// Copies what `v` points to, so that the bound call owns it.
Result<void> keep(fg_bound& b, fg_value v, std::size_t i) {
  if (v.tag == FG_V_TENSORS || v.tag == FG_V_GENERATOR) {
    return unsupported(fmt::format("op_bind: {} cannot be bound", b.op->args[i].name), FG_R_PARAMETER,
                       static_cast<std::int32_t>(i));
  }
  if (v.tag == FG_V_DIMS) {
    b.dims.emplace_back(v.v.dims, v.v.dims + v.n);
    v.v.dims = b.dims.back().data();
  } else if (v.tag == FG_V_STRING && v.v.text != nullptr) {
    b.texts.emplace_back(v.v.text);
    v.v.text = b.texts.back().c_str();
  } else if (v.tag == FG_V_TENSOR) {
    FG_TRY(need(v.v.tensor, "op_bind", "a tensor"));
    b.tensor_args.push_back(i);
    b.expected.push_back(expect(v.v.tensor));
    v.v.tensor = nullptr;
  }
  b.args.push_back(v);
  return {};
}

Result<void> refresh(fg_bound& b, const Call& c) {
  b.generation = generation();
  FG_TRY_ASSIGN(b.plan, find_plan(c));
  b.line.kernel = nullptr;
  return {};
}

}  // namespace

extern "C" {

fg_status fg_op_bind(const char* name, const fg_value* args, uint32_t n_args, const fg_tensor_handle* outs,
                     uint32_t n_outs, fg_bound** out, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(name, "op_bind", "name"));
    FG_TRY(need(out, "op_bind", "out"));
    if (n_args > 0) FG_TRY(need(args, "op_bind", "args"));
    if (n_outs > 0) FG_TRY(need(outs, "op_bind", "outs"));
    auto b = std::make_unique<fg_bound>();
    FG_TRY_ASSIGN(b->op, lookup(name));
    if (n_args > b->op->args.size()) {
      return invalid(fmt::format("{}: {} arguments given, it takes {}", name, n_args, b->op->args.size()),
                     FG_R_PARAMETER);
    }
    b->dims.reserve(n_args);
    b->texts.reserve(n_args);
    b->n_outs = n_outs;
    for (uint32_t j = 0; j < n_outs; ++j) {
      FG_TRY(need(outs[j], "op_bind", "an output"));
      b->expected.push_back(expect(outs[j]));
    }
    for (uint32_t i = 0; i < n_args; ++i) FG_TRY(keep(*b, args[i], i));
    std::vector<fg_tensor_handle> targets(outs, outs + n_outs);
    FG_TRY(refresh(*b, Call{*b->op, {args, n_args}, Form::out, targets, nullptr, 0}));
    *out = b.release();
    return {};
  });
}

fg_status fg_bound_run(fg_bound* b, const fg_tensor_handle* t, uint32_t n, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(b, "bound_run", "bound"));
    FG_TRY(need(t, "bound_run", "t"));
    if (n != b->expected.size())
      return invalid(fmt::format("bound_run: {} tensors given, expected {}", n, b->expected.size()), FG_R_PARAMETER);
    fg_value args[16];
    fg_tensor_handle outs[kMaxOutputs];
    if (b->args.size() > 16 || b->n_outs > kMaxOutputs) return unsupported("bound_run: too many arguments", FG_R_LIMIT);
    for (uint32_t i = 0; i < n; ++i) {
      FG_TRY(need(t[i], "bound_run", "a tensor"));
      if (!as_expected(b->expected[i], t[i])) {
        return invalid(
            fmt::format("bound_run: tensor {} differs from the one bound in dtype, shape, stride, alignment or device",
                        i),
            FG_R_SHAPE, static_cast<std::int32_t>(i));
      }
    }
    std::copy(b->args.begin(), b->args.end(), args);
    for (std::size_t k = 0; k < b->tensor_args.size(); ++k) args[b->tensor_args[k]].v.tensor = t[b->n_outs + k];
    std::copy(t, t + b->n_outs, outs);
    const Call c{*b->op, {args, b->args.size()}, Form::out, {outs, b->n_outs}, nullptr, 0};
    if (b->generation != generation()) FG_TRY(refresh(*b, c));
    return run_planned(c, *b->plan.plan, &b->line);
  });
}

void fg_bound_release(fg_bound* bound) FG_NOEXCEPT { delete bound; }

}  // extern "C"
