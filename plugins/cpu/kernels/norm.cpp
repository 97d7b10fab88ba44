// SPDX-License-Identifier: Apache-2.0
//
// Fused normalisations: rows in parallel, each read from memory once.

#include "plugins/cpu/kernels/norm.hpp"

#include <memory>

#include "hwy/cache_control.h"
#include "plugins/cpu/engine/streaming.hpp"
#include "plugins/cpu/kernels/norm_ops.hpp"

namespace fg::cpu {
namespace {

using RowFunction = void (*)(const NormRow&);

constexpr std::size_t kResidual = 2, kSum = 3, kLateWeight = 4;

struct Scratch {
  std::byte* copies;   // Of for_rows, per worker.
  std::byte* wide;     // One row in the compute type, per worker.
  std::byte* extra;    // Copies of one row of residual and sum, per worker.
  NormCarry* carried;  // Per worker.
  std::int64_t wide_bytes, extra_bytes;
  const void* weight;
  const void* bias;
};

// A weight as a dense row of the compute type: as it is when it already is one.
const void* dense_weight(const NormArgs& a, const NormOps& ops, const void* weight, std::size_t tensor, Arena& arena) {
  if (weight == nullptr) return nullptr;
  const bool grouped = a.segment > 1 || a.groups > 1;
  const std::int64_t n = grouped ? a.rows.length() / a.segment * a.groups : a.rows.length();
  const bool dense = grouped || a.rows.contiguous(tensor);
  if (dense && ops.compute_bytes == a.rows.element_bytes) return weight;
  std::byte* wide = arena.take<std::byte>(n * ops.compute_bytes);
  std::byte* copy = dense ? nullptr : arena.take<std::byte>(n * a.rows.element_bytes);
  if (wide == nullptr) return nullptr;  // Only measuring.
  if (copy != nullptr) gather(weight, a.rows.row, tensor, a.rows.element_bytes, copy);
  ops.widen(copy != nullptr ? copy : weight, n, wide);
  return wide;
}

Scratch lay_out(const NormArgs& a, const NormOps& ops, int workers, Arena& arena) {
  const auto line = [&](std::int64_t bytes) { return (a.rows.length() * bytes + 63) / 64 * 64; };
  Scratch s{};
  const bool fused = a.residual != nullptr;
  s.weight = dense_weight(a, ops, a.weight, fused ? kLateWeight : 2, arena);
  s.bias = dense_weight(a, ops, a.bias, 3, arena);
  s.copies = arena.take<std::byte>(rows_scratch(a.rows) * workers);
  if (fused || ops.compute_bytes != a.rows.element_bytes) s.wide_bytes = line(ops.compute_bytes);
  s.wide = arena.take<std::byte>(s.wide_bytes * workers);
  const bool copies = fused && (!a.rows.contiguous(kResidual) || !a.rows.contiguous(kSum));
  if (copies) s.extra_bytes = 2 * line(a.rows.element_bytes);
  s.extra = arena.take<std::byte>(s.extra_bytes * workers);
  s.carried = arena.take<NormCarry>(workers);
  return s;
}

void run_row(const NormArgs& a, const NormOps& ops, const Scratch& s, RowFunction function, NormRow row,
             const RowAt& r) {
  const std::int64_t bytes = a.rows.element_bytes;
  row.x = r.x;
  row.y = r.y;
  row.next = r.next;
  row.wide = s.wide + r.worker * s.wide_bytes;
  row.carried = s.carried + r.worker;
  const auto one = [&](void* base, std::int64_t offset) -> void* {
    return base == nullptr ? nullptr : static_cast<std::byte*>(base) + offset * ops.compute_bytes;
  };
  row.mean = one(a.mean, r.offset2);
  row.rstd = one(a.rstd, r.offset3);
  if (a.residual == nullptr) return function(row);
  std::byte* copy = s.extra + r.worker * s.extra_bytes;
  const std::byte* residual = static_cast<const std::byte*>(a.residual) + r.offset2 * bytes;
  std::byte* sum = a.sum == nullptr ? nullptr : static_cast<std::byte*>(a.sum) + r.offset3 * bytes;
  row.residual = residual;
  row.sum = sum;
  if (!a.rows.contiguous(kResidual)) {
    gather(residual, a.rows.row, kResidual, bytes, copy);
    row.residual = copy;
  } else if (r.next != nullptr) {
    row.next_residual = static_cast<const std::byte*>(a.residual) + r.next_offset2 * bytes;
  }
  const bool scatters = sum != nullptr && !a.rows.contiguous(kSum);
  if (scatters) row.sum = copy + s.extra_bytes / 2;
  function(row);
  if (scatters) scatter(row.sum, a.rows.row, kSum, bytes, sum);
}

std::size_t workspace_of(const NormArgs& args, int workers) {
  Arena arena(nullptr);
  lay_out(args, *norm_ops(args.dtype), workers, arena);
  return arena.used();
}

void run(const NormArgs& a, const Exec& exec, void* ws, RowFunction function) {
  const NormOps& ops = *norm_ops(a.dtype);
  const std::int64_t count = a.rows.outer.count();
  if (count == 0) return;
  Arena arena(ws);
  const Scratch s = lay_out(a, ops, exec.workers(), arena);
  std::uninitialized_fill_n(s.carried, exec.workers(), NormCarry{});
  NormRow row{};
  row.n = a.rows.length();
  row.segment = a.segment;
  row.eps = a.eps;
  row.weight = s.weight;
  row.bias = s.bias;
  // What is written in place is in the cache.
  const std::int64_t bytes = row.n * count * a.rows.element_bytes;
  const bool large = worth_streaming(bytes, bytes);
  row.streams = large && a.rows.y != a.rows.x && a.rows.y != a.residual;
  row.streams_sum = large && a.sum != nullptr && a.sum != a.rows.x && a.sum != a.residual;
  if (a.segment > 1 || a.groups > 1) {  // Dense rows, each with parameters of its own.
    const std::int64_t parameters = row.n / a.segment * ops.compute_bytes, row_bytes = row.n * a.rows.element_bytes;
    exec.ranges(count, std::max<std::int64_t>(1, kGrain / 4 / std::max<std::int64_t>(row.n, 1)),
                [&](std::int64_t begin, std::int64_t end, int worker) {
                  for (std::int64_t i = begin; i < end; ++i) {
                    NormRow own = row;
                    const std::int64_t group = i % a.groups * parameters;
                    if (s.weight != nullptr) own.weight = static_cast<const std::byte*>(s.weight) + group;
                    if (s.bias != nullptr) own.bias = static_cast<const std::byte*>(s.bias) + group;
                    std::byte* x = static_cast<std::byte*>(a.rows.x) + i * row_bytes;
                    run_row(a, ops, s, function, own,
                            RowAt{x, static_cast<std::byte*>(a.rows.y) + i * row_bytes, i, i, worker,
                                  i + 1 < end ? x + row_bytes : nullptr});
                  }
                  if (row.streams) hwy::FlushStream();
                });
    return;
  }
  for_rows(a.rows, exec, s.copies, [&](const RowAt& r) { run_row(a, ops, s, function, row, r); });
}

}  // namespace

std::size_t layer_norm_workspace(const NormArgs& args, int workers) { return workspace_of(args, workers); }
void layer_norm(const NormArgs& args, const Exec& exec, void* ws) {
  run(args, exec, ws, norm_ops(args.dtype)->layer_norm);
}

std::size_t rms_norm_workspace(const NormArgs& args, int workers) { return workspace_of(args, workers); }
void rms_norm(const NormArgs& args, const Exec& exec, void* ws) {
  if (args.rows.length() != 0) run(args, exec, ws, norm_ops(args.dtype)->rms_norm);
}

}  // namespace fg::cpu
