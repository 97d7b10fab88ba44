// SPDX-License-Identifier: Apache-2.0
//
// Blocking of the matrix product.  Both operands are packed into strips that the register tile reads
// in order, whatever their strides and dtype; 16-bit floats become f32 there, so that products and
// sums are f32 and the one rounding is the store's.  Few rows (decoding) skip the packing of b and
// run at the speed of memory (gemv_ops.hpp).

#include "plugins/cpu/kernels/gemm.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "plugins/cpu/kernels/flush.hpp"
#include "plugins/cpu/kernels/gemm_dnnl.hpp"
#include "plugins/cpu/kernels/gemm_ops.hpp"
#include "plugins/cpu/kernels/gemv_ops.hpp"

namespace fg::cpu {
namespace {

constexpr std::int64_t kFewRows = 16;
constexpr std::int64_t kFewRowsPacked = 48;        // Where the alternative is packing, not oneDNN.
constexpr std::int64_t kFewBytes = 1 << 20;        // Rows beyond kFewRows are read again from the second level.
constexpr std::int64_t kSegmentBytes = 8 << 10;    // Shorter ones cost the prefetcher's start too often.
constexpr std::int64_t kPanelBytes = 16 << 20;     // Packed panel of a or b; stays in a shared cache.
constexpr std::int64_t kSliverBytes = 32 << 10;    // Part of a strip of b that stays in the first level.
constexpr std::int64_t kBlockBytes = 512 << 10;    // Strips of a that stay in a core's second level.
constexpr std::int64_t kSerialProducts = 1 << 17;  // Fewer multiplications do not pay for a thread.
constexpr std::int64_t kInnerPart = 1 << 15;       // Elements of a long inner product that one task sums.

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
std::byte* at(const void* p, std::int64_t bytes) { return static_cast<std::byte*>(const_cast<void*>(p)) + bytes; }

enum class Path : std::uint8_t { packed, dot, axpy, inner };

struct Plan {
  GemmArgs g;  // One matrix of the batch; transposed when that makes the few rows those of a.
  const GemmOps* ops;
  const GemvOps* gemv;  // Null for integers.
  Path path;
  int workers;
  std::int64_t element;  // Bytes of the storage type.
  // packed
  std::int64_t panel_m, panel_n;  // Rows of a, columns of b in one panel.
  std::int64_t k_inner, k_outer;  // Sum lengths that stay in the first and second level.
  std::int64_t task_strips, task_slivers;
  // dot, axpy
  std::int64_t cols;  // Of one task.
};

// How many rows (columns) streams the other matrix rather than packs it.
std::int64_t few_rows(const GemmArgs& g, std::int64_t element) {
  const std::int64_t fit = kFewBytes / (std::max<std::int64_t>(g.k, 1) * std::max<std::int64_t>(element, 4));
  return element == 4 ? kFewRows : std::clamp(fit, kFewRows, kFewRowsPacked);
}

Path choose_path(const GemmArgs& g, const GemvOps* gemv, std::int64_t few) {
  if (gemv == nullptr || g.m > few || g.k == 0) return Path::packed;
  if (g.m == 1 && g.n == 1 && g.a.col == 1 && g.b.row == 1) return Path::inner;
  if (g.b.row == 1) return Path::dot;
  if (g.b.col == 1) return Path::axpy;
  return Path::packed;
}

void plan_blocks(Plan& p) {
  const GemmArgs& g = p.g;
  const std::int64_t bytes = p.ops->compute_bytes, mr = p.ops->mr, nr = p.ops->nr;
  const std::int64_t k = std::max<std::int64_t>(g.k, 1);
  const std::int64_t most = kPanelBytes / (k * bytes);
  p.panel_m = std::clamp(most / mr * mr, mr, ceil_div(g.m, mr) * mr);
  p.panel_n = std::clamp(most / nr * nr, nr, ceil_div(g.n, nr) * nr);
  p.k_inner = kSliverBytes / (nr * bytes);
  p.k_outer = 8 * p.k_inner;
  p.task_strips = std::clamp<std::int64_t>(kBlockBytes / (std::min(k, p.k_outer) * mr * bytes), 1, 16);
  p.task_slivers = 8;
  const auto tasks = [&] {
    return ceil_div(std::min(g.m, p.panel_m), mr * p.task_strips) *
           ceil_div(std::min(g.n, p.panel_n), nr * p.task_slivers);
  };
  while (tasks() < 4 * p.workers && p.task_slivers > 1) p.task_slivers /= 2;
  while (tasks() < 4 * p.workers && p.task_strips > 1) p.task_strips /= 2;
}

// Of dot and axpy, which re-reads its sums for every few rows of b: they stay in the first level.
std::int64_t columns_of_task(const Plan& p) {
  std::int64_t most = 48, least = 16;
  if (p.path == Path::axpy) {
    most = std::clamp<std::int64_t>(4096 / p.g.m, 128, 4096);
    least = std::min(most, kSegmentBytes / p.element);
  }
  const std::int64_t want = std::clamp(ceil_div(p.g.n, 2 * std::int64_t{p.workers}), least, most);
  // As many tasks for every worker.
  const std::int64_t tasks = ceil_div(ceil_div(p.g.n, want), p.workers) * p.workers;
  return ceil_div(ceil_div(p.g.n, tasks), 16) * 16;
}

Plan make_plan(const GemmArgs& args, int workers) {
  Plan p{args,
         gemm_ops(args.dtype),
         gemv_ops(args.dtype),
         Path::packed,
         workers,
         (args.dtype >> 8 & 0xFF) / 8,
         0,
         0,
         0,
         0,
         0,
         0,
         0};
  GemmArgs& g = p.g;
  const std::int64_t few = few_rows(g, p.element);
  if (p.gemv != nullptr && g.n <= few && g.n < g.m) {
    std::swap(g.m, g.n);
    const Matrix a = g.a;
    g.a = {g.b.data, g.b.col, g.b.row, g.b.batch};
    g.b = {a.data, a.col, a.row, a.batch};
    std::swap(g.out.row, g.out.col);
    std::swap(g.self.row, g.self.col);
  }
  if (g.m * g.n * std::max<std::int64_t>(g.k, 1) < kSerialProducts) p.workers = 1;
  p.path = choose_path(g, p.gemv, few);
  if (p.path == Path::packed) {
    plan_blocks(p);
  } else {
    p.cols = columns_of_task(p);
  }
  return p;
}

struct Scratch {
  std::byte *a, *b, *tile;
  std::int64_t tile_bytes;  // Per worker.
};

Scratch lay_out(const Plan& p, Arena& arena) {
  const std::int64_t bytes = p.ops->compute_bytes;
  Scratch s{};
  if (p.path == Path::packed) {
    const std::int64_t slivers = p.g.k > p.k_outer ? p.task_slivers : 1;
    s.tile_bytes = ceil_div(p.task_strips * p.ops->mr * slivers * p.ops->nr * bytes, 64) * 64;
    s.a = arena.take<std::byte>(p.panel_m * p.g.k * bytes);
    s.b = arena.take<std::byte>(p.panel_n * p.g.k * bytes);
  } else if (p.path == Path::inner) {
    s.a = arena.take<std::byte>(ceil_div(p.g.k, kInnerPart) * bytes);
  } else {
    s.tile_bytes = ceil_div(p.g.m * p.cols * bytes, 64) * 64;
    s.a = arena.take<std::byte>(p.g.m * ceil_div(p.g.k, p.gemv->width) * p.gemv->width * bytes);
  }
  s.tile = arena.take<std::byte>(s.tile_bytes * p.workers);
  return s;
}

TileStore store_at(const Plan& p, std::int64_t i, std::int64_t j) {
  const GemmArgs& g = p.g;
  TileStore t{at(g.out.data, (i * g.out.row + j * g.out.col) * p.element),
              g.out.row,
              g.out.col,
              nullptr,
              0,
              0,
              g.alpha,
              g.beta,
              g.int_alpha,
              g.int_beta};
  if (g.self.data != nullptr) {
    t.self = at(g.self.data, (i * g.self.row + j * g.self.col) * p.element);
    t.self_row = g.self.row;
    t.self_col = g.self.col;
  }
  return t;
}

void run_few_rows(const Plan& p, const Exec& exec, const Scratch& s) {
  const GemmArgs& g = p.g;
  p.ops->pack(g.a.data, g.a.col, g.a.row, g.k, g.m, p.gemv->width, s.a);
  const auto product = p.path == Path::dot ? p.gemv->dot : p.gemv->axpy;
  const std::int64_t stride = p.path == Path::dot ? g.b.col : g.b.row;
  exec.each(ceil_div(g.n, p.cols), [&](std::int64_t task, int worker) {
    const std::int64_t j = task * p.cols, cols = std::min(p.cols, g.n - j);
    std::byte* tile = s.tile + worker * s.tile_bytes;
    product(s.a, g.m, g.k, at(g.b.data, j * g.b.col * p.element), stride, cols, tile);
    p.ops->store(tile, cols, g.m, cols, store_at(p, 0, j));
  });
}

// Parts of fixed length, whoever sums them, so that the result does not depend on the threads.
void run_inner(const Plan& p, const Exec& exec, const Scratch& s) {
  const GemmArgs& g = p.g;
  const std::int64_t bytes = p.ops->compute_bytes, parts = ceil_div(g.k, kInnerPart);
  exec.each(parts, [&](std::int64_t part, int) {
    const std::int64_t begin = part * kInnerPart, offset = begin * p.element;
    p.gemv->inner(at(g.a.data, offset), at(g.b.data, offset), std::min(kInnerPart, g.k - begin), s.a + part * bytes);
  });
  const auto add_up = [&](auto* sums) {
    for (std::int64_t i = 1; i < parts; ++i) sums[0] += sums[i];
  };
  if (bytes == sizeof(double)) {
    add_up(reinterpret_cast<double*>(s.a));
  } else {
    add_up(reinterpret_cast<float*>(s.a));
  }
  p.ops->store(s.a, 1, 1, 1, store_at(p, 0, 0));
}

// Packs rows [m0, m0 + rows) of a and columns [n0, n0 + cols) of b; either count may be 0.
void pack_panels(const Plan& p, const Exec& exec, const Scratch& s, std::int64_t m0, std::int64_t rows, std::int64_t n0,
                 std::int64_t cols) {
  const GemmArgs& g = p.g;
  const std::int64_t mr = p.ops->mr, nr = p.ops->nr, strips = ceil_div(rows, mr), slivers = ceil_div(cols, nr);
  const std::int64_t grain = ceil_div(kGrain, std::max<std::int64_t>(g.k * nr, 1));
  const auto pack_some = [&](const Matrix& from, std::int64_t line, std::int64_t along, std::int64_t first,
                             std::int64_t end, std::int64_t width, std::int64_t origin, std::int64_t lines,
                             std::byte* to) {
    if (first >= end) return;
    p.ops->pack(at(from.data, (origin + first * width) * line * p.element), line, along,
                std::min(lines, end * width) - first * width, g.k, width,
                to + first * width * g.k * p.ops->compute_bytes);
  };
  exec.ranges(strips + slivers, grain, [&](std::int64_t begin, std::int64_t end, int) {
    pack_some(g.a, g.a.row, g.a.col, begin, std::min(end, strips), mr, m0, rows, s.a);
    pack_some(g.b, g.b.col, g.b.row, std::max<std::int64_t>(begin - strips, 0), end - strips, nr, n0, cols, s.b);
  });
}

struct Block {
  std::int64_t m0, n0;            // Origin of the panel in out.
  std::int64_t rows, cols;        // Of the panel.
  std::int64_t strip, strip_end;  // Of the task, within the panel.
  std::int64_t sliver, sliver_end;
};

// Computes and writes the part of `out` that the task's strips and slivers meet in.
void run_block(const Plan& p, const Scratch& s, const Block& b, std::byte* tiles) {
  const std::int64_t bytes = p.ops->compute_bytes, mr = p.ops->mr, nr = p.ops->nr, k = p.g.k;
  const std::int64_t strips = b.strip_end - b.strip, tile_bytes = mr * nr * bytes;
  const bool whole = k <= p.k_outer;  // Each sliver is finished before the next is begun.
  const auto tile_of = [&](std::int64_t strip, std::int64_t sliver) {
    return tiles + ((whole ? 0 : sliver - b.sliver) * strips + strip - b.strip) * tile_bytes;
  };
  const auto finish = [&](std::int64_t sliver) {
    for (std::int64_t strip = b.strip; strip < b.strip_end; ++strip) {
      p.ops->store(tile_of(strip, sliver), nr, std::min(mr, b.rows - strip * mr), std::min(nr, b.cols - sliver * nr),
                   store_at(p, b.m0 + strip * mr, b.n0 + sliver * nr));
    }
  };
  for (std::int64_t outer = 0; outer == 0 || outer < k; outer += p.k_outer) {
    const std::int64_t outer_end = std::min(k, outer + p.k_outer);
    for (std::int64_t sliver = b.sliver; sliver < b.sliver_end; ++sliver) {
      if (outer == 0) std::memset(tile_of(b.strip, sliver), 0, static_cast<std::size_t>(strips * tile_bytes));
      for (std::int64_t inner = outer; inner < outer_end; inner += p.k_inner) {
        const std::int64_t length = std::min(p.k_inner, outer_end - inner);
        for (std::int64_t strip = b.strip; strip < b.strip_end; ++strip) {
          p.ops->micro(length, s.a + (strip * k + inner) * mr * bytes, s.b + (sliver * k + inner) * nr * bytes,
                       tile_of(strip, sliver));
        }
      }
      if (whole) finish(sliver);
    }
  }
  for (std::int64_t sliver = b.sliver; !whole && sliver < b.sliver_end; ++sliver) finish(sliver);
}

void run_packed(const Plan& p, const Exec& exec, const Scratch& s) {
  const GemmArgs& g = p.g;
  const std::int64_t mr = p.ops->mr, nr = p.ops->nr;
  const bool one_panel_of_a = g.m <= p.panel_m;
  for (std::int64_t n0 = 0; n0 < g.n; n0 += p.panel_n) {
    const std::int64_t cols = std::min(p.panel_n, g.n - n0), slivers = ceil_div(cols, nr);
    for (std::int64_t m0 = 0; m0 < g.m; m0 += p.panel_m) {
      const std::int64_t rows = std::min(p.panel_m, g.m - m0), strips = ceil_div(rows, mr);
      pack_panels(p, exec, s, m0, one_panel_of_a && n0 != 0 ? 0 : rows, n0, m0 == 0 ? cols : 0);
      const std::int64_t across = ceil_div(slivers, p.task_slivers), down = ceil_div(strips, p.task_strips);
      exec.each(across * down, [&](std::int64_t task, int worker) {
        const std::int64_t i = task % down * p.task_strips, j = task / down * p.task_slivers;
        const Block block{
            m0, n0, rows, cols, i, std::min(strips, i + p.task_strips), j, std::min(slivers, j + p.task_slivers)};
        run_block(p, s, block, s.tile + worker * s.tile_bytes);
      });
    }
  }
}

void run_one(const Plan& plan, const Exec& exec, void* ws) {
  if (plan.g.m == 0 || plan.g.n == 0) return;
  Arena arena(ws);
  const Scratch scratch = lay_out(plan, arena);
  const SerialExec serial;
  const Exec& used = plan.workers == 1 ? static_cast<const Exec&>(serial) : exec;
  if (plan.path == Path::packed) {
    run_packed(plan, used, scratch);
  } else if (plan.path == Path::inner) {
    run_inner(plan, used, scratch);
  } else {
    run_few_rows(plan, used, scratch);
  }
}

// A thread a matrix when there are enough matrices to go round.
bool by_batch(const GemmArgs& g, int workers) {
  const std::int64_t products = g.m * g.n * std::max<std::int64_t>(g.k, 1);
  return g.batch > 1 && workers > 1 && (products < 8 * kSerialProducts || g.batch >= 4 * workers) &&
         g.batch * products >= kSerialProducts && (g.m + g.n) * g.k <= kPanelBytes / 8;
}

void move_to_batch(Plan& p, const GemmArgs& args, std::int64_t i) {
  p.g.out.data = at(args.out.data, i * args.out.batch * p.element);
  const bool swapped = p.g.m != args.m;
  const Matrix& a = swapped ? args.b : args.a;
  const Matrix& b = swapped ? args.a : args.b;
  p.g.a.data = at(a.data, i * a.batch * p.element);
  p.g.b.data = at(b.data, i * b.batch * p.element);
  if (args.self.data != nullptr) p.g.self.data = at(args.self.data, i * args.self.batch * p.element);
}

}  // namespace

std::size_t gemm_workspace(const GemmArgs& args, int workers) {
  if (args.m == 0 || args.n == 0) return 0;
  const bool split = by_batch(args, workers);
  Arena arena(nullptr);
  lay_out(make_plan(args, split ? 1 : workers), arena);
  return arena.used() * static_cast<std::size_t>(split ? workers : 1);
}

void gemm(const GemmArgs& args, const Exec& exec, void* ws) {
  if (args.m == 0 || args.n == 0) return;
  const bool by_dnnl = dnnl_suits(args) && !(args.dtype == FG_BF16 && flushing_shows(args, exec));
  if (by_dnnl && dnnl_gemm(args, exec)) return;
  const bool split = by_batch(args, exec.workers());
  const Plan plan = make_plan(args, split ? 1 : exec.workers());
  Arena arena(nullptr);
  lay_out(plan, arena);
  const auto one = [&](std::int64_t i, int worker) {
    Plan p = plan;
    move_to_batch(p, args, i);
    run_one(p, exec, static_cast<std::byte*>(ws) + arena.used() * static_cast<std::size_t>(worker));
  };
  if (split) return exec.each(args.batch, one);
  for (std::int64_t i = 0; i < args.batch; ++i) one(i, 0);
}

}  // namespace fg::cpu
