// SPDX-License-Identifier: Apache-2.0

#include "plugins/cpu/engine/fused.hpp"

#include <algorithm>

#include "plugins/cpu/engine/convert.hpp"
#include "plugins/cpu/engine/engine.hpp"
#include "plugins/cpu/instance.hpp"

namespace fg::cpu {
namespace {

// Elements of one unit of parallel work along a row: a multiple of every chunk and cache line.
constexpr std::int64_t kUnit = 16384;
// Rows from this length on are worth a call of the loop.
constexpr std::int64_t kShortRow = 16;

// Rows of the last dimension, each in units.
struct Rows {
  const Fused& fused;
  Space space;
  std::array<Operand, kMaxOperands> operand;  // Outputs, then inputs.
  std::int64_t row, units_per_row;
  FusedRun run;  // What all units have in common.

  std::int64_t units() const { return space.count() / row * units_per_row; }

  // Where row after row of every operand starts: stepping there costs less than dividing for short rows.
  struct Cursor {
    Dims index{};
    std::array<std::int64_t, kFusedOperands> offset{};
  };
  std::size_t operands() const { return std::size_t{fused.entry->n_out} + fused.entry->n_in; }
  Cursor at_row(std::int64_t number) const {
    Cursor c;
    for (int d = space.ndim - 2; d >= 0; --d) {
      const auto i = static_cast<std::size_t>(d);
      c.index[i] = number % space.size[i];
      number /= space.size[i];
      for (std::size_t k = 0; k < operands(); ++k) c.offset[k] += c.index[i] * operand[k].stride[i];
    }
    return c;
  }
  void next_row(Cursor& c) const {
    for (int d = space.ndim - 2; d >= 0; --d) {
      const auto i = static_cast<std::size_t>(d);
      const bool more = ++c.index[i] < space.size[i];
      const std::int64_t steps = more ? 1 : 1 - space.size[i];
      for (std::size_t k = 0; k < operands(); ++k) c.offset[k] += steps * operand[k].stride[i];
      if (more) return;
      c.index[i] = 0;
    }
  }
  void operator()(std::int64_t first, std::int64_t last) const {
    const std::size_t n_out = fused.entry->n_out;
    FusedRun r = run;
    Cursor cursor = at_row(first / units_per_row);
    std::int64_t in_row = first % units_per_row;
    for (std::int64_t u = first; u < last;) {
      // Units of one row at once.
      const std::int64_t count = std::min(last - u, units_per_row - in_row);
      const std::int64_t at = in_row * kUnit, n = std::min(count * kUnit, row - at);
      for (std::size_t i = 0; i < operands(); ++i) {
        const Operand& o = operand[i];
        std::byte* p = o.base + cursor.offset[i] + (space.ndim == 0 ? 0 : at * o.stride[inner()]);
        if (i < n_out)
          r.out[i] = p;
        else
          r.in[i - n_out] = p;
      }
      fused.loop(r, static_cast<std::size_t>(n));
      u += count;
      in_row = 0;
      next_row(cursor);
    }
    if (run.stream) stream_fence();
  }
  std::size_t inner() const { return static_cast<std::size_t>(space.ndim - 1); }

  // Every operand contiguous along the last dimension; inputs may also repeat.
  bool fits() {
    if (space.ndim == 0) return true;
    if (space.ndim > 1 && space.size[inner()] < kShortRow) return false;
    const std::size_t n_out = fused.entry->n_out;
    for (std::size_t i = 0; i < n_out + fused.entry->n_in; ++i) {
      const std::int64_t stride = operand[i].stride[inner()];
      if (stride == static_cast<std::int64_t>(operand[i].element_bytes)) continue;
      if (stride != 0 || i < n_out) return false;
      run.repeats |= 1u << (i - n_out);
    }
    return true;
  }
};

}  // namespace

Fused find_fused(const fg_expr& program, std::span<const fg_dtype> in, std::span<const fg_dtype> out) {
  const std::span<const FusedEntry> entries = fused_entries();
  const auto it = std::find_if(entries.begin(), entries.end(), [&](const FusedEntry& e) {
    return e.hash[0] == program.hash[0] && e.hash[1] == program.hash[1];
  });
  if (it == entries.end() || it->n_in != in.size() || it->n_out != out.size() || it->n_scalar > kFusedScalars ||
      program.n_scalar < it->n_scalar)
    return {};
  fg_dtype storage = 0;
  const auto fits = [&](fg_dtype dtype, bool is_bool) {
    if (is_bool) return dtype == FG_BOOL;
    if (storage == 0) storage = dtype;
    return dtype == storage;
  };
  for (std::size_t k = 0; k < in.size(); ++k) {
    if (!fits(in[k], (it->bool_in >> k & 1u) != 0)) return {};
  }
  for (std::size_t j = 0; j < out.size(); ++j) {
    if (!fits(out[j], (it->bool_out >> j & 1u) != 0)) return {};
  }
  const FusedLoop loop = fused_loop(static_cast<std::size_t>(it - entries.begin()), storage);
  return loop == nullptr ? Fused{} : Fused{loop, &*it};
}

void fused_scalars(const FusedEntry& entry, const fg_scalar* scalar, float* values) {
  for (std::size_t k = 0; k < entry.n_scalar; ++k) values[k] = scalar_as<float>(scalar[k]);
}

bool run_fused(const Fused& fused, const fg_launch& l, const float* scalars, bool stream) {
  Rows rows{fused, {}, {}, 0, 0, {}};
  rows.space.ndim = l.t[0].ndim;
  std::copy_n(l.t[0].shape, l.t[0].ndim, rows.space.size.begin());
  const std::size_t n = std::size_t{l.n_out} + l.n_in;
  for (std::size_t i = 0; i < n; ++i) rows.operand[i] = operand_of(l.t[i]);
  coalesce(rows.space, rows.operand.data(), n);
  if (!rows.fits()) return false;
  rows.run.scalar = scalars;
  rows.run.stream = stream;
  rows.row = rows.space.ndim == 0 ? 1 : rows.space.size[rows.inner()];
  rows.units_per_row = (rows.row + kUnit - 1) / kUnit;
  parallel_for(pool_of(l), rows.units(), piece_grain(fused.entry->cost, std::min(rows.row, kUnit)), rows);
  return true;
}

}  // namespace fg::cpu
