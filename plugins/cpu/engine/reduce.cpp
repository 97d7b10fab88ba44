// SPDX-License-Identifier: Apache-2.0
//
// fg.reduce/1.  The reduced range is cut into chunks whose size depends on nothing but the shape, so
// results do not depend on the number of threads.  Where the reduced elements of an input lie side
// by side, blocks of them are folded ("rows"); where the kept ones do, rows of kept elements are
// accumulated elementwise ("columns").  The states go through the epilogue in blocks.

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "fg/sdk/engines.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/cpu/engine/convert.hpp"
#include "plugins/cpu/engine/engine.hpp"
#include "plugins/cpu/engine/reduce_kernel.hpp"
#include "plugins/cpu/instance.hpp"

namespace fg::cpu {
namespace {

// Reduced elements of a chunk.
constexpr std::int64_t kChunk = 1 << 16;
// Fewer kept elements than this are worth cutting the reduced range for.
constexpr std::int64_t kFewKept = 64;
// Reductions shorter than this go by columns even if that means gathering.
constexpr std::int64_t kShort = 100;
// Elements of a direct block: the prologue only reads.
constexpr std::int64_t kDirectBlock = 8192;
// Lanes of a tile: the largest block.
constexpr std::size_t kMaxLanes = 1024;

class Reduction {
 public:
  Reduction(const ReduceKernel& kernel, const fg_launch& launch, const fg_reduce_params& params);
  void run();

 private:
  Range chunk(std::int64_t c) const { return {c * chunk_size_, std::min(reduced_.count(), (c + 1) * chunk_size_)}; }
  void choose_columns();
  void reduce(Range kept, Range reduced, State* state) const;
  void fold_row(Frame& frame, std::byte* buffer, Operand* operand, std::int64_t kept, Range reduced,
                State& state) const;
  void fold_columns(Frame& frame, std::byte* buffer, Range kept, Range reduced, State* state) const;
  void fold_lanes(Frame& frame, std::byte* buffer, Range kept, Range reduced, std::byte* lanes) const;
  const void* tile(Frame& frame, std::byte* buffer, Range kept, std::int64_t first_row, std::int64_t rows) const;
  const void* run_prologue(Frame& frame, std::byte* result, std::int64_t n) const;
  void finish(Range kept, const State* state) const { epilogue().run_states(kept, state); }
  Epilogue epilogue() const { return {kernel_, kept_, kept_operand_.data(), reduced_.count(), epilogue_cells_}; }
  void reduce_and_finish_lanes(Range kept) const;
  Operand at(std::size_t k, std::int64_t kept) const {
    Operand o = reduced_operand_[k];
    const std::int64_t offset = offset_of(kept_, kept_operand_[inputs_from_ + k].stride, kept);
    return o.at(offset);
  }

