// SPDX-License-Identifier: Apache-2.0
//
// Keys of plans, the per-thread cache over the process's table, and the ways to serve a call.

#include "core/dispatch/plan.hpp"

#include <fmt/format.h>

#include <mutex>
#include <unordered_map>
#include <utility>

#include "core/catalogue/shape_rules.hpp"
#include "core/certificate/mask.hpp"
#include "core/composites/composites.hpp"
#include "core/dispatch/claims.hpp"
#include "core/dispatch/enable.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::core {
namespace {

bool add_class(PlanKey& key, fg_tensor_handle t) {
  if (t == nullptr || key.n_tensors == PlanKey::kMaxTensors) return false;
  key.cls[key.n_tensors++] = t->cls;
  return true;
}

bool at_default(const ArgInfo& a, const fg_value& v) {
  if (v.tag == FG_V_NONE) return true;
  if (!a.has_default) return false;
  const fg_scalar& d = a.default_value;
  const double number = v.tag == FG_V_FLOAT ? v.v.f : static_cast<double>(v.v.i);
  return number == (d.kind == FG_SCALAR_FLOAT ? d.v.f : static_cast<double>(d.v.i));
}

// What argument `i` adds to the key; false when the call has no key.
bool add_argument(PlanKey& key, const Call& c, std::size_t i, std::size_t& n_attr) {
  const ArgInfo& a = c.op.args[i];
  const fg_value& v = c.args[i];
  if (v.tag > FG_V_GENERATOR) return false;
  key.tags |= static_cast<std::uint64_t>(v.tag) << (4 * i);
  switch (v.tag) {
    case FG_V_TENSOR: return a.type == ArgType::tensor && add_class(key, v.v.tensor);
    case FG_V_TENSORS:
      if (a.type != ArgType::tensor_list || v.n == 0 || v.n > PlanKey::kMaxTensors || n_attr == PlanKey::kMaxAttrs)
        return false;
      key.attr[n_attr++] = v.n;
      for (std::uint32_t k = 0; k < v.n; ++k) {
        if (!add_class(key, v.v.tensors[k])) return false;
      }
      return true;
    default: break;
  }
  switch (a.type) {
    case ArgType::enum_:
    case ArgType::dtype: {
      if (n_attr == PlanKey::kMaxAttrs) return false;
      if (a.type == ArgType::dtype || v.tag == FG_V_NONE) {
        key.attr[n_attr++] = v.v.i;
        return true;
      }
      auto number = enum_value(c.op, a, v);
      if (!number) return false;
      key.attr[n_attr++] = *number;
      return true;
    }
    case ArgType::scalar:
    case ArgType::float_:
    case ArgType::int_:
    case ArgType::bool_:
      if (at_default(a, v)) key.at_default |= 1u << i;
      return true;
    default: return true;
  }
}

bool make_key(PlanKey& key, const Call& c) {
  if (c.args.size() > 16 || c.args.size() > c.op.args.size()) return false;
  key.op = &c.op;
  key.device = c.device;
  key.form = static_cast<std::uint16_t>(static_cast<unsigned>(c.form) | static_cast<unsigned>(c.mode) << 4 |
                                        (c.form == Form::functional ? c.outs.size() << 8 : 0));
  std::size_t n_attr = 0;
  for (std::size_t i = 0; i < c.args.size(); ++i) {
    if (!add_argument(key, c, i, n_attr)) return false;
  }
  if (c.form == Form::out) {
    for (fg_tensor_handle t : c.outs) {
      if (!add_class(key, t)) return false;
    }
  }
  if (key.n_tensors == 0 && key.device == nullptr) {
    auto device = current_device();
    if (!device) return false;
    key.device = *device;
  }
  return true;
}

struct KeyHash {
  std::size_t operator()(const PlanKey& key) const { return key.hash(); }
};

// Plans of the process.  Replaced plans stay: another thread may be running one.
struct Table {
  struct Slot {
    std::uint64_t generation = 0;
    std::unique_ptr<Plan> plan;
  };
  std::mutex mutex;
  std::unordered_map<PlanKey, Slot, KeyHash> plans;
  std::vector<std::unique_ptr<Plan>> replaced;
};
Table& table() {
  static Table* t = new Table;
  return *t;
}

Result<const Plan*> shared_plan(const PlanKey& key, const Call& c, std::uint64_t now) {
  {
    const std::lock_guard lock(table().mutex);
    const auto found = table().plans.find(key);
    if (found != table().plans.end() && found->second.generation == now) return found->second.plan.get();
  }
  FG_TRY_ASSIGN(Plan made, make_plan(c));
  const std::lock_guard lock(table().mutex);
  Table::Slot& slot = table().plans[key];
  if (slot.plan != nullptr && slot.generation == now) return slot.plan.get();
  if (slot.plan != nullptr) table().replaced.push_back(std::move(slot.plan));
  slot = {now, std::make_unique<Plan>(std::move(made))};
  return slot.plan.get();
}

// Dtypes of the launch, outputs first; an engine's has no absent and no unread tensors.
std::vector<fg_dtype> launch_dtypes(const Call& c, const Plan& p, bool engine) {
  std::vector<fg_dtype> found;
  for (std::size_t j = 0; j < c.op.outs.size(); ++j) found.push_back(p.out_dtype[j]);
  for (std::size_t i = 0; i < c.op.args.size(); ++i) {
    const ArgInfo& a = c.op.args[i];
    const fg_value& v = c.arg(i);
    if ((a.written && static_cast<std::int16_t>(i) == p.written) || (engine && a.unread)) continue;
    const bool converts = a.promotes && !c.op.variants.empty() && c.op.kind != Kind::map;
    if (a.type == ArgType::tensor) {
      if (v.tag == FG_V_TENSOR) {
        found.push_back(converts ? p.common : v.v.tensor->desc.dtype);
      } else if (!engine) {
        found.push_back(0);
      }
    } else if (a.type == ArgType::tensor_list) {
      found.push_back(converts ? p.common : v.v.tensors[0]->desc.dtype);
    }
  }
  return found;
}

bool has_numbers_as_tensors(const Call& c) {
  for (std::size_t i = 0; i < c.op.args.size(); ++i) {
    const std::uint32_t tag = c.arg(i).tag;
    if (c.op.args[i].type == ArgType::tensor && tag != FG_V_TENSOR && tag != FG_V_NONE) return true;
  }
  return false;
}

std::string dtype_list(std::span<const fg_dtype> dtypes) {
  std::string text;
  for (const fg_dtype d : dtypes) {
    if (!text.empty()) text += ' ';
    text += d == 0 ? std::string_view("none") : dtype_name(d);
  }
  return text;
}

void refuse(Plan& p, std::string why) {
  if (!p.refusals.empty()) p.refusals += "; ";
  p.refusals += why;
}

void find_named(const Call& c, Plan& p) {
  const fg_op_claim* claim = find_claim(*p.device, c.op.uid);
  if (claim == nullptr) {
    if (c.op.kind == Kind::kernel) refuse(p, "no kernel of that name");
    return;
  }
  if (claim->schema_hash != c.op.schema_hash)
    return refuse(p, "its kernel was built with another schema of the operator");
  if (c.op.kind != Kind::kernel && c.op.kind != Kind::composite && has_numbers_as_tensors(c)) return;
  const std::vector<fg_dtype> dtypes = launch_dtypes(c, p, false);
  if (!claim_covers(*claim, dtypes)) return refuse(p, fmt::format("its kernel does not take {}", dtype_list(dtypes)));
  p.named = claim;
}

Result<void> find_engine(const Call& c, Plan& p) {
  FG_TRY(make_program(c, p));
  const fg_op_claim* claim = find_claim(*p.device, engine_uid(c.op.kind));
  const std::vector<fg_dtype> dtypes = launch_dtypes(c, p, true);
  if (claim == nullptr) {
    refuse(p, fmt::format("no engine {}", engine_name(c.op.kind)));
    p.program = nullptr;
  } else if (!engine_covers(*claim, dtypes)) {
    refuse(p, fmt::format("its engine does not take {}", dtype_list(dtypes)));
    p.program = nullptr;
  }
  return {};
}

// The dtype under which the suite counts a case like this call: that of the first tensor, else of an
// argument that is a dtype.
std::string_view certified_dtype(const Call& c) {
  for (const fg_value& v : c.args) {
    if (v.tag == FG_V_TENSOR) return dtype_name(v.v.tensor->desc.dtype);
    if (v.tag == FG_V_TENSORS && v.n > 0) return dtype_name(v.v.tensors[0]->desc.dtype);
  }
  for (const fg_value& v : c.args) {
    if (v.tag == FG_V_DTYPE) return dtype_name(static_cast<fg_dtype>(v.v.i));
  }
  return kNoDtype;
}

// Why the device's certificate does not let it run the call, empty when it does.
std::string uncertified(const Call& c, const Plan& p, std::string_view by) {
  if (p.device->mask == nullptr) return {};
  std::string why = p.device->mask->denial(c.op, certified_dtype(c), by);
  return why.empty() ? why : "not certified: " + why;
}

bool is_engine_kind(Kind k) { return k == Kind::map || k == Kind::reduce || k == Kind::scan; }

// May equal, dense operands be launched as one dimension, without shape rules?
bool launches_flat(const Call& c, const Plan& p) {
  if (c.op.kind != Kind::map || p.program == nullptr || p.moves || p.widens || p.inputs.empty()) return false;
  if ((p.program->main.flags() & FG_EXPR_USES_INDEX) != 0 || !c.op.shape_rule.empty()) return false;
  for (const OutInfo& o : c.op.outs) {
    if (!o.shape.empty()) return false;
  }
  const auto rank = c.arg(static_cast<std::size_t>(p.inputs[0])).v.tensor->desc.ndim;
  const auto fits = [&](fg_tensor_handle t) { return (t->desc.flags & FG_T_DENSE) != 0 && t->desc.ndim == rank; };
  bool all = true;
  each_tensor(c, [&](fg_tensor_handle t, std::size_t) { all = all && fits(t); });
  for (fg_tensor_handle t : c.outs) all = all && (c.form != Form::out || fits(t));
  return all;
}

}  // namespace

