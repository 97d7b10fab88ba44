// SPDX-License-Identifier: Apache-2.0
//
// Distributions.

#include "conformance/data/values.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "conformance/cases/operators.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::conformance {
namespace {

using reference::Real;
using reference::Type;

// Small integers: every sum and product of a case stays exact in f32.
Real exact_value(Type type, const Rng& rng, std::uint64_t i) {
  if (type == Type::boolean) return static_cast<Real>(rng.bits(i) & 1u);
  return static_cast<Real>(rng.between(i, type == Type::u8 ? 0 : -4, 4));
}

// Close to a normal distribution: the sum of four uniforms (Irwin-Hall), unit variance.  Arithmetic
// only, so that every machine draws the same numbers.
Real real_value(Type type, const Rng& rng, std::uint64_t i) {
  if (type == Type::boolean) return static_cast<Real>(rng.bits(i) & 1u);
  if (type == Type::u8) return static_cast<Real>(rng.between(i, 0, 255));
  if (type == Type::i8) return static_cast<Real>(rng.between(i, -128, 127));
  if (!reference::is_float(type)) return static_cast<Real>(rng.between(i, -1000, 1000));
  Real sum = -2;
  for (std::uint64_t k = 0; k < 4; ++k) sum += rng.unit(4 * i + k);
  return reference::round_to(type, sum * 1.7320508075688772L);
}

// Numbers at the edges, one in two of them ordinary.
Real special_value(Type type, const Rng& rng, std::uint64_t i) {
  const std::uint64_t pick = rng.bits(i ^ 0x5EC1A1u) % 32;
  if (pick >= 16 || type == Type::boolean) return real_value(type, rng, i);
  if (!reference::is_float(type)) {
    const std::array<Real, 8> edges{
        reference::lowest(type),     reference::highest(type),     0, 1, Real(type == Type::u8 ? 255 : -1),
        reference::lowest(type) + 1, reference::highest(type) - 1, 2};
    return edges[pick % 8];
  }
  const reference::Format f = reference::format(type);
  const Real infinity = f.has_infinity ? std::numeric_limits<Real>::infinity() : f.max;
  const Real tiny = std::ldexp(Real{1}, f.min_exponent);
  const Real subnormal = reference::ulp(type, 0);
  const std::array<Real, 16> edges{std::numeric_limits<Real>::quiet_NaN(),
                                   infinity,
                                   -infinity,
                                   0,
                                   -0.0L,
                                   f.max,
                                   -f.max,
                                   tiny,
                                   -tiny,
                                   subnormal,
                                   -subnormal,
                                   1,
                                   -1,
                                   reference::round_to(type, 1 + 2 * reference::unit_roundoff(type)),
                                   -0.5L,
                                   reference::round_to(type, 88)};
  return edges[pick];
}

// Values at which the argument of a function matters less than its class: attention masks.
Real mask_value(Type type, const Rng& rng, std::uint64_t i) {
  if (type == Type::boolean) return rng.bits(i) % 4 != 0 ? 1 : 0;
  return rng.bits(i) % 4 == 0 ? -std::numeric_limits<Real>::infinity() : real_value(type, rng, i);
}

// Probabilities: in [0, 1], with both ends among them.
Real probability(Type type, const Rng& rng, std::uint64_t i) {
  const std::uint64_t pick = rng.bits(i ^ 0x9B0B) % 8;
  if (pick < 2) return static_cast<Real>(pick);
  return reference::round_to(type, rng.unit(i));
}

// Upper end of the positions that an index argument may hold, 0: no index.
std::int64_t position_limit(const core::OpInfo& op, const Case& c, std::size_t arg, std::size_t item) {
  auto shape = [&](std::string_view name) -> const Shape& {
    std::size_t k = 0;
    while (op.args[k].name != name) ++k;
    return c.args[k].tensors.front().shape;
  };
  if (op.name == "embedding" && op.args[arg].name == "indices") return shape("weight").front();
  if (op.name == "apply_rotary_pos_emb" && op.args[arg].name == "position_ids") return shape("cos").front();
  if (!op.args[arg].index) return 0;
  if (op.name == "fused_experts") return shape("w1").front();
  if (op.name == "embedding_dense_backward") return c.args[2].number.v.i;
  if (op.name == "take" || op.name == "put") return reference::numel(shape("self"));
  if (op.name == "index" || op.name == "index_put") {
    const Shape& self = shape("self");
    const std::vector<std::int64_t>& dims = c.args.back().dims;
    return self[static_cast<std::size_t>(dims.empty() ? static_cast<std::int64_t>(item)
                                                      : reference::wrap_dim(dims[item], self.size()))];
  }
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (op.args[i].type != core::ArgType::dim) continue;  // positions along it
    const Shape& self = c.args.front().tensors.front().shape;
    const std::int64_t dim = c.args[i].number.v.i;
    return self.empty() ? 1 : self[static_cast<std::size_t>(reference::wrap_dim(dim, self.size()))];
  }
  if (op.args[arg].name == "target") {  // a class: dimension 1 of self, or the only one
    const Shape& self = shape("self");
    return self.size() == 1 ? self.front() : self[1];
  }
  return 1;
}

