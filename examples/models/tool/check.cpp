// SPDX-License-Identifier: Apache-2.0

#include "examples/models/tool/check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace fg::models {
namespace {

Tensor borrowed(fg_tensor_handle t) {
  fg_tensor_retain(t);
  return Tensor::adopt(t);
}

bool random(const fg_call_event& e) {
  return std::any_of(e.args, e.args + e.n_args, [](const fg_value& v) { return v.tag == FG_V_GENERATOR; });
}

std::string call_text(const fg_call_event& e) {
  std::string text = e.expression != nullptr ? fmt::format("map '{}'", e.expression) : std::string(e.op);
  std::vector<std::string> shapes;
  for (std::uint32_t i = 0; i < e.n_args; ++i) {
    if (e.args[i].tag == FG_V_TENSOR && e.args[i].v.tensor != nullptr)
      shapes.push_back(fmt::format("[{}]", fmt::join(borrowed(e.args[i].v.tensor).shape(), ", ")));
  }
  return fmt::format("{} of {}", text, fmt::join(shapes, ", "));
}

// Not less than the longest sum in the call: the lengths of its largest tensor, added.
double roundings_of(const std::vector<Tensor>& arguments) {
  std::int64_t most = 1, n = 1;
  for (const Tensor& t : arguments) {
    if (t.numel() < most) continue;
    most = t.numel();
    n = 1;
    for (const std::int64_t length : t.shape()) n += length;
  }
  return static_cast<double>(n);
}

// Intermediate tensors of an operator that a device may keep in their dtype or in f32: gate and up, their product and
// each expert's result.
double stored_in(std::string_view op) { return op == "fused_experts" ? 3 : 0; }

}  // namespace

double allowed_difference(double roundings, double stored, double largest, double wanted, Dtype dtype) {
  if (dtype != kF32 && dtype != kF16 && dtype != kBF16 && dtype != kF64) return 0;
  // lambda sqrt(n) u as in Higham and Mary, SIAM J. Sci. Comput. 41, 2019.
  constexpr double kLambda = 6, kSides = 2;
  const double unit = dtype == kBF16 ? 0x1p-8 : dtype == kF16 ? 0x1p-11 : 0x1p-24;
  const double inside = std::sqrt(roundings) * 0x1p-24 + std::sqrt(stored) * unit;
  return kSides * (kLambda * inside * largest + unit * std::abs(wanted));
}

Checker::Checker() : cpu_("cpu") {
  const fg_call_watcher watcher = [](void* ctx, const fg_call_event* e) {
    auto* self = static_cast<Checker*>(ctx);
    if (self->difference_) return;
    try {  // Nothing may leave a C function.
      e->done != 0 ? self->after(*e) : self->before(*e);
    } catch (const Exception& failure) {
      self->difference_ = fmt::format("{}: the CPU plugin fails: {}", call_text(*e), failure.what());
    }
  };
  detail::ErrorSlot err;
  err.check(fg_watch_calls(watcher, this, err));
}

bool Checker::on_cpu(const fg_call_event& e) const {
  for (std::uint32_t i = 0; i < e.n_args; ++i) {
    const fg_value& v = e.args[i];
    const fg_tensor_handle t = v.tag == FG_V_TENSOR               ? v.v.tensor
                               : v.tag == FG_V_TENSORS && v.n > 0 ? v.v.tensors[0]
                                                                  : nullptr;
    if (t != nullptr) return fg_tensor_device(t) == cpu_.handle();
  }
  return (e.device != nullptr ? e.device : Device::current().handle()) == cpu_.handle();
}

Tensor Checker::copied(fg_tensor_handle t) const {
  const Tensor source = borrowed(t);
  return source.device().handle() == cpu_.handle() ? source.clone() : source.to(cpu_);
}

