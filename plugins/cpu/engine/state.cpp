// SPDX-License-Identifier: Apache-2.0

#include "plugins/cpu/engine/state.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "plugins/cpu/engine/convert.hpp"

namespace fg::cpu {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// s + x with the error added to `error`.
void add_compensated(double& s, double& error, double x) {
  const double t = s + x;
  error += std::fabs(s) >= std::fabs(x) ? (s - t) + x : (x - t) + s;
  s = t;
}
// The error is meaningless once an infinity or NaN has passed.
double compensated(const State& s) { return std::isfinite(s.a) ? s.a + s.b : s.a; }

double nan_extreme(double a, double b, bool max) {
  if (a != a || b != b) return std::numeric_limits<double>::quiet_NaN();
  return max ? std::max(a, b) : std::min(a, b);
}

std::int64_t lowest(std::uint16_t type) {
  return type == FG_CT_I32   ? std::numeric_limits<std::int32_t>::min()
         : type == FG_CT_I64 ? std::numeric_limits<std::int64_t>::min()
                             : 0;
}
std::int64_t highest(std::uint16_t type) {
  return type == FG_CT_I32   ? std::numeric_limits<std::int32_t>::max()
         : type == FG_CT_I64 ? std::numeric_limits<std::int64_t>::max()
                             : 1;
}

std::int64_t read_int(const void* p, std::uint16_t type) {
  return with_compute_type(type, [&](auto tag) {
    typename decltype(tag)::type v;
    std::memcpy(&v, p, sizeof v);
    return static_cast<std::int64_t>(v);
  });
}
double read_float(const void* p, std::uint16_t type) {
  if (type == FG_CT_F64) {
    double v;
    std::memcpy(&v, p, sizeof v);
    return v;
  }
  float v;
  std::memcpy(&v, p, sizeof v);
  return static_cast<double>(v);
}

Fold fold_of(std::uint32_t monoid, std::uint16_t type) {
  const bool b = type == FG_CT_BOOL;
  switch (monoid) {
    case FG_MONOID_PROD: return b ? Fold::all : Fold::prod;
    case FG_MONOID_MAX:
    case FG_MONOID_ARGMAX:
    case FG_MONOID_LASTMAX:
    case FG_MONOID_LOGSUMEXP: return b ? Fold::any : Fold::max;
    case FG_MONOID_MIN:
    case FG_MONOID_ARGMIN:
    case FG_MONOID_LASTMIN: return b ? Fold::all : Fold::min;
    case FG_MONOID_AND: return Fold::all;
    case FG_MONOID_OR: return Fold::any;
    default: return b ? Fold::any : Fold::sum;
  }
}

}  // namespace

Result<Monoid> Monoid::make(std::uint32_t monoid, std::uint16_t type) {
  if (monoid < FG_MONOID_SUM || monoid > FG_MONOID_LASTMIN) {
    return unsupported("unknown monoid " + std::to_string(monoid), FG_R_PARAMETER);
  }
  Monoid m;
  m.kind_ = monoid;
  m.type_ = type;
  m.how_ = fold_of(monoid, type);
  const bool floats_only = monoid == FG_MONOID_WELFORD || monoid == FG_MONOID_LOGSUMEXP;
  const bool bool_only = monoid == FG_MONOID_AND || monoid == FG_MONOID_OR;
  if ((floats_only && !m.is_float()) || (bool_only && type != FG_CT_BOOL)) {
    return unsupported("monoid " + std::to_string(monoid) + " does not take values of type " + std::to_string(type),
                       FG_R_EXPRESSION);
  }
  m.fold_ = find_fold(m.how_, type);
  m.accumulate_ = m.simple() ? find_accumulate(m.how_, type) : nullptr;
  m.merge_ = m.simple() ? find_accumulate(m.how_, m.lane_type()) : nullptr;
  m.narrow_ = m.lane_type() == type ? find_copy(compute_bytes(type)) : find_cast(m.lane_type(), type);
  if (monoid == FG_MONOID_LOGSUMEXP) {
    constexpr Form kSecondIsOneValue = 2;
    m.sub_ = find_micro(FG_EX_SUB, type, type, kSecondIsOneValue);
    m.exp_ = find_micro(FG_EX_EXP, type, type, 0);
    m.sum_ = find_fold(Fold::sum, type);
  }
  if (monoid == FG_MONOID_WELFORD) m.deviations_ = find_fold(Fold::square_deviations, type);
  return m;
}

