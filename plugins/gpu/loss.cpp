// SPDX-License-Identifier: Apache-2.0
//
// cross_entropy_loss: each sample's scores are read once, no tensor of log-probabilities is made.  A class out of range
// has a loss of NaN: a device cannot refuse.

#include <array>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/entries.hpp"
#include "plugins/gpu/functions.hpp"
#include "plugins/gpu/named.hpp"
#include "plugins/gpu/rows.hpp"

namespace fg::gpu {
namespace {

struct Loss {
  const fg_cross_entropy_loss_params& p;
  const fg_tensor &self, &target, &weight, &out;
  RowSpace samples;

  explicit Loss(const sdk::Launch& l)
      : p(l.params<fg_cross_entropy_loss_params>()),
        self(l.in(0)),
        target(l.in(1)),
        weight(l.in(2)),
        out(l.out()),
        samples(row_space_along(self, self.ndim == 1 ? 0 : 1)) {}
  bool alone() const { return p.reduction == FG_CROSS_ENTROPY_LOSS_REDUCTION_NONE; }
  bool mean() const { return p.reduction == FG_CROSS_ENTROPY_LOSS_REDUCTION_MEAN; }
  bool smooth() const { return p.label_smoothing != 0; }
  fg_dtype sum() const { return sum_dtype(self.dtype); }
  std::uint64_t bytes() const {  // Of the losses of all samples.
    const auto own = static_cast<std::uint64_t>(samples.count * dtype_bytes(sum()));
    return groups_for(own, kWorkspaceAlign) * kWorkspaceAlign;
  }
};

Result<Source> rows_source(const Loss& a, const RowForm& form) {
  const fg_dtype dtype = a.self.dtype, losses = a.alone() ? a.out.dtype : a.sum();
  FG_TRY_ASSIGN(Source s, source_of("row_loss", std::array{losses, a.sum(), dtype, a.target.dtype, dtype}));
  s.define("WEIGHT", present(a.weight) ? 1 : 0).define("SMOOTH", a.smooth() ? 1 : 0);
  s.define("LOSSES_ALONE", a.alone() ? 1 : 0);
  s.params.push_back({dtype == FG_F64 ? ParamType::f64 : ParamType::f32, "smoothing", 1});
  FG_TRY(add_functions(s, compute_type(dtype), {{FG_EX_LOG, "log_of"}}));
  FG_TRY(add_scores(s, form, dtype, ""));
  return s;
}

Result<Source> end_source(const Loss& a, bool wide) {
  FG_TRY_ASSIGN(Source s, source_of("row_loss_end", std::array{a.out.dtype, a.sum(), a.sum()}));
  s.wide_index = wide;
  s.define("MEAN", a.mean() ? 1 : 0).define("ADD", a.sum() == FG_F64 ? "ADD_F64" : "ADD_F32");
  add_sums(s, a.self.dtype);
  return s;
}

Result<void> cross_entropy_loss(const Prepared& k, const sdk::Launch& l) {
  const Loss a(l);
  const RowForm form = row_form(RowKernel::loss, a.samples, {&a.self, 1}, device_of(l));
  const std::uint64_t number = form.number().add(a.alone(), 1).add(a.smooth(), 1).add(0, 2).value();
  FG_TRY_ASSIGN(const Program* rows, k->get(device_of(l), number, [&] { return rows_source(a, form); }));
  const BufferRef losses = a.alone() ? ref(a.out) : workspace_at(l);
  const BufferRef weights = a.alone() ? BufferRef{} : workspace_at(l, a.bytes());
  FG_TRY(enqueue(l, *rows,
                 {losses, weights, ref(a.self), ref(a.target), present(a.weight) ? ref(a.weight) : BufferRef{}},
                 {a.samples.count, a.samples.length, a.samples.inner, a.p.ignore_index, a.p.label_smoothing},
                 form.groups(a.samples)));
  if (a.alone()) return {};
  const std::uint64_t last = Number().add(form.wide, 1).add(a.mean(), 1).add(1, 2).value();
  FG_TRY_ASSIGN(const Program* end, k->get(device_of(l), last, [&] { return end_source(a, form.wide); }));
  return enqueue(l, *end, {ref(a.out), losses, weights}, {a.samples.count}, 1);
}

Result<std::uint64_t> loss_workspace(const Prepared&, const sdk::Launch& l) {
  const Loss a(l);
  return a.alone() ? std::uint64_t{0} : 2 * a.bytes() + kWorkspaceAlign;
}

FG_GPU_ROWS(CROSS_ENTROPY_LOSS);

constexpr sdk::KernelEntry kEntries[] = {
    {FG_GPU_ENTRY(CROSS_ENTROPY_LOSS), .layouts = FG_LAYOUT_DENSE, .flags = FG_K_BITWISE_DETERMINISTIC,
     .prepare = prepare<cross_entropy_loss, loss_workspace>},
};

}  // namespace

std::span<const sdk::KernelEntry> loss_entries() { return kEntries; }

}  // namespace fg::gpu