  const ReduceKernel& kernel_;
  const fg_launch& launch_;
  Space kept_, reduced_;
  std::size_t inputs_from_ = 0, n_in_ = 0;                            // Inputs and index operands.
  std::array<Operand, kMaxOperands> kept_operand_, reduced_operand_;  // Outputs first; inputs alone.
  bool columns_ = false;
  std::int64_t chunk_size_ = 1, n_chunks_ = 1;
  mutable std::uint64_t cells_[kMaxCells];
  mutable std::uint64_t epilogue_cells_[kMaxCells];
};

Reduction::Reduction(const ReduceKernel& kernel, const fg_launch& l, const fg_reduce_params& params)
    : kernel_(kernel), launch_(l) {
  const Program& p = kernel.prologue;
  const int n_kept = l.t[0].ndim, ndim = n_kept + params.n_reduced;
  inputs_from_ = l.n_out;
  n_in_ = l.n_in + p.index_dims.size();
  kept_.ndim = n_kept;
  reduced_.ndim = params.n_reduced;
  const std::int64_t* shape = l.n_in > 0 ? l.t[l.n_out].shape : l.t[0].shape;
  std::copy_n(shape, n_kept, kept_.size.begin());
  std::copy_n(shape + n_kept, ndim - n_kept, reduced_.size.begin());
  for (std::size_t j = 0; j < l.n_out; ++j) kept_operand_[j] = operand_of(l.t[j]);
  for (std::size_t k = 0; k < n_in_; ++k) {
    const Operand whole = k < l.n_in ? operand_of(l.t[l.n_out + k]) : index_operand(p.index_dims[k - l.n_in]);
    kept_operand_[inputs_from_ + k] = reduced_operand_[k] = whole;
    Dims& inner = reduced_operand_[k].stride;
    inner.fill(0);
    std::copy(whole.stride.begin() + n_kept, whole.stride.begin() + ndim, inner.begin());
  }
  coalesce(kept_, kept_operand_.data(), inputs_from_ + n_in_);
  coalesce(reduced_, reduced_operand_.data(), n_in_);
  bind_scalars(p, params.scalar, cells_);
  bind_scalars(kernel.epilogue, params.scalar, epilogue_cells_);
  chunk_size_ = std::max<std::int64_t>(reduced_.count(), 1);
  choose_columns();
  if (kept_.count() < kFewKept && reduced_.count() > kChunk) {
    chunk_size_ = kChunk;
    n_chunks_ = (reduced_.count() + kChunk - 1) / kChunk;
  } else if (columns_ && reduced_.count() > kChunk) {
    // Many columns of many rows: chunks bound the length of each running sum.
    chunk_size_ = std::max(kChunk, (reduced_.count() + 15) / 16);
    n_chunks_ = (reduced_.count() + chunk_size_ - 1) / chunk_size_;
  }
}

void Reduction::choose_columns() {
  if (kept_.ndim == 0 || reduced_.ndim == 0) return;
  const auto kept_last = static_cast<std::size_t>(kept_.ndim - 1),
             reduced_last = static_cast<std::size_t>(reduced_.ndim - 1);
  if (reduced_.count() < kShort && kept_.count() >= kBatch) {
    columns_ = true;
    return;
  }
  for (std::size_t k = 0; k < n_in_; ++k) {
    if (reduced_operand_[k].index) continue;
    const std::int64_t along = std::abs(reduced_operand_[k].stride[reduced_last]);
    const std::int64_t across = std::abs(kept_operand_[inputs_from_ + k].stride[kept_last]);
    if (along == across) continue;
    columns_ = across != 0 && (across < along || along == 0);
    return;
  }
}

const void* Reduction::run_prologue(Frame& frame, std::byte* result, std::int64_t n) const {
  const Program& p = kernel_.prologue;
  if (p.identity >= 0) return frame.input(static_cast<std::size_t>(p.identity));
  frame.output(0) = result;
  frame.run_block(n);
  return result;
}

void Reduction::fold_row(Frame& frame, std::byte* buffer, Operand* operand, std::int64_t kept, Range reduced,
                         State& state) const {
  const Program& p = kernel_.prologue;
  for (std::size_t k = 0; k < n_in_; ++k) operand[k] = at(k, kept);
  const std::size_t bytes = static_cast<std::size_t>(kernel_.block) * 8;
  for (std::int64_t start = reduced.begin; start < reduced.end;) {
    std::int64_t n = std::min(kernel_.block, reduced.end - start);
    if (p.identity >= 0) {
      const std::int64_t wide = std::min(kDirectBlock, reduced.end - start);
      const auto k = static_cast<std::size_t>(p.identity);
      if (const void* x = contiguous_run(reduced_, operand[k], start, wide)) {
        kernel_.monoid.fold(state, x, static_cast<std::size_t>(wide), start);
        start += wide;
        continue;
      }
    }
    for (std::size_t k = 0; k < n_in_; ++k) {
      frame.input(k) = contiguous_run(reduced_, operand[k], start, n);
      if (frame.input(k) != nullptr) continue;
      gather(reduced_, operand[k], start, n, buffer + (k + 1) * bytes);
      frame.input(k) = buffer + (k + 1) * bytes;
    }
    kernel_.monoid.fold(state, run_prologue(frame, buffer, n), static_cast<std::size_t>(n), start);
    start += n;
  }
}

// The prologue's values of `rows` reduced elements from first_row on, for every kept one: row by row.
const void* Reduction::tile(Frame& frame, std::byte* buffer, Range kept, std::int64_t first_row,
                            std::int64_t rows) const {
  const std::int64_t cols = kept.end - kept.begin;
  const std::size_t bytes = static_cast<std::size_t>(kernel_.block) * 8;
  for (std::size_t k = 0; k < n_in_; ++k) {
    const Operand& row_operand = kept_operand_[inputs_from_ + k];
    std::byte* to = buffer + (k + 1) * bytes;
    const auto row = [&](std::int64_t r) {
      Operand o = row_operand;
      return o.at(offset_of(reduced_, reduced_operand_[k].stride, first_row + r));
    };
    const Operand first = row(0);
    frame.input(k) = contiguous_run(kept_, first, kept.begin, cols);
    const std::int64_t row_bytes = cols * row_operand.element_bytes;
    const bool regular = reduced_.ndim == 1;
    if (frame.input(k) != nullptr && (rows == 1 || (regular && reduced_operand_[k].stride[0] == row_bytes))) continue;
    for (std::int64_t r = 0; r < rows; ++r) gather(kept_, row(r), kept.begin, cols, to + r * row_bytes);
    frame.input(k) = to;
  }
  return run_prologue(frame, buffer, rows * cols);
}

// Sums and the like of every kept element, into its lane.
void Reduction::fold_lanes(Frame& frame, std::byte* buffer, Range kept, Range reduced, std::byte* lanes) const {
  const Monoid& m = kernel_.monoid;
  const std::int64_t cols = kept.end - kept.begin;
  const std::int64_t rows = std::max<std::int64_t>(1, std::min(reduced.end - reduced.begin, kernel_.block / cols));
  m.fill_identity(lanes, static_cast<std::size_t>(rows * cols));
  for (std::int64_t r = reduced.begin; r < reduced.end; r += rows) {
    const std::int64_t n = std::min(rows, reduced.end - r);
    m.accumulate()(lanes, tile(frame, buffer, kept, r, n), static_cast<std::size_t>(n * cols));
  }
  for (std::int64_t i = 1; i < rows; ++i) {
    m.merge_lanes(lanes, lanes + static_cast<std::size_t>(i * cols) * m.lane_bytes(), static_cast<std::size_t>(cols));
  }
}

void Reduction::fold_columns(Frame& frame, std::byte* buffer, Range kept, Range reduced, State* state) const {
  const Monoid& m = kernel_.monoid;
  const std::int64_t cols = kept.end - kept.begin;
  if (m.simple()) {
    alignas(64) std::byte lanes[kMaxLanes * 8];
    fold_lanes(frame, buffer, kept, reduced, lanes);
    for (std::int64_t c = 0; c < cols; ++c) state[c] = m.from_lane(lanes, static_cast<std::size_t>(c));
    return;
  }
  const std::int64_t rows = std::max<std::int64_t>(1, std::min(reduced.end - reduced.begin, kernel_.block / cols));
  const auto row_bytes = static_cast<std::size_t>(cols) * compute_bytes(m.type());
  for (std::int64_t r = reduced.begin; r < reduced.end; r += rows) {
    const std::int64_t n = std::min(rows, reduced.end - r);
    const auto* x = static_cast<const std::byte*>(tile(frame, buffer, kept, r, n));
    for (std::int64_t i = 0; i < n; ++i) {
      m.step_row(state, x + static_cast<std::size_t>(i) * row_bytes, static_cast<std::size_t>(cols), r + i);
    }
  }
}

// States of kept elements [kept.begin, kept.end), at most kBatch, over part of the reduced range.
void Reduction::reduce(Range kept, Range reduced, State* state) const {
  alignas(64) std::byte scratch[kScratchBytes];
  Frame frame(kernel_.prologue, cells_, scratch, kernel_.block);
  std::byte* buffer = scratch + kernel_.prologue.n_temps * static_cast<std::size_t>(kernel_.block) * 8;
  std::fill_n(state, kept.end - kept.begin, kernel_.monoid.identity());
  if (reduced.begin == reduced.end) return;
  if (columns_) {
    fold_columns(frame, buffer, kept, reduced, state);
    return;
  }
  std::vector<Operand> operand(n_in_);
  for (std::int64_t k = kept.begin; k < kept.end; ++k)
    fold_row(frame, buffer, operand.data(), k, reduced, state[k - kept.begin]);
}

// Columns of a simple monoid, whole: from lanes to the epilogue without a state for each.
void Reduction::reduce_and_finish_lanes(Range kept) const {
  alignas(64) std::byte scratch[kScratchBytes];
  alignas(64) std::byte lanes[kMaxLanes * 8];
  Frame frame(kernel_.prologue, cells_, scratch, kernel_.block);
  std::byte* buffer = scratch + kernel_.prologue.n_temps * static_cast<std::size_t>(kernel_.block) * 8;
  const Monoid& m = kernel_.monoid;
  fold_lanes(frame, buffer, kept, {0, reduced_.count()}, lanes);
  epilogue().run(kept, [&](std::int64_t first, std::int64_t n, void* const* block) {
    m.put_lanes(lanes + static_cast<std::size_t>(first) * m.lane_bytes(), block[0], static_cast<std::size_t>(n));
  });
}

void Reduction::run() {
  const std::int64_t kept = kept_.count();
  const std::int64_t full = std::min(kBatch, kernel_.block);  // a row of a tile must fit a block
  const std::int64_t batches = (kept + full - 1) / full;
  const auto batch = [&](std::int64_t b) { return Range{b * full, std::min(kept, (b + 1) * full)}; };
  ThreadPool& pool = pool_of(launch_);
  const std::int64_t batch_cost = std::min(kept, full) *
                                  std::max<std::int64_t>(std::min(chunk_size_, reduced_.count()), 1) *
                                  (kernel_.prologue.cost + 2);
  constexpr std::int64_t kPieceCost = 80'000;  // tenths of a nanosecond, as block_grain()
  const std::int64_t grain = std::max<std::int64_t>(1, kPieceCost / std::max<std::int64_t>(batch_cost, 1));
  if (n_chunks_ == 1) {
    // Few rows of middling length: a row at a time shares them better among threads.
    const std::int64_t width = !columns_ && batches < 8 * pool.size() ? 16 : full;
    const std::int64_t units = (kept + width - 1) / width;
    parallel_for(pool, units, width == full ? grain : grain * (full / width), [&](std::int64_t from, std::int64_t to) {
      State state[kBatch];
      for (std::int64_t u = from; u < to; ++u) {
        const Range k{u * width, std::min(kept, (u + 1) * width)};
        if (columns_ && kernel_.monoid.simple()) {
          reduce_and_finish_lanes(k);
          continue;
        }
        reduce(k, {0, reduced_.count()}, state);
        finish(k, state);
      }
    });
    return;
  }
  std::vector<State> all(static_cast<std::size_t>(kept * n_chunks_));  // by chunk, then kept
  parallel_for(pool, n_chunks_ * batches, grain, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t u = from; u < to; ++u) {
      const Range k = batch(u % batches);
      reduce(k, chunk(u / batches), &all[static_cast<std::size_t>(u / batches * kept + k.begin)]);
    }
  });
  parallel_for(pool, batches, 16, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t b = from; b < to; ++b) {
      const Range k = batch(b);
      State* first = &all[static_cast<std::size_t>(k.begin)];
      for (std::int64_t c = 1; c < n_chunks_; ++c) {
        for (std::int64_t i = 0; i < k.end - k.begin; ++i) kernel_.monoid.combine(first[i], first[c * kept + i]);
      }
      finish(k, first);
    }
  });
}