State Monoid::identity() const {
  State s;
  switch (how_) {
    case Fold::prod: s.a = 1, s.i = 1; break;
    case Fold::max: s.a = -kInf, s.i = lowest(type_); break;
    case Fold::min: s.a = kInf, s.i = highest(type_); break;
    case Fold::all: s.i = 1; break;
    default: break;
  }
  return s;
}

void Monoid::fold(State& s, const void* x, std::size_t n, std::int64_t first) const {
  if (arg()) {
    with_compute_type(type_,
                      [&](auto tag) { fold_arg(s, static_cast<const typename decltype(tag)::type*>(x), n, first); });
    return;
  }
  if (kind_ == FG_MONOID_WELFORD) return fold_welford(s, x, n);
  if (kind_ == FG_MONOID_LOGSUMEXP) return fold_log_sum_exp(s, x, n);
  State block;
  if (!is_float()) {
    std::uint64_t r = 0;
    fold_(&r, x, nullptr, n);
    const bool wide = how_ == Fold::sum || how_ == Fold::prod;
    block.i = read_int(&r, wide ? static_cast<std::uint16_t>(FG_CT_I64) : type_);
  } else if (how_ == Fold::sum || how_ == Fold::prod) {
    fold_(&block.a, x, nullptr, n);
  } else {
    std::uint64_t r = 0;
    fold_(&r, x, nullptr, n);
    block.a = read_float(&r, type_);
  }
  combine(s, block);
}

void Monoid::step(State& s, const void* x, std::int64_t position) const {
  if (is_float()) {
    const double v = read_float(x, type_);
    switch (kind_) {
      case FG_MONOID_SUM: s.a += v; return;
      case FG_MONOID_PROD: s.a *= v; return;
      case FG_MONOID_MAX: s.a = nan_extreme(s.a, v, true); return;
      case FG_MONOID_MIN: s.a = nan_extreme(s.a, v, false); return;
      case FG_MONOID_WELFORD: {
        const double delta = v - s.a;
        s.a += delta / static_cast<double>(++s.i);
        s.b += delta * (v - s.a);
        return;
      }
      case FG_MONOID_LOGSUMEXP: combine(s, State{v, std::fabs(v) == kInf && v < 0 ? 0.0 : 1.0, 0, -1}); return;
      default: take(s, v, position); return;
    }
  }
  const std::int64_t v = read_int(x, type_);
  if (arg()) return take(s, v, position);
  combine(s, State{0, 0, v, -1});
}

template <class T>
void Monoid::step_row_of(State* s, const T* x, std::size_t n, std::int64_t position) const {
  if constexpr (std::is_floating_point_v<T>) {
    if (kind_ == FG_MONOID_WELFORD) {
      const double weight = 1 / static_cast<double>(s[0].i + 1);  // all have seen as many
      for (std::size_t k = 0; k < n; ++k) {
        const double v = static_cast<double>(x[k]), delta = v - s[k].a;
        s[k].a += delta * weight;
        s[k].b += delta * (v - s[k].a);
        ++s[k].i;
      }
      return;
    }
    if (kind_ == FG_MONOID_LOGSUMEXP) {
      for (std::size_t k = 0; k < n; ++k) step(s[k], x + k, position);
      return;
    }
  }
  const bool max = kind_ == FG_MONOID_ARGMAX || kind_ == FG_MONOID_LASTMAX;
  for (std::size_t k = 0; k < n; ++k) {
    if constexpr (std::is_floating_point_v<T>) {
      const double v = static_cast<double>(x[k]);
      const bool worse = max ? v < s[k].a : v > s[k].a;  // false for NaN
      if (!worse || s[k].index < 0) take(s[k], v, position);
    } else {
      const auto v = static_cast<std::int64_t>(x[k]);
      const bool worse = max ? v < s[k].i : v > s[k].i;
      if (!worse || s[k].index < 0) take(s[k], v, position);
    }
  }
}
void Monoid::step_row(State* s, const void* x, std::size_t n, std::int64_t position) const {
  with_compute_type(
      type_, [&](auto tag) { step_row_of(s, static_cast<const typename decltype(tag)::type*>(x), n, position); });
}

