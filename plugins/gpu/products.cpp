// SPDX-License-Identifier: Apache-2.0
//
// Products as launches: which operand is which matrix of run_product().

#include <algorithm>
#include <memory>

#include "fg/sdk/dtype.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/gpu/entries.hpp"
#include "plugins/gpu/product.hpp"

namespace fg::gpu {
namespace {

constexpr std::uint32_t kFlags = FG_K_BITWISE_DETERMINISTIC;

struct State {
  std::shared_ptr<Variants> variants = std::make_shared<Variants>();
};

// The last two dimensions, and the batch's before them.
Operand matrix(const fg_tensor& t) {
  const int n = t.ndim;
  return {ref(t), t.stride[n - 2], t.stride[n - 1], n == 3 ? t.stride[0] : 0};
}

Product product(const fg_tensor& out, const fg_tensor& a, const fg_tensor& b) {
  const int n = out.ndim;
  Product p;
  p.dtype = out.dtype;
  p.batch = n == 3 ? out.shape[0] : 1;
  p.m = out.shape[n - 2];
  p.n = out.shape[n - 1];
  p.k = a.shape[n - 1];
  p.out = matrix(out);
  p.a = matrix(a);
  p.b = matrix(b);
  return p;
}

// Floats are scaled by numbers, integers by integers.
Value scale_of(fg_dtype dtype, const fg_scalar& s) {
  const bool real = s.kind == FG_SCALAR_FLOAT;
  if (is_float(dtype)) return real ? Value(s.v.f) : Value(s.v.i);
  return Value(real ? static_cast<std::int64_t>(s.v.f) : s.v.i);
}

// alpha, beta and self, which is broadcast to `out` of rank `ndim`; not read when beta is 0.
template <class Params>
Product with_self(Product p, const Params& params, const fg_tensor& self, int ndim) {
  p.alpha = scale_of(p.dtype, params.alpha);
  p.beta = scale_of(p.dtype, params.beta);
  if (is_float(p.dtype) ? p.beta.f == 0 : p.beta.i == 0) return p;
  const auto stride = [&](int back) -> std::int64_t {  // Of the dimension `back` before the end of out.
    const int own = self.ndim - back;
    return back > ndim || own < 0 || self.shape[own] == 1 ? 0 : self.stride[own];
  };
  p.self = ndim == 1 ? Operand{ref(self), stride(1), 0, 0} : Operand{ref(self), stride(2), stride(1), stride(3)};
  return p;
}

Product mm_product(const sdk::Launch& l) { return product(l.out(), l.in(0), l.in(1)); }
Product addmm_product(const sdk::Launch& l) {
  return with_self(product(l.out(), l.in(1), l.in(2)), l.params<fg_addmm_params>(), l.in(0), 2);
}
Product baddbmm_product(const sdk::Launch& l) {
  return with_self(product(l.out(), l.in(1), l.in(2)), l.params<fg_baddbmm_params>(), l.in(0), 3);
}

// Rows of `a`, or `a` itself, times a vector.
Product vector_product(const fg_tensor& out, const fg_tensor& a, const fg_tensor& v) {
  Product p;
  p.dtype = out.dtype;
  p.m = a.ndim == 2 ? a.shape[0] : 1;
  p.n = 1;
  p.k = v.shape[0];
  p.out = {ref(out), out.ndim == 1 ? out.stride[0] : 0, 0, 0};
  p.a = {ref(a), a.ndim == 2 ? a.stride[0] : 0, a.stride[a.ndim - 1], 0};
  p.b = {ref(v), v.stride[0], 0, 0};
  return p;
}
Product mv_product(const sdk::Launch& l) { return vector_product(l.out(), l.in(0), l.in(1)); }
Product addmv_product(const sdk::Launch& l) {
  return with_self(vector_product(l.out(), l.in(1), l.in(2)), l.params<fg_addmv_params>(), l.in(0), 1);
}

template <Product (*Of)(const sdk::Launch&)>
Result<void> run(const State& s, const sdk::Launch& l) {
  return run_product(Of(l), *s.variants, l);
}
template <Product (*Of)(const sdk::Launch&)>
Result<std::uint64_t> space(const State&, const sdk::Launch& l) {
  return product_workspace(Of(l), device_of(l));
}
template <Product (*Of)(const sdk::Launch&)>
Result<sdk::PreparedKernel> prepare(const fg_sig&) {
  return sdk::make_kernel<run<Of>, space<Of>>(State{});
}

// --- linear ---

// Leading dimensions of linear's input and out, from the last outwards, that both step through evenly.
struct Run {
  std::int64_t count = 1, in_stride = 0, out_stride = 0;

