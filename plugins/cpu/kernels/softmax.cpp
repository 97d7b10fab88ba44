// SPDX-License-Identifier: Apache-2.0
//
// softmax and its relatives along any dimension: rows that are contiguous as they lie; otherwise blocks
// of neighbouring columns, as many as the L2 cache holds; what is neither goes through copies of rows.

#include "hwy/cache_control.h"
#include "plugins/cpu/engine/streaming.hpp"
#include "plugins/cpu/kernels/norm.hpp"
#include "plugins/cpu/kernels/runs.hpp"

namespace fg::cpu {
namespace {

constexpr std::int64_t kBlockBytes = 512 << 10;  // Of exponentials; L2 caches have 1 MiB and more, or share an L3.
constexpr std::size_t kX = 0, kY = 1, kGradient = 2;

bool backward(const SoftmaxArgs& a) { return a.kind >= SoftmaxKind::plain_backward; }

std::int64_t step(const SoftmaxArgs& a, std::size_t tensor) {
  return a.rows.row.ndim == 0 ? 1 : a.rows.row.stride[tensor][0];
}

bool one_apart(const SoftmaxArgs& a, const std::array<std::int64_t, 3>& steps) {
  return steps[kX] == 1 && steps[kY] == 1 && (!backward(a) || steps[kGradient] == 1);
}

// The walked dimension whose neighbours are neighbours in memory in every tensor, -1 when there is none.
int column_dim(const SoftmaxArgs& a) {
  const Space& s = a.rows.outer;
  for (int d = 0; d < s.ndim; ++d) {
    const auto i = static_cast<std::size_t>(d);
    if (one_apart(a, {s.stride[kX][i], s.stride[kY][i], s.stride[kGradient][i]})) return d;
  }
  return -1;
}

struct Plan {
  enum { rows, columns, copies } way;
  Space rest;                         // Walked dimensions other than that of the columns.
  std::int64_t inner = 1, width = 1;  // Columns, and those of a block.
  std::int64_t scratch_bytes = 0;     // Of one worker, without those of for_rows.
};

Plan make_plan(const SoftmaxArgs& a, int workers) {
  Plan p{};
  p.rest = a.rows.outer;
  const std::int64_t length = a.rows.length(), bytes = softmax_ops(a.dtype)->compute_bytes;
  const int d = column_dim(a);
  if (one_apart(a, {step(a, kX), step(a, kY), step(a, kGradient)})) {
    p.way = Plan::rows;
  } else if (d >= 0) {
    p.way = Plan::columns;
    const auto i = static_cast<std::size_t>(d);
    p.inner = p.rest.size[i];
    std::int64_t most = std::max<std::int64_t>(kBlockBytes / (bytes * std::max<std::int64_t>(length, 1)), 16);
    const std::int64_t lines = p.rest.count() / std::max<std::int64_t>(p.inner, 1);
    if (lines < workers) most = std::min(most, std::max<std::int64_t>(p.inner / (2 * workers), 16));
    const std::int64_t blocks = (p.inner + most - 1) / most;
    p.width = ((p.inner + blocks - 1) / blocks + 15) / 16 * 16;
    p.rest.size[i] = 1;
  } else {
    p.way = Plan::copies;
  }
  p.scratch_bytes =
      p.way == Plan::columns ? softmax_scratch(length, p.width, bytes) : softmax_rows_scratch(length, bytes);
  if (p.way == Plan::copies && backward(a)) p.scratch_bytes += 3 * (length * a.rows.element_bytes + 64);
  p.scratch_bytes = (p.scratch_bytes + 63) / 64 * 64;
  return p;
}

using Steps = std::array<std::int64_t, Space::kMany>;

SoftmaxBlock block_at(const SoftmaxArgs& a, const Steps& at, const Steps& steps, std::int64_t column = 0) {
  const std::int64_t bytes = a.rows.element_bytes;
  SoftmaxBlock b{};
  b.a = static_cast<const std::byte*>(a.rows.x) + (at[kX] + column) * bytes;
  b.y = static_cast<std::byte*>(a.rows.y) + (at[kY] + column) * bytes;
  if (backward(a)) b.g = static_cast<const std::byte*>(a.gradient) + (at[kGradient] + column) * bytes;
  b.a_step = steps[kX];
  b.y_step = steps[kY];
  b.g_step = steps[kGradient];
  b.length = a.rows.length();
  b.width = 1;
  return b;
}

SoftmaxBlock next_line(const SoftmaxArgs& a, SoftmaxBlock b) {
  const std::int64_t bytes = a.rows.element_bytes;
  b.a = static_cast<const std::byte*>(b.a) + b.a_step * bytes;
  b.y = static_cast<std::byte*>(b.y) + b.y_step * bytes;
  if (b.g != nullptr) b.g = static_cast<const std::byte*>(b.g) + b.g_step * bytes;
  return b;
}

// One line of a backward operator through dense copies.
void copied_line(const SoftmaxArgs& a, const SoftmaxOps& ops, SoftmaxBlock b, std::byte* copies) {
  const std::int64_t bytes = a.rows.element_bytes, apart = (b.length * bytes + 63) / 64 * 64;
  void* y = b.y;
  gather(b.a, a.rows.row, kX, bytes, copies);
  gather(b.g, a.rows.row, kGradient, bytes, copies + apart);
  b.a = copies;
  b.g = copies + apart;
  b.y = copies + 2 * apart;
  ops.rows(a.kind, b);
  scatter(b.y, a.rows.row, kY, bytes, y);
}

void run_rows(const SoftmaxArgs& a, const Plan& p, const Exec& exec, std::byte* scratch, bool streams) {
  const SoftmaxOps& ops = *softmax_ops(a.dtype);
  const std::int64_t length = a.rows.length();
  exec.ranges(p.rest.count(), std::max<std::int64_t>(1, kGrain / 4 / length),
              [&](std::int64_t begin, std::int64_t end, int worker) {
                std::byte* own = scratch + worker * p.scratch_bytes;
                runs(p.rest, begin, end, [&](std::int64_t, const Steps& at, std::int64_t count, const Steps& steps) {
                  SoftmaxBlock b = block_at(a, at, steps);
                  b.scratch = own;
                  b.streams = streams;
                  if (p.way == Plan::rows) {
                    b.width = count;
                    return ops.rows(a.kind, b);
                  }
                  std::byte* copies = own + (softmax_rows_scratch(length, ops.compute_bytes) + 63) / 64 * 64;
                  for (std::int64_t i = 0; i < count; ++i, b = next_line(a, b)) copied_line(a, ops, b, copies);
                });
                if (streams) hwy::FlushStream();
              });
}

void run_columns(const SoftmaxArgs& a, const Plan& p, const Exec& exec, std::byte* scratch, bool streams) {
  const std::int64_t length = a.rows.length(), blocks = (p.inner + p.width - 1) / p.width;
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / 4 / (length * std::min(p.width, p.inner)));
  const Steps steps{step(a, kX), step(a, kY), step(a, kGradient)};
  exec.ranges(p.rest.count() * blocks, grain, [&](std::int64_t begin, std::int64_t end, int worker) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t column = i % blocks * p.width;
      SoftmaxBlock b = block_at(a, p.rest.offsets(i / blocks), steps, column);
      b.width = std::min(p.width, p.inner - column);
      b.scratch = scratch + worker * p.scratch_bytes;
      b.streams = streams;
      softmax_ops(a.dtype)->columns(a.kind, b);
    }
    if (streams) hwy::FlushStream();
  });
}

}  // namespace