void Monoid::combine(State& s, const State& later) const {
  if (arg()) {
    if (later.index < 0) return;
    if (is_float())
      take(s, later.a, later.index);
    else
      take(s, later.i, later.index);
    return;
  }
  if (kind_ == FG_MONOID_WELFORD) {
    if (later.i == 0) return;
    const auto n = static_cast<double>(s.i), m = static_cast<double>(later.i), delta = later.a - s.a;
    s.a += delta * (m / (n + m));
    s.b += later.b + delta * delta * (n * m / (n + m));
    s.i += later.i;
    return;
  }
  if (kind_ == FG_MONOID_LOGSUMEXP) {
    const double peak = nan_extreme(s.a, later.a, true);
    const auto scaled = [&](double m, double t) { return t == 0 ? 0.0 : m == peak ? t : t * std::exp(m - peak); };
    s.b = peak != peak ? peak : scaled(s.a, s.b) + scaled(later.a, later.b);
    s.a = peak;
    return;
  }
  const auto u = static_cast<std::uint64_t>(s.i), v = static_cast<std::uint64_t>(later.i);
  switch (how_) {
    case Fold::sum:
      if (is_float()) add_compensated(s.a, s.b, later.a), s.b += later.b;
      s.i = static_cast<std::int64_t>(u + v);
      break;
    case Fold::prod:
      s.a *= later.a;
      s.i = static_cast<std::int64_t>(u * v);
      break;
    case Fold::max:
      s.a = nan_extreme(s.a, later.a, true);
      s.i = std::max(s.i, later.i);
      break;
    case Fold::min:
      s.a = nan_extreme(s.a, later.a, false);
      s.i = std::min(s.i, later.i);
      break;
    case Fold::all: s.i &= later.i; break;
    default: s.i |= later.i; break;
  }
}

// Strictly better: greater (or less), NaN best of all.
template <class T>
bool Monoid::better(T candidate, T best) const {
  if (best != best) return false;
  if (candidate != candidate) return true;
  const bool max = kind_ == FG_MONOID_ARGMAX || kind_ == FG_MONOID_LASTMAX;
  return max ? candidate > best : candidate < best;
}
template <class T>
void Monoid::take(State& s, T value, std::int64_t position) const {
  T best{};
  if constexpr (std::is_floating_point_v<T>)
    best = static_cast<T>(s.a);
  else
    best = static_cast<T>(s.i);
  if (s.index >= 0) {
    const bool wins = better(value, best), tie = !wins && !better(best, value);
    if (!wins && !(tie && (last() ? position > s.index : position < s.index))) return;
  }
  if constexpr (std::is_floating_point_v<T>)
    s.a = static_cast<double>(value);
  else
    s.i = static_cast<std::int64_t>(value);
  s.index = position;
}

// The block's extreme first, which is fast; its position only if it beats the state.
template <class T>
void Monoid::fold_arg(State& s, const T* x, std::size_t n, std::int64_t first) const {
  T best{};
  fold_(&best, x, nullptr, n);
  const auto is_best = [&](T v) { return best != best ? v != v : v == best; };
  std::size_t at = 0;
  if (last()) {
    at = n - 1;
    while (!is_best(x[at])) --at;
  } else {
    T held{};
    if constexpr (std::is_floating_point_v<T>)
      held = static_cast<T>(s.a);
    else
      held = static_cast<T>(s.i);
    if (s.index >= 0 && !better(best, held)) return;
    while (!is_best(x[at])) ++at;
  }
  if constexpr (std::is_floating_point_v<T>)
    take(s, static_cast<double>(best), first + static_cast<std::int64_t>(at));
  else
    take(s, static_cast<std::int64_t>(best), first + static_cast<std::int64_t>(at));
}

// Two passes over the block: mean, then squared deviations from it.
void Monoid::fold_welford(State& s, const void* x, std::size_t n) const {
  State block;
  double sum = 0;
  fold_(&sum, x, nullptr, n);
  block.a = sum / static_cast<double>(n);
  deviations_(&block.b, x, &block.a, n);
  block.i = static_cast<std::int64_t>(n);
  combine(s, block);
}