// Operators whose positions may be negative.
bool counts_from_end(const core::OpInfo& op) {
  constexpr std::array<std::string_view, 5> kNames{"index", "index_put", "index_fill", "take", "put"};
  return std::find(kNames.begin(), kNames.end(), op.name) != kNames.end();
}

reference::Tensor tensor_of(const core::OpInfo& op, const Case& c, std::size_t arg, std::size_t item) {
  const TensorSpec& spec = c.args[arg].tensors[item];
  reference::Tensor t{to_reference(spec.dtype), spec.shape, {}};
  const Rng rng = rng_of(c).fork(arg * 64 + item);
  const std::int64_t limit = t.type == Type::boolean ? 0 : position_limit(op, c, arg, item);
  if (op.args[arg].index && t.type != Type::boolean) {
    t.v = draw_positions(limit, spec.shape, rng);
    for (std::size_t i = 0; i < t.v.size() && counts_from_end(op); ++i) {
      if (rng.fork(1).bits(i) % 4 == 0) t.v[i] -= static_cast<Real>(limit);
    }
  } else if (op.args[arg].name == "attn_mask" && c.values != Values::exact) {
    const auto n = static_cast<std::uint64_t>(reference::numel(spec.shape));
    for (std::uint64_t i = 0; i < n; ++i) t.v.push_back(mask_value(t.type, rng, i));
  } else if (op.name == "multinomial") {
    // No zero but here and there, so that every row has enough to draw from.
    const auto n = static_cast<std::uint64_t>(reference::numel(spec.shape));
    for (std::uint64_t i = 0; i < n; ++i)
      t.v.push_back(i % 5 == 3 ? 0 : reference::round_to(t.type, rng.unit(i) + Real{0.0625}));
  } else if (op.name == "bernoulli_tensor") {
    const auto n = static_cast<std::uint64_t>(reference::numel(spec.shape));
    for (std::uint64_t i = 0; i < n; ++i) t.v.push_back(probability(t.type, rng, i));
  } else {
    t.v = draw(c.values, t.type, spec.shape, rng);
  }
  if (spec.layout != Layout::repeated) return t;
  // Stride 0 along the first dimension longer than 1: its lines are all the first one.
  std::int64_t dim = 0;
  while (dim < static_cast<std::int64_t>(spec.shape.size()) && spec.shape[static_cast<std::size_t>(dim)] <= 1) ++dim;
  const reference::Lines l = reference::lines(spec.shape, dim);
  for (std::int64_t o = 0; o < l.outer && l.length > 1; ++o) {
    for (std::int64_t k = 1; k < l.length; ++k) {
      for (std::int64_t i = 0; i < l.inner; ++i)
        t.v[static_cast<std::size_t>(l.at(o, k, i))] = t.v[static_cast<std::size_t>(l.at(o, 0, i))];
    }
  }
  return t;
}

}  // namespace

Rng rng_of(const Case& c) { return Rng(hash(name_of(c))); }

std::vector<Real> draw(Values values, Type type, const Shape& shape, const Rng& rng) {
  const auto n = static_cast<std::uint64_t>(reference::numel(shape));
  std::vector<Real> v(n);
  for (std::uint64_t i = 0; i < n; ++i) {
    switch (values) {
      case Values::exact: v[i] = exact_value(type, rng, i); break;
      case Values::real: v[i] = real_value(type, rng, i); break;
      case Values::special: v[i] = special_value(type, rng, i); break;
      case Values::every: {
        const std::array<std::byte, 8> pattern{static_cast<std::byte>(i & 0xFF),
                                               static_cast<std::byte>((i >> 8) & 0xFF)};
        v[i] = reference::load(type, pattern.data());
        break;
      }
    }
  }
  return v;
}

std::vector<Real> draw_positions(std::int64_t limit, const Shape& shape, const Rng& rng) {
  std::vector<Real> v(static_cast<std::size_t>(reference::numel(shape)));
  for (std::size_t i = 0; i < v.size(); ++i)
    v[i] = static_cast<Real>(rng.between(i, 0, std::max<std::int64_t>(limit, 1) - 1));
  return v;
}

std::vector<reference::Argument> arguments_of(const Case& c) {
  const core::OpInfo& op = *core::find_op(c.op);
  std::vector<reference::Argument> args(c.args.size());
  for (std::size_t i = 0; i < c.args.size(); ++i) {
    const ArgSpec& spec = c.args[i];
    reference::Argument& a = args[i];
    a.kind = static_cast<reference::Argument::Kind>(spec.kind);
    if (spec.kind == ArgSpec::Kind::number) {
      const bool real = spec.number.kind == FG_SCALAR_FLOAT;
      a.number = real ? static_cast<Real>(spec.number.v.f) : static_cast<Real>(spec.number.v.i);
      a.category = real ? Type::f64 : spec.number.kind == FG_SCALAR_BOOL ? Type::boolean : Type::i64;
    }
    if (spec.kind == ArgSpec::Kind::dtype) a.category = to_reference(spec.dtype);
    a.dims = spec.dims;
    a.word = spec.word;
    a.seed = spec.seed;
    a.offset = spec.offset;
    for (std::size_t k = 0; k < spec.tensors.size(); ++k) a.tensors.push_back(tensor_of(op, c, i, k));
  }
  return args;
}

}  // namespace fg::conformance
