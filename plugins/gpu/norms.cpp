// SPDX-License-Identifier: Apache-2.0
//
// layer_norm, rms_norm, what is fused with them, and group_norm.

#include <array>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/entries.hpp"
#include "plugins/gpu/functions.hpp"
#include "plugins/gpu/named.hpp"
#include "plugins/gpu/rows.hpp"

namespace fg::gpu {
namespace {

// Tensors that are left out have dtype 0.
struct Norm {
  RowSpace rows;
  bool centred = true;
  double eps = 0;
  fg_tensor y, x;
  fg_tensor mean{}, rstd{}, sum{}, residual{}, weight{}, bias{};
  // A row has parameters of its own after those of the row before it, in turns of `groups` rows, one for
  // each `segment` elements.
  bool grouped = false;
  std::int64_t groups = 1, segment = 1;

  std::array<fg_tensor, 8> tensors() const { return {y, mean, rstd, sum, x, residual, weight, bias}; }
};

int segments_of(const Norm& a, const RowForm& form) {
  if (!a.grouped || (!present(a.weight) && !present(a.bias))) return 0;
  return a.segment % form.vec == 0 ? 1 : 2;
}

Result<Source> make(const Norm& a, const RowForm& form) {
  const fg_dtype dtype = a.x.dtype;
  std::array<fg_dtype, 8> dtypes{};
  const std::array<fg_tensor, 8> tensors = a.tensors();
  for (std::size_t k = 0; k < dtypes.size(); ++k) dtypes[k] = present(tensors[k]) ? tensors[k].dtype : dtype;
  FG_TRY_ASSIGN(Source s, source_of("row_norm", dtypes));
  const auto given = [&](const char* word, const fg_tensor& t) { s.define(word, present(t) ? 1 : 0); };
  s.define("CENTRED", a.centred ? 1 : 0).define("SEGMENTS", segments_of(a, form));
  s.params.push_back({dtype == FG_F64 ? ParamType::f64 : ParamType::f32, "eps", 1});
  given("RESIDUAL", a.residual);
  given("SUM", a.sum);
  given("STATS", a.mean);
  given("WEIGHT", a.weight);
  given("BIAS", a.bias);
  FG_TRY(add_functions(s, compute_type(dtype), {{FG_EX_RSQRT, "rsqrt_of"}}));
  FG_TRY(add_rows(s, form, dtype));
  add_row_input(s, "x", "X", form);
  add_row_input(s, "residual", "RESIDUAL", form);
  add_row_input(s, "weight", "WEIGHT", form);
  add_row_input(s, "bias", "BIAS", form);
  add_row_output(s, "y", "Y", form);
  add_row_output(s, "sum", "SUM", form);
  return s;
}

Result<void> run(const Prepared& k, const sdk::Launch& l, const Norm& a) {
  if (a.rows.count == 0) return {};
  std::vector<fg_tensor> along{a.y, a.x};
  for (const fg_tensor& t : {a.sum, a.residual}) {
    if (present(t)) along.push_back(t);
  }
  for (const fg_tensor& t : {a.weight, a.bias}) {
    if (present(t) && !a.grouped) along.push_back(t);
  }
  const RowForm form = row_form(RowKernel::norm, a.rows, along, device_of(l));
  const std::uint64_t number = form.number().add(segments_of(a, form), 2).value();
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), number, [&] { return make(a, form); }));
  std::array<BufferRef, 8> buffers{};
  const std::array<fg_tensor, 8> tensors = a.tensors();
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    if (present(tensors[i])) buffers[i] = ref(tensors[i]);
  }
  const Value values[] = {a.rows.count, a.rows.length, a.rows.inner, a.groups, a.segment, a.eps};
  return enqueue(l, *program, buffers, values, form.groups(a.rows));
}

Result<void> layer_norm(const Prepared& k, const sdk::Launch& l) {
  const auto& p = l.params<fg_layer_norm_params>();
  Norm a{row_space_of_last(l.in(0), p.n_normalized_shape), true, p.eps, l.out(0), l.in(0), l.out(1), l.out(2)};
  a.weight = l.in(1);
  a.bias = l.in(2);
  return run(k, l, a);
}

Result<void> skip_layer_norm(const Prepared& k, const sdk::Launch& l) {
  const auto& p = l.params<fg_skip_layer_norm_params>();
  Norm a{row_space_of_last(l.in(0), p.n_normalized_shape), true, p.eps, l.out(), l.in(0)};
  a.residual = l.in(1);
  a.weight = l.in(2);
  a.bias = l.in(3);
  return run(k, l, a);
}

Result<void> rms_norm(const Prepared& k, const sdk::Launch& l) {
  const auto& p = l.params<fg_rms_norm_params>();
  Norm a{row_space_of_last(l.in(0), p.n_normalized_shape), false, p.eps, l.out(), l.in(0)};
  a.weight = l.in(1);
  return run(k, l, a);
}

Result<void> fused_add_rms_norm(const Prepared& k, const sdk::Launch& l) {
  const auto& p = l.params<fg_fused_add_rms_norm_params>();
  Norm a{row_space_of_last(l.in(0), p.n_normalized_shape), false, p.eps, l.out(0), l.in(0)};
  a.sum = l.out(1);
  a.residual = l.in(1);
  a.weight = l.in(2);
  return run(k, l, a);
}

Result<void> group_norm(const Prepared& k, const sdk::Launch& l) {
  const auto& p = l.params<fg_group_norm_params>();
  const fg_tensor& x = l.in(0);
  Norm a{{x.shape[0] * p.num_groups, x.shape[1] / p.num_groups, 1}, true, p.eps, l.out(0), x, l.out(1), l.out(2)};
  a.weight = l.in(1);
  a.bias = l.in(2);
  a.grouped = true;
  a.groups = p.num_groups;
  for (int d = 2; d < x.ndim; ++d) a.segment *= x.shape[d];
  a.rows.length *= a.segment;
  return run(k, l, a);
}

FG_GPU_ROWS(LAYER_NORM);
FG_GPU_ROWS(SKIP_LAYER_NORM);
FG_GPU_ROWS(RMS_NORM);
FG_GPU_ROWS(FUSED_ADD_RMS_NORM);
FG_GPU_ROWS(GROUP_NORM);

constexpr std::uint32_t kFlags = FG_K_BITWISE_DETERMINISTIC;
constexpr std::uint32_t kInPlace = kFlags | FG_K_INPLACE_OK;

constexpr sdk::KernelEntry kEntries[] = {
    {FG_GPU_ENTRY(LAYER_NORM), .layouts = FG_LAYOUT_DENSE, .flags = kInPlace, .prepare = prepare<layer_norm>},
    {FG_GPU_ENTRY(SKIP_LAYER_NORM), .layouts = FG_LAYOUT_DENSE, .flags = kInPlace, .prepare = prepare<skip_layer_norm>},
    {FG_GPU_ENTRY(RMS_NORM), .layouts = FG_LAYOUT_DENSE, .flags = kInPlace, .prepare = prepare<rms_norm>},
    {FG_GPU_ENTRY(FUSED_ADD_RMS_NORM), .layouts = FG_LAYOUT_DENSE, .flags = kInPlace,
     .prepare = prepare<fused_add_rms_norm>},
    {FG_GPU_ENTRY(GROUP_NORM), .layouts = FG_LAYOUT_DENSE, .flags = kFlags, .prepare = prepare<group_norm>},
};

}  // namespace

std::span<const sdk::KernelEntry> norm_entries() { return kEntries; }

}  // namespace fg::gpu
