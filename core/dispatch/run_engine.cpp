// SPDX-License-Identifier: Apache-2.0
//
// Maps, reductions and scans through the plugin's engines.

#include <fmt/format.h>

#include <algorithm>

#include "core/dispatch/iteration.hpp"
#include "core/dispatch/kernels.hpp"
#include "core/dispatch/outputs.hpp"
#include "core/dispatch/run.hpp"
#include "core/tensor/views.hpp"
#include "fg/abi/engine.h"
#include "fg/sdk/dtype.hpp"

namespace fg::core {
namespace {

constexpr std::size_t kMaxScalars = 64;  // expr::kMaxOperands

// The scalars of a program in this call.
struct Scalars {
  fg_scalar value[kMaxScalars];
  std::size_t n = 0;

  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(value, n)); }
};

Result<void> fill_scalars(const Call& c, const Plan& p, Scalars& s) {
  for (const ScalarSource& from : p.scalars) {
    if (s.n == kMaxScalars) return fail(FG_E_INTERNAL, "too many scalars");
    s.value[s.n++] =
        scalar_of(c.op.args[static_cast<std::size_t>(from.arg)], c.arg(static_cast<std::size_t>(from.arg)));
  }
  if ((p.nonzero | p.nonnegative) == 0) [[likely]]
    return {};
  for (std::size_t k = 0; k < s.n && k < 32; ++k) {
    const auto arg = static_cast<std::size_t>(p.scalars[k].arg);
    if ((p.nonzero >> k & 1u) != 0 && s.value[k].v.i == 0) {
      return invalid(fmt::format("{}: {} is 0, integers cannot be divided by it", c.op.name, c.op.args[arg].name),
                     FG_R_PARAMETER, static_cast<std::int32_t>(arg));
    }
    if ((p.nonnegative >> k & 1u) != 0 && s.value[k].v.i < 0) {
      return invalid(
          fmt::format("{}: {} is {}, integers have no negative powers", c.op.name, c.op.args[arg].name, s.value[k].v.i),
          FG_R_PARAMETER, static_cast<std::int32_t>(arg));
    }
  }
  return {};
}

// Tensors of one engine call: outputs, then inputs.
struct Operands {
  std::size_t n = 0;
  fg_tensor_object* object[Iteration::kMaxOperands];
};

Result<void> collect_inputs(const Call& c, const Plan& p, Operands& o) {
  for (const std::int16_t arg : p.inputs) {
    if (o.n == Iteration::kMaxOperands)
      return fail(FG_E_INVALID, fmt::format("{}: too many operands", c.op.name), FG_R_LIMIT);
    o.object[o.n++] = c.arg(static_cast<std::size_t>(arg)).v.tensor;
  }
  return {};
}

// Marks inputs that share a storage.
void mark_shared_inputs(std::span<fg_tensor> t, fg_tensor_object* const* object, std::size_t n_out) {
  for (std::size_t i = n_out; i < t.size(); ++i) {
    for (std::size_t k = n_out; k < i; ++k) {
      if (object[k]->storage != object[i]->storage) continue;
      t[k].flags |= FG_T_OVERLAPS_OTHER;
      t[i].flags |= FG_T_OVERLAPS_OTHER;
    }
  }
}

LaunchSpec engine_spec(const Call& c, const Plan& p) {
  LaunchSpec s;
  s.what = p.program;
  s.op_uid = engine_uid(c.op.kind);
  s.schema_hash = s.op_uid;  // The engines' schema is the epoch's (fg/abi/ops.h).
  s.op = c.op.name;
  s.device = p.device;
  return s;
}

void shift(fg_tensor& t, std::int64_t elements) {
  const std::int64_t bytes = elements * dtype_bytes(t.dtype);
  t.byte_offset += static_cast<std::uint64_t>(bytes);
  if (t.ptr != nullptr) t.ptr = static_cast<std::byte*>(t.ptr) + bytes;
}

