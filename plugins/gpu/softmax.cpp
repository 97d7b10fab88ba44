// SPDX-License-Identifier: Apache-2.0
//
// softmax, log_softmax, safe_softmax and the gradients of the first two.

#include <array>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/entries.hpp"
#include "plugins/gpu/functions.hpp"
#include "plugins/gpu/named.hpp"
#include "plugins/gpu/rows.hpp"

namespace fg::gpu {
namespace {

enum class Kind : std::uint8_t { plain, log, safe };

Result<Source> forward_source(const RowForm& form, Kind kind, fg_dtype dtype) {
  FG_TRY_ASSIGN(Source s, source_of("row_softmax", std::array{dtype, dtype}));
  s.define("LOG", kind == Kind::log ? 1 : 0).define("SAFE", kind == Kind::safe ? 1 : 0);
  if (kind == Kind::log) {
    FG_TRY(add_functions(s, compute_type(dtype), {{FG_EX_LOG, "log_of"}}));
  }
  FG_TRY(add_scores(s, form, dtype, kind == Kind::log ? "" : "x = e;"));
  add_row_output(s, "y", "Y", form);
  return s;
}

Result<Source> backward_source(const RowForm& form, Kind kind, fg_dtype dtype) {
  FG_TRY_ASSIGN(Source s, source_of("row_softmax_backward", std::array{dtype, dtype, dtype}));
  s.define("LOG", kind == Kind::log ? 1 : 0);
  if (kind == Kind::log) {
    FG_TRY(add_functions(s, compute_type(dtype), {{FG_EX_EXP, "exp_of"}}));
  }
  FG_TRY(add_rows(s, form, dtype));
  add_row_input(s, "g", "G", form);
  add_row_input(s, "r", "R", form);
  add_row_output(s, "y", "Y", form);
  return s;
}

// All tensors have one shape.
template <auto MAKE>
Result<void> run(const Prepared& k, const sdk::Launch& l, Kind kind, std::int64_t dim) {
  const std::span<const fg_tensor> tensors(l.raw().t, l.n_out() + l.n_in());
  const RowSpace space = row_space_along(l.out(), dim);
  if (space.count == 0 || space.length == 0) return {};
  const RowForm form =
      row_form(l.n_in() == 1 ? RowKernel::softmax : RowKernel::softmax_backward, space, tensors, device_of(l));
  FG_TRY_ASSIGN(const Program* program,
                k->get(device_of(l), form.number().value(), [&] { return MAKE(form, kind, l.out().dtype); }));
  std::vector<BufferRef> buffers;
  for (const fg_tensor& t : tensors) buffers.push_back(ref(t));
  const Value values[] = {space.count, space.length, space.inner};
  return enqueue(l, *program, buffers, values, form.groups(space));
}

template <class Params, Kind KIND>
Result<void> forward(const Prepared& k, const sdk::Launch& l) {
  return run<forward_source>(k, l, KIND, l.params<Params>().dim);
}
template <class Params, Kind KIND>
Result<void> backward(const Prepared& k, const sdk::Launch& l) {
  return run<backward_source>(k, l, KIND, l.params<Params>().dim);
}

FG_GPU_ROWS(SOFTMAX);
FG_GPU_ROWS(LOG_SOFTMAX);
FG_GPU_ROWS(SAFE_SOFTMAX);
FG_GPU_ROWS(SOFTMAX_BACKWARD);
FG_GPU_ROWS(LOG_SOFTMAX_BACKWARD);

// A row is read before it is written.
constexpr std::uint32_t kFlags = FG_K_BITWISE_DETERMINISTIC | FG_K_INPLACE_OK;

constexpr sdk::KernelEntry kEntries[] = {
    {FG_GPU_ENTRY(SOFTMAX), .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<forward<fg_softmax_params, Kind::plain>>},
    {FG_GPU_ENTRY(LOG_SOFTMAX), .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<forward<fg_log_softmax_params, Kind::log>>},
    {FG_GPU_ENTRY(SAFE_SOFTMAX), .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<forward<fg_safe_softmax_params, Kind::safe>>},
    {FG_GPU_ENTRY(SOFTMAX_BACKWARD), .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<backward<fg_softmax_backward_params, Kind::plain>>},
    {FG_GPU_ENTRY(LOG_SOFTMAX_BACKWARD), .layouts = FG_LAYOUT_DENSE, .flags = kFlags,
     .prepare = prepare<backward<fg_log_softmax_backward_params, Kind::log>>},
};

}  // namespace

std::span<const sdk::KernelEntry> softmax_entries() { return kEntries; }

}  // namespace fg::gpu
