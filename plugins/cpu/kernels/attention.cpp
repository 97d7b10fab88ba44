// SPDX-License-Identifier: Apache-2.0
//
// Attention in the manner of FlashAttention-2 (Dao, arXiv:2307.08691): blocks of queries meet blocks
// of keys, and an online softmax rescales what was summed before.  Scores, weights and sums are kept
// in the compute type; the one rounding to 16 bits is the store's.  Many queries use the packed
// register tiles of the matrix product, few (decoding) read keys and values in place.

#include "plugins/cpu/kernels/attention.hpp"

#include <cstring>
#include <limits>

#include "fg/sdk/dtype.hpp"
#include "plugins/cpu/kernels/gemm_ops.hpp"
#include "plugins/cpu/kernels/gemv_ops.hpp"
#include "plugins/cpu/kernels/norm_ops.hpp"

namespace fg::cpu {
namespace {

constexpr std::int64_t kFewRows = 16;
constexpr std::int64_t kRoundBytes = 64 << 20;  // Packed keys and values at a time.
constexpr std::int64_t kFewKeys = 1024;         // Keys of a block when queries are few.
constexpr double kNothing = -std::numeric_limits<double>::infinity();

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

struct Plan {
  const AttentionArgs& a;
  const GemmOps& ops;             // Of the storage dtype.
  const GemmOps& wide;            // Of the compute type.
  const GemvOps& gemv;            // Of the storage dtype.
  const NormOps& norm;            // Of the compute type.
  std::int64_t element, compute;  // Bytes.
  bool few;
  std::int64_t rows, keys;  // Of a block.
  std::int64_t round;       // Key heads packed at a time.
};

Plan make_plan(const AttentionArgs& a) {
  const fg_dtype wide = a.dtype == FG_F64 ? FG_F64 : FG_F32;
  Plan p{a,
         *gemm_ops(a.dtype),
         *gemm_ops(wide),
         *gemv_ops(a.dtype),
         *norm_ops(wide),
         dtype_bytes(a.dtype),
         dtype_bytes(wide),
         false,
         0,
         0,
         0};
  p.few = a.group * a.queries <= kFewRows && (a.k.channel == 1 || a.channels <= 1) &&
          (a.v.channel == 1 || a.value_channels <= 1);
  if (p.few) {
    p.rows = a.group * a.queries;
    p.keys = std::min(a.keys, kFewKeys);
    return p;
  }
  p.rows = std::min<std::int64_t>(4, ceil_div(a.queries, p.ops.mr)) * p.ops.mr;
  p.keys = 8 * p.ops.nr;
  const std::int64_t bytes =
      (ceil_div(a.keys, p.ops.nr) * a.channels + ceil_div(a.value_channels, p.ops.nr) * a.keys) * p.ops.nr * p.compute;
  p.round = std::clamp<std::int64_t>(kRoundBytes / std::max<std::int64_t>(bytes, 1), 1,
                                     std::max<std::int64_t>(a.heads.count(), 1));
  return p;
}

// Scratch of one worker.
struct Work {
  std::byte *query, *scores, *weights, *sums, *tile;
  std::byte* packed;  // Few queries: the rows that meet keys or values next.
  double *max, *total;
};
struct Layout {
  std::byte *keys, *values;
  std::int64_t key_bytes, value_bytes;  // Of one head.
  std::byte* works;
  std::int64_t work_bytes;
};

Work work_at(const Plan& p, void* base, std::size_t* used = nullptr) {
  Arena arena(base);
  const std::int64_t c = p.compute, nr = p.ops.nr;
  const std::int64_t width = p.few ? p.a.value_channels : ceil_div(p.a.value_channels, nr) * nr;
  Work w{};
  w.query = arena.take<std::byte>(p.rows * p.a.channels * c);
  w.scores = arena.take<std::byte>(p.rows * p.keys * c);
  w.weights = arena.take<std::byte>(p.few ? p.rows * width * c : p.rows * p.keys * c);
  w.sums = arena.take<std::byte>(p.rows * width * c);
  w.tile = arena.take<std::byte>(p.ops.mr * nr * c);
  const std::int64_t longest = ceil_div(std::max(p.a.channels, p.keys), p.gemv.width) * p.gemv.width;
  w.packed = arena.take<std::byte>(p.few ? p.rows * longest * c : 0);
  w.max = arena.take<double>(p.rows);
  w.total = arena.take<double>(p.rows);
  if (used != nullptr) *used = arena.used();
  return w;
}

Layout lay_out(const Plan& p, int workers, Arena& arena) {
  Layout l{};
  if (!p.few) {
    l.key_bytes = ceil_div(p.a.keys, p.ops.nr) * p.ops.nr * p.a.channels * p.compute;
    l.value_bytes = ceil_div(p.a.value_channels, p.ops.nr) * p.ops.nr * p.a.keys * p.compute;
    l.keys = arena.take<std::byte>(l.key_bytes * p.round);
    l.values = arena.take<std::byte>(l.value_bytes * p.round);
  }
  std::size_t used = 0;
  work_at(p, nullptr, &used);
  l.work_bytes = static_cast<std::int64_t>(used);
  l.works = arena.take<std::byte>(l.work_bytes * workers);
  return l;
}

const std::byte* at(const void* p, std::int64_t elements, std::int64_t bytes) {
  return static_cast<const std::byte*>(p) + elements * bytes;
}

// Adds the mask to one row of scores, for keys [key, key + n) of query `i`.
template <class S, class C>
void mask_row(const AttentionArgs& a, std::int64_t mask_offset, C* s, std::int64_t n) {
  constexpr C kHidden = -std::numeric_limits<C>::infinity();
  if (a.mask_is_bool) {
    const auto* mask = static_cast<const std::uint8_t*>(a.mask) + mask_offset;
    for (std::int64_t j = 0; j < n; ++j) s[j] = mask[j * a.m.channel] != 0 ? s[j] : kHidden;
  } else {
    const S* mask = static_cast<const S*>(a.mask) + mask_offset;
    for (std::int64_t j = 0; j < n; ++j) s[j] += static_cast<C>(mask[j * a.m.channel]);
  }
}

void hide(const AttentionArgs& a, std::int64_t mask_base, std::int64_t query, std::int64_t key, std::int64_t n,
          void* row) {
  if (a.mask != nullptr) {
    const std::int64_t offset = mask_base + query * a.m.position + key * a.m.channel;
    switch (a.dtype) {
      case FG_F64: mask_row<double>(a, offset, static_cast<double*>(row), n); break;
      case FG_F16: mask_row<f16>(a, offset, static_cast<float*>(row), n); break;
      case FG_BF16: mask_row<bf16>(a, offset, static_cast<float*>(row), n); break;
      default: mask_row<float>(a, offset, static_cast<float*>(row), n); break;
    }
  }
  if (!a.causal) return;
  for (std::int64_t j = std::clamp<std::int64_t>(query + 1 - key, 0, n); j < n; ++j) {
    if (a.dtype == FG_F64) {
      static_cast<double*>(row)[j] = kNothing;
    } else {
      static_cast<float*>(row)[j] = -std::numeric_limits<float>::infinity();
    }
  }
}

double reciprocal(double total) { return total == 0 ? 0 : 1 / total; }

// All queries of one key head at once: they are few.
void few_queries(const Plan& p, const std::array<std::int64_t, Space::kMany>& head, const Work& w) {
  const AttentionArgs& a = p.a;
  const std::int64_t c = p.compute, dv = a.value_channels;
  const auto query_of = [&](std::int64_t r) { return r % a.queries; };
  const auto offset = [&](const AttentionArgs::Side& s, std::size_t t, std::int64_t r) {
    return head[t] + r / a.queries * s.group + query_of(r) * s.position;
  };
  for (std::int64_t r = 0; r < p.rows; ++r) {
    p.ops.pack(at(a.query, offset(a.q, AttentionArgs::kQuery, r), p.element), 0, a.q.channel, 1, a.channels, 1,
               w.query + r * a.channels * c);
    w.max[r] = kNothing;
    w.total[r] = 0;
  }
  std::memset(w.sums, 0, static_cast<std::size_t>(p.rows * dv * c));
  const std::int64_t seen = a.causal ? std::min(a.keys, a.queries) : a.keys;
  for (std::int64_t key = 0; key < seen; key += p.keys) {
    const std::int64_t n = std::min(p.keys, seen - key);
    p.wide.pack(w.query, 1, a.channels, a.channels, p.rows, p.gemv.width, w.packed);
    p.gemv.dot(w.packed, p.rows, a.channels, at(a.key, head[AttentionArgs::kKey] + key * a.k.position, p.element),
               a.k.position, n, w.scores);
    p.norm.scale(w.scores, p.rows * n, a.scale);
    for (std::int64_t r = 0; r < p.rows; ++r) {
      std::byte* row = w.scores + r * n * c;
      hide(a, head[AttentionArgs::kMask] + r / a.queries * a.m.group, query_of(r), key, n, row);
      const double factor = p.norm.softmax_step(row, n, &w.max[r], &w.total[r]);
      if (factor != 1) p.norm.scale(w.sums + r * dv * c, dv, factor);
    }
    p.wide.pack(w.scores, 1, n, n, p.rows, p.gemv.width, w.packed);
    p.gemv.axpy(w.packed, p.rows, n, at(a.value, head[AttentionArgs::kValue] + key * a.v.position, p.element),
                a.v.position, dv, w.weights);
    p.norm.add(w.sums, w.weights, p.rows * dv);
  }
  for (std::int64_t r = 0; r < p.rows; ++r) {
    p.norm.scale(w.sums + r * dv * c, dv, reciprocal(w.total[r]));
    const TileStore t{const_cast<std::byte*>(at(a.out, offset(a.o, AttentionArgs::kOut, r), p.element)),
                      0,
                      a.o.channel,
                      nullptr,
                      0,
                      0,
                      1,
                      0,
                      1,
                      0};
    p.ops.store(w.sums + r * dv * c, 0, 1, dv, t);
  }
}

struct QueryBlock {
  std::int64_t first, rows;        // Queries.
  std::int64_t query, mask, out;   // Element offsets of the head's first query.
  const std::byte *keys, *values;  // Packed.
};

void score_block(const Plan& p, const QueryBlock& b, const Work& w, std::int64_t key, std::int64_t n) {
  const std::int64_t c = p.compute, mr = p.ops.mr, nr = p.ops.nr, d = p.a.channels;
  for (std::int64_t j = 0; j < n; j += nr) {
    for (std::int64_t i = 0; i < b.rows; i += mr) {
      std::memset(w.tile, 0, static_cast<std::size_t>(mr * nr * c));
      p.ops.micro(d, w.query + i * d * c, b.keys + (key + j) * d * c, w.tile);
      const TileStore t{w.scores + (i * p.keys + j) * c, p.keys, 1, nullptr, 0, 0, p.a.scale, 0, 1, 0};
      p.wide.store(w.tile, nr, std::min(mr, b.rows - i), std::min(nr, n - j), t);
    }
  }
}

// sums lie as register tiles [sliver][strip][mr][nr]; f gets each part of row r.
template <class F>
void each_part(const Plan& p, const Work& w, std::int64_t r, F&& f) {
  const std::int64_t mr = p.ops.mr, nr = p.ops.nr, strips = p.rows / mr;
  for (std::int64_t s = 0; s < ceil_div(p.a.value_channels, nr); ++s) {
    f(w.sums + (((s * strips + r / mr) * mr + r % mr) * nr) * p.compute);
  }
}

void query_block(const Plan& p, const QueryBlock& b, const Work& w) {
  const AttentionArgs& a = p.a;
  const std::int64_t c = p.compute, mr = p.ops.mr, nr = p.ops.nr, strips = p.rows / mr;
  const std::int64_t slivers = ceil_div(a.value_channels, nr);
  p.ops.pack(at(a.query, b.query + b.first * a.q.position, p.element), a.q.position, a.q.channel, b.rows, a.channels,
             mr, w.query);
  std::memset(w.sums, 0, static_cast<std::size_t>(slivers * nr * p.rows * c));
  std::fill_n(w.max, b.rows, kNothing);
  std::fill_n(w.total, b.rows, 0.0);
  const std::int64_t seen = a.causal ? std::min(a.keys, b.first + b.rows) : a.keys;
  for (std::int64_t key = 0; key < seen; key += p.keys) {
    const std::int64_t n = std::min(p.keys, seen - key);
    score_block(p, b, w, key, n);
    for (std::int64_t r = 0; r < b.rows; ++r) {
      std::byte* row = w.scores + r * p.keys * c;
      hide(a, b.mask, b.first + r, key, n, row);
      const double factor = p.norm.softmax_step(row, n, &w.max[r], &w.total[r]);
      if (factor != 1) each_part(p, w, r, [&](std::byte* part) { p.norm.scale(part, nr, factor); });
    }
    p.wide.pack(w.scores, p.keys, 1, b.rows, n, mr, w.weights);
    for (std::int64_t s = 0; s < slivers; ++s) {
      for (std::int64_t i = 0; i * mr < b.rows; ++i) {
        p.ops.micro(n, w.weights + i * mr * n * c, b.values + (s * a.keys + key) * nr * c,
                    w.sums + (s * strips + i) * mr * nr * c);
      }
    }
  }
  for (std::int64_t r = 0; r < b.rows; ++r) {
    each_part(p, w, r, [&](std::byte* part) { p.norm.scale(part, nr, reciprocal(w.total[r])); });
  }
  for (std::int64_t s = 0; s < slivers; ++s) {
    for (std::int64_t i = 0; i * mr < b.rows; ++i) {
      const std::int64_t out = b.out + (b.first + i * mr) * a.o.position + s * nr * a.o.channel;
      const TileStore t{
          const_cast<std::byte*>(at(a.out, out, p.element)), a.o.position, a.o.channel, nullptr, 0, 0, 1, 0, 1, 0};
      p.ops.store(w.sums + (s * strips + i) * mr * nr * c, nr, std::min(mr, b.rows - i * mr),
                  std::min(nr, a.value_channels - s * nr), t);
    }
  }
}

void many_queries(const Plan& p, const Exec& exec, const Layout& l) {
  const AttentionArgs& a = p.a;
  const std::int64_t heads = a.heads.count(), blocks = ceil_div(a.queries, p.rows);
  for (std::int64_t first = 0; first < heads; first += p.round) {
    const std::int64_t round = std::min(p.round, heads - first);
    exec.each(2 * round, [&](std::int64_t t, int) {
      const std::int64_t h = t / 2;
      const auto head = a.heads.offsets(first + h);
      if (t % 2 == 0) {
        p.ops.pack(at(a.key, head[AttentionArgs::kKey], p.element), a.k.position, a.k.channel, a.keys, a.channels,
                   p.ops.nr, l.keys + h * l.key_bytes);
      } else {
        p.ops.pack(at(a.value, head[AttentionArgs::kValue], p.element), a.v.channel, a.v.position, a.value_channels,
                   a.keys, p.ops.nr, l.values + h * l.value_bytes);
      }
    });
    exec.each(round * a.group * blocks, [&](std::int64_t t, int worker) {
      const std::int64_t h = t / (a.group * blocks), g = t / blocks % a.group, i = t % blocks * p.rows;
      const auto head = a.heads.offsets(first + h);
      const QueryBlock b{i,
                         std::min(p.rows, a.queries - i),
                         head[AttentionArgs::kQuery] + g * a.q.group,
                         head[AttentionArgs::kMask] + g * a.m.group,
                         head[AttentionArgs::kOut] + g * a.o.group,
                         l.keys + h * l.key_bytes,
                         l.values + h * l.value_bytes};
      query_block(p, b, work_at(p, l.works + worker * l.work_bytes));
    });
  }
}

bool nothing_to_write(const AttentionArgs& a) {
  return a.heads.count() == 0 || a.group == 0 || a.queries == 0 || a.value_channels == 0;
}

}  // namespace

std::size_t attention_workspace(const AttentionArgs& args, int workers) {
  if (nothing_to_write(args)) return 0;
  Arena arena(nullptr);
  lay_out(make_plan(args), workers, arena);
  return arena.used();
}

void attention(const AttentionArgs& args, const Exec& exec, void* ws) {
  if (nothing_to_write(args)) return;
  AttentionArgs a = args;
  if (a.channels == 0) a.scale = 1;  // The scores are sums of nothing; 1 / sqrt(0) times them is not.
  const Plan p = make_plan(a);
  Arena arena(ws);
  const Layout l = lay_out(p, exec.workers(), arena);
  if (!p.few) return many_queries(p, exec, l);
  exec.each(a.heads.count(), [&](std::int64_t h, int worker) {
    few_queries(p, a.heads.offsets(h), work_at(p, l.works + worker * l.work_bytes));
  });
}

}  // namespace fg::cpu