Result<void> check_params(const fg_reduce_params* params, const ReduceKernel* kernel) {
  if (params == nullptr) return invalid("fg.reduce/1: params is NULL", FG_R_NULL_POINTER);
  if (params->hdr.struct_size < FG_END(fg_reduce_params, n_reduced)) {
    return fail(FG_E_ABI, "fg_reduce_params is smaller than version 1.0's");
  }
  FG_TRY(sdk::check_header(params->hdr, "fg_reduce_params"));
  if (params->prologue == nullptr || params->epilogue == nullptr) {
    return invalid("fg.reduce/1: a program is NULL", FG_R_NULL_POINTER);
  }
  if (params->n_reduced < 0 || params->n_reduced > FG_ENGINE_MAX_NDIM) {
    return invalid("fg.reduce/1: " + std::to_string(params->n_reduced) + " reduced dimensions, expected 0 to 8",
                   FG_R_RANK);
  }
  if (kernel == nullptr) return {};
  const auto same = [](const fg_expr& e, const Program& p) { return e.hash[0] == p.hash[0] && e.hash[1] == p.hash[1]; };
  if (!same(*params->prologue, kernel->prologue) || !same(*params->epilogue, kernel->epilogue) ||
      params->monoid != kernel->monoid.kind()) {
    return invalid("fg.reduce/1: launched with another program than prepared", FG_R_EXPRESSION);
  }
  if (params->scalar == nullptr && !(kernel->prologue.scalars.empty() && kernel->epilogue.scalars.empty())) {
    return invalid("fg.reduce/1: scalar is NULL", FG_R_NULL_POINTER);
  }
  return {};
}