PlanLine* cached_plan(const Call& c) {
  PlanKey key;
  if (!make_key(key, c)) return nullptr;
  bool hit = false;
  PlanLine& line = thread_state().plans.at(key, generation(), hit);
  return hit ? &line : nullptr;
}

Result<PlanRef> find_plan(const Call& c) {
  PlanKey key;
  if (!make_key(key, c)) {
    FG_TRY_ASSIGN(Plan made, make_plan(c));
    PlanRef ref;
    ref.own = std::make_unique<Plan>(std::move(made));
    ref.plan = ref.own.get();
    return ref;
  }
  const std::uint64_t now = generation();
  FG_TRY_ASSIGN(const Plan* plan, shared_plan(key, c, now));
  bool hit = false;
  PlanLine& line = thread_state().plans.at(key, now, hit);
  ExactCache<PlanKey, Plan>::fill(line, key, now, plan);
  return PlanRef{plan, &line, nullptr};
}

Result<Plan> make_plan(const Call& c) {
  FG_TRY(check_arguments(c));
  Plan p;
  p.op = &c.op;
  p.form = c.form;
  FG_TRY(choose_types(c, p));
  p.recheck = limits_values(c.op);
  if (c.op.kind == Kind::view) return p;
  if ((c.mode & kFallback) == 0 && !enabled(c.op)) {
    if (is_engine_kind(c.op.kind)) FG_TRY(make_program(c, p));  // For its checks.
    p.program = nullptr;
    refuse(p, "the operator is not enabled");
    return p;
  }
  std::string denied = denial(c.op, p.device->api->name);
  if (denied.empty()) denied = uncertified(c, p, kByPlugin);
  if (!denied.empty()) {
    refuse(p, denied);
  } else if ((c.mode & kComposite) == 0) {
    find_named(c, p);
  }
  if (is_engine_kind(c.op.kind)) {
    FG_TRY(find_engine(c, p));
    if (!denied.empty()) p.program = nullptr;
  } else if (c.op.kind == Kind::composite) {
    p.composite = find_composite(c.op.name);
    if (const std::string why = uncertified(c, p, kByComposition); !why.empty()) {
      refuse(p, why);
      p.composite = nullptr;
    }
  }
  p.flat = p.named == nullptr && launches_flat(c, p);
  return p;
}

}  // namespace fg::core