// Launches over the space; dimensions beyond the engine's limit are walked here, outermost first.
// Outputs have the space's dimensions without the last `n_tail`.
Result<void> launch_space(const Iteration& it, LaunchSpec& spec, const Operands& o, std::size_t n_out, int n_tail) {
  const int outer = std::max(0, it.ndim() - FG_ENGINE_MAX_NDIM);
  const std::int64_t rounds = it.numel(outer);
  fg_tensor t[Iteration::kMaxOperands];
  spec.t = {t, o.n};
  spec.n_out = static_cast<std::uint16_t>(n_out);
  spec.owners = {o.object, o.n};
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < o.n; ++i) {
      const int operand = static_cast<int>(i);
      t[i] = it.descriptor(operand, o.object[i]->desc, outer, i < n_out ? it.ndim() - n_tail : it.ndim());
      if (outer > 0) shift(t[i], it.offset(operand, round, outer));
    }
    mark_shared_inputs(spec.t, o.object, n_out);
    FG_TRY(run_kernel(spec));
  }
  return {};
}

// The argument that says which dimensions are reduced or scanned.
std::size_t dim_argument(const OpInfo& op) {
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (op.args[i].name == "dim") return i;
  }
  return op.args.size();
}

// Bit set of the reduced dimensions of a space; none named: all.
Result<std::uint32_t> reduced_dims(const Call& c, int ndim) {
  const std::uint32_t all = (1u << std::max(ndim, 1)) - 1u;
  const std::size_t arg = dim_argument(c.op);
  if (arg == c.op.args.size()) return all;
  const ArgInfo& a = c.op.args[arg];
  const fg_value& v = c.arg(arg);
  std::span<const std::int64_t> dims;
  std::int64_t one = 0;
  if (v.tag == FG_V_DIMS) {
    dims = {v.v.dims, v.n};
  } else if (v.tag == FG_V_INT) {
    one = v.v.i;
    dims = {&one, 1};
  } else if (a.has_default && a.type == ArgType::dim) {
    one = a.default_value.v.i;
    dims = {&one, 1};
  } else if (v.tag == FG_V_NONE) {
    dims = a.default_dims;
  }
  if (dims.empty()) return all;
  std::int32_t wrapped[FG_MAX_NDIM];
  FG_TRY_ASSIGN(const std::int32_t n, wrap_dims(c.op, a, dims, ndim, wrapped));
  std::uint32_t mask = 0;
  for (std::int32_t k = 0; k < n; ++k) mask |= 1u << wrapped[k];
  return mask;
}

// The common shape of all inputs; of rank 1 where they are 0-d, so that there is a dimension to reduce.
Result<Shape> input_space(const Call& c, const Operands& o, std::size_t first) {
  Shape space;
  for (std::size_t i = first; i < o.n; ++i) {
    if (!broadcast_into(space, Tensor::share(o.object[i]).shape())) {
      return invalid(fmt::format("{}: shapes of the inputs do not broadcast", c.op.name), FG_R_SHAPE);
    }
  }
  if (space.ndim == 0) space.push(1);
  return space;
}

// A reduction over more dimensions than an engine takes: inputs are laid out anew, the reduced
// dimensions last, so that those become one.
Result<void> lay_out(Operands& o, std::size_t n_out, const Shape& space, std::uint32_t mask,
                     std::vector<Tensor>& keep) {
  std::vector<std::int64_t> order;
  for (int pass = 0; pass < 2; ++pass) {
    for (int d = 0; d < space.ndim; ++d) {
      if ((mask >> d & 1u) == static_cast<std::uint32_t>(pass)) order.push_back(d);
    }
  }
  std::vector<std::int64_t> back(order.size());
  for (std::size_t k = 0; k < order.size(); ++k)
    back[static_cast<std::size_t>(order[k])] = static_cast<std::int64_t>(k);
  for (std::size_t i = n_out; i < o.n; ++i) {
    FG_TRY_ASSIGN(const Tensor wide, views::expand(Tensor::share(o.object[i]), space.dims()));
    FG_TRY_ASSIGN(const Tensor turned, views::permute(wide, order));
    FG_TRY_ASSIGN(const Tensor dense, copy_of(turned));
    FG_TRY_ASSIGN(Tensor placed, views::permute(dense, back));
    o.object[i] = placed.get();
    keep.push_back(std::move(placed));
  }
  thread_state().counters.bump(ThreadCounters::copies);
  return {};
}

Result<void> check_not_empty(const Call& c, const Shape& space, std::uint32_t mask) {
  for (int d = 0; c.op.empty_error && d < space.ndim; ++d) {
    if ((mask >> d & 1u) != 0 && space.dim[d] == 0) {
      return invalid(fmt::format("{}: dimension {} has length 0, the result is not defined", c.op.name, d), FG_R_SHAPE);
    }
  }
  return {};
}

