// SPDX-License-Identifier: Apache-2.0
//
// The order in which a call is served: cache, named kernel, engine, composite, fallback plugin.

#include "core/dispatch/call.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/catalogue/shape_rules.hpp"
#include "core/composites/composites.hpp"
#include "core/dispatch/capture.hpp"
#include "core/dispatch/enable.hpp"
#include "core/dispatch/outputs.hpp"
#include "core/dispatch/record.hpp"
#include "core/dispatch/run.hpp"
#include "core/trace/trace.hpp"

namespace fg::core {
namespace {

bool refused(const Result<void>& r) { return !r && r.error().status == FG_E_UNSUPPORTED; }

Result<void> run_engine(const Call& c, const Plan& p) {
  switch (c.op.kind) {
    case Kind::map: return run_map(c, p);
    case Kind::reduce: return run_reduce(c, p);
    default: return run_scan(c, p);
  }
}

Result<void> run_plan(const Call& c, const Plan& p, PlanLine* line, RecordScope* record) {
  if (p.recheck) FG_TRY(check_attributes(c.op, c.args));
  if (p.flat) {
    FG_TRY_ASSIGN(const bool done, run_flat(c, p, line));
    if (done) {
      if (record != nullptr) record->served_by(p.device->name, "engine");
      return {};
    }
  }
  if (p.moves) return run_moved(c, p);
  const auto served = [&](std::string_view way) {
    if (record != nullptr) record->served_by(p.device->name, way);
  };
  if (c.op.kind == Kind::view) {
    served("view");
    return run_view(c, p);
  }
  std::string why = p.refusals;
  const auto refuse = [&](const Error& e) {
    if (!why.empty()) why += "; ";
    why += e.message;
  };
  if (p.named != nullptr) {
    served("kernel");
    auto done = run_named(c, p);
    if (!refused(done)) return done;
    refuse(done.error());
  }
  if (p.program != nullptr) {
    served("engine");
    auto done = run_engine(c, p);
    if (!refused(done)) return done;
    refuse(done.error());
  }
  if (recording() && !why.empty()) note_refusal(why);
  if (p.composite != nullptr) {
    served("composite");
    auto done = run_composite(c, p);
    if (!refused(done)) return done;
    refuse(done.error());
  }
  if (record != nullptr) record->served_by("cpu", "fallback");
  return run_fallback(c, p, why);
}

Result<void> run_recorded(const Call& c) {
  RecordScope record(c);
  auto ref = find_plan(c);
  if (!ref) {
    record.failed(ref.error());
    return tl::unexpected(std::move(ref).error());
  }
  auto done = run_plan(c, *ref->plan, ref->line, &record);
  if (!done) record.failed(done.error());
  return done;
}

// A call inside a capture.
template <class Run>
Result<void> run_captured(Capture& capture, const Call& c, Run&& run) {
  CapturedCall scope(capture, c.op);
  Result<void> done = scope.check(c.op);
  if (done) done = run();
  return scope.done(std::move(done));
}

Result<void> run_found(const Call& c) {
  if (PlanLine* line = cached_plan(c)) [[likely]] {
    thread_state().counters.bump(ThreadCounters::cache_hits);
    return run_plan(c, *line->value, line, nullptr);
  }
  FG_TRY_ASSIGN(const PlanRef ref, find_plan(c));
  return run_plan(c, *ref.plan, ref.line, nullptr);
}

}  // namespace

Result<void> run_planned(const Call& c, const Plan& plan, PlanLine* line) {
  if (Capture* capture = thread_state().capture.get()) [[unlikely]]
    return run_captured(*capture, c, [&] { return run_plan(c, plan, line, nullptr); });
  return run_plan(c, plan, line, nullptr);
}

Result<void> dispatch(const Call& c) {
  ThreadState& state = thread_state();
  state.counters.bump(ThreadCounters::calls);
  const trace::Span span("operator", c.op.name);
  if (state.capture != nullptr) [[unlikely]]
    return run_captured(*state.capture, c, [&] { return recording() ? run_recorded(c) : run_found(c); });
  if (recording()) [[unlikely]]
    return run_recorded(c);
  return run_found(c);
}

Result<void> call(const OpInfo& op, std::span<const fg_value> args, Form form, std::span<fg_tensor_handle> outs,
                  Device* device) {
  return dispatch(Call{op, args, form, outs, device, 0});
}

Result<void> call_composite(const OpInfo& op, std::span<const fg_value> args, Form form,
                            std::span<fg_tensor_handle> outs, Device* device) {
  if (op.kind != Kind::composite) return invalid(fmt::format("{} is no composite", op.name), FG_R_UNKNOWN_OP);
  return dispatch(Call{op, args, form, outs, device, kComposite});
}

Result<void> run_composite(const Call& c, const Plan& p) {
  Outputs outputs(c, p);
  FG_TRY(outputs.infer());
  std::vector<fg_tensor_object*> read;
  each_tensor(c, [&](fg_tensor_handle t, std::size_t) { read.push_back(t); });
  FG_TRY(outputs.allocate(read, InPlace::no, true));
  if (outputs.empty()) return outputs.finish();
  CompositeCall composite{c, p, {}};
  for (std::size_t i = 0; i < outputs.count(); ++i) composite.out[i] = outputs.work(i);
  FG_TRY(p.composite(composite));
  return outputs.finish();
}

Result<void> run_moved(const Call& c, const Plan& p) {
  if (c.op.name == "copy_") {
    const Tensor dst = Tensor::share(c.arg(0).v.tensor);
    FG_TRY_ASSIGN(const Tensor src, copy_of(Tensor::share(c.arg(1).v.tensor), 0, p.device));
    return copy_into(dst, src);
  }
  std::vector<fg_value> args(c.args.begin(), c.args.end());
  std::vector<Tensor> keep;
  std::vector<std::vector<fg_tensor_handle>> lists;
  const auto moved = [&](fg_tensor_handle t) -> Result<fg_tensor_handle> {
    if (t->device == p.device) return t;
    FG_TRY_ASSIGN(Tensor there, copy_of(Tensor::share(t), 0, p.device));
    keep.push_back(there);
    return there.get();
  };
  lists.reserve(args.size());
  for (fg_value& v : args) {
    if (v.tag == FG_V_TENSOR) {
      FG_TRY_ASSIGN(v.v.tensor, moved(v.v.tensor));
    } else if (v.tag == FG_V_TENSORS) {
      auto& list = lists.emplace_back();
      for (std::uint32_t k = 0; k < v.n; ++k) {
        FG_TRY_ASSIGN(fg_tensor_handle t, moved(v.v.tensors[k]));
        list.push_back(t);
      }
      v.v.tensors = list.data();
    }
  }
  return dispatch(Call{c.op, args, c.form, c.outs, p.device, c.mode});
}

}  // namespace fg::core