void Monoid::fold_log_sum_exp(State& s, const void* x, std::size_t n) const {
  std::uint64_t r = 0;
  fold_(&r, x, nullptr, n);
  State block;
  block.a = read_float(&r, type_);
  if (std::isinf(block.a)) {
    block.b = block.a > 0 ? 1 : 0;
  } else if (block.a == block.a) {
    constexpr std::size_t kPart = 512;
    alignas(64) double part[kPart];
    const std::size_t bytes = compute_bytes(type_);
    for (std::size_t i = 0; i < n; i += kPart) {
      const std::size_t k = std::min(kPart, n - i);
      sub_(part, static_cast<const char*>(x) + i * bytes, &r, nullptr, k);  // r has the block's peak
      exp_(part, part, part, part, k);
      double sum = 0;
      sum_(&sum, part, nullptr, k);
      block.b += sum;
    }
  }
  combine(s, block);
}

std::size_t Monoid::n_states() const {
  if (kind_ == FG_MONOID_WELFORD) return 3;
  return arg() || kind_ == FG_MONOID_LOGSUMEXP ? 2 : 1;
}
std::uint16_t Monoid::state_type(std::size_t k) const {
  return arg() && k == 1 ? static_cast<std::uint16_t>(FG_CT_I64) : type_;
}

void Monoid::put(const State& s, void* const* block, std::size_t at) const {
  const auto write = [&](std::size_t k, auto value) {
    with_compute_type(state_type(k), [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T v = convert_value<T>(value);
      std::memcpy(static_cast<char*>(block[k]) + at * sizeof(T), &v, sizeof v);
    });
  };
  if (!is_float()) {
    write(0, s.i);
  } else {
    write(0, kind_ == FG_MONOID_SUM ? compensated(s) : s.a);
  }
  if (arg()) write(1, std::max<std::int64_t>(s.index, 0));
  if (kind_ == FG_MONOID_WELFORD || kind_ == FG_MONOID_LOGSUMEXP) write(1, s.b);
  if (kind_ == FG_MONOID_WELFORD) write(2, static_cast<double>(s.i));
}

void Monoid::put_block(const State* s, std::size_t n, void* const* block) const {
  const auto write = [&](std::size_t k, auto&& value) {
    with_compute_type(state_type(k), [&](auto tag) {
      using T = typename decltype(tag)::type;
      T* to = static_cast<T*>(block[k]);
      for (std::size_t i = 0; i < n; ++i) to[i] = convert_value<T>(value(s[i]));
    });
  };
  if (!is_float()) {
    write(0, [](const State& x) { return x.i; });
  } else if (kind_ == FG_MONOID_SUM) {
    write(0, compensated);
  } else {
    write(0, [](const State& x) { return x.a; });
  }
  if (arg()) write(1, [](const State& x) { return std::max<std::int64_t>(x.index, 0); });
  if (kind_ == FG_MONOID_WELFORD || kind_ == FG_MONOID_LOGSUMEXP) write(1, [](const State& x) { return x.b; });
  if (kind_ == FG_MONOID_WELFORD) write(2, [](const State& x) { return static_cast<double>(x.i); });
}

std::uint16_t Monoid::lane_type() const {
  if (how_ != Fold::sum && how_ != Fold::prod) return type_;
  return static_cast<std::uint16_t>(is_float() ? FG_CT_F64 : FG_CT_I64);
}
void Monoid::put_lanes(const void* lanes, void* block, std::size_t n) const { narrow_(block, lanes, lanes, lanes, n); }
void Monoid::fill_identity(void* lanes, std::size_t n) const {
  const State s = identity();
  std::uint64_t cell = 0;
  if (how_ == Fold::sum || how_ == Fold::prod) {
    if (is_float())
      std::memcpy(&cell, &s.a, 8);
    else
      std::memcpy(&cell, &s.i, 8);
  } else {
    void* const block[] = {&cell};
    put(s, block, 0);
  }
  find_fill(lane_bytes())(lanes, &cell, nullptr, nullptr, n);
}
State Monoid::from_lane(const void* lanes, std::size_t at) const {
  State s = identity();
  const char* p = static_cast<const char*>(lanes) + at * lane_bytes();
  const bool wide = how_ == Fold::sum || how_ == Fold::prod;
  if (is_float())
    s.a = read_float(p, wide ? static_cast<std::uint16_t>(FG_CT_F64) : type_);
  else
    s.i = read_int(p, wide ? static_cast<std::uint16_t>(FG_CT_I64) : type_);
  return s;
}

}  // namespace fg::cpu
