// SPDX-License-Identifier: Apache-2.0
//
// scatter, scatter_add, scatter_reduce, index_add, index_fill, index_reduce, embedding_dense_backward: a walk over the
// index, and the place that it names in one dimension of the result.  Sums by atomics, in any order; of several writes
// the last one stays: a pass before them claims each place for it.

#include "fg/sdk/dtype.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/gpu/entries.hpp"
#include "plugins/gpu/join.hpp"

namespace fg::gpu {
namespace {

struct Scatter {
  Joined how;
  const fg_tensor* self = nullptr;  // Null: zeros.
  const fg_tensor* index = nullptr;
  const fg_tensor* src = nullptr;    // Null: `number`.
  fg_scalar number{};                // Or what src is multiplied with ...
  bool scaled = false;               // ... when this is set.
  Walk walk = make_walk(3);          // Operands: out, standing still along dim; src; index.
  std::int64_t step = 0, bound = 1;  // Of out along dim.
  std::int64_t skipped = -1;         // A place that nothing joins.
  // What a work-item does in its order, and is no part of the walk: positions, and steps of src and index.
  std::int64_t along = 1, src_hop = 0, index_hop = 0;
  bool wraps = false;

  bool claims() const { return how.join == Join::assign && src != nullptr && src->ndim > 0; }
  bool has_number() const { return scaled || src == nullptr; }
};

std::string value_text(const Scatter& s, fg_dtype dtype) {
  const std::string number = scalar_name("s", 0, compute_type(dtype));
  if (s.how.join == Join::assign) return s.src != nullptr ? "x_bits(o1)" : "y_to(" + number + ")";
  if (s.src == nullptr) return number;
  if (!s.scaled) return "x_load(o1)";
  if (dtype == FG_BOOL) return "(" + number + " && x_load(o1))";
  if (is_float(dtype)) return "(" + number + " * x_load(o1))";
  const std::string word(compute_word(dtype)), bits = dtype == FG_I64 ? "u64" : "u32";
  return word + "(" + bits + "(" + number + ") * " + bits + "(x_load(o1)))";
}

// One pass over the index.
Result<void> pass(const Prepared& k, const sdk::Launch& l, Scatter s, Join join, const BufferRef& y,
                  const BufferRef& w) {
  const fg_dtype dtype = l.out().dtype, state = s.how.state_of(dtype);
  const bool wide = !fits_index32(l), assigns = join == Join::claim || join == Join::assign;
  const fg_dtype counter = assigns ? claim_dtype(s.walk.count) : FG_I32;
  settle_rank(s.walk, device_of(l).features());
  const int ndim = s.walk.ndim;
  const std::uint64_t number = variant_number({static_cast<std::int64_t>(join), wide, ndim, counter == FG_I64,
                                               s.how.counted(), s.src != nullptr, s.scaled, state != dtype});
  FG_TRY_ASSIGN(const Program* program, k->get(device_of(l), number, [&] {
    return make_source("scatter", {state, dtype, s.index->dtype, counter}, wide, [&](Source& source) {
      define_join(source, join, join == Join::claim ? counter : state);
      source.define("CLAIMED", s.claims() ? 1 : 0);
      source.define("COUNTED", s.how.counted() ? 1 : 0);
      source.define("ORDERED", s.how.ordered(dtype) ? 1 : 0);
      source.define("VALUE", value_text(s, dtype));
      define_index(source);
      define_locate(source, "LOCATE", {"", "at", "o"}, ndim, first_n(3));
      if (s.has_number()) add_scalar_params(source, std::vector<ScalarUse>{{0, compute_type(dtype)}});
    });
  }));
  std::vector<Value> values{s.walk.count, s.step,  s.bound,   s.wraps ? s.bound : std::int64_t{0},
                            s.skipped,    s.along, s.src_hop, s.index_hop};
  add_walk_values(values, s.walk, first_n(3));
  if (s.has_number()) {
    const fg_scalar given = s.scaled ? s.number : stored_number(s.number, dtype);
    add_scalar_values(values, std::vector<ScalarUse>{{0, compute_type(dtype)}}, &given);
  }
  const BufferRef buffers[] = {y, s.src != nullptr ? ref(*s.src) : BufferRef{}, ref(*s.index), w};
  return enqueue(l, *program, buffers, values, groups_of(*program, s.walk.count));
}

Result<void> run(const Prepared& k, const sdk::Launch& l, const Scatter& s) {
  const fg_tensor& out = l.out();
  if (sdk::numel(out) == 0) return {};
  if (s.walk.count == 0) return put_self(k, l, s.self);
  const JoinMemory m = join_memory(l, s.how, 0);
  FG_TRY(begin_join(k, l, s.how, m, s.self));
  BufferRef w = m.counts;
  if (s.claims()) {
    w = workspace_at(l);
    FG_TRY(clear_claims(l, w, claim_dtype(s.walk.count), sdk::numel(out)));
    FG_TRY(pass(k, l, s, Join::claim, {}, w));
  }
  FG_TRY(pass(k, l, s, s.how.join, s.how.separate(out.dtype) ? m.state : ref(out), w));
  return end_join(k, l, s.how, m, s.self);
}

Result<std::uint64_t> workspace(const sdk::Launch& l, const Scatter& s) {
  const auto claims = static_cast<std::uint64_t>(sdk::numel(l.out()) * dtype_bytes(claim_dtype(s.walk.count)));
  return (s.claims() ? claims : join_memory(l, s.how, 0).bytes) + kWorkspaceAlign;
}

// --- what the operators say -----------------------------------------------------------------------------------------

// The dimension along which places are named.
void add_named(Scatter& s, std::int64_t length, std::int64_t src_step, std::int64_t index_step, bool ordered) {
  if (!ordered) return add_to_walk(s.walk, length, {0, src_step, index_step});
  s.along = length;
  s.src_hop = src_step;
  s.index_hop = index_step;
}

// Inputs: self, index and src (or a value).
Scatter scatter_of(const sdk::Launch& l, std::int64_t dim, const Joined& how) {
  const fg_tensor &out = l.out(), &index = l.in(1), &src = l.in(2);
  Scatter s;
  s.how = how;
  s.self = &l.in(0);
  s.index = &index;
  s.src = present(src) ? &src : nullptr;
  s.bound = out.ndim == 0 ? 1 : out.shape[dim];
  s.step = stride_of(out, static_cast<int>(dim));
  for (int d = 0; d < index.ndim; ++d) {
    if (d == dim) {
      add_named(s, index.shape[d], stride_of(src, d), index.stride[d], how.ordered(out.dtype));
    } else {
      add_to_walk(s.walk, index.shape[d], {stride_of(out, d), stride_of(src, d), index.stride[d]});
    }
  }
  return s;
}

// The index is one line for all.
Scatter slices_of(const sdk::Launch& l, std::int64_t dim, const Joined& how) {
  const fg_tensor &out = l.out(), &index = l.in(1), &src = l.in(2);
  Scatter s = scatter_of(l, dim, how);
  s.walk = make_walk(3);
  const std::int64_t named = sdk::numel(index);
  for (int d = 0; d < std::max(out.ndim, 1); ++d) {
    if (d == dim) {
      add_named(s, named, stride_of(src, d), 1, how.ordered(out.dtype));
    } else {
      add_to_walk(s.walk, out.shape[d], {out.stride[d], stride_of(src, d), 0});
    }
  }
  return s;
}

Scatter of_scatter(const sdk::Launch& l) {
  const auto& p = l.params<fg_scatter_params>();
  constexpr Join kJoin[] = {Join::assign, Join::add, Join::multiply};
  Scatter s = scatter_of(l, p.dim, {kJoin[p.reduce]});
  s.number = p.value;
  return s;
}
Scatter of_scatter_add(const sdk::Launch& l) {
  return scatter_of(l, l.params<fg_scatter_add_params>().dim, {Join::add});
}
Scatter of_scatter_reduce(const sdk::Launch& l) {
  const auto& p = l.params<fg_scatter_reduce_params>();
  constexpr Join kJoin[] = {Join::add, Join::multiply, Join::add, Join::greatest, Join::least};
  const bool mean = p.reduce == 2;
  return scatter_of(l, p.dim,
                    {mean && l.out().dtype == FG_BOOL ? Join::multiply : kJoin[p.reduce], mean, p.include_self != 0});
}
Scatter of_index_add(const sdk::Launch& l) {
  const auto& p = l.params<fg_index_add_params>();
  Scatter s = slices_of(l, p.dim, {Join::add});
  s.number = p.alpha;
  s.scaled = p.alpha.kind == FG_SCALAR_FLOAT ? p.alpha.v.f != 1 : p.alpha.v.i != 1;
  return s;
}
Scatter of_index_fill(const sdk::Launch& l) {
  const auto& p = l.params<fg_index_fill_params>();
  Scatter s = slices_of(l, p.dim, {Join::assign});
  s.number = p.value;
  s.wraps = true;
  return s;
}
Scatter of_index_reduce(const sdk::Launch& l) {
  const auto& p = l.params<fg_index_reduce_params>();
  constexpr Join kJoin[] = {Join::multiply, Join::add, Join::greatest, Join::least};
  const bool mean = p.reduce == 1;
  return slices_of(l, p.dim,
                   {mean && l.out().dtype == FG_BOOL ? Join::multiply : kJoin[p.reduce], mean, p.include_self != 0});
}
// Rows of the gradient join rows of zeros.
Scatter of_embedding_dense_backward(const sdk::Launch& l) {
  const auto& p = l.params<fg_embedding_dense_backward_params>();
  const fg_tensor &out = l.out(), &grad = l.in(0), &indices = l.in(1);
  Scatter s;
  s.how = {Join::add, p.scale_grad_by_freq != 0, p.scale_grad_by_freq == 0};
  s.index = &indices;
  s.src = &grad;
  s.bound = out.shape[0];
  s.step = out.shape[1];
  s.skipped = p.padding_idx;
  add_to_walk(s.walk, sdk::numel(indices), {0, out.shape[1], 1});
  add_to_walk(s.walk, out.shape[1], {1, 1, 0});
  return s;
}

template <Scatter (*Of)(const sdk::Launch&)>
Result<void> launch(const Prepared& k, const sdk::Launch& l) {
  return run(k, l, Of(l));
}
template <Scatter (*Of)(const sdk::Launch&)>
Result<std::uint64_t> launch_workspace(const Prepared&, const sdk::Launch& l) {
  return workspace(l, Of(l));
}
template <Scatter (*Of)(const sdk::Launch&)>
constexpr auto kPrepare = prepare<launch<Of>, launch_workspace<Of>>;

FG_GPU_ROWS(EMBEDDING_DENSE_BACKWARD);
FG_GPU_ROWS(INDEX_ADD);
FG_GPU_ROWS(INDEX_FILL);
FG_GPU_ROWS(INDEX_REDUCE);
FG_GPU_ROWS(SCATTER);
FG_GPU_ROWS(SCATTER_ADD);
FG_GPU_ROWS(SCATTER_REDUCE);

// The order of atomics is nobody's, so sums of floats may differ from call to call.
constexpr std::uint32_t kAnyOrder = FG_K_INPLACE_OK;
constexpr std::uint32_t kFixed = FG_K_INPLACE_OK | FG_K_BITWISE_DETERMINISTIC;

constexpr sdk::KernelEntry kEntries[] = {
    {FG_GPU_ENTRY(EMBEDDING_DENSE_BACKWARD), .layouts = FG_LAYOUT_DENSE, .flags = 0,
     .prepare = kPrepare<of_embedding_dense_backward>},
    {FG_GPU_ENTRY(INDEX_ADD), .layouts = FG_LAYOUT_DENSE, .flags = kAnyOrder, .prepare = kPrepare<of_index_add>},
    {FG_GPU_ENTRY(INDEX_FILL), .layouts = FG_LAYOUT_DENSE, .flags = kFixed, .prepare = kPrepare<of_index_fill>},
    {FG_GPU_ENTRY(INDEX_REDUCE), .layouts = FG_LAYOUT_DENSE, .flags = kAnyOrder, .prepare = kPrepare<of_index_reduce>},
    {FG_GPU_ENTRY(SCATTER), .layouts = FG_LAYOUT_DENSE, .flags = kAnyOrder, .prepare = kPrepare<of_scatter>},
    {FG_GPU_ENTRY(SCATTER_ADD), .layouts = FG_LAYOUT_DENSE, .flags = kAnyOrder, .prepare = kPrepare<of_scatter_add>},
    {FG_GPU_ENTRY(SCATTER_REDUCE), .layouts = FG_LAYOUT_DENSE, .flags = kAnyOrder,
     .prepare = kPrepare<of_scatter_reduce>},
};

}  // namespace

std::span<const sdk::KernelEntry> scatter_entries() { return kEntries; }

}  // namespace fg::gpu
