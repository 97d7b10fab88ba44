// SPDX-License-Identifier: Apache-2.0
//
// Running a corpus.  Two judges must agree before they judge: the recorded value must lie within the
// oracle's bound for a float64 evaluation of the same call (else ORACLE_DOUBT).  The plugin's result
// is then held to the operator's bound for its own dtypes, moved to the recorded value where that was
// kept in f64.

#include <algorithm>
#include <chrono>
#include <cmath>

#include "conformance/cases/operators.hpp"
#include "conformance/data/rng.hpp"
#include "conformance/golden/golden.hpp"
#include "conformance/report/report.hpp"
#include "conformance/runner/phase.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::conformance {
namespace {

using reference::Output;
using reference::Real;
using reference::Type;

std::size_t first_tensor(const Prepared& p) {
  std::size_t i = 0;
  while (i < p.args.size() && p.args[i].value.tensors.empty()) ++i;
  return i;
}

void set_self_type(const Prepared& p, const reference::Call& call, std::vector<Output>& outs) {
  if (p.form == Form::inplace) outs.front().type = call.args()[first_tensor(p)].tensor().type;
}

// Empty when the recorded values are consistent with the oracle.
std::string doubt(const Output& raised, const reference::Tensor& stored) {
  if (raised.shape != stored.shape)
    return "the recorded shape is " + text_of(stored.shape) + ", the oracle's " + text_of(raised.shape);
  for (std::size_t i = 0; i < stored.v.size(); ++i) {
    if (legal(raised.hard[i], stored.type, stored.v[i])) continue;
    return "element " + std::to_string(i) + " was recorded as " + number_text(stored.type, stored.v[i]) +
           ", the oracle has " + number_text(stored.type, raised.hard[i].mid);
  }
  return "";
}

// The interval around the recorded number.
void recentre(reference::Value& v, Real recorded) {
  if (v.nan == reference::Nan::always || !std::isfinite(v.mid) || !std::isfinite(recorded)) return;
  const Real shift = recorded - v.mid;
  v.lo += shift;
  v.hi += shift;
  v.mid = recorded;
}

// Views need no oracle: recorded elements must come back as they are.
std::vector<Output> recorded_outputs(const GoldenCase& c) {
  std::vector<Output> outs;
  for (const GoldenOutput& o : c.outputs) {
    Output out = reference::make_output(o.declared, o.stored.shape);
    for (const Real x : o.stored.v) push(out, reference::exact(x, reference::compute_type(o.stored.type)));
    outs.push_back(std::move(out));
  }
  return outs;
}

CaseResult judge_recorded(const Device& device, Prepared& p, const GoldenCase& c) {
  const std::uint64_t key = hash(c.id);
  declare(p, device);
  if (p.op->kind == core::Kind::view) return judge(device, p, recorded_outputs(c), key);
  const reference::Call raised_call = call_of(p, c.reference == "float64", {});  // of no device
  std::vector<Output> raised = reference::evaluate(raised_call);
  const reference::Call call = call_of(p, false, p.declared);
  std::vector<Output> want = reference::evaluate(call);
  set_self_type(p, raised_call, raised);
  set_self_type(p, call, want);
  CaseResult r;
  r.verdict = Verdict::oracle_doubt;
  if (c.outputs.size() != want.size()) {
    r.text =
        std::to_string(c.outputs.size()) + " outputs were recorded, the operator has " + std::to_string(want.size());
    return r;
  }
  for (std::size_t j = 0; j < want.size(); ++j) {
    const GoldenOutput& o = c.outputs[j];
    if (!o.is_tensor && want[j].shape == reference::Shape{0}) continue;  // left out by output_mask
    r.text = doubt(raised[j], o.stored);
    // Statistics of norms are f32 here for 16-bit inputs; ATen on a CPU keeps the input's dtype.
    const bool statistic = p.op->outs[j].rule == core::DtypeRule::stat;
    if (r.text.empty() && o.declared != want[j].type && !statistic) {
      r.text = "the recorded dtype is " + std::string(reference::name(o.declared)) + ", the oracle's " +
               std::string(reference::name(want[j].type));
    }
    if (!r.text.empty()) return r;
    const bool kept_wide = o.stored.type == Type::f64 && reference::is_float(want[j].type);
    for (std::size_t i = 0; kept_wide && i < o.stored.v.size(); ++i) {
      recentre(want[j].hard[i], o.stored.v[i]);
      if (!want[j].soft.empty()) recentre(want[j].soft[i], o.stored.v[i]);
    }
  }
  return judge(device, p, want, key);
}

}  // namespace

CaseResult run_golden(const Device& device, const core::OpInfo& op, const GoldenCase& c) {
  const auto start = std::chrono::steady_clock::now();
  begin_case();
  enter(Phase::prepare);
  CaseResult r;
  Result<Prepared> p = adapt(op, c);
  try {
    if (p) {
      r = judge_recorded(device, *p, c);
    } else {
      r.verdict = Verdict::mistrusted;
      r.text = p.error().message;
    }
  } catch (const reference::Mistake& m) {
    r.verdict = Verdict::oracle_doubt;
    r.text = "oracle: " + m.what;
  } catch (const std::exception& e) {
    r.verdict = Verdict::mistrusted;
    r.text = std::string("suite: ") + e.what();
  }
  r.id = c.id;
  r.op = op.name;
  enter(Phase::idle);
  r.milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return r;
}

}  // namespace fg::conformance
