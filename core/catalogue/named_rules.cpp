// SPDX-License-Identifier: Apache-2.0
#include "core/catalogue/named_rules.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "core/catalogue/index_rules.hpp"
#include "core/catalogue/moe_rules.hpp"
#include "core/catalogue/norm_rules.hpp"

namespace fg::core {
namespace {

bool fraction(const fg_scalar& s) { return s.kind == FG_SCALAR_FLOAT; }
double as_double(const fg_scalar& s) { return fraction(s) ? s.v.f : static_cast<double>(s.v.i); }

// Elements of start, start + step, ... before end; exact.
std::optional<std::int64_t> count(std::int64_t start, std::int64_t end, std::int64_t step) {
  if (step == 0 || (step > 0 && end < start) || (step < 0 && end > start)) return std::nullopt;
  const auto distance = step > 0 ? static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(start)
                                 : static_cast<std::uint64_t>(start) - static_cast<std::uint64_t>(end);
  const auto stride = step > 0 ? static_cast<std::uint64_t>(step) : 0u - static_cast<std::uint64_t>(step);
  const std::uint64_t n = distance / stride + (distance % stride != 0 ? 1 : 0);
  return n <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())
             ? std::optional(static_cast<std::int64_t>(n))
             : std::nullopt;
}

Result<void> arange(const RuleCall& call) {
  const int start_at = call.find("start"), end_at = call.find("end"), step_at = call.find("step"),
            dtype_at = call.find("dtype");
  const fg_scalar start = call.number(start_at), end = call.number(end_at), step = call.number(step_at);
  const std::string range =
      number_text(as_double(start)) + " to " + number_text(as_double(end)) + " by " + number_text(as_double(step));
  for (const int i : {start_at, end_at, step_at}) {
    if (!std::isfinite(as_double(call.number(i)))) {
      return call.error(i, FG_R_PARAMETER,
                        call.name(i) + " is " + number_text(as_double(call.number(i))) + ", expected a finite number");
    }
  }
  const bool as_integers = call.given(dtype_at) && call.integer(dtype_at) == static_cast<std::int64_t>(FG_I64);
  std::optional<std::int64_t> n;
  if (as_integers || !(fraction(start) || fraction(end) || fraction(step))) {
    const auto whole = [](const fg_scalar& s) {
      constexpr double kBound = 9.2e18;  // Inside i64.
      return fraction(s) ? static_cast<std::int64_t>(std::clamp(s.v.f, -kBound, kBound)) : s.v.i;
    };
    if (whole(step) == 0) return call.error(step_at, FG_R_PARAMETER, "step is 0, expected another number");
    n = count(whole(start), whole(end), whole(step));
  } else {
    if (as_double(step) == 0) return call.error(step_at, FG_R_PARAMETER, "step is 0, expected another number");
    const double length = std::ceil((as_double(end) - as_double(start)) / as_double(step));
    if (length >= 0 && length < 9.2e18) n = static_cast<std::int64_t>(length);
  }
  if (!n)
    return call.error(end_at, FG_R_PARAMETER,
                      "the range " + range + " has no end, expected the sign of step to lead from start to end");
  call.outs[0].ndim = 0;
  call.outs[0].push(*n);
  return {};
}

// The tensors of attention and where their dimensions are.
struct Attention {
  static constexpr int kQuery = 0, kKey = 1, kValue = 2, kMask = 3;
  std::span<const std::int64_t> q, k, v;
  std::size_t n = 0;  // Rank; the last two dimensions are positions and channels, heads come before.
};

Result<void> check_heads(const RuleCall& call, const Attention& a) {
  const bool grouped = call.integer(call.find("enable_gqa")) != 0;
  if (grouped && a.n < 3)
    return call.error(Attention::kQuery, FG_R_RANK, "query has 2 dimensions, expected heads for enable_gqa");
  for (std::size_t d = 0; d + 2 < a.n; ++d) {
    const bool heads = grouped && d == a.n - 3;
    if (a.k[d] != a.v[d]) {
      return call.error(Attention::kValue, FG_R_SHAPE,
                        "key has shape " + shape_text(a.k) + ", value has " + shape_text(a.v) +
                            ", expected the same leading dimensions");
    }
    if (heads ? (a.k[d] == 0 || a.q[d] % a.k[d] != 0) : a.q[d] != a.k[d]) {
      return call.error(Attention::kKey, FG_R_SHAPE,
                        "query has " + std::to_string(a.q[d]) + " and key " + std::to_string(a.k[d]) +
                            (d == a.n - 3 ? " heads" : " sequences") +
                            (heads ? ", expected a multiple" : ", expected as many"));
    }
  }
  return {};
}

Result<void> attention(const RuleCall& call) {
  Attention a{call.shape(Attention::kQuery), call.shape(Attention::kKey), call.shape(Attention::kValue)};
  a.n = a.q.size();
  for (const int i : {Attention::kQuery, Attention::kKey, Attention::kValue}) {
    if (call.shape(i).size() < 2 || call.shape(i).size() != a.n) {
      return call.error(i, FG_R_RANK,
                        call.name(i) + " has " + std::to_string(call.shape(i).size()) + " dimensions, expected " +
                            (a.n < 2 ? std::string("at least 2") : std::to_string(a.n) + " as query has"));
    }
  }
  const std::size_t s = a.n - 2, c = a.n - 1;
  if (a.q[c] != a.k[c]) {
    return call.error(Attention::kKey, FG_R_SHAPE,
                      "query has " + std::to_string(a.q[c]) + " channels, key has " + std::to_string(a.k[c]));
  }
  if (a.k[s] != a.v[s]) {
    return call.error(Attention::kValue, FG_R_SHAPE,
                      "key has " + std::to_string(a.k[s]) + " positions, value has " + std::to_string(a.v[s]));
  }
  FG_TRY(check_heads(call, a));
  Shape scores;
  assign(scores, a.q);
  scores.dim[c] = a.k[s];
  if (call.present(Attention::kMask)) {
    if (call.integer(call.find("is_causal")) != 0) {
      return call.error(Attention::kMask, FG_R_PARAMETER,
                        "attn_mask is given and is_causal is true, expected one of the two");
    }
    Shape result = scores;
    if (!broadcast_into(result, call.shape(Attention::kMask)) || !std::ranges::equal(result.dims(), scores.dims())) {
      return call.error(Attention::kMask, FG_R_SHAPE,
                        "attn_mask of shape " + shape_text(call.shape(Attention::kMask)) + " does not broadcast to " +
                            shape_text(scores.dims()));
    }
  }
  assign(call.outs[0], a.q);
  call.outs[0].dim[c] = a.v[c];
  std::int64_t b = 1;
  for (std::size_t d = 0; d + 3 < a.n; ++d) b *= a.q[d];
  const std::int64_t lengths[] = {b,     a.n > 2 ? a.q[a.n - 3] : 1, a.n > 2 ? a.k[a.n - 3] : 1, a.q[s], a.k[s], a.q[c],
                                  a.v[c]};
  for (std::size_t i = 0; i < std::size(lengths); ++i) call.bind(i, lengths[i]);
  return {};
}

Result<void> check_rotary_table(const RuleCall& call, std::span<const std::int64_t> q) {
  const int cos_at = call.find("cos"), sin_at = call.find("sin");
  const auto table = call.shape(cos_at);
  const std::int64_t channels = q.back();
  if (channels % 2 != 0)
    return call.error(0, FG_R_SHAPE, "q has " + std::to_string(channels) + " channels, expected an even number");
  if (table.size() != 2 || table[1] != channels / 2) {
    return call.error(
        cos_at, FG_R_SHAPE,
        "cos has shape " + shape_text(table) + ", expected [positions, " + std::to_string(channels / 2) + "]");
  }
  if (!std::ranges::equal(call.shape(sin_at), table)) {
    return call.error(sin_at, FG_R_SHAPE,
                      "sin has shape " + shape_text(call.shape(sin_at)) + ", cos has " + shape_text(table));
  }
  return {};
}

// q [..., heads, channels], k likewise with its own number of heads.
Result<void> rotary(const RuleCall& call) {
  const auto q = call.shape(0), k = call.shape(1);
  const std::size_t n = q.size();
  if (n < 2) return call.error(0, FG_R_RANK, "q has " + std::to_string(n) + " dimensions, expected at least 2");
  if (k.size() != n || k.back() != q.back() || !std::ranges::equal(k.first(n - 2), q.first(n - 2))) {
    return call.error(
        1, FG_R_SHAPE,
        "k has shape " + shape_text(k) + ", q has " + shape_text(q) + ", expected them to differ in heads alone");
  }
  FG_TRY(check_rotary_table(call, q));
  const int ids_at = call.find("position_ids");
  if (call.present(ids_at)) {
    if (!std::ranges::equal(call.shape(ids_at), q.first(n - 2))) {
      return call.error(
          ids_at, FG_R_SHAPE,
          "position_ids has shape " + shape_text(call.shape(ids_at)) + ", expected " + shape_text(q.first(n - 2)));
    }
  } else if (n != 4) {
    return call.error(ids_at, FG_R_RANK,
                      "position_ids is missing and q has " + std::to_string(n) +
                          " dimensions, expected 4 (batch, position, heads, channels)");
  } else if (q[1] > call.shape(call.find("cos"))[0]) {
    return call.error(0, FG_R_SHAPE,
                      "q has " + std::to_string(q[1]) + " positions, cos has " +
                          std::to_string(call.shape(call.find("cos"))[0]) + " rows");
  }
  assign(call.outs[0], q);
  assign(call.outs[1], k);
  return {};
}

Result<void> cat(const RuleCall& call) {
  const auto& list = call.args[0].list;
  const int dim_at = call.find("dim");
  const auto skipped = [](std::span<const std::int64_t> s) { return s.size() == 1 && s[0] == 0; };
  if (list.empty()) return call.error(0, FG_R_PARAMETER, "tensors is empty, expected at least 1 tensor");
  const auto first = std::find_if_not(list.begin(), list.end(), skipped);
  Shape& out = call.outs[0];
  assign(out, first == list.end() ? list.front() : *first);
  if (first == list.end()) return {};
  if (first->empty())
    return call.error(0, FG_R_RANK,
                      "tensor " + std::to_string(first - list.begin()) + " has no dimensions, expected at least 1");
  FG_TRY_ASSIGN(const std::int32_t dim,
                wrap_dim(call.op, call.op.args[static_cast<std::size_t>(dim_at)], call.integer(dim_at), out.ndim));
  for (auto it = first + 1; it != list.end(); ++it) {
    if (skipped(*it)) continue;
    bool fits = it->size() == first->size();
    for (std::size_t d = 0; fits && d < it->size(); ++d)
      fits = static_cast<std::int32_t>(d) == dim || (*it)[d] == (*first)[d];
    if (!fits) {
      return call.error(0, FG_R_SHAPE,
                        "tensor " + std::to_string(it - list.begin()) + " has shape " + shape_text(*it) + ", tensor " +
                            std::to_string(first - list.begin()) + " has " + shape_text(*first) +
                            ", expected the same except in dimension " + std::to_string(dim));
    }
    const std::int64_t more = (*it)[static_cast<std::size_t>(dim)];
    if (out.dim[dim] > std::numeric_limits<std::int64_t>::max() - more)
      return call.error(0, FG_R_LIMIT, "the result would be too long");
    out.dim[dim] += more;
  }
  return {};
}

// One number from two vectors of one length.
Result<void> dot(const RuleCall& call) {
  for (const int i : {0, 1}) {
    if (call.shape(i).size() != 1) {
      return call.error(i, FG_R_RANK,
                        call.name(i) + " has " + std::to_string(call.shape(i).size()) + " dimensions, expected 1");
    }
  }
  if (call.shape(0)[0] != call.shape(1)[0]) {
    return call.error(1, FG_R_SHAPE,
                      call.name(0) + " has " + std::to_string(call.shape(0)[0]) + " elements, " + call.name(1) +
                          " has " + std::to_string(call.shape(1)[0]));
  }
  call.outs[0].ndim = 0;
  call.bind(0, call.shape(0)[0]);
  return {};
}

// Every element of the first times the whole second: lengths multiply, aligned at the last dimension.
Result<void> kron(const RuleCall& call) {
  const auto a = call.shape(0), b = call.shape(1);
  const std::size_t n = std::max(a.size(), b.size());
  if (2 * n > FG_MAX_NDIM) {
    return call.error(
        a.size() == n ? 0 : 1, FG_R_RANK,
        "an operand has " + std::to_string(n) + " dimensions, expected at most " + std::to_string(FG_MAX_NDIM / 2));
  }
  call.outs[0].ndim = 0;
  for (std::size_t d = 0; d < n; ++d) {
    const std::int64_t x = d + a.size() < n ? 1 : a[d + a.size() - n];
    const std::int64_t y = d + b.size() < n ? 1 : b[d + b.size() - n];
    if (y != 0 && x > std::numeric_limits<std::int64_t>::max() / y)
      return call.error(0, FG_R_LIMIT, "the result would be too long");
    call.outs[0].push(x * y);
  }
  return {};
}

// The dimension keeps k of its elements.
Result<void> topk(const RuleCall& call) {
  const int k_at = call.find("k"), dim_at = call.find("dim");
  const auto self = call.shape(0);
  const auto ndim = static_cast<std::int32_t>(self.size());
  FG_TRY_ASSIGN(const std::int32_t dim,
                wrap_dim(call.op, call.op.args[static_cast<std::size_t>(dim_at)], call.integer(dim_at), ndim));
  const std::int64_t k = call.integer(k_at), length = ndim == 0 ? 1 : self[static_cast<std::size_t>(dim)];
  if (k < 0 || k > length) {
    return call.error(k_at, FG_R_PARAMETER,
                      "k is " + std::to_string(k) + ", expected 0 to " + std::to_string(length) +
                          ", the length of dimension " + std::to_string(dim));
  }
  for (Shape& out : call.outs) {
    assign(out, self);
    if (ndim > 0) out.dim[dim] = k;
  }
  return {};
}

Result<void> randperm(const RuleCall& call) {
  call.outs[0].ndim = 0;
  call.outs[0].push(call.integer(call.find("n")));
  return {};
}

// A row of weights, or several.
Result<void> multinomial(const RuleCall& call) {
  const auto self = call.shape(0);
  const int samples_at = call.find("num_samples");
  if (self.empty() || self.size() > 2) {
    return call.error(0, FG_R_RANK, "self has " + std::to_string(self.size()) + " dimensions, expected 1 or 2");
  }
  const std::int64_t samples = call.integer(samples_at), length = self.back();
  if (length == 0) return call.error(0, FG_R_SHAPE, "self has no weights in a row, expected at least 1");
  if (call.integer(call.find("replacement")) == 0 && samples > length) {
    return call.error(samples_at, FG_R_PARAMETER,
                      "num_samples is " + std::to_string(samples) + ", expected at most " + std::to_string(length) +
                          ", the weights of a row, without replacement");
  }
  assign(call.outs[0], self);
  call.outs[0].dim[self.size() - 1] = samples;
  return {};
}

// The shape of half the argument `i` along the attribute dim, the last dimension where there is none.
Result<Shape> half_of(const RuleCall& call, int i) {
  const auto full = call.shape(i);
  std::int32_t dim = static_cast<std::int32_t>(full.size()) - 1;
  if (full.empty()) return call.error(i, FG_R_RANK, call.name(i) + " has no dimensions, expected at least 1");
  for (std::size_t a = 0; a < call.op.args.size(); ++a) {
    if (call.op.args[a].type != ArgType::dim) continue;
    FG_TRY_ASSIGN(dim, wrap_dim(call.op, call.op.args[a], call.integer(static_cast<int>(a)),
                                static_cast<std::int32_t>(full.size())));
  }
  Shape half;
  assign(half, full);
  if (half.dim[dim] % 2 != 0) {
    return call.error(i, FG_R_SHAPE,
                      call.name(i) + " has length " + std::to_string(half.dim[dim]) + " in dimension " +
                          std::to_string(dim) + ", expected an even one");
  }
  half.dim[dim] /= 2;
  return half;
}

Result<void> glu(const RuleCall& call) {
  FG_TRY_ASSIGN(call.outs[0], half_of(call, 0));
  return {};
}

// The gradient of the halves' combination, and the tensor that was halved.
Result<void> glu_backward(const RuleCall& call) {
  FG_TRY_ASSIGN(const Shape half, half_of(call, 1));
  if (!std::ranges::equal(call.shape(0), half.dims())) {
    return call.error(0, FG_R_SHAPE,
                      call.name(0) + " has shape " + shape_text(call.shape(0)) + ", expected " +
                          shape_text(half.dims()) + ", half of " + call.name(1));
  }
  assign(call.outs[0], call.shape(1));
  return {};
}

// One truth of two tensors.
Result<void> comparison(const RuleCall& call, bool broadcasts) {
  Shape space;
  assign(space, call.shape(0));
  if (broadcasts && !broadcast_into(space, call.shape(1))) {
    return call.error(1, FG_R_SHAPE,
                      call.name(0) + " has shape " + shape_text(call.shape(0)) + ", " + call.name(1) + " has " +
                          shape_text(call.shape(1)) + ", expected shapes that broadcast");
  }
  call.outs[0].ndim = 0;
  return {};
}

}  // namespace

