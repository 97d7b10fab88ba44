// SPDX-License-Identifier: Apache-2.0
//
// Reductions whose folds read the input as it lies: along its rows where the reduced elements are
// neighbours, over its columns where the kept ones are.  Long reductions of few kept elements are
// cut into pieces whose number depends on the shape alone.

#include <algorithm>
#include <vector>

#include "plugins/cpu/engine/reduce_kernel.hpp"
#include "plugins/cpu/instance.hpp"

namespace fg::cpu {
namespace {

// Elements that a piece of parallel work should have at least.
constexpr std::int64_t kGrain = 1 << 15;
// Elements of a cut of a long reduction.
constexpr std::int64_t kCut = 1 << 16;
// Fewer kept elements than this are worth cutting the reduced range for.
constexpr std::int64_t kFewRows = 64;
// Outputs that a direct reduction may have.
constexpr std::size_t kMaxOuts = 4;

bool is_integer_type(std::uint16_t t) { return t == FG_CT_BOOL || t == FG_CT_I32 || t == FG_CT_I64; }

class Direct {
 public:
  Direct(const ReduceKernel& kernel, const fg_launch& launch, const fg_reduce_params& params);
  // Whether the input lies in rows or columns that the kernel has a fold for.
  bool possible();
  void run();

 private:
  Operand input_at(std::int64_t kept) const {
    return reduced_operand_.at(offset_of(kept_, operand_[n_out_].stride, kept));
  }
  void fold(State& s, State piece, std::int64_t first, bool fresh) const {
    if (piece.index >= 0) piece.index += first;
    if (fresh)
      s = piece;
    else
      kernel_.monoid.combine(s, piece);
  }
  void row(std::int64_t kept, Range reduced, State& s) const;
  void columns(Range kept, Range reduced, State* s) const;
  void reduce(Range kept, Range reduced, State* s) const;
  void cut();
  void choose_width();
  Range unit(std::int64_t u) const;
  std::int64_t units() const { return kept_.count() / inner_ * tiles_; }

