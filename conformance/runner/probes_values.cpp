// SPDX-License-Identifier: Apache-2.0
//
// Values and sizes that the operators' cases do not reach.

#include <cmath>
#include <limits>
#include <optional>

#include "conformance/cases/operators.hpp"
#include "conformance/data/rng.hpp"
#include "conformance/runner/judge.hpp"
#include "conformance/runner/probes_areas.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::conformance {
namespace {

fg_value tensor_value(fg_tensor_handle t) {
  fg_value v{FG_V_TENSOR, 0, {}};
  v.v.tensor = t;
  return v;
}

// f32 results of a functional call of one output.
Result<std::vector<float>> call_floats(const Device& device, std::string_view op, std::span<const fg_value> args) {
  Handle out;
  fg_tensor_handle made = nullptr;
  FG_TRY(device.call(op, FG_FORM_FUNCTIONAL, args, std::span(&made, 1)));
  out = Handle(made);
  std::vector<float> v(static_cast<std::size_t>(fg_tensor_numel(made)));
  fg_error err = FG_ERROR_INIT;
  if (const fg_status s = fg_tensor_to_host(made, v.data(), v.size() * sizeof(float), &err); s < 0)
    return tl::unexpected(error_of(s, err));
  return v;
}

Result<Handle> floats(const Device& device, const std::vector<float>& v) {
  FG_TRY_ASSIGN(Handle t, device.empty(FG_F32, std::vector<std::int64_t>{static_cast<std::int64_t>(v.size())}));
  fg_error err = FG_ERROR_INIT;
  if (const fg_status s = fg_tensor_write(t.get(), v.data(), v.size() * sizeof(float), &err); s < 0)
    return tl::unexpected(error_of(s, err));
  return t;
}

}  // namespace

Result<std::string> negative_zero(const Device& device) {
  constexpr std::int64_t kElements = 37;
  struct Zero {
    const char* op;
    float x;
  };
  // Functions that C99 Annex F and IEEE 754 give the sign of zero.
  for (const Zero& z : {Zero{"neg", 0.0F}, Zero{"sqrt", -0.0F}, Zero{"trunc", -0.25F}, Zero{"ceil", -0.5F},
                        Zero{"round", -0.25F}, Zero{"sin", -0.0F}, Zero{"tanh", -0.0F}}) {
    FG_TRY_ASSIGN(const Handle x, floats(device, std::vector<float>(kElements, z.x)));
    const fg_value arg = tensor_value(x.get());
    FG_TRY_ASSIGN(const std::vector<float> got, call_floats(device, z.op, std::span(&arg, 1)));
    for (const float y : got) {
      if (y != 0 || !std::signbit(y))
        return std::string(z.op) + "(" + std::to_string(z.x) + ") is " + std::to_string(y) + ", expected -0";
    }
  }
  return "";
}

namespace {

// Rows of f32 through a norm, against the oracle; arguments that are neither keep their defaults.
Result<std::string> judged_norm(const Device& device, std::string_view op_name, const reference::Tensor& input,
                                std::optional<double> eps) {
  const core::OpInfo* op = core::find_op(op_name);
  Prepared call;
  call.op = op;
  std::vector<reference::Argument> args(op->args.size());
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string_view arg = op->args[i].name;
    if (arg == "input") {
      args[i].kind = reference::Argument::Kind::tensor;
      args[i].tensors = {input};
    } else if (arg == "normalized_shape") {
      args[i].kind = reference::Argument::Kind::dims;
      args[i].dims = {input.shape.back()};
    } else if (arg == "eps" && eps) {
      args[i].kind = reference::Argument::Kind::number;
      args[i].number = *eps;
      args[i].category = reference::Type::f64;
    }
    PreparedArg p{args[i], {}};
    for (const reference::Tensor& t : args[i].tensors)
      p.placements.push_back(place(t.shape, Layout::dense, reference::bytes(t.type)));
    call.args.push_back(std::move(p));
  }
  declare(call, device);
  const std::vector<reference::Output> want =
      reference::evaluate(reference::Call(oracle_operator(*op), args, call.declared));
  for (const reference::Output& o : want) {
    call.out_types.push_back(o.type);
    call.out_shapes.push_back(o.shape);
  }
  const CaseResult r = judge(device, call, want, hash(op_name));
  if (passes(r.verdict)) return "";
  if (r.verdict == Verdict::profile_gap || r.verdict == Verdict::not_claimed) return unsupported(r.text);
  std::string text = std::string(op_name) + " is " + std::string(name(r.verdict)) + ": " + r.text;
  if (r.mismatch) {
    text += "got " + std::to_string(static_cast<double>(r.mismatch->got)) + ", expected " +
            std::to_string(static_cast<double>(r.mismatch->want)) + " within " +
            std::to_string(static_cast<double>(r.mismatch->allowed));
  }
  return text;
}

// Rows of 64 around `mean`.
reference::Tensor rows(float mean, float scale) {
  constexpr std::int64_t kRows = 4, kColumns = 64;
  reference::Tensor t{reference::Type::f32, {kRows, kColumns}, {}};
  const Rng rng(17);
  for (std::uint64_t i = 0; i < kRows * kColumns; ++i)
    t.v.push_back(static_cast<float>(mean + scale * static_cast<float>(rng.between(i, -512, 512)) / 256));
  return t;
}

}  // namespace

Result<std::string> large_mean(const Device& device) {
  // The square of 4096 takes all digits of an f32.
  return judged_norm(device, "layer_norm", rows(4096, 1), std::nullopt);
}

Result<std::string> eps_counts(const Device& device) {
  for (const std::string_view op : {"rms_norm", "layer_norm"}) {
    FG_TRY_ASSIGN(std::string text, judged_norm(device, op, rows(0, 1e-3F), 1e-5));
    if (!text.empty()) return text;
  }
  return "";
}

namespace {

template <class T>
Result<std::string> lowest_wraps(const Device& device, fg_dtype dtype, std::string_view op) {
  const std::vector<T> lowest(37, std::numeric_limits<T>::min());
  FG_TRY_ASSIGN(const Handle x, device.empty(dtype, std::vector<std::int64_t>{37}));
  fg_error err = FG_ERROR_INIT;
  if (const fg_status s = fg_tensor_write(x.get(), lowest.data(), lowest.size() * sizeof(T), &err); s < 0)
    return tl::unexpected(error_of(s, err));
  const fg_value arg = tensor_value(x.get());
  fg_tensor_handle made = nullptr;
  FG_TRY(device.call(op, FG_FORM_FUNCTIONAL, std::span(&arg, 1), std::span(&made, 1)));
  const Handle out(made);
  std::vector<T> got(lowest.size());
  if (const fg_status s = fg_tensor_to_host(made, got.data(), got.size() * sizeof(T), &err); s < 0)
    return tl::unexpected(error_of(s, err));
  if (got == lowest) return "";
  return std::string(op) + " of the lowest " + std::string(dtype_name(dtype)) + " is " +
         std::to_string(static_cast<std::int64_t>(got[0])) + ", integers wrap";
}

}  // namespace

Result<std::string> lowest_integers(const Device& device) {
  for (const std::string_view op : {"abs", "neg"}) {
    for (const Result<std::string>& r :
         {lowest_wraps<std::int8_t>(device, FG_I8, op), lowest_wraps<std::int16_t>(device, FG_I16, op),
          lowest_wraps<std::int32_t>(device, FG_I32, op), lowest_wraps<std::int64_t>(device, FG_I64, op)}) {
      if (!r || !r->empty()) return r;
    }
  }
  return "";
}

}  // namespace fg::conformance
