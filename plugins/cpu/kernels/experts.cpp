// SPDX-License-Identifier: Apache-2.0
//
// The tokens of one expert are one product, so that its weights are read once for all of them.  Results then lie by
// expert; each token collects its own in the order of its choices.

#include "plugins/cpu/kernels/experts.hpp"

#include <cstring>

#include "fg/sdk/dtype.hpp"
#include "plugins/cpu/kernels/expert_ops.hpp"
#include "plugins/cpu/kernels/gemm.hpp"

namespace fg::cpu {
namespace {

constexpr std::int64_t kRoundBytes = 64 << 20;  // Rows, activations and results at a time.
constexpr std::int64_t kMostRows = 512;         // Of one product: workspace is asked for before routes are known.

std::byte* at(const void* p, std::int64_t bytes) { return static_cast<std::byte*>(const_cast<void*>(p)) + bytes; }

struct Plan {
  const ExpertsArgs& a;
  std::int64_t element;
  std::int64_t round;  // Tokens at a time.

  explicit Plan(const ExpertsArgs& args) : a(args), element(dtype_bytes(args.dtype)) {
    const std::int64_t each = std::max<std::int64_t>(a.choices * (2 * a.channels + 3 * a.middle) * element, 1);
    round = std::clamp<std::int64_t>(kRoundBytes / each, 1, std::max<std::int64_t>(a.tokens, 1));
  }
  std::int64_t pairs() const { return round * a.choices; }

  GemmArgs up(std::int64_t rows, const void* x, std::int64_t expert, void* both) const {
    return product(rows, x, a.channels, at(a.w1, expert * 2 * a.middle * a.channels * element), 2 * a.middle, both);
  }
  GemmArgs down(std::int64_t rows, const void* x, std::int64_t expert, void* y) const {
    return product(rows, x, a.middle, at(a.w2, expert * a.middle * a.channels * element), a.channels, y);
  }

