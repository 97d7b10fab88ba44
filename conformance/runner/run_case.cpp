// SPDX-License-Identifier: Apache-2.0
//
// From a case to its verdict: data, oracle, call, judgement.

#include <array>
#include <chrono>

#include "conformance/cases/operators.hpp"
#include "conformance/data/values.hpp"
#include "conformance/runner/judge.hpp"
#include "conformance/runner/phase.hpp"
#include "conformance/runner/probes.hpp"

namespace fg::conformance {
namespace {

std::size_t first_tensor(const Prepared& p) {
  std::size_t i = 0;
  while (i < p.args.size() && p.args[i].value.tensors.empty()) ++i;
  return i;
}

// What a mistaken call must answer, by the name of the reason.
constexpr std::array<std::pair<std::string_view, fg_reason>, 12> kReasons{{{"null", FG_R_NULL_POINTER},
                                                                           {"dtype", FG_R_DTYPE},
                                                                           {"shape", FG_R_SHAPE},
                                                                           {"rank", FG_R_RANK},
                                                                           {"stride", FG_R_STRIDE},
                                                                           {"bounds", FG_R_BOUNDS},
                                                                           {"device", FG_R_DEVICE},
                                                                           {"alias", FG_R_ALIAS},
                                                                           {"parameter", FG_R_PARAMETER},
                                                                           {"limit", FG_R_LIMIT},
                                                                           {"layout", FG_R_LAYOUT},
                                                                           {"unknown_op", FG_R_UNKNOWN_OP}}};

std::string_view reason_text(fg_reason reason) {
  for (const auto& [text, code] : kReasons) {
    if (code == reason) return text;
  }
  return "other";
}

CaseResult expect_refusal(const Device& device, const Case& c, const Prepared& p) {
  CaseResult r;
  const Result<Execution> e = execute(device, p, rng_of(c).bits(1));
  if (!e) {
    r.verdict = Verdict::fail;
    r.text = "making the tensors: " + e.error().message;
    return r;
  }
  const std::string expected = "FG_E_INVALID, reason " + c.bad->reason + ", argument " + std::to_string(c.bad->arg);
  if (e->memory != Verdict::pass) {
    r.verdict = e->memory;
    r.text = e->memory_text;
  } else if (!e->refused) {
    r.verdict = Verdict::bad_error;
    r.text = "the call was accepted, expected " + expected;
  } else if (e->refused->status == FG_E_UNSUPPORTED && device.served_by(*p.op).empty()) {
    // Nothing serves the operator, so nobody looked at the arguments.
    r.verdict = device.must_serve(*p.op) ? Verdict::profile_gap : Verdict::not_claimed;
    r.text = e->refused->message;
  } else if (e->refused->status != FG_E_INVALID || reason_text(e->refused->reason) != c.bad->reason ||
             (c.bad->arg >= 0 && e->refused->arg_index != c.bad->arg)) {
    r.verdict = Verdict::bad_error;
    r.text = std::string("got ") + fg_status_name(e->refused->status) + ", reason " +
             std::string(reason_text(e->refused->reason)) + ", argument " + std::to_string(e->refused->arg_index) +
             " (" + e->refused->message + "), expected " + expected;
  }
  return r;
}

CaseResult run_operator(const Device& device, const Case& c) {
  Prepared p = prepare(c);
  declare(p, device);
  if (c.bad) return expect_refusal(device, c, p);
  const std::vector<reference::Output> want = expected_outputs(p);
  count_offset_from_storage(p);
  return judge(device, p, want, rng_of(c).bits(1));
}

}  // namespace

Prepared prepare(const Case& c) {
  enter(Phase::prepare);
  Prepared p;
  p.op = core::find_op(c.op);
  p.form = c.form;
  p.composite = c.composite;
  const std::vector<reference::Argument> values = arguments_of(c);
  for (std::size_t i = 0; i < values.size(); ++i) {
    PreparedArg a{values[i], {}};
    for (const TensorSpec& t : c.args[i].tensors) {
      a.placements.push_back(place(t.shape, t.layout, reference::bytes(to_reference(t.dtype))));
      if (p.out_layout == Layout::dense && t.layout != Layout::repeated) p.out_layout = t.layout;
    }
    p.args.push_back(std::move(a));
  }
  return p;
}

void declare(Prepared& p, const Device& device) {
  // Sums of products, which alone this matters for, have results of their operands' dtype.
  std::vector<fg_dtype> dtypes;
  for (const PreparedArg& a : p.args) {
    for (const reference::Tensor& t : a.value.tensors) dtypes.push_back(to_dtype(t.type));
  }
  if (!dtypes.empty()) dtypes.insert(dtypes.begin(), p.op->outs.size(), dtypes.front());
  p.declared = device.arithmetic(*p.op, dtypes, p.composite);
}

std::vector<reference::Output> expected_outputs(Prepared& p) {
  enter(Phase::oracle);
  std::vector<reference::Argument> values;
  for (const PreparedArg& a : p.args) values.push_back(a.value);
  std::vector<reference::Output> want =
      reference::evaluate(reference::Call(oracle_operator(*p.op), std::move(values), p.declared));
  if (p.form == Form::inplace || p.form == Form::alias) want.front().type = p.args[first_tensor(p)].value.tensor().type;
  for (const reference::Output& o : want) {
    p.out_types.push_back(o.type);
    p.out_shapes.push_back(o.shape);
  }
  return want;
}

CaseResult run_case(const Device& device, const Case& c) {
  const auto start = std::chrono::steady_clock::now();
  begin_case();
  CaseResult r;
  try {
    r = is_operator_area(c.area) ? run_operator(device, c) : run_probe(device, c);
  } catch (const reference::Mistake& m) {
    r.verdict = Verdict::mistrusted;
    r.text = "oracle: " + m.what;
  } catch (const std::exception& e) {
    r.verdict = Verdict::mistrusted;
    r.text = std::string("suite: ") + e.what();
  }
  r.id = name_of(c);
  r.op = is_operator_area(c.area) ? c.op : c.area;
  enter(Phase::idle);
  r.milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return r;
}

}  // namespace fg::conformance
