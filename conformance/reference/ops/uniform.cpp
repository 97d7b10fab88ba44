// SPDX-License-Identifier: Apache-2.0
//
// uniform_, from its definition in docs/random.md: element i is made from word i of the stream (seed,
// offset), f64 from two words; u in [0, 1) has 24 bits (53 for f64); the result is from + u (to - from)
// with every operation rounded, kept in [from, to) by the nearest storable numbers.

#include <algorithm>
#include <cmath>

#include "conformance/reference/ops/ops.hpp"
#include "conformance/reference/philox.hpp"

namespace fg::reference::ops {
namespace {

// Word i of the numbers that start at `offset`; a counter step makes four words.
std::uint32_t word(std::uint64_t seed, std::uint64_t offset, std::uint64_t i) {
  const std::uint64_t block = offset + i / 4;
  const PhiloxCounter counter{static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), 0, 0};
  return philox(counter, {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)})[i % 4];
}

Real fraction(Ct type, std::uint64_t seed, std::uint64_t offset, std::uint64_t i) {
  if (type == Ct::f32) return std::ldexp(static_cast<Real>(word(seed, offset, i) >> 8), -24);
  const std::uint64_t bits = word(seed, offset, 2 * i) | std::uint64_t{word(seed, offset, 2 * i + 1)} << 32;
  return std::ldexp(static_cast<Real>(bits >> 11), -53);
}

// The next smaller number of `type`; below a power of two it is nearer than above.
Real previous(Type type, Real y) {
  const Real near = round_to(type, y - ulp(type, y) * Real{0.375});
  return near < y ? near : round_to(type, y - ulp(type, y) * Real{0.75});
}

// The greatest number of `type` below x, the least not below x.
Real below(Type type, Real x) {
  const Real y = round_to(type, x);
  return y < x ? y : previous(type, y);
}
Real not_below(Type type, Real x) {
  const Real y = round_to(type, x);
  return y < x ? -previous(type, -y) : y;
}

}  // namespace

// Every rounding is defined (docs/random.md), so the results are points.
Outputs uniform(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Argument& generator = call["generator"];
  const Ct compute = compute_type(self.type);
  const Type type = storage_of(compute);
  const Real from = call.number("from", 0);
  const Real to = call.number("to", 1);
  const Real start = round_to(type, from);
  const Real width = round_to(type, static_cast<double>(to) - static_cast<double>(from));
  const Real least = not_below(self.type, from);
  const Real greatest = std::max(least, below(self.type, to));
  Output out = make_output(self.type, self.shape);
  for (std::uint64_t i = 0; i < self.v.size(); ++i) {
    const Real product = round_to(type, fraction(compute, generator.seed, generator.offset, i) * width);
    const Real x = round_to(self.type, round_to(type, start + product));
    push(out, exact(std::clamp(x, least, greatest), compute));
  }
  return {out};
}

}  // namespace fg::reference::ops