bool is_positional(std::uint32_t monoid) {
  return monoid == FG_MONOID_ARGMAX || monoid == FG_MONOID_ARGMIN || monoid == FG_MONOID_LASTMAX ||
         monoid == FG_MONOID_LASTMIN;
}

}  // namespace

Result<bool> run_flat(const Call& c, const Plan& p, PlanLine* line) {
  Operands o;
  const std::size_t n_out = c.op.outs.size();
  o.n = n_out;
  if (n_out + p.inputs.size() > PlanKey::kMaxTensors) return false;
  for (const std::int16_t arg : p.inputs) o.object[o.n++] = c.arg(static_cast<std::size_t>(arg)).v.tensor;
  fg_tensor_object* const first = o.object[n_out];
  const auto same_shape = [&](const fg_tensor_object* t) {
    for (int d = 0; d < first->desc.ndim; ++d) {
      if (t->shape[d] != first->shape[d]) return false;
    }
    return true;
  };
  for (std::size_t i = n_out + 1; i < o.n; ++i) {
    if (!same_shape(o.object[i])) return false;
  }
  if (first->numel == 0) return false;
  Tensor made[kMaxOutputs];
  for (std::size_t j = 0; j < n_out; ++j) {
    if (c.form == Form::functional) {
      FG_TRY_ASSIGN(made[j],
                    empty(p.device, p.out_dtype[j], {first->shape, static_cast<std::size_t>(first->desc.ndim)}));
      o.object[j] = made[j].get();
      continue;
    }
    o.object[j] = c.form == Form::inplace ? c.arg(static_cast<std::size_t>(p.written)).v.tensor : c.outs[j];
    const fg_tensor_object* target = o.object[j];
    if ((target->desc.flags & FG_T_READONLY) != 0 || !same_shape(target)) return false;
    for (std::size_t i = j + 1; i < o.n; ++i) {
      const fg_tensor_object* other = i < n_out ? c.outs[i] : o.object[i];
      if (other->storage != target->storage) continue;
      // The identical view of an input is fine; anything else is for the general way.
      if (i < n_out || other->desc.byte_offset != target->desc.byte_offset || other->desc.dtype != target->desc.dtype)
        return false;
    }
  }
  Scalars scalars;
  FG_TRY(fill_scalars(c, p, scalars));
  const std::int64_t shape = first->numel;
  const std::int64_t stride = 1;
  fg_tensor t[PlanKey::kMaxTensors];
  for (std::size_t i = 0; i < o.n; ++i) {
    t[i] = o.object[i]->desc;
    t[i].shape = &shape;
    t[i].stride = &stride;
    t[i].ndim = 1;
  }
  mark_shared_inputs({t, o.n}, o.object, n_out);
  const fg_map_params params{{sizeof(fg_map_params), 0, nullptr}, &p.program->main_view, scalars.value};
  LaunchSpec spec = engine_spec(c, p);
  spec.t = {t, o.n};
  spec.n_out = static_cast<std::uint16_t>(n_out);
  spec.params = &params;
  spec.params_key = scalars.bytes();
  spec.owners = {o.object, o.n};
  if (line != nullptr && line->kernel != nullptr && guards_hold(*line->kernel, spec)) [[likely]] {
    FG_TRY(launch(*line->kernel, spec));
  } else {
    FG_TRY_ASSIGN(const KernelEntry* entry, find_kernel(spec));
    if (line != nullptr) line->kernel = entry;
    FG_TRY(launch(*entry, spec));
  }
  for (std::size_t j = 0; c.form == Form::functional && j < n_out; ++j) c.outs[j] = made[j].leak();
  return true;
}

Result<void> run_map(const Call& c, const Plan& p) {
  Scalars scalars;
  FG_TRY(fill_scalars(c, p, scalars));
  Operands o;
  o.n = c.op.outs.size();
  FG_TRY(collect_inputs(c, p, o));
  const std::size_t n_out = c.op.outs.size();
  Outputs outputs(c, p);
  FG_TRY(outputs.infer());
  FG_TRY(outputs.allocate({o.object + n_out, o.n - n_out}, InPlace::identical, p.widens));
  if (outputs.empty()) return outputs.finish();
  Iteration it(outputs.shape(0).dims());
  for (std::size_t j = 0; j < n_out; ++j) o.object[j] = outputs.work(j).get();
  for (std::size_t i = 0; i < o.n; ++i) it.add(o.object[i]->desc);
  if ((p.program->main.flags() & FG_EXPR_USES_INDEX) == 0) {
    it.compact(false);
  } else if (it.ndim() > FG_ENGINE_MAX_NDIM) {
    return invalid(fmt::format("{}: {} dimensions, at most {} are possible", c.op.name, it.ndim(), FG_ENGINE_MAX_NDIM),
                   FG_R_LIMIT);
  }
  const fg_map_params params{{sizeof(fg_map_params), 0, nullptr}, &p.program->main_view, scalars.value};
  LaunchSpec spec = engine_spec(c, p);
  spec.params = &params;
  spec.params_key = scalars.bytes();
  FG_TRY(launch_space(it, spec, o, n_out, 0));
  return outputs.finish();
}

