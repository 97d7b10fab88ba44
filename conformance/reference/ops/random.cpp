// SPDX-License-Identifier: Apache-2.0
//
// Random operators, from their definitions in docs/random.md.  Every rounding there is defined, so the
// results are points; the arithmetic is that of the compute type, operation by operation.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <type_traits>

#include "conformance/reference/ops/ops.hpp"
#include "conformance/reference/philox.hpp"

namespace fg::reference::ops {
namespace {

// The words of a call.
struct Stream {
  std::uint64_t seed, offset;

  std::uint32_t word(std::uint64_t i) const {
    const std::uint64_t block = offset + i / 4;
    const PhiloxCounter counter{static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), 0, 0};
    return philox(counter, {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)})[i % 4];
  }
  std::uint64_t bits(std::uint64_t i) const { return word(2 * i) | std::uint64_t{word(2 * i + 1)} << 32; }
};
Stream stream_of(const Call& call) {
  const Argument& generator = call["generator"];
  return {generator.seed, generator.offset};
}

// u: [0, 1), exact.
Real fraction(Ct type, const Stream& s, std::uint64_t i) {
  if (type == Ct::f32) return std::ldexp(static_cast<Real>(s.word(i) >> 8), -24);
  return std::ldexp(static_cast<Real>(s.bits(i) >> 11), -53);
}

// v: (0, 1).
template <class T>
T open_unit(const Stream& s, std::uint64_t i) {
  if constexpr (std::is_same_v<T, float>) {
    const auto middle = static_cast<float>(static_cast<double>(s.word(i)) + 0.5);
    return std::min(middle * 0x1p-32f, 1.0f - 0x1p-24f);
  } else {
    return (static_cast<double>(s.bits(i) >> 12) + 0.5) * 0x1p-52;
  }
}

// t: [-1/2, 1/2].
template <class T>
T turn(const Stream& s, std::uint64_t i) {
  if constexpr (std::is_same_v<T, float>) {
    return static_cast<float>(static_cast<std::int32_t>(s.word(i))) * 0x1p-32f;
  } else {
    return static_cast<double>(s.bits(i) >> 12) * 0x1p-52 - 0.5;
  }
}

template <class T, std::size_t N>
T polynomial(T x, const std::array<T, N>& c) {
  T r = c[N - 1];
  for (std::size_t k = N - 1; k-- > 0;) r = r * x + c[k];
  return r;
}

// 2 / 3, 2 / 5, ...
template <class T, std::size_t N>
std::array<T, N> odd_shares() {
  std::array<T, N> c{};
  for (std::size_t j = 0; j < N; ++j) c[j] = T{2} / static_cast<T>(2 * j + 3);
  return c;
}
// -1 / (first)!, 1 / (first + 2)!, ...
template <class T, std::size_t N>
std::array<T, N> alternating(int first) {
  std::array<T, N> c{};
  double factorial = first == 3 ? 6 : 2;
  for (std::size_t j = 0; j < N; ++j) {
    c[j] = static_cast<T>(j % 2 == 0 ? -1 : 1) / static_cast<T>(factorial);
    const double n = first + 2 * static_cast<double>(j);
    factorial *= (n + 1) * (n + 2);
  }
  return c;
}

template <class T>
T ln(T x) {
  constexpr bool kShort = std::is_same_v<T, float>;
  static const auto c = odd_shares < T, kShort ? 4 : 10 > ();
  const T high = kShort ? static_cast<T>(0x1.62e3p-1f) : static_cast<T>(0x1.62e42feep-1);
  const T low = kShort ? static_cast<T>(0x1.2fefa2p-17f) : static_cast<T>(0x1.a39ef35793c76p-33);
  const T root_half = kShort ? static_cast<T>(0x1.6a09e6p-1f) : static_cast<T>(0x1.6a09e667f3bcdp-1);
  int k = 0;
  T m = std::frexp(x, &k);  // [1/2, 1)
  if (m < root_half) {
    m *= 2;
    --k;
  }
  const T f = m - T{1};
  const T s = f / (T{2} + f);
  const T z = s * s;
  const T r = z * polynomial(z, c);
  const T h = (T{0.5} * f) * f;
  const T n = static_cast<T>(k);
  const T tail = s * (h + r) + n * low;
  return n * high + (f - (h - tail));
}