  // Takes dimensions before `end`; returns how many are left.
  int take(const fg_tensor& in, const fg_tensor& out, int end) {
    for (; end > 0; --end) {
      const int d = end - 1;
      if (in.shape[d] == 1) continue;
      if (count != 1 && (in.stride[d] != count * in_stride || out.stride[d] != count * out_stride)) break;
      if (count == 1) in_stride = in.stride[d], out_stride = out.stride[d];
      count *= in.shape[d];
    }
    return end;
  }
};

// The rows of a product, the batch of products with one weight, and the dimensions that stay an index.
struct Leading {
  Run rows, batch;
  int outer;

  explicit Leading(const sdk::Launch& l) {
    outer = rows.take(l.in(), l.out(), l.in().ndim - 1);
    outer = batch.take(l.in(), l.out(), outer);
  }
};

Product linear_product(const sdk::Launch& l, const Leading& lead) {
  const fg_tensor &in = l.in(0), &weight = l.in(1), &out = l.out();
  const int last = in.ndim - 1;
  Product p;
  p.dtype = out.dtype;
  p.batch = lead.batch.count;
  p.m = lead.rows.count;
  p.n = weight.shape[0];
  p.k = weight.shape[1];
  p.out = {ref(out), lead.rows.out_stride, out.stride[last], lead.batch.out_stride};
  p.a = {ref(in), lead.rows.in_stride, in.stride[last], lead.batch.in_stride};
  p.b = {ref(weight), weight.stride[1], weight.stride[0], 0};
  if (present(l.in(2))) {
    p.beta = Value(1);
    p.self = {ref(l.in(2)), 0, l.in(2).stride[0], 0};
  }
  return p;
}

Result<void> linear(const State& s, const sdk::Launch& l) {
  const Leading lead(l);
  const fg_tensor &in = l.in(0), &out = l.out();
  const auto bytes = static_cast<std::uint64_t>(dtype_bytes(out.dtype));
  std::int64_t products = 1;
  for (int d = 0; d < lead.outer; ++d) products *= in.shape[d];
  for (std::int64_t i = 0; i < products; ++i) {
    Product p = linear_product(l, lead);
    std::int64_t rest = i;
    for (int d = lead.outer - 1; d >= 0; rest /= in.shape[d], --d) {
      p.a.at.byte_offset += static_cast<std::uint64_t>(rest % in.shape[d] * in.stride[d]) * bytes;
      p.out.at.byte_offset += static_cast<std::uint64_t>(rest % in.shape[d] * out.stride[d]) * bytes;
    }
    FG_TRY(run_product(p, *s.variants, l));
  }
  return {};
}
Result<std::uint64_t> linear_space(const State&, const sdk::Launch& l) {
  const Leading lead(l);
  Product p = linear_product(l, lead);
  const std::uint64_t bytes = product_workspace(p, device_of(l));
  if (lead.outer == 0) return bytes;
  // Another of the products may begin anywhere, at a place from which operands must be packed.
  p.a.at.byte_offset = static_cast<std::uint64_t>(dtype_bytes(p.dtype));
  return std::max(bytes, product_workspace(p, device_of(l)));
}
Result<sdk::PreparedKernel> prepare_linear(const fg_sig&) { return sdk::make_kernel<linear, linear_space>(State{}); }

FG_GPU_ROWS(ADDMM);
FG_GPU_ROWS(ADDMV);
FG_GPU_ROWS(BADDBMM);
FG_GPU_ROWS(BMM);
FG_GPU_ROWS(DOT);
FG_GPU_ROWS(LINEAR);
FG_GPU_ROWS(MM);
FG_GPU_ROWS(MV);
FG_GPU_ROWS(VDOT);

constexpr sdk::KernelEntry kEntries[] = {
    {FG_GPU_ENTRY(ADDMM), .layouts = kForward, .flags = kFlags, .prepare = prepare<addmm_product>},
    {FG_GPU_ENTRY(ADDMV), .layouts = kForward, .flags = kFlags, .prepare = prepare<addmv_product>},
    {FG_GPU_ENTRY(BADDBMM), .layouts = kForward, .flags = kFlags, .prepare = prepare<baddbmm_product>},
    {FG_GPU_ENTRY(BMM), .layouts = kForward, .flags = kFlags, .prepare = prepare<mm_product>},
    {FG_GPU_ENTRY(DOT), .layouts = kForward, .flags = kFlags, .prepare = prepare<mv_product>},
    {FG_GPU_ENTRY(LINEAR), .layouts = kForward, .flags = kFlags, .prepare = prepare_linear},
    {FG_GPU_ENTRY(MM), .layouts = kForward, .flags = kFlags, .prepare = prepare<mm_product>},
    {FG_GPU_ENTRY(MV), .layouts = kForward, .flags = kFlags, .prepare = prepare<mv_product>},
    {FG_GPU_ENTRY(VDOT), .layouts = kForward, .flags = kFlags, .prepare = prepare<mv_product>},
};

}  // namespace

std::span<const sdk::KernelEntry> product_entries() { return kEntries; }

}  // namespace fg::gpu
