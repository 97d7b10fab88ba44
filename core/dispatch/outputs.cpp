// SPDX-License-Identifier: Apache-2.0
//
// Checks and allocation of outputs.

#include "core/dispatch/outputs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/dispatch/claims.hpp"
#include "core/memory/copy.hpp"
#include "core/tensor/overlap.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::core {
namespace {

// Shapes of arguments as the rules read them.  Few arguments need no heap; lists do.
struct ShapeInput {
  static constexpr std::size_t kInline = 8;
  std::array<ShapeArg, kInline> few;
  std::vector<ShapeArg> many;
  std::span<ShapeArg> args;
  std::vector<std::span<const std::int64_t>> list;
  std::vector<fg_dtype> list_dtypes;

  explicit ShapeInput(const Call& c) {
    const std::size_t n = c.op.args.size();
    if (n > kInline) many.resize(n);
    args = n > kInline ? std::span(many) : std::span(few).first(n);
    for (std::size_t i = 0; i < n; ++i) {
      const fg_value& v = c.arg(i);
      ShapeArg& a = args[i];
      a.value = &v;
      if (v.tag == FG_V_TENSOR) {
        a.shape = v.v.tensor->shape;
        a.ndim = v.v.tensor->desc.ndim;
      } else if (v.tag == FG_V_TENSORS) {
        list.clear();
        list_dtypes.clear();
        for (std::uint32_t k = 0; k < v.n; ++k) {
          const fg_tensor& t = v.v.tensors[k]->desc;
          list.emplace_back(t.shape, static_cast<std::size_t>(t.ndim));
          list_dtypes.push_back(t.dtype);
        }
        a.list = list;
        a.list_dtypes = list_dtypes;
      }
    }
  }
  ShapeInput(const ShapeInput&) = delete;
  ShapeInput& operator=(const ShapeInput&) = delete;
};

// Are its elements one gapless, positive range of memory, in whatever order?
bool fills_its_memory(const Tensor& t) {
  for (const std::int64_t s : t.stride()) {
    if (s < 0) return false;
  }
  const ByteExtent e = byte_extent(t);
  return t.numel() > 0 && internal_overlap(t) == Overlap::no &&
         e.hi - e.lo == static_cast<std::uint64_t>(t.numel() * dtype_bytes(t.dtype()));
}

std::string_view target_name(const Call& c, const Plan& p, std::size_t i) {
  if (c.form == Form::inplace) return c.op.args[static_cast<std::size_t>(p.written)].name;
  return c.op.outs[i].name;
}

}  // namespace

Result<void> Outputs::check_target(std::size_t i, const Tensor& t) const {
  const Call& c = *call_;
  const std::string_view name = target_name(c, *plan_, i);
  const std::int32_t arg = c.form == Form::inplace ? plan_->written : -1;
  const auto have = t.shape();
  const auto want = shape_[i].dims();
  if (!std::equal(have.begin(), have.end(), want.begin(), want.end())) {
    return invalid(fmt::format("{}: {} has shape {}, the result has shape {}", c.op.name, name, shape_text(have),
                               shape_text(want)),
                   FG_R_SHAPE, arg);
  }
  if (t.read_only()) return invalid(fmt::format("{}: {} is read-only", c.op.name, name), FG_R_ALIAS, arg);
  for (int d = 0; d < t.ndim(); ++d) {
    if (t->shape[d] > 1 && t->stride[d] == 0) {
      return invalid(
          fmt::format("{}: {} repeats elements (stride 0 in dimension {}), it cannot be written", c.op.name, name, d),
          FG_R_ALIAS, arg);
    }
  }
  if (internal_overlap(t) == Overlap::yes) {
    return invalid(fmt::format("{}: elements of {} share memory, it cannot be written", c.op.name, name), FG_R_ALIAS,
                   arg);
  }
  return {};
}

Result<void> Outputs::infer() {
  const Call& c = *call_;
  const ShapeInput in(c);
  FG_TRY(infer_shapes(c.op, in.args, {shape_.data(), count_}));
  if (c.form == Form::inplace) target_[0] = Tensor::share(c.arg(static_cast<std::size_t>(plan_->written)).v.tensor);
  for (std::size_t i = 0; c.form == Form::out && i < count_; ++i) target_[i] = Tensor::share(c.outs[i]);
  for (std::size_t i = 0; i < count_; ++i) {
    if (!target_[i]) continue;
    if (!c.op.dynamic) FG_TRY(check_target(i, target_[i]));
    for (std::size_t j = 0; j < i; ++j) {
      if (target_[j] && sharing(target_[i], target_[j]) != Sharing::none) {
        return invalid(fmt::format("{}: {} and {} share memory", c.op.name, c.op.outs[j].name, c.op.outs[i].name),
                       FG_R_ALIAS);
      }
    }
  }
  return {};
}