  const ReduceKernel& kernel_;
  ThreadPool& pool_;
  std::size_t n_out_;
  Space kept_, reduced_;
  std::array<Operand, kMaxOuts + 1> operand_;  // Over kept_: outputs, then the input.
  Operand reduced_operand_;
  bool columns_ = false;
  std::int64_t run_ = 1;                            // Length of the innermost reduced dimension.
  std::int64_t inner_ = 1, width_ = 1, tiles_ = 1;  // Of the innermost kept dimension.
  std::int64_t cut_size_ = 1, n_cuts_ = 1;
  mutable std::uint64_t cells_[kMaxCells];
};

Direct::Direct(const ReduceKernel& kernel, const fg_launch& l, const fg_reduce_params& params)
    : kernel_(kernel), pool_(pool_of(l)), n_out_(l.n_out) {
  const int n_kept = l.t[0].ndim;
  kept_.ndim = n_kept;
  reduced_.ndim = params.n_reduced;
  const fg_tensor& in = l.t[n_out_];
  std::copy_n(in.shape, n_kept, kept_.size.begin());
  std::copy_n(in.shape + n_kept, params.n_reduced, reduced_.size.begin());
  for (std::size_t j = 0; j <= n_out_; ++j) operand_[j] = operand_of(l.t[j]);
  reduced_operand_ = operand_[n_out_];
  reduced_operand_.stride.fill(0);
  std::copy_n(operand_[n_out_].stride.begin() + n_kept, params.n_reduced, reduced_operand_.stride.begin());
  coalesce(kept_, operand_.data(), n_out_ + 1);
  coalesce(reduced_, &reduced_operand_, 1);
  bind_scalars(kernel.epilogue, params.scalar, cells_);
}

bool Direct::possible() {
  const std::int64_t bytes = reduced_operand_.element_bytes, count = reduced_.count();
  const std::int64_t along =
      reduced_.ndim == 0 ? bytes : reduced_operand_.stride[static_cast<std::size_t>(reduced_.ndim - 1)];
  run_ = reduced_.ndim == 0 ? 1 : reduced_.size[static_cast<std::size_t>(reduced_.ndim - 1)];
  const auto last = static_cast<std::size_t>(std::max(kept_.ndim - 1, 0));
  const bool side_by_side = kept_.ndim > 0 && operand_[n_out_].stride[last] == bytes;
  // Short rows of a great many are better gathered to columns.
  constexpr std::int64_t kShortRow = 8;
  if (count == 0) return false;
  if (along == bytes && kernel_.row_fold != nullptr && (run_ >= kShortRow || !kernel_.monoid.simple())) return true;
  columns_ = true;
  inner_ = kept_.ndim == 0 ? 1 : kept_.size[last];
  return side_by_side && kernel_.column_fold != nullptr && inner_ >= kMinFoldColumns && count >= kShortRow;
}

void Direct::cut() {
  const std::int64_t count = reduced_.count(), kept = kept_.count();
  cut_size_ = count;
  if (columns_) {
    // Positions of a column fold have 32 bits at least.
    constexpr std::int64_t kMostRows = std::int64_t{1} << 30;
    if (kept < 2048 && kept * count > 4 * kCut) cut_size_ = std::max<std::int64_t>(kCut / kept, (count + 63) / 64);
    cut_size_ = std::min(cut_size_, kMostRows);
  } else if (kept < kFewRows && count > kCut) {
    cut_size_ = kCut;
  }
  n_cuts_ = (count + cut_size_ - 1) / cut_size_;
}

void Direct::choose_width() {
  if (!columns_) {
    inner_ = kept_.count();
    width_ = std::clamp<std::int64_t>(kGrain / std::max<std::int64_t>(reduced_.count(), 1), 1, kBatch);
  } else {
    // Wide tiles read long pieces of memory; narrower ones share little work among all threads.
    width_ = kMaxFoldColumns;
    const std::int64_t outer = kept_.count() / inner_ * n_cuts_;
    while (width_ > 2 * kMinFoldColumns && outer * ((inner_ + width_ - 1) / width_) < 2 * pool_.size()) width_ /= 2;
  }
  tiles_ = (inner_ + width_ - 1) / width_;
  if (!columns_ || tiles_ == 1) return;
  // A last tile that is too narrow takes some columns of the one before.
  const std::int64_t rest = inner_ - (tiles_ - 1) * width_;
  if (rest < kMinFoldColumns) width_ = (inner_ + tiles_ - 1) / tiles_;
}

Range Direct::unit(std::int64_t u) const {
  const std::int64_t base = u / tiles_ * inner_, t = u % tiles_;
  return {base + t * width_, base + std::min(inner_, (t + 1) * width_)};
}

void Direct::row(std::int64_t kept, Range reduced, State& s) const {
  const Operand in = input_at(kept);
  for (std::int64_t at = reduced.begin; at < reduced.end;) {
    const std::int64_t n = std::min({run_ - at % run_, reduced.end - at, kRowPiece});
    State piece;
    kernel_.row_fold(piece, in.base + offset_of(reduced_, in.stride, at), static_cast<std::size_t>(n));
    fold(s, piece, at, at == reduced.begin);
    at += n;
  }
}

void Direct::columns(Range kept, Range reduced, State* s) const {
  const Operand in = input_at(kept.begin);
  const std::ptrdiff_t stride = reduced_.ndim == 0 ? 0 : in.stride[static_cast<std::size_t>(reduced_.ndim - 1)];
  const auto cols = static_cast<std::size_t>(kept.end - kept.begin);
  State more[kMaxFoldColumns];
  for (std::int64_t at = reduced.begin; at < reduced.end;) {
    const std::int64_t n = std::min(run_ - at % run_, reduced.end - at);
    const bool fresh = at == reduced.begin;
    State* to = fresh ? s : more;
    kernel_.column_fold(to, in.base + offset_of(reduced_, in.stride, at), stride, static_cast<std::size_t>(n), cols);
    for (std::size_t c = 0; c < cols && (!fresh || at > 0); ++c) fold(s[c], to[c], at, fresh);
    at += n;
  }
}

void Direct::reduce(Range kept, Range reduced, State* s) const {
  if (columns_) return columns(kept, reduced, s);
  for (std::int64_t k = kept.begin; k < kept.end; ++k) row(k, reduced, s[k - kept.begin]);
}

void Direct::run() {
  cut();
  choose_width();
  const Epilogue epilogue(kernel_, kept_, operand_.data(), reduced_.count(), cells_);
  const std::int64_t n = units(), count = kept_.count();
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / (width_ * cut_size_));
  if (n_cuts_ == 1) {
    parallel_for(pool_, n, grain, [&](std::int64_t from, std::int64_t to) {
      State state[kMaxFoldColumns];
      for (std::int64_t u = from; u < to; ++u) {
        const Range k = unit(u);
        reduce(k, {0, reduced_.count()}, state);
        epilogue.run_states(k, state);
      }
    });
    return;
  }
  std::vector<State> all(static_cast<std::size_t>(count * n_cuts_));  // by cut, then kept
  parallel_for(pool_, n * n_cuts_, grain, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t u = from; u < to; ++u) {
      const Range k = unit(u % n);
      const std::int64_t c = u / n;
      reduce(k, {c * cut_size_, std::min(reduced_.count(), (c + 1) * cut_size_)},
             &all[static_cast<std::size_t>(c * count + k.begin)]);
    }
  });
  for (std::int64_t c = 1; c < n_cuts_; ++c) {
    for (std::int64_t k = 0; k < count; ++k)
      kernel_.monoid.combine(all[static_cast<std::size_t>(k)], all[static_cast<std::size_t>(c * count + k)]);
  }
  epilogue.run_states({0, count}, all.data());
}

}  // namespace

