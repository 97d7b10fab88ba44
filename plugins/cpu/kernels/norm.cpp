// SPDX-License-Identifier: Apache-2.0
//
// Fused normalisations: rows in parallel, each read from memory once.

#include "plugins/cpu/kernels/norm.hpp"

#include "plugins/cpu/kernels/norm_ops.hpp"

namespace fg::cpu {
namespace {

struct Scratch {
  std::byte* copies;  // Of for_rows, per worker.
  std::byte* wide;    // One row in the compute type, per worker.
  std::int64_t wide_bytes;
  void* at(int worker) const { return wide + worker * wide_bytes; }
};

Scratch lay_out(const Rows& rows, const NormOps& ops, int workers, Arena& arena) {
  Scratch s{};
  s.copies = arena.take<std::byte>(rows_scratch(rows) * workers);
  if (ops.compute_bytes != rows.element_bytes) s.wide_bytes = (rows.length() * ops.compute_bytes + 63) / 64 * 64;
  s.wide = arena.take<std::byte>(s.wide_bytes * workers);
  return s;
}

// A weight as a dense row of the compute type: as it is when it already is one.
const void* dense_weight(const Rows& rows, const NormOps& ops, const void* weight, std::size_t tensor, Arena& arena) {
  if (weight == nullptr) return nullptr;
  const std::int64_t n = rows.length();
  const bool dense = rows.contiguous(tensor);
  if (dense && ops.compute_bytes == rows.element_bytes) return weight;
  std::byte* wide = arena.take<std::byte>(n * ops.compute_bytes);
  std::byte* copy = dense ? nullptr : arena.take<std::byte>(n * rows.element_bytes);
  if (wide == nullptr) return nullptr;  // Only measuring.
  if (copy != nullptr) gather(weight, rows.row, tensor, rows.element_bytes, copy);
  ops.widen(copy != nullptr ? copy : weight, n, wide);
  return wide;
}

}  // namespace

std::size_t softmax_workspace(const SoftmaxArgs& args, int workers) {
  Arena arena(nullptr);
  lay_out(args.rows, *norm_ops(args.dtype), workers, arena);
  return arena.used();
}

void softmax(const SoftmaxArgs& args, const Exec& exec, void* ws) {
  const NormOps& ops = *norm_ops(args.dtype);
  const std::int64_t n = args.rows.length();
  if (n == 0) return;
  Arena arena(ws);
  const Scratch s = lay_out(args.rows, ops, exec.workers(), arena);
  for_rows(args.rows, exec, s.copies, [&](const RowAt& r) { ops.softmax(r.x, r.y, n, s.at(r.worker)); });
}

std::size_t layer_norm_workspace(const LayerNormArgs& args, int workers) {
  Arena arena(nullptr);
  const NormOps& ops = *norm_ops(args.dtype);
  dense_weight(args.rows, ops, args.weight, 2, arena);
  dense_weight(args.rows, ops, args.bias, 3, arena);
  lay_out(args.rows, ops, workers, arena);
  return arena.used();
}

void layer_norm(const LayerNormArgs& args, const Exec& exec, void* ws) {
  const NormOps& ops = *norm_ops(args.dtype);
  const std::int64_t n = args.rows.length();
  if (args.rows.outer.count() == 0) return;
  Arena arena(ws);
  const void* weight = dense_weight(args.rows, ops, args.weight, 2, arena);
  const void* bias = dense_weight(args.rows, ops, args.bias, 3, arena);
  const Scratch s = lay_out(args.rows, ops, exec.workers(), arena);
  for_rows(args.rows, exec, s.copies, [&](const RowAt& r) {
    ops.layer_norm(r.x, r.y, n, weight, bias, args.eps,
                   static_cast<std::byte*>(args.mean) + r.offset2 * ops.compute_bytes,
                   static_cast<std::byte*>(args.rstd) + r.offset3 * ops.compute_bytes, s.at(r.worker));
  });
}

std::size_t rms_norm_workspace(const RmsNormArgs& args, int workers) {
  Arena arena(nullptr);
  const NormOps& ops = *norm_ops(args.dtype);
  dense_weight(args.rows, ops, args.weight, 2, arena);
  lay_out(args.rows, ops, workers, arena);
  return arena.used();
}

void rms_norm(const RmsNormArgs& args, const Exec& exec, void* ws) {
  const NormOps& ops = *norm_ops(args.dtype);
  const std::int64_t n = args.rows.length();
  if (n == 0) return;
  Arena arena(ws);
  const void* weight = dense_weight(args.rows, ops, args.weight, 2, arena);
  const Scratch s = lay_out(args.rows, ops, exec.workers(), arena);
  for_rows(args.rows, exec, s.copies,
           [&](const RowAt& r) { ops.rms_norm(r.x, r.y, n, weight, args.eps, s.at(r.worker)); });
}

}  // namespace fg::cpu