// clone and the *_like operators keep the order of dimensions; every other result is row-major.
Tensor Outputs::model() const {
  const std::string_view name = call_->op.name;
  if (name != "clone" && !name.ends_with("_like")) return {};
  const fg_value& self = call_->arg(0);
  return self.tag == FG_V_TENSOR ? Tensor::share(self.v.tensor) : Tensor();
}

Result<void> Outputs::allocate(std::span<fg_tensor_object* const> inputs, InPlace in_place, bool exact_dtype) {
  for (std::size_t i = 0; i < count_; ++i) {
    bool temporary = !target_[i] || call_->op.dynamic || (exact_dtype && target_[i].dtype() != plan_->out_dtype[i]);
    for (std::size_t k = 0; !temporary && k < inputs.size(); ++k) {
      if (inputs[k] == nullptr || inputs[k]->storage != target_[i].storage()) continue;
      const Sharing s = sharing(target_[i], Tensor::share(inputs[k]));
      const bool allowed = in_place == InPlace::identical || (in_place == InPlace::paired && i == k);
      temporary = s == Sharing::partial || (s == Sharing::full && !allowed);
    }
    if (!temporary) {
      work_[i] = target_[i];
      continue;
    }
    if (target_[i] && !call_->op.dynamic) thread_state().counters.bump(ThreadCounters::copies);
    if (const Tensor like = model(); like && fills_its_memory(like)) {
      FG_TRY_ASSIGN(work_[i], empty_strided(plan_->device, plan_->out_dtype[i], shape_[i].dims(), like.stride()));
      continue;
    }
    FG_TRY_ASSIGN(work_[i], core::empty(plan_->device, plan_->out_dtype[i], shape_[i].dims()));
  }
  return {};
}

Result<void> Outputs::fit_layout(std::uint32_t layouts) {
  for (std::size_t i = 0; i < count_; ++i) {
    if ((layout_of(work_[i]->desc) & ~layouts) == 0) continue;
    thread_state().counters.bump(ThreadCounters::copies);
    FG_TRY_ASSIGN(work_[i], core::empty(plan_->device, work_[i].dtype(), work_[i].shape()));
  }
  return {};
}

bool Outputs::empty() const {
  return std::all_of(work_.begin(), work_.begin() + static_cast<std::ptrdiff_t>(count_),
                     [](const Tensor& t) { return t.numel() == 0; });
}

Result<void> Outputs::finish() {
  for (std::size_t i = 0; i < count_; ++i) {
    if (!target_[i] || target_[i].get() == work_[i].get()) continue;
    if (call_->op.dynamic) {
      shape_[i].ndim = work_[i].ndim();
      std::copy_n(work_[i]->shape, work_[i].ndim(), shape_[i].dim);
      FG_TRY(check_target(i, target_[i]));
    }
    FG_TRY(copy_into(target_[i], work_[i]));
  }
  if (call_->form != Form::functional) return {};
  for (std::size_t i = 0; i < count_; ++i) call_->outs[i] = work_[i].leak();
  return {};
}

Result<void> copy_into(const Tensor& dst, const Tensor& src) {
  static const OpInfo* const op = find_op("copy_");
  if (op == nullptr) return fail(FG_E_INTERNAL, "the catalogue has no copy_");
  const fg_value args[] = {fg_value_tensor(dst.get()), fg_value_tensor(src.get())};
  return call(*op, args, Form::inplace, {}, nullptr);
}

Result<Tensor> copy_of(const Tensor& t, fg_dtype dtype, Device* device) {
  const fg_dtype to = dtype != 0 ? dtype : t.dtype();
  if (device == nullptr || device == t.device()) {
    FG_TRY_ASSIGN(Tensor made, empty(t.device(), to, t.shape()));
    FG_TRY(copy_into(made, t));
    return made;
  }
  Tensor dense = t;
  if (!t.dense() || to != t.dtype()) {
    FG_TRY_ASSIGN(dense, copy_of(t, to, t.device()));
  }
  FG_TRY_ASSIGN(Tensor made, empty(device, to, t.shape()));
  const auto bytes = static_cast<std::uint64_t>(t.numel() * dtype_bytes(to));
  if (bytes != 0) {
    FG_TRY(
        copy_storage(made.storage(), storage_offset_bytes(made), dense.storage(), storage_offset_bytes(dense), bytes));
  }
  return made;
}

}  // namespace fg::core
