// SPDX-License-Identifier: Apache-2.0

#include "bench/run_case.hpp"

#include <algorithm>

#include "bench/inputs.hpp"
#include "bench/verify.hpp"

namespace fg::bench {
namespace {

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t n : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(n);
  return text + "]";
}

std::string shapes_of(const Case& c) {
  std::string text;
  for (const core::CaseArg& a : c.values.args) {
    for (const auto& shape : a.shapes) text += shape_text(shape) + " ";
  }
  text += "->";
  for (const auto& shape : c.out_shapes) text += " " + shape_text(shape);
  return text;
}

// The nearer of the two limits, in seconds, against what was measured undisturbed.  Memory is no
// limit for what stays in the cores' own caches.
void compare_with_roofline(Measured& m, const Roofline& r, const Machine& machine, fg_dtype dtype) {
  const bool from_memory = r.triad_gbps > 0 && m.bytes > 4 * machine.core_caches;
  const double by_memory = from_memory ? m.bytes / (r.triad_gbps * 1e9) : 0;
  const double peak = peak_gflops(r, dtype) * 1e9;
  const double by_compute = peak > 0 ? m.flops / peak : 0;
  const double limit = std::max(by_memory, by_compute);
  if (limit <= 0 || m.times.p20 <= 0) return;
  m.bound = by_compute > by_memory ? "compute" : "memory";
  m.percent_of_roofline = 100 * limit / (m.times.p20 * 1e-9);
}

// One call through the generic door; the functional form hands out new tensors.
void call(const Case& c, Inputs& in, std::vector<fg_tensor_handle>& outs, std::uint32_t form, const Device& device) {
  detail::ErrorSlot err;
  const std::uint32_t n = form == FG_FORM_INPLACE ? 0 : static_cast<std::uint32_t>(outs.size());
  err.check(fg_call(c.op->name.data(), form, in.values.data(), static_cast<std::uint32_t>(in.values.size()),
                    outs.data(), n, device.handle(), err));
}

std::vector<Tensor> first_call(const Case& c, Inputs& in, const Device& device) {
  std::vector<fg_tensor_handle> handles(c.op->outs.size(), nullptr);
  call(c, in, handles, in.form, device);
  std::vector<Tensor> outs;
  if (in.form == FG_FORM_INPLACE) {
    outs.push_back(in.args[0][0].tensor);
  } else {
    for (fg_tensor_handle h : handles) outs.push_back(Tensor::adopt(h));
  }
  device.synchronize();
  return outs;
}

Times time_calls(const Case& c, Inputs& in, const std::vector<Tensor>& outs, const Device& device, double seconds) {
  TimingOptions o;
  o.min_ns = seconds * 1e9;
  if ((device.info().caps & FG_D_SYNCHRONOUS) == 0) o.batch_ns = kDeviceBatchNs;
  const auto wait = [&] { device.synchronize(); };
  std::vector<fg_tensor_handle> handles;
  for (const Tensor& t : outs) handles.push_back(t.handle());
  if (in.form == FG_FORM_FUNCTIONAL && c.op->has_out && !c.op->dynamic) {
    return measure([&] { call(c, in, handles, FG_FORM_OUT, device); }, wait, o);
  }
  if (in.form == FG_FORM_INPLACE) return measure([&] { call(c, in, handles, FG_FORM_INPLACE, device); }, wait, o);
  std::vector<fg_tensor_handle> fresh(handles.size());
  return measure(
      [&] {
        std::ranges::fill(fresh, nullptr);
        call(c, in, fresh, FG_FORM_FUNCTIONAL, device);
        for (fg_tensor_handle h : fresh) fg_tensor_release(h);
      },
      wait, o);
}

void run(const Case& c, const Device& device, const Roofline& roofline, const Machine& machine, double seconds,
         Measured& m) {
  auto made = make_inputs(c, device);
  if (!made) {
    m.text = made.error().message;
    return;
  }
  Inputs& in = *made;
  const fg_generator before = *in.generator;
  const std::vector<Tensor> outs = first_call(c, in, device);
  const Verification v = verify(c, in, before, outs, device);
  m.text = v.text;
  if (!v.correct) {
    m.state = Measured::State::wrong;
    return;
  }
  for (auto& list : in.args) {
    for (Input& i : list) i.host = {};
  }
  m.times = time_calls(c, in, outs, device, seconds);
  m.state = Measured::State::timed;
  m.gbps = m.bytes / m.times.p50;
  m.tflops = m.flops / m.times.p50 * 1e-3;
  m.in_cache = m.bytes < machine.last_cache;
  compare_with_roofline(m, roofline, machine, c.dtype);
}

}  // namespace

std::string_view state_name(Measured::State s) {
  switch (s) {
    case Measured::State::timed: return "timed";
    case Measured::State::wrong: return "wrong";
    case Measured::State::not_served: return "not served";
    case Measured::State::out_of_memory: return "out of memory";
    case Measured::State::failed: return "failed";
  }
  return "?";
}

Measured run_case(const Case& c, const Device& device, const Roofline& roofline, const Machine& machine,
                  double seconds) {
  Measured m;
  m.name = c.name;
  m.shapes = shapes_of(c);
  m.scaled = c.scaled;
  m.bytes = c.bytes;
  m.flops = c.flops;
  try {
    run(c, device, roofline, machine, seconds, m);
  } catch (const Exception& e) {
    m.text = e.what();
    const bool memory = e.status() == FG_E_OOM_DEVICE || e.status() == FG_E_OOM_HOST;
    m.state = memory                           ? Measured::State::out_of_memory
              : e.status() == FG_E_UNSUPPORTED ? Measured::State::not_served
                                               : Measured::State::failed;
  } catch (const std::bad_alloc&) {
    m.state = Measured::State::out_of_memory;
    m.text = "out of host memory";
  }
  return m;
}

}  // namespace fg::bench
