// SPDX-License-Identifier: Apache-2.0
//
// Kernels that the plugin has under the operator's own name.

#include <fmt/format.h>

#include <algorithm>

#include "core/dispatch/claims.hpp"
#include "core/dispatch/kernels.hpp"
#include "core/dispatch/outputs.hpp"
#include "core/dispatch/params.hpp"
#include "core/dispatch/run.hpp"
#include "core/registry/registry.hpp"
#include "core/tensor/views.hpp"

namespace fg::core {
namespace {

constexpr fg_tensor kAbsent{};

// Tensors of the launch.  Conversions and copies are kept alive here.
struct Launch {
  std::vector<Tensor> tensors;  // Outputs, count, inputs; empty where one was left out.
  std::vector<fg_tensor> descs;
  std::vector<fg_tensor_object*> owners;

  void seal() {
    for (const Tensor& t : tensors) {
      descs.push_back(t ? t->desc : kAbsent);
      owners.push_back(t.get());
    }
  }
};

// One input as the kernel takes it: dtype of the call where it takes part in promotion, the output's
// shape for a map, a layout of the claim.
Result<Tensor> adapt(const Call& c, const Plan& p, std::size_t arg, Tensor t, const Outputs& outputs) {
  const ArgInfo& a = c.op.args[arg];
  if (a.promotes && !c.op.variants.empty() && c.op.kind != Kind::map && t.dtype() != p.common) {
    FG_TRY_ASSIGN(t, copy_of(t, p.common));
  }
  if (c.op.kind == Kind::map) {
    FG_TRY_ASSIGN(t, views::expand(t, outputs.shape(0).dims()));
  }
  if ((layout_of(t->desc) & ~p.named->layouts) != 0) {
    thread_state().counters.bump(ThreadCounters::copies);
    FG_TRY_ASSIGN(t, copy_of(t));
  }
  return t;
}

Result<std::vector<Tensor>> inputs_of(const Call& c, const Plan& p, const Outputs& outputs) {
  std::vector<Tensor> found;
  for (std::size_t i = 0; i < c.op.args.size(); ++i) {
    const ArgInfo& a = c.op.args[i];
    const fg_value& v = c.arg(i);
    if (a.written && static_cast<std::int16_t>(i) == p.written) continue;
    if (v.tag == FG_V_TENSOR) {
      FG_TRY_ASSIGN(Tensor t, adapt(c, p, i, Tensor::share(v.v.tensor), outputs));
      found.push_back(std::move(t));
    } else if (v.tag == FG_V_TENSORS) {
      for (std::uint32_t k = 0; k < v.n; ++k) {
        FG_TRY_ASSIGN(Tensor t, adapt(c, p, i, Tensor::share(v.v.tensors[k]), outputs));
        found.push_back(std::move(t));
      }
    } else if (a.type == ArgType::tensor) {
      found.emplace_back();
    }
  }
  return found;
}

Result<void> check_ranks(const Call& c, const Plan& p, std::span<const Tensor> tensors) {
  for (const Tensor& t : tensors) {
    if (t && t.ndim() > p.named->max_ndim) {
      return unsupported(fmt::format("{}: {} dimensions, the kernel takes {}", c.op.name, t.ndim(), p.named->max_ndim),
                         FG_R_RANK);
    }
  }
  return {};
}

// Cuts dynamic outputs to the length that the kernel reports.  It packed them as if their open
// dimension had that length.
Result<void> cut(const Call& c, const Tensor& count, Outputs& outputs) {
  std::int64_t length = 0;
  FG_TRY(copy_to_host(count, std::as_writable_bytes(std::span(&length, 1))));
  for (std::size_t i = 0; i < outputs.count(); ++i) {
    const Tensor& full = outputs.work(i);
    const std::int32_t open = outputs.shape(i).open;
    if (full.ndim() <= open) continue;  // The values decide nothing.
    const std::int64_t most = full->shape[open];
    if (length < 0 || length > most) {
      return fail(FG_E_INTERNAL,
                  fmt::format("{}: the kernel reports length {} of at most {}", c.op.name, length, most));
    }
    if (length == most) continue;
    std::int64_t size[FG_MAX_NDIM], stride[FG_MAX_NDIM];
    const auto n = static_cast<std::size_t>(full.ndim());
    std::copy_n(full->shape, n, size);
    size[open] = length;
    std::int64_t step = 1;
    for (std::size_t d = n; d-- > 0; step *= std::max<std::int64_t>(size[d], 1)) stride[d] = step;
    FG_TRY_ASSIGN(Tensor part, views::as_strided(full, {size, n}, {stride, n}, std::nullopt));
    // A result of less than half the bound gives the rest of the memory back.
    if (2 * length < most) {
      FG_TRY_ASSIGN(part, copy_of(part));
    }
    outputs.replace(i, std::move(part));
  }
  return {};
}

// By how much a call advances its generator: docs/random.md.
std::uint64_t numbers_used(const Outputs& outputs, std::span<const Tensor> inputs) {
  std::int64_t most = outputs.count() == 0 ? 0 : outputs.work(0).numel();
  if (!inputs.empty() && inputs[0]) most = std::max(most, inputs[0].numel());
  return static_cast<std::uint64_t>(most);
}

// A call without a generator draws from the process's.
void place_generator(const Call& c, std::uint64_t numbers, fg_generator& own, std::vector<fg_value>& args) {
  for (std::size_t i = 0; i < c.op.args.size(); ++i) {
    if (c.op.args[i].type != ArgType::generator || c.arg(i).tag == FG_V_GENERATOR) continue;
    own = take_default_numbers(numbers);
    args.assign(c.args.begin(), c.args.end());
    args.resize(std::max(args.size(), i + 1), fg_value_none());
    args[i] = fg_value_generator(&own);
  }
}

}  // namespace

Result<void> run_named(const Call& c, const Plan& p) {
  Outputs outputs(c, p);
  FG_TRY(outputs.infer());
  FG_TRY_ASSIGN(std::vector<Tensor> inputs, inputs_of(c, p, outputs));
  std::vector<fg_tensor_object*> read;
  for (const Tensor& t : inputs) read.push_back(t.get());
  const bool in_place = (p.named->flags & FG_K_INPLACE_OK) != 0;
  FG_TRY(outputs.allocate(read, in_place ? InPlace::paired : InPlace::no, true));
  FG_TRY(outputs.fit_layout(p.named->layouts));
  Launch l;
  for (std::size_t i = 0; i < outputs.count(); ++i) l.tensors.push_back(outputs.work(i));
  Tensor count;
  if (c.op.dynamic) {
    FG_TRY_ASSIGN(count, empty(p.device, FG_I64, {}));
    l.tensors.push_back(count);
  }
  const std::size_t n_out = l.tensors.size();
  l.tensors.insert(l.tensors.end(), inputs.begin(), inputs.end());
  FG_TRY(check_ranks(c, p, l.tensors));
  if (outputs.empty() && !c.op.dynamic) return outputs.finish();
  l.seal();

  Params params;
  fg_generator own{};
  std::vector<fg_value> args;
  const std::uint64_t numbers = numbers_used(outputs, inputs);
  place_generator(c, numbers, own, args);
  Call filled{c.op, args.empty() ? c.args : std::span<const fg_value>(args), c.form, c.outs, c.device, c.mode};
  FG_TRY(params.fill(filled));
  LaunchSpec spec;
  spec.what = &c.op;
  spec.op_uid = c.op.uid;
  spec.schema_hash = c.op.schema_hash;
  spec.schema_version = c.op.schema_version;
  spec.op = c.op.name;
  spec.device = p.device;
  spec.t = l.descs;
  spec.n_out = static_cast<std::uint16_t>(n_out);
  spec.params = params.data();
  spec.params_key = params.key();
  spec.named_params = &params;
  spec.owners = l.owners;
  if (auto ran = run_kernel(spec); !ran) {
    // The claim covers this signature, so it does not hold: the plugin is not asked for it again.
    if (ran.error().status == FG_E_UNSUPPORTED && p.device->plugin != nullptr) {
      Registry::get().withdraw_claim(*p.device, c.op.uid, ran.error().message);
    }
    return ran;
  }
  if (params.generator() != nullptr) params.generator()->offset += numbers;
  if (c.op.dynamic) FG_TRY(cut(c, count, outputs));
  return outputs.finish();
}

}  // namespace fg::core