// Inputs share one shape; outputs have its leading dimensions.
Result<void> check_shapes(const fg_launch& l, int n_reduced) {
  if (l.n_in == 0) return invalid("fg.reduce/1: has no input", FG_R_SHAPE);
  const fg_tensor& first = l.t[l.n_out];
  for (int i = 0; i < l.n_out + l.n_in; ++i) {
    const fg_tensor& t = l.t[i];
    const int ndim = i < l.n_out ? first.ndim - n_reduced : first.ndim;
    bool same = t.ndim == ndim;
    for (int d = 0; same && d < ndim; ++d) same = t.shape[d] == first.shape[d];
    if (!same) {
      return invalid("fg.reduce/1: tensor " + std::to_string(i) + " has shape " + sdk::shape_text(t) +
                         ", input 0 has " + sdk::shape_text(first) + " with " + std::to_string(n_reduced) +
                         " reduced dimensions",
                     FG_R_SHAPE, i);
    }
  }
  return {};
}

fg_status launch_reduce(const fg_kernel* kernel, const fg_launch* l) noexcept {
  return sdk::guard(l->err, [&]() -> Result<void> {
    const auto& k = *static_cast<const ReduceKernel*>(kernel);
    FG_TRY(sdk::check_launch("fg.reduce/1", *l, k.epilogue.n_out, k.prologue.n_in, sdk::Address::pointer));
    const auto* params = static_cast<const fg_reduce_params*>(l->params);
    FG_TRY(check_params(params, &k));
    FG_TRY(check_shapes(*l, params->n_reduced));
    if (sdk::numel(l->t[0]) == 0) return {};
    if (reduce_direct(k, *l, *params)) return {};
    Reduction(k, *l, *params).run();
    return {};
  });
}

