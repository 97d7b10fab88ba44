// SPDX-License-Identifier: Apache-2.0
//
// topk_softmax, grouped_topk, fused_experts.
//
// A choice is a jump, so scores that rounding may exchange are followed: an expert may stand at every place between the
// number of those that are certainly before it and the number of those that are possibly, and a place may hold what any
// expert that may stand there gives.  Scores that are exact leave no choice: of equal ones the first is before.
//
// Experts are two products and a gate; each intermediate result may be kept as it is or in the dtype of the tensors.

#include <algorithm>
#include <cmath>

#include "conformance/reference/ops/ops.hpp"

namespace fg::reference::ops {
namespace {

// --- order ---

enum class Order : std::uint8_t { before, after, unknown };

Order order_of(const Value& a, std::size_t i, const Value& b, std::size_t j) {
  const Order by_place = i < j ? Order::before : Order::after;
  if (a.nan == Nan::maybe || b.nan == Nan::maybe) return Order::unknown;
  if (a.nan == Nan::always || b.nan == Nan::always)
    return a.nan == b.nan ? by_place : a.nan == Nan::always ? Order::before : Order::after;
  if (a.lo > b.hi) return Order::before;
  if (a.hi < b.lo) return Order::after;
  return a.point() && b.point() ? by_place : Order::unknown;
}

enum class Chance : std::uint8_t { none, some, sure };

// The places that an item may have in the order of those that take part.
struct Places {
  std::size_t first = 0, last = 0;
};
std::vector<Places> places_of(const std::vector<Value>& x, const std::vector<Chance>& takes_part) {
  std::vector<Places> places(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < x.size(); ++j) {
      if (i == j || takes_part[j] == Chance::none) continue;
      const Order o = order_of(x[j], j, x[i], i);
      places[i].first += o == Order::before && takes_part[j] == Chance::sure ? 1 : 0;
      places[i].last += o == Order::after ? 0 : 1;
    }
  }
  return places;
}

// --- routes ---

struct Scores {
  std::vector<Value> score, choice;
};

// The sum of a group's two greatest, or of its one.
Value merit_of(const std::vector<Value>& choice, std::size_t from, std::size_t size) {
  std::vector<Real> lo, hi, mid;
  Nan nan = Nan::never;
  for (std::size_t e = from; e < from + size; ++e) {
    const Value& v = choice[e];
    nan = std::max(nan, v.nan);
    lo.push_back(v.lo), hi.push_back(v.hi), mid.push_back(v.mid);
  }
  if (nan != Nan::never) {
    Value v = exact(std::numeric_limits<Real>::quiet_NaN(), choice[from].type);
    if (nan == Nan::maybe) v = anything(choice[from].type);
    return v;
  }
  for (std::vector<Real>* list : {&lo, &hi, &mid}) std::sort(list->begin(), list->end(), std::greater<>());
  const auto ranked = [&](std::size_t k) {
    Value v = choice[from];
    v.lo = lo[k], v.hi = hi[k], v.mid = mid[k];
    return v;
  };
  return size == 1 ? ranked(0) : add(ranked(0), ranked(1));
}

std::vector<Chance> available(const std::vector<Value>& choice, std::size_t groups, std::size_t kept) {
  std::vector<Chance> all(choice.size(), Chance::sure);
  if (kept == groups) return all;
  const std::size_t size = choice.size() / groups;
  std::vector<Value> merits;
  for (std::size_t g = 0; g < groups; ++g) merits.push_back(merit_of(choice, g * size, size));
  const std::vector<Places> places = places_of(merits, std::vector<Chance>(groups, Chance::sure));
  for (std::size_t e = 0; e < all.size(); ++e) {
    const Places& p = places[e / size];
    all[e] = p.last < kept ? Chance::sure : p.first < kept ? Chance::some : Chance::none;
  }
  return all;
}

struct Route {
  std::vector<Value> weights, experts;
};

// What the first `k` places may hold.
Route route_of(const Scores& s, const std::vector<Chance>& takes_part, std::size_t k) {
  const std::vector<Places> places = places_of(s.choice, takes_part);
  Route r;
  for (std::size_t place = 0; place < k; ++place) {
    Value weight, expert;
    std::size_t found = 0;
    for (std::size_t e = 0; e < s.choice.size(); ++e) {
      if (takes_part[e] == Chance::none || place < places[e].first || place > places[e].last) continue;
      const Value id = exact(static_cast<Real>(e), Ct::i64);
      const bool alike = found == 0 || (weight.nan == Nan::never && s.score[e].nan == Nan::never);
      weight = found == 0 ? s.score[e] : alike ? hull(weight, s.score[e]) : anything(weight.type);
      expert = found == 0 ? id : hull(expert, id);
      ++found;
    }
    r.weights.push_back(weight);
    r.experts.push_back(expert);
  }
  return r;
}

// Divides by their sum and `least`, then multiplies.
void normalise(Route& r, Real least) {
  const Ct type = r.weights.front().type;
  Sum sum;
  for (const Value& w : r.weights) sum.add(w);
  const Value total = least == 0 ? sum.hard(type) : add(sum.hard(type), rounded(exact(least, type)));
  for (Value& w : r.weights) w = div(w, total);
}

std::vector<Value> row_of(const Tensor& t, std::int64_t row, std::int64_t columns) {
  std::vector<Value> values;
  const Ct type = compute_type(t.type);
  for (std::int64_t i = 0; i < columns; ++i) {
    const Value v = cast(element(t, row * columns + i), type);
    values.push_back(arithmetic().subnormals ? v : flushed(v));
  }
  return values;
}

Scores softmax_scores(const Tensor& gating, std::int64_t token) {
  Scores s;
  s.choice = row_of(gating, token, gating.shape[1]);
  Real peak = -std::numeric_limits<Real>::infinity();
  for (const Value& v : s.choice)
    peak = std::isnan(v.mid) || std::isnan(peak) ? std::numeric_limits<Real>::quiet_NaN() : std::max(peak, v.mid);
  Sum sum;
  for (std::int64_t e = 0; e < gating.shape[1]; ++e) {
    s.score.push_back(exp_shifted(element(gating, token * gating.shape[1] + e), peak));
    sum.add(s.score.back());
  }
  for (Value& v : s.score) v = div(v, sum.hard(v.type));
  return s;
}

Scores biased_scores(const Call& call, std::int64_t token) {
  const Tensor& gating = call.tensor("gating");
  Scores s;
  s.score = row_of(gating, token, gating.shape[1]);
  if (call["scoring"].word == "sigmoid") {
    for (Value& v : s.score) v = reference::call("sigmoid", v);
  }
  s.choice = s.score;
  if (!call.has("bias")) return s;
  for (std::size_t e = 0; e < s.choice.size(); ++e)
    s.choice[e] = add(s.choice[e], element(call.tensor("bias"), static_cast<std::int64_t>(e)));
  return s;
}

// --- experts ---

// `v`, or what it becomes in the storage type.  Where that overflows, sums behind it may be infinite or NaN.
Value kept_or_stored(Value v, Type type) {
  if (v.nan == Nan::always) return v;
  const Real lo = round_to(type, v.lo), hi = round_to(type, v.hi);
  if (std::isinf(lo) != std::isinf(v.lo) || std::isinf(hi) != std::isinf(v.hi)) return anything(v.type);
  v.lo = std::min(v.lo, lo);
  v.hi = std::max(v.hi, hi);
  return v;
}

struct Mixture {
  const Tensor &x, &w1, &w2;
  std::int64_t channels, middle;
  Ct type;

