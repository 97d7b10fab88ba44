// SPDX-License-Identifier: Apache-2.0
//
// Where the scanned elements are neighbours, rows are scanned one after another, and few long ones
// in chunks: fold every chunk, add up what precedes each, scan the chunks.  The cut depends on the
// shape alone.  Where neighbouring rows lie side by side, many are scanned at once, element by
// element ("columns").

#include "plugins/cpu/engine/scan_direct.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "plugins/cpu/engine/engine.hpp"
#include "plugins/cpu/engine/fold.hpp"
#include "plugins/cpu/instance.hpp"

namespace fg::cpu {
namespace {

constexpr std::int64_t kGrain = 1 << 14;  // Elements that a piece of parallel work should have at least.
constexpr std::int64_t kChunk = 1 << 16;  // Elements of a chunk of a long row.
constexpr std::int64_t kFewRows = 8;      // Fewer rows than this are cut.
constexpr std::int64_t kPiece = 2048;     // Elements that go past the cache at once.
constexpr std::int64_t kMinColumns = 16;  // Fewer neighbouring rows are not worth doing at once.
constexpr std::size_t kMaxOuts = 2;

class Direct {
 public:
  Direct(const DirectScan& scan, const fg_launch& launch, const Monoid& monoid);
  // Whether the tensors lie in rows or columns that there is a loop for.
  bool possible();
  void run();

 private:
  bool steps_by_element(const std::int64_t* step) const {
    for (std::size_t k = 0; k <= n_out_; ++k) {
      if (step[k] != operand_[k].element_bytes) return false;
    }
    return true;
  }
  ScanRow row_at(std::int64_t row, std::int64_t element) const;
  void scan_row(std::int64_t row, std::int64_t begin, std::int64_t end, State carry) const;
  void scan_columns(std::int64_t first, std::int64_t cols) const;
  void run_columns();
  void run_chunks();