// Cosine and sine of 2 pi t.
template <class T>
std::array<T, 2> cos_sin(T t) {
  constexpr bool kShort = std::is_same_v<T, float>;
  static const auto sines = alternating < T, kShort ? 4 : 8 > (3);
  static const auto cosines = alternating < T, kShort ? 5 : 8 > (2);
  const T two_pi = kShort ? static_cast<T>(0x1.921fb6p+2f) : static_cast<T>(0x1.921fb54442d18p+2);
  const T q = std::nearbyint(T{4} * t);
  const T a = (t - q * T{0.25}) * two_pi;
  const T y = a * a;
  const T s = a + a * (y * polynomial(y, sines));
  const T c = T{1} + y * polynomial(y, cosines);
  switch (static_cast<int>(q) & 3) {
    case 0: return {c, s};
    case 1: return {-s, c};
    case 2: return {-c, -s};
    default: return {s, -c};
  }
}

template <class T>
T gauss(const Stream& s, std::uint64_t i) {
  const std::uint64_t first = i / 2 * 2;
  const T radius = std::sqrt(T{-2} * ln(open_unit<T>(s, first)));
  return radius * cos_sin(turn<T>(s, first + 1))[i % 2];
}

template <class T>
Real normal_value(const Stream& s, std::uint64_t i, Real mean, Real std) {
  return static_cast<Real>(static_cast<T>(mean) + gauss<T>(s, i) * static_cast<T>(std));
}
template <class T>
Real exponential_value(const Stream& s, std::uint64_t i, Real rate) {
  return static_cast<Real>(-ln(open_unit<T>(s, i)) / static_cast<T>(rate));
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

Output uniform_output(Type of, const Shape& shape, const Stream& s, Real from, Real to) {
  const Ct compute = compute_type(of);
  const Type type = storage_of(compute);
  const Real start = round_to(type, from);
  const Real width = round_to(type, static_cast<double>(to) - static_cast<double>(from));
  const Real least = not_below(of, from);
  const Real greatest = std::max(least, below(of, to));
  Output out = make_output(of, shape);
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(numel(shape)); ++i) {
    const Real product = round_to(type, fraction(compute, s, i) * width);
    const Real x = round_to(of, round_to(type, start + product));
    push(out, exact(std::clamp(x, least, greatest), compute));
  }
  return out;
}

Output normal_output(Type of, const Shape& shape, const Stream& s, Real mean, Real std) {
  const Ct compute = compute_type(of);
  Output out = make_output(of, shape);
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(numel(shape)); ++i) {
    const Real x = compute == Ct::f64 ? normal_value<double>(s, i, mean, std) : normal_value<float>(s, i, mean, std);
    push(out, exact(x, compute));
  }
  return out;
}

bool drawn(const Stream& s, std::uint64_t i, Real p) { return std::ldexp(static_cast<Real>(s.word(i)), -32) < p; }

// Dtype and shape of rand and rand_like.
std::pair<Type, Shape> form_of(const Call& call) {
  for (const Operator::Arg& a : call.op().args) {
    if (a.name == "self") return {call.tensor("self").type, call.tensor("self").shape};
  }
  return {call["dtype"].category, call["size"].dims};
}

}  // namespace

Outputs uniform(const Call& call) {
  const Tensor& self = call.tensor("self");
  return {uniform_output(self.type, self.shape, stream_of(call), call.number("from", 0), call.number("to", 1))};
}

Outputs normal(const Call& call) {
  const Tensor& self = call.tensor("self");
  return {normal_output(self.type, self.shape, stream_of(call), call.number("mean", 0), call.number("std", 1))};
}

Outputs exponential(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Stream s = stream_of(call);
  const Ct compute = compute_type(self.type);
  const Real rate = call.number("lambd", 1);
  Output out = make_output(self.type, self.shape);
  for (std::uint64_t i = 0; i < self.v.size(); ++i) {
    push(out, exact(compute == Ct::f64 ? exponential_value<double>(s, i, rate) : exponential_value<float>(s, i, rate),
                    compute));
  }
  return {out};
}

Outputs bernoulli(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Stream s = stream_of(call);
  Output out = make_output(self.type, self.shape);
  for (std::uint64_t i = 0; i < self.v.size(); ++i)
    push(out, exact(drawn(s, i, call.number("p", 0.5L)) ? 1 : 0, compute_type(self.type)));
  return {out};
}

Outputs bernoulli_tensor(const Call& call) {
  const Tensor& self = call.tensor("self");
  const Stream s = stream_of(call);
  Output out = make_output(self.type, self.shape);
  for (std::uint64_t i = 0; i < self.v.size(); ++i)
    push(out, exact(drawn(s, i, self.v[i]) ? 1 : 0, compute_type(self.type)));
  return {out};
}

