// SPDX-License-Identifier: Apache-2.0
//
// Which experts a token goes to.  NaN is the greatest score, of equal ones the first counts.

#include <cmath>
#include <type_traits>

#include "fg/sdk/dtype.hpp"
#include "plugins/cpu/kernels/experts.hpp"
#include "plugins/cpu/kernels/softmax_ops.hpp"

namespace fg::cpu {
namespace {

template <class C>
bool greater(C a, C b) {
  return std::isnan(a) ? !std::isnan(b) : a > b;
}

template <class C>
C sigmoid(C x) {
  const C e = std::exp(-std::abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

// Scratch of one worker.
template <class C>
struct Work {
  C *scores, *choice, *merit;
  std::int32_t *order, *groups;
  const SoftmaxOps* softmax;

  Work(const RoutesArgs& a, Arena& arena)
      : scores(arena.take<C>(a.experts)),
        choice(arena.take<C>(a.experts)),
        merit(arena.take<C>(a.groups)),
        order(arena.take<std::int32_t>(a.experts)),
        groups(arena.take<std::int32_t>(a.groups)),
        softmax(softmax_ops(a.dtype)) {}
};

// The first `k` of places [0, n) of x in order, into the first of `order`, which holds the n places to choose from.
template <class C>
void put_in_order(const C* x, std::int64_t n, std::int64_t k, std::int32_t* order) {
  std::partial_sort(order, order + k, order + n, [x](std::int32_t a, std::int32_t b) {
    return greater(x[a], x[b]) || (!greater(x[b], x[a]) && a < b);
  });
}

// Returns the total by which scores are divided.
template <class S, class C>
C score(const RoutesArgs& a, const S* gating, const Work<C>& w) {
  for (std::int64_t e = 0; e < a.experts; ++e) w.choice[e] = static_cast<C>(gating[e]);
  if (a.scoring == Scoring::softmax) return static_cast<C>(w.softmax->exponentials(gating, a.experts, w.scores));
  const S* bias = static_cast<const S*>(a.bias);
  for (std::int64_t e = 0; e < a.experts; ++e) {
    w.scores[e] = a.scoring == Scoring::sigmoid ? sigmoid(w.choice[e]) : w.choice[e];
    w.choice[e] = bias == nullptr ? w.scores[e] : w.scores[e] + static_cast<C>(bias[e]);
  }
  return 1;
}

// The experts of the best groups into w.order; returns how many.
template <class C>
std::int64_t available(const RoutesArgs& a, const Work<C>& w) {
  const std::int64_t size = a.experts / a.groups;
  for (std::int64_t g = 0; g < a.groups; ++g) {
    w.groups[g] = static_cast<std::int32_t>(g);
    C best = w.choice[g * size], second = 0;
    for (std::int64_t e = 1; e < size; ++e) {
      const C x = w.choice[g * size + e];
      const bool leads = greater(x, best);
      if (leads || e == 1 || greater(x, second)) second = leads ? best : x;
      if (leads) best = x;
    }
    w.merit[g] = size > 1 ? best + second : best;
  }
  if (a.groups_kept < a.groups) put_in_order(w.merit, a.groups, a.groups_kept, w.groups);
  std::int64_t n = 0;
  for (std::int64_t g = 0; g < a.groups_kept; ++g) {
    for (std::int64_t e = 0; e < size; ++e) w.order[n++] = static_cast<std::int32_t>(w.groups[g] * size + e);
  }
  return n;
}

template <class S, class C>
void route(const RoutesArgs& a, std::int64_t token, const Work<C>& w) {
  const C divisor = score(a, static_cast<const S*>(a.gating) + token * a.experts, w);
  put_in_order(w.choice, available(a, w), a.choices, w.order);
  C total = 0;
  for (std::int64_t j = 0; j < a.choices; ++j) total += w.scores[w.order[j]] /= divisor;
  total += static_cast<C>(a.least_total);
  for (std::int64_t j = 0; j < a.choices; ++j) {
    const std::int64_t i = token * a.choices + j;
    const C s = w.scores[w.order[j]], weight = a.normalise ? s / total : s;
    a.weights[i] = static_cast<float>(weight * static_cast<C>(a.factor));
    a.ids[i] = w.order[j];
    if (a.numbers != nullptr) a.numbers[i] = static_cast<std::int32_t>(j * a.tokens + token);
  }
}

template <class S>
void run(const RoutesArgs& a, const Exec& exec, void* ws, std::size_t each) {
  using C = std::conditional_t<std::is_same_v<S, double>, double, float>;
  exec.ranges(a.tokens, std::max<std::int64_t>(1, kGrain / 32 / std::max<std::int64_t>(a.experts, 1)),
              [&](std::int64_t begin, std::int64_t end, int worker) {
                Arena arena(static_cast<std::byte*>(ws) + each * static_cast<std::size_t>(worker));
                const Work<C> w(a, arena);
                for (std::int64_t t = begin; t < end; ++t) route<S, C>(a, t, w);
              });
}

std::size_t bytes_of_worker(const RoutesArgs& a) {
  Arena arena(nullptr);
  const Work<double> w(a, arena);
  return arena.used();
}

}  // namespace

std::size_t routes_workspace(const RoutesArgs& args, int workers) {
  return bytes_of_worker(args) * static_cast<std::size_t>(workers);
}

void routes(const RoutesArgs& args, const Exec& exec, void* ws) {
  const std::size_t each = bytes_of_worker(args);
  switch (args.dtype) {
    case FG_F64: return run<double>(args, exec, ws, each);
    case FG_F16: return run<f16>(args, exec, ws, each);
    case FG_BF16: return run<bf16>(args, exec, ws, each);
    default: return run<float>(args, exec, ws, each);
  }
}

}  // namespace fg::cpu