void Checker::before(const fg_call_event& e) {
  ready_ = !random(e);
  if (!ready_) return;
  copy_ = {};
  for (std::uint32_t i = 0; i < e.n_args; ++i) {
    fg_value v = e.args[i];
    if (v.tag == FG_V_TENSOR && v.v.tensor != nullptr) {
      copy_.tensors.push_back(copied(v.v.tensor));
      v = fg_value_tensor(copy_.tensors.back().handle());
    } else if (v.tag == FG_V_TENSORS) {
      std::vector<fg_tensor_handle> list;
      for (std::uint32_t k = 0; k < v.n; ++k) {
        copy_.tensors.push_back(v.v.tensors[k] != nullptr ? copied(v.v.tensors[k]) : Tensor());
        list.push_back(copy_.tensors.back().handle());
      }
      copy_.lists.push_back(std::move(list));
      v = fg_value_tensors(copy_.lists.back().data(), v.n);
    }
    copy_.args.push_back(v);
  }
}

// The results of the same call on the CPU plugin; none when there is nothing independent to ask.
std::vector<Tensor> Checker::reference(const fg_call_event& e) {
  const bool same = on_cpu(e);
  detail::ErrorSlot err;
  if (e.expression != nullptr) {
    if (same) return {};
    fg_tensor_handle out = nullptr;
    err.check(fg_map(e.expression, e.names, copy_.args.data(), e.n_args, e.dtype, &out, err));
    return {Tensor::adopt(out)};
  }
  const bool inplace = e.form == FG_FORM_INPLACE;
  const std::uint32_t form = (inplace ? FG_FORM_INPLACE : FG_FORM_FUNCTIONAL) | (same ? FG_CALL_COMPOSITE : 0);
  std::vector<fg_tensor_handle> outs(inplace ? 0 : e.n_outs);
  const fg_status status = fg_call(e.op, form, copy_.args.data(), e.n_args, outs.data(),
                                   static_cast<std::uint32_t>(outs.size()), cpu_.handle(), err);
  if (same && status == FG_E_INVALID) return {};  // No composite.
  err.check(status);
  if (inplace) return {copy_.tensors.at(0)};
  std::vector<Tensor> results;
  for (const fg_tensor_handle out : outs) results.push_back(Tensor::adopt(out));
  return results;
}

void Checker::after(const fg_call_event& e) {
  if (!std::exchange(ready_, false)) {
    ++left_out_;
    return;
  }
  const std::vector<Tensor> wanted = reference(e);
  if (wanted.empty()) {
    ++left_out_;
    return;
  }
  ++checked_;
  for (std::size_t i = 0; i < wanted.size() && !difference_; ++i) {
    const fg_tensor_handle got = e.form == FG_FORM_INPLACE ? e.args[0].v.tensor : e.outs[i];
    if (got != nullptr) compare(e, static_cast<int>(i), borrowed(got), wanted[i]);
  }
}

void Checker::compare(const fg_call_event& e, int output, const Tensor& got, const Tensor& wanted) {
  const std::string device = got.device().name();
  if (got.shape() != wanted.shape() || got.dtype() != wanted.dtype()) {
    difference_ = fmt::format("{}: result {} is [{}] on {}, [{}] on {}", call_text(e), output,
                              fmt::join(got.shape(), ", "), device, fmt::join(wanted.shape(), ", "), cpu_.name());
    return;
  }
  const std::vector<double> a = got.to(cpu_).to(kF64).to_vector<double>(), b = wanted.to(kF64).to_vector<double>();
  double largest = 0;
  for (const double x : b) {
    if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
  }
  const double roundings = roundings_of(copy_.tensors);
  const double stored = e.expression != nullptr ? 0 : stored_in(e.op);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double allowed = allowed_difference(roundings, stored, largest, b[i], wanted.dtype());
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])) || std::abs(a[i] - b[i]) <= allowed) continue;
    difference_ =
        fmt::format("{}: element {} of result {} is {:.9g} on {}, {:.9g} on {}, at most {:.3g} apart expected",
                    call_text(e), i, output, a[i], device, b[i], cpu_.name(), allowed);
    return;
  }
}

}  // namespace fg::models