  Value summed(const Sum& s, bool soft) const { return kept_or_stored(soft ? s.soft(type) : s.hard(type), x.type); }

  std::vector<Value> expert(std::int64_t token, std::int64_t e, bool soft) const {
    std::vector<Value> both, gated, result;
    for (std::int64_t n = 0; n < 2 * middle; ++n) {
      Sum s;
      for (std::int64_t c = 0; c < channels; ++c)
        s.add_product(x.v[at(token * channels + c)], w1.v[at((e * 2 * middle + n) * channels + c)]);
      both.push_back(summed(s, soft));
    }
    for (std::size_t n = 0; n < static_cast<std::size_t>(middle); ++n) {
      const Value silu = mul(both[n], reference::call("sigmoid", both[n]));
      gated.push_back(kept_or_stored(mul(silu, both[n + static_cast<std::size_t>(middle)]), x.type));
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      Sum s;
      for (std::int64_t n = 0; n < middle; ++n)
        s.add_product(gated[at(n)], element(w2, (e * channels + c) * middle + n));
      result.push_back(summed(s, soft));
    }
    return result;
  }
  static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }
};

}  // namespace

Outputs topk_softmax(const Call& call) {
  const Tensor& gating = call.tensor("gating");
  const std::int64_t tokens = gating.shape[0], k = call.integer("k", 1);
  Outputs outs{make_output(Type::f32, {tokens, k}), make_output(Type::i32, {tokens, k}),
               make_output(Type::i32, {tokens, k})};
  const std::vector<Chance> all(static_cast<std::size_t>(gating.shape[1]), Chance::sure);
  for (std::int64_t t = 0; t < tokens; ++t) {
    Route r = route_of(softmax_scores(gating, t), all, static_cast<std::size_t>(k));
    if (call.flag("renormalize", false)) normalise(r, 0);
    for (std::size_t j = 0; j < r.weights.size(); ++j) {
      push(outs[0], r.weights[j]);
      push(outs[1], r.experts[j]);
      push(outs[2], exact(static_cast<Real>(static_cast<std::int64_t>(j) * tokens + t), Ct::i64));
    }
  }
  return outs;
}

