// SPDX-License-Identifier: Apache-2.0

#include "conformance/model/blocks.hpp"

#include <cmath>

#include "conformance/data/values.hpp"

namespace fg::conformance {
namespace {

using reference::Real;
using reference::Tensor;
using reference::Type;

// Data of a block: each tensor from a stream of its own.
class Data {
 public:
  Data(Type type, std::string_view block) : type_(type), rng_(hash(block)) {}

  // Normal numbers times a power of two or so, which keeps the activations of a block near 1.
  Tensor normal(Shape shape, Real scale = 1) {
    Tensor t{type_, std::move(shape), {}};
    t.v = draw(Values::real, type_, t.shape, next());
    for (Real& x : t.v) x = reference::round_to(type_, x * scale);
    return t;
  }
  Tensor positions(Shape shape, std::int64_t limit) {
    Tensor t{Type::i64, std::move(shape), {}};
    t.v = draw_positions(limit, t.shape, next());
    return t;
  }
  // Of a matrix that a linear reads: rows of unit length.
  Tensor matrix(std::int64_t rows, std::int64_t columns) {
    return normal({rows, columns}, 1 / std::sqrt(static_cast<Real>(columns)));
  }
  // Factors of a norm, around 1.
  Tensor gains(std::int64_t n) {
    Tensor t = normal({n}, Real{0.125});
    for (Real& x : t.v) x = reference::round_to(type_, 1 + x);
    return t;
  }
  Type type() const { return type_; }

 private:
  Rng next() { return rng_.fork(stream_++); }
  Type type_;
  Rng rng_;
  std::uint64_t stream_ = 0;
};

// cos or sin of every position and frequency, as rotary reads them.
Tensor rotations(Type type, std::int64_t positions, std::int64_t half, Real (*f)(Real)) {
  Tensor t{type, {positions, half}, {}};
  for (std::int64_t p = 0; p < positions; ++p) {
    for (std::int64_t k = 0; k < half; ++k) {
      const Real frequency = std::pow(Real{10000}, -static_cast<Real>(k) / static_cast<Real>(half));
      t.v.push_back(reference::round_to(type, f(static_cast<Real>(p) * frequency)));
    }
  }
  return t;
}

// Links that both blocks have.
class Builder {
 public:
  Builder(const BlockShape& shape, std::string_view block) : s(shape), data(shape.type, block) {}

  ValueId linear(ValueId x, std::int64_t from, std::int64_t to, bool bias) {
    std::vector<LinkArg> args{LinkArg::tensor("input", x), LinkArg::tensor("weight", c.given(data.matrix(to, from)))};
    if (bias) args.push_back(LinkArg::tensor("bias", c.given(data.normal({to}, Real{0.25}))));
    return c.link("linear", std::move(args));
  }
  ValueId view(ValueId x, Shape size) {
    return c.link("view", {LinkArg::tensor("self", x), LinkArg::dims("size", std::move(size))});
  }
  ValueId by_heads(ValueId x, std::int64_t heads) { return view(x, {s.batch, s.tokens, heads, s.head}); }
  ValueId swap_heads(ValueId x) {
    return c.link("transpose", {LinkArg::tensor("self", x), LinkArg::integer("dim0", 1), LinkArg::integer("dim1", 2)});
  }
  // (batch, heads, tokens, head) as rows.
  ValueId rows(ValueId x) {
    return c.link("reshape", {LinkArg::tensor("self", swap_heads(x)),
                              LinkArg::dims("shape", {s.batch * s.tokens, s.heads * s.head})});
  }
  ValueId add(ValueId x, ValueId y) { return c.link("add", {LinkArg::tensor("self", x), LinkArg::tensor("other", y)}); }
  ValueId layer_norm(ValueId x, std::int64_t n) {
    const ValueId weight = c.given(data.gains(n)), bias = c.given(data.normal({n}, Real{0.25}));
    return c.link("layer_norm", {LinkArg::tensor("input", x), LinkArg::dims("normalized_shape", {n}),
                                 LinkArg::tensor("weight", weight), LinkArg::tensor("bias", bias)});
  }