Term term_of(const fg_expr& e, fg_dtype in) {
  if (e.n_in != 1 || e.n_out != 1 || (e.flags & FG_EXPR_USES_INDEX) != 0) return Term::none;
  const auto node = [&](std::uint32_t k) -> const fg_expr_node& { return e.node[k]; };
  std::uint32_t k = e.out[0];
  // Integers keep their value in a wider type.
  while (node(k).op == FG_EX_CAST && is_integer_type(node(k).type) && is_integer_type(node(node(k).arg[0]).type) &&
         node(k).type > node(node(k).arg[0]).type) {
    k = node(k).arg[0];
  }
  const fg_expr_node& n = node(k);
  const auto reads = [&](std::uint32_t a) { return node(a).op == FG_EX_INPUT; };
  const auto is_zero = [&](std::uint32_t a) {
    return node(a).op == FG_EX_CONST && node(a).arg[0] == 0 && node(a).arg[1] == 0;
  };
  const auto is_number = [&](const fg_expr_node& c) { return c.op == FG_EX_EQ && reads(c.arg[0]) && reads(c.arg[1]); };
  const bool real = n.type == FG_CT_F32 || n.type == FG_CT_F64;
  switch (n.op) {
    case FG_EX_INPUT: return Term::plain;
    case FG_EX_ABS: return real && reads(n.arg[0]) ? Term::absolute : Term::none;
    case FG_EX_MUL: return real && reads(n.arg[0]) && reads(n.arg[1]) ? Term::square : Term::none;
    case FG_EX_NE: return is_zero(n.arg[1]) && reads(n.arg[0]) && in != FG_BOOL ? Term::nonzero : Term::none;
    case FG_EX_WHERE:
      return real && is_number(node(n.arg[0])) && reads(n.arg[1]) && is_zero(n.arg[2]) ? Term::number : Term::none;
    default: return Term::none;
  }
}

bool reduce_direct(const ReduceKernel& kernel, const fg_launch& launch, const fg_reduce_params& params) {
  if (launch.n_out > kMaxOuts || (kernel.row_fold == nullptr && kernel.column_fold == nullptr)) return false;
  Direct direct(kernel, launch, params);
  if (!direct.possible()) return false;
  direct.run();
  return true;
}

}  // namespace fg::cpu