Outputs grouped_topk(const Call& call) {
  const std::int64_t tokens = call.tensor("gating").shape[0], k = call.integer("topk", 1);
  const auto groups = static_cast<std::size_t>(call.integer("num_expert_group", 1));
  const auto kept = static_cast<std::size_t>(call.integer("topk_group", 1));
  Outputs outs{make_output(Type::f32, {tokens, k}), make_output(Type::i32, {tokens, k})};
  for (std::int64_t t = 0; t < tokens; ++t) {
    const Scores s = biased_scores(call, t);
    Route r = route_of(s, available(s.choice, groups, kept), static_cast<std::size_t>(k));
    // DeepSeek's, so that scores of nothing are no NaN.
    if (call.flag("renormalize", true)) normalise(r, 1e-20L);
    for (std::size_t j = 0; j < r.weights.size(); ++j) {
      const Ct type = r.weights[j].type;
      push(outs[0], mul(r.weights[j], cast(exact(call.number("routed_scaling_factor", 1), Ct::f64), type)));
      push(outs[1], r.experts[j]);
    }
  }
  return outs;
}

Outputs fused_experts(const Call& call) {
  const Tensor &x = call.tensor("hidden_states"), &ids = call.tensor("topk_ids");
  const Mixture m{x,          call.tensor("w1"),          call.tensor("w2"),
                  x.shape[1], call.tensor("w2").shape[2], compute_type(x.type)};
  Output out = make_output(x.type, x.shape);
  for (std::int64_t t = 0; t < x.shape[0]; ++t) {
    std::vector<Sum> hard(static_cast<std::size_t>(x.shape[1])), soft = hard;
    for (std::int64_t j = 0; j < ids.shape[1]; ++j) {
      const auto at = static_cast<std::size_t>(t * ids.shape[1] + j);
      const Value weight = cast(element(call.tensor("topk_weights"), static_cast<std::int64_t>(at)), m.type);
      for (const bool is_soft : {false, true}) {
        const std::vector<Value> y = m.expert(t, static_cast<std::int64_t>(ids.v[at]), is_soft);
        for (std::size_t c = 0; c < y.size(); ++c) (is_soft ? soft : hard)[c].add_product(weight, y[c]);
      }
    }
    for (std::size_t c = 0; c < hard.size(); ++c) push(out, hard[c].hard(m.type), soft[c].soft(m.type));
  }
  return {out};
}

Outputs moe_sum(const Call& call) {
  const Tensor& x = call.tensor("input");
  const std::int64_t tokens = x.shape[0], k = x.shape[1], channels = x.shape[2];
  Output out = make_output(x.type, {tokens, channels});
  for (std::int64_t t = 0; t < tokens; ++t) {
    for (std::int64_t c = 0; c < channels; ++c) {
      Sum s;
      for (std::int64_t j = 0; j < k; ++j) s.add(element(x, (t * k + j) * channels + c));
      push(out, s.hard(compute_type(x.type)), s.soft(compute_type(x.type)));
    }
  }
  return {out};
}

}  // namespace fg::reference::ops