Result<void> run_reduce(const Call& c, const Plan& p) {
  Scalars scalars;
  FG_TRY(fill_scalars(c, p, scalars));
  const std::size_t n_out = c.op.outs.size();
  Operands o;
  o.n = n_out;
  FG_TRY(collect_inputs(c, p, o));
  FG_TRY_ASSIGN(const Shape space, input_space(c, o, n_out));
  FG_TRY_ASSIGN(const std::uint32_t mask, reduced_dims(c, space.ndim));
  Outputs outputs(c, p);
  FG_TRY(outputs.infer());
  FG_TRY(check_not_empty(c, space, mask));
  FG_TRY(outputs.allocate({o.object + n_out, o.n - n_out}, InPlace::no, p.widens));
  if (outputs.empty()) return outputs.finish();
  std::vector<Tensor> keep;
  for (int attempt = 0;; ++attempt) {
    Iteration it(space.dims());
    for (std::size_t j = 0; j < n_out; ++j) {
      const Tensor& out = outputs.work(j);
      o.object[j] = out.get();
      int dims[FG_MAX_NDIM];
      std::size_t n = 0;
      for (int d = 0; d < space.ndim; ++d) {
        // A kept dimension of the space, or every one where the output keeps them all.
        if (out.ndim() == space.ndim || (mask >> d & 1u) == 0) dims[n++] = d;
      }
      it.add(out->desc, {dims, std::min(n, static_cast<std::size_t>(out.ndim()))});
    }
    for (std::size_t i = n_out; i < o.n; ++i) it.add(o.object[i]->desc);
    it.move_back(mask);
    it.compact(!is_positional(c.op.monoid));
    if (it.n_tail() > FG_ENGINE_MAX_NDIM && attempt == 0) {
      FG_TRY(lay_out(o, n_out, space, mask, keep));
      continue;
    }
    const fg_reduce_params params{{sizeof(fg_reduce_params), 0, nullptr},
                                  &p.program->main_view,
                                  &p.program->epilogue_view,
                                  scalars.value,
                                  c.op.monoid,
                                  it.n_tail()};
    LaunchSpec spec = engine_spec(c, p);
    spec.params = &params;
    spec.params_key = scalars.bytes();
    FG_TRY(launch_space(it, spec, o, n_out, it.n_tail()));
    return outputs.finish();
  }
}

Result<void> run_scan(const Call& c, const Plan& p) {
  Scalars scalars;
  FG_TRY(fill_scalars(c, p, scalars));
  const std::size_t n_out = c.op.outs.size();
  Operands o;
  o.n = n_out;
  FG_TRY(collect_inputs(c, p, o));
  FG_TRY_ASSIGN(const Shape space, input_space(c, o, n_out));
  FG_TRY_ASSIGN(const std::uint32_t mask, reduced_dims(c, space.ndim));
  Outputs outputs(c, p);
  FG_TRY(outputs.infer());
  FG_TRY(outputs.allocate({o.object + n_out, o.n - n_out}, InPlace::no, p.widens));
  if (outputs.empty()) return outputs.finish();
  Iteration it(space.dims());
  for (std::size_t j = 0; j < n_out; ++j) o.object[j] = outputs.work(j).get();
  for (std::size_t i = 0; i < o.n; ++i) it.add(o.object[i]->desc);
  it.move_back(mask);
  it.compact(false);
  const fg_scan_params params{{sizeof(fg_scan_params), 0, nullptr},
                              &p.program->main_view,
                              &p.program->epilogue_view,
                              scalars.value,
                              c.op.monoid,
                              0};
  LaunchSpec spec = engine_spec(c, p);
  spec.params = &params;
  spec.params_key = scalars.bytes();
  FG_TRY(launch_space(it, spec, o, n_out, 0));
  return outputs.finish();
}

}  // namespace fg::core