std::size_t softmax_workspace(const SoftmaxArgs& args, int workers) {
  Arena arena(nullptr);
  const Plan p = make_plan(args, workers);
  arena.take<std::byte>(p.scratch_bytes * workers);
  if (p.way == Plan::copies) arena.take<std::byte>(rows_scratch(args.rows) * workers);
  return arena.used();
}

void softmax(const SoftmaxArgs& args, const Exec& exec, void* ws) {
  const std::int64_t length = args.rows.length(), count = args.rows.outer.count();
  if (length == 0 || count == 0) return;
  const Plan p = make_plan(args, exec.workers());
  Arena arena(ws);
  std::byte* scratch = arena.take<std::byte>(p.scratch_bytes * exec.workers());
  // What is written in place is in the cache.
  const std::int64_t bytes = length * count * args.rows.element_bytes;
  const bool streams = worth_streaming(bytes, bytes) && args.rows.y != args.rows.x && args.rows.y != args.gradient;
  if (p.way == Plan::columns) return run_columns(args, p, exec, scratch, streams);
  if (p.way == Plan::rows || backward(args)) return run_rows(args, p, exec, scratch, streams);
  std::byte* copies = arena.take<std::byte>(rows_scratch(args.rows) * exec.workers());
  const SoftmaxOps& ops = *softmax_ops(args.dtype);
  for_rows(args.rows, exec, copies, [&](const RowAt& r) {
    ops.rows(args.kind, {r.x, nullptr, r.y, 0, 0, 0, length, 1, scratch + r.worker * p.scratch_bytes, false});
  });
}

}  // namespace fg::cpu
