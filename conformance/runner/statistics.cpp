// SPDX-License-Identifier: Apache-2.0
//
// The tests and their bounds, each for a false alarm of at most e = 10^-9; a check does a few of them.
//   Kolmogorov-Smirnov  P(sqrt(n) sup|F_n - F| > x) <= 2 exp(-2 x^2) for every n (Massart 1990)
//   chi-squared         P(|X - k| > 2 sqrt(k t) + 2 t) <= 2 exp(-t) for k degrees of freedom (Laurent,
//                       Massart 2000), to which Pearson's statistic with 64 draws a bin is close
//   counts              P(|count - n p| > n d) <= 2 exp(-2 n d^2) (Hoeffding 1963)
//   duplicates          n numbers of 53 bits hold an equal pair with P <= n^2 / 2^54

#include "conformance/runner/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace fg::conformance {
namespace {

constexpr double kFalseAlarm = 1e-9;
constexpr std::int64_t kDraws = std::int64_t{1} << 18;

using Numbers = std::vector<double>;

// Fills n elements of f32 or f64 by an in-place operator of up to two parameters.
Result<Numbers> draw(const Device& device, std::string_view op, fg_dtype dtype, std::initializer_list<double> with,
                     fg_generator& generator, std::int64_t n = kDraws) {
  FG_TRY_ASSIGN(Handle t, device.empty(dtype, std::vector<std::int64_t>{n}));
  std::vector<fg_value> args{fg_value_tensor(t.get())};
  for (const double x : with) args.push_back(fg_value_float(x));
  args.push_back(fg_value_generator(&generator));
  FG_TRY(device.call(op, FG_FORM_INPLACE, args, {}));
  Numbers v(static_cast<std::size_t>(n));
  std::vector<float> narrow(dtype == FG_F32 ? v.size() : 0);
  void* to = dtype == FG_F32 ? static_cast<void*>(narrow.data()) : v.data();
  fg_error err = FG_ERROR_INIT;
  const std::size_t bytes = v.size() * (dtype == FG_F32 ? sizeof(float) : sizeof(double));
  if (const fg_status s = fg_tensor_to_host(t.get(), to, bytes, &err); s < 0) return tl::unexpected(error_of(s, err));
  if (dtype == FG_F32) std::copy(narrow.begin(), narrow.end(), v.begin());
  return v;
}

// Distance of the draws from the distribution function.
template <class F>
std::string kolmogorov(Numbers v, F&& distribution, std::string_view what) {
  std::sort(v.begin(), v.end());
  const auto n = static_cast<double>(v.size());
  double distance = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    const double f = distribution(v[i]);
    if (!(f >= 0 && f <= 1)) return std::string(what) + ": a number outside the distribution";
    distance = std::max({distance, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
  }
  const double bound = std::sqrt(std::log(2 / kFalseAlarm) / 2 / n);
  if (distance <= bound) return "";
  return std::string(what) + ": Kolmogorov-Smirnov distance " + std::to_string(distance) + ", expected at most " +
         std::to_string(bound);
}

// Pairs of numbers a `lag` apart, as probabilities, over a grid of cells.
template <class F>
std::string pairs(const Numbers& v, std::size_t lag, F&& distribution, std::string_view what) {
  constexpr std::size_t kSide = 32;
  std::vector<double> cells(kSide * kSide, 0);
  const auto bin = [&](double x) {
    return std::min(kSide - 1, static_cast<std::size_t>(distribution(x) * static_cast<double>(kSide)));
  };
  double count = 0;
  for (std::size_t i = 0; i + lag < v.size(); i += 2 * lag) {
    for (std::size_t k = i; k < std::min(i + lag, v.size() - lag); ++k, ++count)
      cells[bin(v[k]) * kSide + bin(v[k + lag])] += 1;
  }
  const double expected = count / static_cast<double>(cells.size());
  double statistic = 0;
  for (const double c : cells) statistic += (c - expected) * (c - expected) / expected;
  const double k = static_cast<double>(cells.size()) - 1, t = std::log(2 / kFalseAlarm);
  if (std::abs(statistic - k) <= 2 * std::sqrt(k * t) + 2 * t) return "";
  return std::string(what) + ": chi-squared of pairs " + std::to_string(lag) + " apart is " +
         std::to_string(statistic) + " for " + std::to_string(k) + " degrees of freedom";
}

template <class F>
Result<std::string> judge_numbers(const Device& device, std::string_view op, std::initializer_list<double> with,
                                  F&& distribution) {
  for (const fg_dtype dtype : {FG_F32, FG_F64}) {
    fg_generator generator{0x5EED0001, 17};
    FG_TRY_ASSIGN(const Numbers v, draw(device, op, dtype, with, generator));
    const std::string what = std::string(op) + (dtype == FG_F32 ? " f32" : " f64");
    if (std::string text = kolmogorov(v, distribution, what); !text.empty()) return text;
    for (const std::size_t lag : {1, 2, 4, 8, 1024, 4096}) {
      if (std::string text = pairs(v, lag, distribution, what); !text.empty()) return text;
    }
  }
  return "";
}

}  // namespace

Result<std::string> uniform_numbers(const Device& device) {
  return judge_numbers(device, "uniform_", {-2.0, 3.0}, [](double x) { return (x + 2) / 5; });
}

Result<std::string> normal_numbers(const Device& device) {
  return judge_numbers(device, "normal_", {0.5, 2.0},
                       [](double x) { return std::erfc(-(x - 0.5) / 2 / std::numbers::sqrt2) / 2; });
}

Result<std::string> exponential_numbers(const Device& device) {
  return judge_numbers(device, "exponential_", {0.25}, [](double x) { return -std::expm1(-0.25 * x); });
}

Result<std::string> bernoulli_numbers(const Device& device) {
  for (const double p : {0.001, 0.3, 0.5, 0.97}) {
    fg_generator generator{0x5EED0002, 0};
    FG_TRY_ASSIGN(const Numbers v, draw(device, "bernoulli_", FG_F32, {p}, generator));
    double ones = 0;
    for (const double x : v) ones += x;
    const auto n = static_cast<double>(v.size());
    const double bound = std::sqrt(std::log(2 / kFalseAlarm) / 2 / n);
    if (std::abs(ones / n - p) > bound) {
      return "bernoulli_: " + std::to_string(ones / n) + " of the elements are 1 for p " + std::to_string(p) +
             ", expected that within " + std::to_string(bound);
    }
  }
  return "";
}

Result<std::string> generator_moves(const Device& device) {
  constexpr std::int64_t kNumbers = 30'001;  // Two calls: an equal pair with P <= 2e-7 for another seed.
  fg_generator generator{0x5EED0003, 5};
  FG_TRY_ASSIGN(Numbers v, draw(device, "uniform_", FG_F64, {0.0, 1.0}, generator, kNumbers));
  if (generator.seed != 0x5EED0003 || generator.offset != 5 + static_cast<std::uint64_t>(kNumbers)) {
    return "after " + std::to_string(kNumbers) + " numbers the offset moved by " +
           std::to_string(generator.offset - 5) + ", expected as many";
  }
  FG_TRY_ASSIGN(const Numbers more, draw(device, "uniform_", FG_F64, {0.0, 1.0}, generator, kNumbers));
  fg_generator again{0x5EED0003, 5};
  FG_TRY_ASSIGN(const Numbers same, draw(device, "uniform_", FG_F64, {0.0, 1.0}, again, kNumbers));
  if (same != v) return "the same seed and offset gave other numbers";
  v.insert(v.end(), more.begin(), more.end());
  std::sort(v.begin(), v.end());
  if (std::adjacent_find(v.begin(), v.end()) != v.end()) return "a number was drawn twice";
  return "";
}

}  // namespace fg::conformance