Result<void> named_rule(ShapeRule rule, const RuleCall& call) {
  switch (rule) {
    case ShapeRule::arange: return arange(call);
    case ShapeRule::layer_norm:
    case ShapeRule::rms_norm: return rules::norm(call);
    case ShapeRule::fused_add_rms_norm:
    case ShapeRule::skip_layer_norm: return rules::fused_norm(call);
    case ShapeRule::layer_norm_backward:
    case ShapeRule::rms_norm_backward: return rules::norm_backward(call);
    case ShapeRule::group_norm: return rules::group_norm(call);
    case ShapeRule::group_norm_backward: return rules::group_norm_backward(call);
    case ShapeRule::weight_norm: return rules::weight_norm(call);
    case ShapeRule::cross_entropy_loss: return rules::cross_entropy(call);
    case ShapeRule::cross_entropy_loss_prob: return rules::cross_entropy_prob(call);
    case ShapeRule::nll_loss: return rules::nll_loss(call);
    case ShapeRule::nll_loss_backward: return rules::nll_loss_backward(call);
    case ShapeRule::mse_loss: return rules::mse_loss(call);
    case ShapeRule::mse_loss_backward: return rules::mse_loss_backward(call);
    case ShapeRule::attention: return attention(call);
    case ShapeRule::rotary: return rotary(call);
    case ShapeRule::gather: return index_rules::gather(call);
    case ShapeRule::cat: return cat(call);
    case ShapeRule::topk: return topk(call);
    case ShapeRule::randperm: return randperm(call);
    case ShapeRule::multinomial: return multinomial(call);
    case ShapeRule::dot: return dot(call);
    case ShapeRule::kron: return kron(call);
    case ShapeRule::nonzero: return index_rules::nonzero(call);
    case ShapeRule::index_select: return index_rules::index_select(call);
    case ShapeRule::scatter: return index_rules::scatter(call);
    case ShapeRule::index_write: return index_rules::index_write(call);
    case ShapeRule::index_fill: return index_rules::index_fill(call);
    case ShapeRule::index: return index_rules::index(call);
    case ShapeRule::index_put: return index_rules::index_put(call);
    case ShapeRule::take: return index_rules::take(call);
    case ShapeRule::put: return index_rules::put(call);
    case ShapeRule::masked_select: return index_rules::masked_select(call);
    case ShapeRule::masked_scatter: return index_rules::masked_scatter(call);
    case ShapeRule::embedding_dense_backward: return index_rules::embedding_dense_backward(call);
    case ShapeRule::glu: return glu(call);
    case ShapeRule::glu_backward: return glu_backward(call);
    case ShapeRule::allclose: return comparison(call, true);
    case ShapeRule::equal: return comparison(call, false);
    case ShapeRule::topk_softmax: return moe_rules::topk_softmax(call);
    case ShapeRule::grouped_topk: return moe_rules::grouped_topk(call);
    case ShapeRule::fused_experts: return moe_rules::fused_experts(call);
    default: return layout_rule(rule, call);
  }
}

}  // namespace fg::core