Result<std::unique_ptr<ReduceKernel>> make(const fg_sig& sig) {
  const auto* params = static_cast<const fg_reduce_params*>(sig.params);
  FG_TRY(check_params(params, nullptr));
  auto k = std::make_unique<ReduceKernel>();
  FG_TRY(check_expr(*params->prologue));
  if (params->prologue->n_out != 1)
    return invalid("fg.reduce/1: the prologue has " + std::to_string(params->prologue->n_out) + " outputs, expected 1");
  const std::uint16_t type = params->prologue->node[params->prologue->out[0]].type;
  FG_TRY_ASSIGN(k->monoid, Monoid::make(params->monoid, type));
  const fg_dtype value = native_dtype(type);
  const auto in = dtypes_of(sig, sig.n_out, sig.n_in), out = dtypes_of(sig, 0, sig.n_out);
  if (in.size() == 1) {
    const FoldKey key{params->monoid, type, in[0], term_of(*params->prologue, in[0])};
    k->row_fold = find_row_fold(key);
    k->column_fold = find_column_fold(key);
  }
  FG_TRY_ASSIGN(k->prologue, compile(*params->prologue, in, {&value, 1}));
  std::vector<fg_dtype> states;
  for (std::size_t i = 0; i < k->monoid.n_states(); ++i) states.push_back(native_dtype(k->monoid.state_type(i)));
  states.push_back(FG_I64);  // n
  if (params->epilogue->n_in > states.size()) {
    return invalid("fg.reduce/1: the epilogue has " + std::to_string(params->epilogue->n_in) + " inputs, at most " +
                   std::to_string(states.size()));
  }
  states.resize(params->epilogue->n_in);
  FG_TRY_ASSIGN(k->epilogue, compile(*params->epilogue, states, out));
  if (!k->epilogue.index_dims.empty()) return unsupported("fg.reduce/1: an epilogue has no positions", FG_R_EXPRESSION);
  return k;
}

}  // namespace

Result<void> check_reduce(const fg_sig& sig) {
  if (sig.params == nullptr) return {};
  FG_TRY(make(sig));
  return {};
}

Result<sdk::PreparedKernel> prepare_reduce(const fg_sig& sig) {
  FG_TRY_ASSIGN(auto k, make(sig));
  k->block = block_elements(k->prologue.n_temps + k->prologue.n_operands() + 1);
  k->out_block = std::min(kBatch, block_elements(k->epilogue.n_temps + k->epilogue.n_operands() + 4));
  k->launch = launch_reduce;
  k->destroy = [](sdk::KernelObject* o) noexcept { delete static_cast<ReduceKernel*>(o); };
  return sdk::PreparedKernel(k.release());
}

}  // namespace fg::cpu