Outputs dropout(const Call& call) {
  const Tensor& input = call.tensor("input");
  const Stream s = stream_of(call);
  const Ct compute = compute_type(input.type);
  const double p = call.flag("train", true) ? static_cast<double>(call.number("p", 0.5L)) : 0;
  const Real scale = p >= 1 ? 0 : round_to(storage_of(compute), 1 / (1 - p));
  Output out = make_output(input.type, input.shape);
  Output mask = make_output(Type::boolean, input.shape);
  for (std::uint64_t i = 0; i < input.v.size(); ++i) {
    const bool kept = !drawn(s, i, p);
    push(out, mul(element(input, static_cast<std::int64_t>(i)), exact(kept ? scale : 0, compute)));
    push(mask, exact(kept ? 1 : 0, Ct::boolean));
  }
  if (call.op().outs.size() == 1) return {out};
  return {out, mask};
}

Outputs rand(const Call& call) {
  const auto [type, shape] = form_of(call);
  return {uniform_output(type, shape, stream_of(call), 0, 1)};
}

Outputs randn(const Call& call) {
  const auto [type, shape] = form_of(call);
  return {normal_output(type, shape, stream_of(call), 0, 1)};
}

Outputs randperm(const Call& call) {
  const Stream s = stream_of(call);
  const Type type = call["dtype"].category;
  std::vector<std::int64_t> order(static_cast<std::size_t>(call.integer("n", 0)));
  std::iota(order.begin(), order.end(), 0);
  std::vector<std::uint64_t> bits;
  for (std::uint64_t i = 0; i < order.size(); ++i) bits.push_back(s.bits(i));
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return bits[static_cast<std::size_t>(a)] < bits[static_cast<std::size_t>(b)];
  });
  Output out = make_output(type, {static_cast<std::int64_t>(order.size())});
  for (const std::int64_t i : order) push(out, exact(static_cast<Real>(i), compute_type(type)));
  return {out};
}

namespace {

// Positions of one row of weights; `row` counts rows.
std::vector<std::int64_t> with_replacement(const std::vector<double>& p, const Stream& s, std::uint64_t row,
                                           std::size_t samples) {
  std::vector<double> sums;
  std::size_t last = 0;
  for (std::size_t j = 0; j < p.size(); ++j) {
    sums.push_back((sums.empty() ? 0 : sums.back()) + p[j]);
    if (p[j] > 0) last = j;
  }
  std::vector<std::int64_t> drawn_now;
  for (std::size_t k = 0; k < samples; ++k) {
    const double x = static_cast<double>(fraction(Ct::f64, s, row * samples + k)) * sums.back();
    std::size_t j = 0;
    while (j < last && !(sums[j] > x)) ++j;
    drawn_now.push_back(static_cast<std::int64_t>(j));
  }
  return drawn_now;
}

std::vector<std::int64_t> without_replacement(const std::vector<double>& p, const Stream& s, std::uint64_t row,
                                              std::size_t samples, bool wide) {
  std::vector<double> keys;
  for (std::size_t j = 0; j < p.size(); ++j) {
    const std::uint64_t i = row * p.size() + j;
    const double noise = wide ? -ln(open_unit<double>(s, i)) : static_cast<double>(-ln(open_unit<float>(s, i)));
    keys.push_back(p[j] > 0 ? std::min(noise / p[j], std::numeric_limits<double>::max())
                            : std::numeric_limits<double>::infinity());
  }
  std::vector<std::int64_t> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return keys[static_cast<std::size_t>(a)] < keys[static_cast<std::size_t>(b)];
  });
  order.resize(samples);
  return order;
}

}  // namespace

Outputs multinomial(const Call& call) {
  const Tensor& self = call.tensor("self");
  const auto samples = static_cast<std::size_t>(call.integer("num_samples", 1));
  const auto length = static_cast<std::size_t>(self.shape.back());
  Shape shape = self.shape;
  shape.back() = static_cast<std::int64_t>(samples);
  Output out = make_output(Type::i64, shape);
  for (std::size_t row = 0; row * length < self.v.size(); ++row) {
    const auto first = self.v.begin() + static_cast<std::ptrdiff_t>(row * length);
    std::vector<double> p(length);
    std::transform(first, first + static_cast<std::ptrdiff_t>(length), p.begin(),
                   [](Real x) { return static_cast<double>(x); });
    const Stream s = stream_of(call);
    const auto chosen = call.flag("replacement", false)
                            ? with_replacement(p, s, row, samples)
                            : without_replacement(p, s, row, samples, self.type == Type::f64);
    for (const std::int64_t j : chosen) push(out, exact(static_cast<Real>(j), Ct::i64));
  }
  return {out};
}

}  // namespace fg::reference::ops