  const DirectScan& scan_;
  const Monoid& monoid_;
  ThreadPool& pool_;
  std::size_t n_out_;
  bool stream_;
  RowFold fold_ = nullptr;
  Space rows_;  // All but the scanned dimension.
  std::int64_t length_ = 1;
  std::array<Operand, kMaxOuts + 1> operand_;      // Over rows_: outputs, then the input.
  std::array<std::int64_t, kMaxOuts + 1> step_{};  // Along the scanned dimension.
  bool columns_ = false;
};

Direct::Direct(const DirectScan& scan, const fg_launch& l, const Monoid& monoid)
    : scan_(scan), monoid_(monoid), pool_(pool_of(l)), n_out_(l.n_out), stream_(should_stream(l)) {
  const int last = l.t[0].ndim - 1;
  rows_.ndim = std::max(last, 0);
  std::copy_n(l.t[0].shape, rows_.ndim, rows_.size.begin());
  if (last >= 0) length_ = l.t[0].shape[last];
  for (std::size_t k = 0; k <= n_out_; ++k) {
    operand_[k] = operand_of(l.t[k]);
    step_[k] = operand_[k].element_bytes;
    if (last < 0) continue;
    std::int64_t& stride = operand_[k].stride[static_cast<std::size_t>(last)];
    if (length_ > 1) step_[k] = stride;
    stride = 0;
  }
  coalesce(rows_, operand_.data(), n_out_ + 1);
  if (monoid.kind() == FG_MONOID_SUM)
    fold_ = find_row_fold({FG_MONOID_SUM, monoid.type(), l.t[n_out_].dtype, Term::plain});
}

bool Direct::possible() {
  if (scan_.row != nullptr && steps_by_element(step_.data())) return true;
  if (scan_.columns == nullptr || rows_.ndim == 0) return false;
  const auto last = static_cast<std::size_t>(rows_.ndim - 1);
  std::array<std::int64_t, kMaxOuts + 1> across;
  for (std::size_t k = 0; k <= n_out_; ++k) across[k] = operand_[k].stride[last];
  columns_ = true;
  return rows_.size[last] >= kMinColumns && steps_by_element(across.data());
}

ScanRow Direct::row_at(std::int64_t row, std::int64_t element) const {
  ScanRow r{};
  const auto at = [&](std::size_t k) {
    return operand_[k].base + offset_of(rows_, operand_[k].stride, row) + element * step_[k];
  };
  r.in = at(n_out_);
  for (std::size_t k = 0; k < n_out_; ++k) r.out[k] = at(k);
  return r;
}

void Direct::scan_row(std::int64_t row, std::int64_t begin, std::int64_t end, State carry) const {
  if (!stream_) {
    scan_.row(carry, row_at(row, begin), static_cast<std::size_t>(end - begin), begin);
    return;
  }
  alignas(64) std::byte buffer[kMaxOuts][kPiece * 8];
  for (std::int64_t i = begin; i < end; i += kPiece) {
    const std::int64_t n = std::min(kPiece, end - i);
    const ScanRow to = row_at(row, i);
    scan_.row(carry, {to.in, {buffer[0], buffer[1]}}, static_cast<std::size_t>(n), i);
    for (std::size_t k = 0; k < n_out_; ++k)
      stream_copy(to.out[k], buffer[k], static_cast<std::size_t>(n) * operand_[k].element_bytes);
  }
}

void Direct::scan_columns(std::int64_t first, std::int64_t cols) const {
  const ScanTile tile{row_at(first, 0), step_[n_out_], {step_[0], n_out_ > 1 ? step_[1] : 0}, stream_};
  scan_.columns(tile, static_cast<std::size_t>(length_), static_cast<std::size_t>(cols));
}

void Direct::run_columns() {
  const std::int64_t inner = rows_.size[static_cast<std::size_t>(rows_.ndim - 1)], outer = rows_.count() / inner;
  // Wide tiles read long pieces of memory; narrower ones share little work among all threads.
  std::int64_t width = kMaxScanColumns;
  while (width > 128 && outer * ((inner + width - 1) / width) < 2 * pool_.size()) width /= 2;
  const std::int64_t tiles = (inner + width - 1) / width;
  parallel_for(pool_, outer * tiles, std::max<std::int64_t>(1, kGrain / (width * length_)),
               [&](std::int64_t from, std::int64_t to) {
                 for (std::int64_t u = from; u < to; ++u) {
                   const std::int64_t at = u % tiles * width;
                   scan_columns(u / tiles * inner + at, std::min(width, inner - at));
                 }
                 if (stream_) stream_fence();
               });
}

void Direct::run_chunks() {
  const std::int64_t rows = rows_.count(), chunks = (length_ + kChunk - 1) / kChunk;
  std::vector<State> before(static_cast<std::size_t>(rows * chunks));
  const auto end_of = [&](std::int64_t c) { return std::min(length_, (c + 1) * kChunk); };
  parallel_for(pool_, rows * chunks, 1, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t u = from; u < to; ++u) {
      const std::int64_t c = u % chunks;
      if (c + 1 == chunks) continue;
      fold_(before[static_cast<std::size_t>(u + 1)], row_at(u / chunks, c * kChunk).in,
            static_cast<std::size_t>(end_of(c) - c * kChunk));
    }
  });
  for (std::int64_t u = 0; u < rows * chunks; ++u) {
    if (u % chunks < 2) continue;
    State s = before[static_cast<std::size_t>(u - 1)];
    monoid_.combine(s, before[static_cast<std::size_t>(u)]);
    before[static_cast<std::size_t>(u)] = s;
  }
  parallel_for(pool_, rows * chunks, 1, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t u = from; u < to; ++u) {
      State carry = before[static_cast<std::size_t>(u)];
      if (std::isfinite(carry.a)) carry.a += carry.b;
      const std::int64_t c = u % chunks;
      scan_row(u / chunks, c * kChunk, end_of(c), carry);
    }
    if (stream_) stream_fence();
  });
}

void Direct::run() {
  if (columns_) return run_columns();
  const std::int64_t rows = rows_.count();
  if (rows < kFewRows && length_ > 2 * kChunk && fold_ != nullptr) return run_chunks();
  parallel_for(pool_, rows, std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(length_, 1)),
               [&](std::int64_t from, std::int64_t to) {
                 for (std::int64_t r = from; r < to; ++r) scan_row(r, 0, length_, monoid_.identity());
                 if (stream_) stream_fence();
               });
}

// Input number `input` up to conversions of integers to wider ones.
bool is_input(const fg_expr& e, std::size_t output, std::uint32_t input) {
  std::uint32_t k = e.out[output];
  const auto whole = [&](std::uint32_t n) { return e.node[n].type <= FG_CT_I64; };
  while (e.node[k].op == FG_EX_CAST && whole(k) && whole(e.node[k].arg[0]) &&
         e.node[k].type > e.node[e.node[k].arg[0]].type) {
    k = e.node[k].arg[0];
  }
  return e.node[k].op == FG_EX_INPUT && e.node[k].arg[0] == input;
}

}  // namespace

bool is_direct(const fg_expr& prologue, const fg_expr& epilogue) {
  if (prologue.n_in != 1 || prologue.n_out != 1 || epilogue.n_out > kMaxOuts || !is_input(prologue, 0, 0)) return false;
  for (std::uint16_t k = 0; k < epilogue.n_out; ++k) {
    if (!is_input(epilogue, k, k)) return false;
  }
  return true;
}

bool scan_direct(const DirectScan& scan, const fg_launch& launch, const Monoid& monoid) {
  Direct direct(scan, launch, monoid);
  if (!direct.possible()) return false;
  direct.run();
  return true;
}

}  // namespace fg::cpu