 private:
  GemmArgs product(std::int64_t rows, const void* x, std::int64_t k, void* w, std::int64_t n, void* out) const {
    GemmArgs g;
    g.dtype = a.dtype;
    g.m = rows;
    g.n = n;
    g.k = k;
    g.out = {out, n, 1, 0};
    g.a = {at(x, 0), k, 1, 0};
    g.b = {w, 1, k, 0};
    return g;
  }
};

struct Scratch {
  std::int64_t* first;  // Of each expert among the sorted pairs, and the end.
  std::int64_t* row;    // Of each pair, token by token.
  std::byte *rows, *both, *middle, *results;
  const void** collected;  // Of each worker: the results of one token.
  void* product;
};

Scratch lay_out(const Plan& p, int workers, Arena& arena) {
  const ExpertsArgs& a = p.a;
  const std::int64_t n = p.pairs();
  Scratch s{};
  s.first = arena.take<std::int64_t>(a.experts + 1);
  s.row = arena.take<std::int64_t>(n);
  s.rows = arena.take<std::byte>(n * a.channels * p.element);
  s.both = arena.take<std::byte>(n * 2 * a.middle * p.element);
  s.middle = arena.take<std::byte>(n * a.middle * p.element);
  s.results = arena.take<std::byte>(n * a.channels * p.element);
  s.collected = arena.take<const void*>(workers * a.choices);
  std::size_t most = 0;
  for (std::int64_t rows = 1; rows <= std::min(n, kMostRows); ++rows) {
    most = std::max({most, gemm_workspace(p.up(rows, nullptr, 0, nullptr), workers),
                     gemm_workspace(p.down(rows, nullptr, 0, nullptr), workers)});
  }
  s.product = arena.take<std::byte>(static_cast<std::int64_t>(most));
  return s;
}

// The rows of tokens [begin, end), sorted by their experts.
void sort_rows(const Plan& p, const Scratch& s, std::int64_t begin, std::int64_t end) {
  const ExpertsArgs& a = p.a;
  const std::int64_t pairs = (end - begin) * a.choices, bytes = a.channels * p.element;
  const auto expert = [&](std::int64_t i) { return a.ids.read(begin * a.choices + i); };
  std::fill_n(s.first, a.experts + 1, 0);
  for (std::int64_t i = 0; i < pairs; ++i) ++s.first[expert(i) + 1];
  for (std::int64_t e = 0; e < a.experts; ++e) s.first[e + 1] += s.first[e];
  for (std::int64_t i = 0; i < pairs; ++i) s.row[i] = s.first[expert(i)]++;
  for (std::int64_t e = a.experts; e > 0; --e) s.first[e] = s.first[e - 1];
  s.first[0] = 0;
  for (std::int64_t i = 0; i < pairs; ++i) {
    std::memcpy(s.rows + s.row[i] * bytes, at(a.x, (begin + i / a.choices) * bytes), static_cast<std::size_t>(bytes));
  }
}

// f(expert, first row, rows), few enough for one product.
template <class F>
void each_expert(const Plan& p, const Scratch& s, F&& f) {
  for (std::int64_t e = 0; e < p.a.experts; ++e) {
    for (std::int64_t row = s.first[e]; row < s.first[e + 1]; row += kMostRows)
      f(e, row, std::min(kMostRows, s.first[e + 1] - row));
  }
}

void run_round(const Plan& p, const Exec& exec, const Scratch& s, std::int64_t begin, std::int64_t end) {
  const ExpertsArgs& a = p.a;
  const ExpertOps& ops = expert_ops(a.dtype);
  const std::int64_t wide = a.channels * p.element, middle = a.middle * p.element;
  sort_rows(p, s, begin, end);
  each_expert(p, s, [&](std::int64_t e, std::int64_t row, std::int64_t rows) {
    gemm(p.up(rows, s.rows + row * wide, e, s.both + row * 2 * middle), exec, s.product);
  });
  const std::int64_t pairs = (end - begin) * a.choices;
  exec.ranges(pairs, std::max<std::int64_t>(1, kGrain / 8 / std::max<std::int64_t>(a.middle, 1)),
              [&](std::int64_t from, std::int64_t to, int) {
                for (std::int64_t i = from; i < to; ++i)
                  ops.gate(s.both + i * 2 * middle, a.middle, s.middle + i * middle);
              });
  each_expert(p, s, [&](std::int64_t e, std::int64_t row, std::int64_t rows) {
    gemm(p.down(rows, s.middle + row * middle, e, s.results + row * wide), exec, s.product);
  });
  const std::int64_t grain = kGrain / 4 / std::max<std::int64_t>(a.channels * std::max<std::int64_t>(a.choices, 1), 1);
  exec.ranges(end - begin, std::max<std::int64_t>(1, grain), [&](std::int64_t from, std::int64_t to, int worker) {
    const void** results = s.collected + worker * a.choices;
    for (std::int64_t t = from; t < to; ++t) {
      for (std::int64_t j = 0; j < a.choices; ++j) results[j] = s.results + s.row[t * a.choices + j] * wide;
      const std::int64_t token = begin + t;
      ops.mix(a.weights + token * a.choices, results, a.choices, a.channels, at(a.out, token * wide));
    }
  });
}

}  // namespace

std::size_t experts_workspace(const ExpertsArgs& args, int workers) {
  Arena arena(nullptr);
  lay_out(Plan(args), workers, arena);
  return arena.used();
}

void experts(const ExpertsArgs& args, const Exec& exec, void* ws) {
  if (args.tokens == 0 || args.channels == 0) return;
  const Plan p(args);
  Arena arena(ws);
  const Scratch s = lay_out(p, exec.workers(), arena);
  for (std::int64_t begin = 0; begin < args.tokens; begin += p.round)
    run_round(p, exec, s, begin, std::min(args.tokens, begin + p.round));
}

}  // namespace fg::cpu