  BlockShape s;
  Data data;
  Chain c;
};

}  // namespace

Chain llama_block(const BlockShape& shape) {
  Builder b(shape, "llama");
  const BlockShape& s = b.s;
  const std::int64_t hidden = s.heads * s.head, rows = s.batch * s.tokens, length = s.past + s.tokens;
  Tensor first = b.data.normal({rows, hidden}), second = b.data.normal({rows, hidden});
  const ValueId x = b.c.given(std::move(first), std::move(second));
  const ValueId normed = b.c.link("rms_norm", {LinkArg::tensor("input", x), LinkArg::dims("normalized_shape", {hidden}),
                                               LinkArg::tensor("weight", b.c.given(b.data.gains(hidden)))});
  const ValueId q = b.by_heads(b.linear(normed, hidden, hidden, false), s.heads);
  const ValueId k = b.by_heads(b.linear(normed, hidden, s.kv_heads * s.head, false), s.kv_heads);
  const ValueId v = b.by_heads(b.linear(normed, hidden, s.kv_heads * s.head, false), s.kv_heads);
  Tensor at{Type::i64, {s.batch, s.tokens}, {}};
  for (std::int64_t i = 0; i < rows; ++i) at.v.push_back(static_cast<Real>(s.past + i % s.tokens));
  const ValueId turned = b.c.link("apply_rotary_pos_emb",
                                  {LinkArg::tensor("q", q), LinkArg::tensor("k", k),
                                   LinkArg::tensor("cos", b.c.given(rotations(s.type, length, s.head / 2, std::cos))),
                                   LinkArg::tensor("sin", b.c.given(rotations(s.type, length, s.head / 2, std::sin))),
                                   LinkArg::tensor("position_ids", b.c.given(std::move(at)))});
  ValueId keys = b.swap_heads(turned + 1), values = b.swap_heads(v);
  if (s.past > 0) {
    const auto join = [&](ValueId now) {
      const ValueId cache = b.c.given(b.data.normal({s.batch, s.kv_heads, s.past, s.head}));
      return b.c.link("cat", {LinkArg::list("tensors", {cache, now}), LinkArg::integer("dim", 2)});
    };
    keys = join(keys);
    values = join(values);
  }
  const ValueId attended = b.c.link(
      "scaled_dot_product_attention",
      {LinkArg::tensor("query", b.swap_heads(turned)), LinkArg::tensor("key", keys), LinkArg::tensor("value", values),
       LinkArg::flag("is_causal", s.past == 0), LinkArg::flag("enable_gqa", true)});
  const ValueId o = b.linear(b.rows(attended), hidden, hidden, false);
  const ValueId fed = b.c.link("fused_add_rms_norm", {LinkArg::tensor("input", o), LinkArg::tensor("residual", x),
                                                      LinkArg::dims("normalized_shape", {hidden}),
                                                      LinkArg::tensor("weight", b.c.given(b.data.gains(hidden)))});
  const ValueId gate = b.linear(fed, hidden, s.ffn, false), up = b.linear(fed, hidden, s.ffn, false);
  const ValueId gated = b.c.link("silu_and_mul", {LinkArg::tensor("x", gate), LinkArg::tensor("y", up)});
  b.add(b.linear(gated, s.ffn, hidden, false), fed + 1);
  return std::move(b.c);
}

Chain bert_block(const BlockShape& shape) {
  constexpr std::int64_t kWords = 100;
  Builder b(shape, "bert");
  const BlockShape& s = b.s;
  const std::int64_t hidden = s.heads * s.head, rows = s.batch * s.tokens;
  Tensor first = b.data.positions({rows}, kWords), second = b.data.positions({rows}, kWords);
  const auto embed = [&](std::int64_t n, ValueId indices) {
    return b.c.link("embedding", {LinkArg::tensor("weight", b.c.given(b.data.normal({n, hidden}))),
                                  LinkArg::tensor("indices", indices)});
  };
  Tensor places{Type::i64, {rows}, {}};
  for (std::int64_t i = 0; i < rows; ++i) places.v.push_back(static_cast<Real>(i % s.tokens));
  const ValueId words = embed(kWords, b.c.given(std::move(first), std::move(second)));
  const ValueId x = b.layer_norm(b.add(words, embed(s.tokens, b.c.given(std::move(places)))), hidden);
  // The last third of every second line is padding.
  Tensor mask{Type::boolean, {s.batch, 1, 1, s.tokens}, {}};
  for (std::int64_t i = 0; i < rows; ++i) {
    const bool padding = i / s.tokens % 2 == 1 && i % s.tokens > s.tokens * 2 / 3;
    mask.v.push_back(padding ? 0 : 1);
  }
  const auto projected = [&] { return b.swap_heads(b.by_heads(b.linear(x, hidden, hidden, true), s.heads)); };
  const ValueId query = projected(), key = projected(), value = projected();
  const ValueId attended =
      b.c.link("scaled_dot_product_attention",
               {LinkArg::tensor("query", query), LinkArg::tensor("key", key), LinkArg::tensor("value", value),
                LinkArg::tensor("attn_mask", b.c.given(std::move(mask)))});
  const ValueId y = b.layer_norm(b.add(b.linear(b.rows(attended), hidden, hidden, true), x), hidden);
  const ValueId inner = b.c.link("gelu", {LinkArg::tensor("self", b.linear(y, hidden, s.ffn, true))});
  b.layer_norm(b.add(b.linear(inner, s.ffn, hidden, true), y), hidden);
  return std::move(b.c);
}

}  // namespace fg::conformance
