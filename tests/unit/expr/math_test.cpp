// SPDX-License-Identifier: Apache-2.0
//
// The errors of printed functions where the language has nothing but + - * and a poor / and sqrt: every
// function is printed in such a dialect of C, compiled, and compared with the C library's function
// of the next wider type.

#include <gtest/gtest.h>

#ifdef __SSE2__
#include <pmmintrin.h>
#include <xmmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/expr/poor_language.hpp"

namespace fg::expr {
namespace {

using Wide = long double;

struct Row {
  std::string name;
  std::uint16_t op;
  double (*f32)(double, double);
  Wide (*f64)(Wide, Wide);
  double ulps;  // 0.5: rounded correctly
};
template <class F>
Row row(std::string name, std::uint16_t op, F f, double ulps = 2) {
  return {std::move(name), op, f, f, ulps};
}

std::vector<Row> unary() {
  return {
      row("exp", FG_EX_EXP, [](auto x, auto) { return std::exp(x); }),
      row("exp2", FG_EX_EXP2, [](auto x, auto) { return std::exp2(x); }),
      row("expm1", FG_EX_EXPM1, [](auto x, auto) { return std::expm1(x); }),
      row("log", FG_EX_LOG, [](auto x, auto) { return std::log(x); }),
      row("log2", FG_EX_LOG2, [](auto x, auto) { return std::log2(x); }),
      row("log10", FG_EX_LOG10, [](auto x, auto) { return std::log10(x); }),
      row("log1p", FG_EX_LOG1P, [](auto x, auto) { return std::log1p(x); }),
      row("sin", FG_EX_SIN, [](auto x, auto) { return std::sin(x); }),
      row("cos", FG_EX_COS, [](auto x, auto) { return std::cos(x); }),
      row("tan", FG_EX_TAN, [](auto x, auto) { return std::tan(x); }),
      row("asin", FG_EX_ASIN, [](auto x, auto) { return std::asin(x); }),
      row("acos", FG_EX_ACOS, [](auto x, auto) { return std::acos(x); }),
      row("atan", FG_EX_ATAN, [](auto x, auto) { return std::atan(x); }),
      row("sinh", FG_EX_SINH, [](auto x, auto) { return std::sinh(x); }),
      row("cosh", FG_EX_COSH, [](auto x, auto) { return std::cosh(x); }),
      row("tanh", FG_EX_TANH, [](auto x, auto) { return std::tanh(x); }),
      row("asinh", FG_EX_ASINH, [](auto x, auto) { return std::asinh(x); }),
      row("acosh", FG_EX_ACOSH, [](auto x, auto) { return std::acosh(x); }),
      row("atanh", FG_EX_ATANH, [](auto x, auto) { return std::atanh(x); }),
      row("erf", FG_EX_ERF, [](auto x, auto) { return std::erf(x); }),
      row("erfc", FG_EX_ERFC, [](auto x, auto) { return std::erfc(x); }),
      row("lgamma", FG_EX_LGAMMA, [](auto x, auto) { return std::lgamma(x); }),
      row(
          "sigmoid", FG_EX_SIGMOID, [](auto x, auto) { return 1 / (1 + std::exp(-x)); }, 4),
      row(
          "rsqrt", FG_EX_RSQRT, [](auto x, auto) { return 1 / std::sqrt(x); }, 4),
      row(
          "sqrt", FG_EX_SQRT, [](auto x, auto) { return std::sqrt(x); }, 0.5),
  };
}
template <class R>
R python_remainder(R x, R y) {
  const R r = std::fmod(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}
std::vector<Row> binary() {
  return {
      row(
          "remainder", FG_EX_REMAINDER, [](auto x, auto y) { return python_remainder(x, y); }, 0.51),
      row(
          "div", FG_EX_DIV, [](auto x, auto y) { return x / y; }, 0.5),
      row(
          "fmod", FG_EX_FMOD, [](auto x, auto y) { return std::fmod(x, y); }, 0.5),
      row("pow", FG_EX_POW, [](auto x, auto y) { return std::pow(x, y); }),
      row("atan2", FG_EX_ATAN2, [](auto x, auto y) { return std::atan2(x, y); }),
  };
}

// Without the language's own operations.
std::vector<Row> printed(std::vector<Row> rows) {
  std::erase_if(rows, [](const Row& r) { return r.op == FG_EX_DIV || r.op == FG_EX_SQRT; });
  return rows;
}

template <class T>
constexpr std::uint16_t kType = sizeof(T) == 4 ? FG_CT_F32 : FG_CT_F64;

// In ulp; infinity counts as the power of two behind the largest number.
template <class T, class R>
double error(T got, R want, double ulps) {
  constexpr double kWrong = std::numeric_limits<double>::infinity();
  using Limits = std::numeric_limits<T>;
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got) ? 0 : kWrong;
  if (want == 0) return got == 0 && std::signbit(got) == std::signbit(want) ? 0 : kWrong;
  const T nearest = static_cast<T>(want);
  if (got == nearest && (ulps == 0.5 || std::isinf(got))) return 0;
  if (ulps == 0.5 || std::isinf(want)) return kWrong;
  const R beyond = std::ldexp(R{1}, Limits::max_exponent);
  const auto bounded = [&](R x) { return std::isinf(x) || std::fabs(x) > beyond ? std::copysign(beyond, x) : x; };
  const int exponent = std::max(std::ilogb(bounded(want)), Limits::min_exponent - 1);
  return static_cast<double>(std::fabs(bounded(got) - bounded(want)) /
                             std::ldexp(R{1}, std::min(exponent, Limits::max_exponent - 1) - (Limits::digits - 1)));
}

struct Worst {
  double ulps = 0, x = 0, y = 0, got = 0, want = 0;
};

template <class T, class Dialect = PoorDialect>
class Measured {
 public:
  explicit Measured(const std::vector<Row>& rows) : rows_(rows) {
    std::string text = "#include <math.h>\n#include <stdbool.h>\n#include <stdint.h>\n" + Dialect::preamble();
    std::vector<fg_expr_node> all = {{FG_EX_INPUT, kType<T>, {0}}, {FG_EX_INPUT, kType<T>, {1}}};
    for (const Row& r : rows) all.push_back({r.op, kType<T>, {0, 1, 0}});
    text += printer(all, [](const auto& p) { return p.prelude(); });
    const std::string type(Dialect::type_name(kType<T>));
    for (const Row& r : rows) {
      text += type + " printed_" + r.name + "(" + type + " a, " + type + " b) {\n" +
              printer({all[0], all[1], {r.op, kType<T>, {0, 1, 0}}},
                      [](const auto& p) {
                        return p.statements({[](std::uint32_t k) { return k == 0 ? "a" : "b"; }, {}, {}});
                      }) +
              "  return v2;\n}\n";
    }
    library_ = load_c(folder_, text, "-O2");
  }

  // `each` calls its argument with pairs of numbers; results below `least` are not judged.
  void judge(const std::function<void(const std::function<void(T, T)>&)>& each, double least = 0) const {
    ASSERT_NE(library_, nullptr);
    for (const Row& r : rows_) {
      const auto function = reinterpret_cast<T (*)(T, T)>(::dlsym(library_, ("printed_" + r.name).c_str()));
      ASSERT_NE(function, nullptr) << r.name;
      Worst worst;
      each([&](T x, T y) {
        const T got = function(x, y);
        const auto want = reference(r, x, y);
        const double ulps = std::fabs(want) < least ? 0 : error(got, want, r.ulps);
        if (ulps > worst.ulps) worst = {ulps, x, y, got, static_cast<double>(want)};
      });
      EXPECT_LE(worst.ulps, r.ulps) << r.name << '(' << worst.x << ", " << worst.y << ") = " << worst.got
                                    << ", expected " << worst.want;
      ::testing::Test::RecordProperty(r.name, std::to_string(worst.ulps));
    }
  }

 private:
  static auto reference(const Row& r, T x, T y) {
    if constexpr (sizeof(T) == 4) {
      return r.f32(x, y);
    } else {
      return r.f64(x, y);
    }
  }
  template <class F>
  static std::string printer(const std::vector<fg_expr_node>& nodes, const F& f) {
    fg_expr e{};
    e.node = nodes.data();
    e.n_node = static_cast<std::uint32_t>(nodes.size());
    const sdk::ExprPrinter<Dialect> p(e);
    EXPECT_TRUE(p.check());
    return f(p);
  }

  std::vector<Row> rows_;
  Folder folder_;
  void* library_ = nullptr;
};

// The neighbours of all powers of two, zeros, infinities and NaN of both signs.
template <class T, class Bits>
std::vector<T> edges() {
  constexpr int kMantissa = std::numeric_limits<T>::digits - 1;
  std::vector<T> all;
  for (Bits e = 0; e < Bits{1} << (sizeof(T) * 8 - 1 - kMantissa); ++e) {
    for (const Bits b : {(e << kMantissa) + 1, e << kMantissa, (e << kMantissa) - 1}) {
      all.push_back(std::bit_cast<T>(b & (~Bits{0} >> 1)));
      all.push_back(-all.back());
    }
  }
  return all;
}
template <class T>
std::vector<T> few() {
  using L = std::numeric_limits<T>;
  std::vector<T> all;
  for (const T x : {T{0}, T{1}, T{0.5}, T{2}, T{3}, T{2.5}, T{7.25}, L::infinity(), L::quiet_NaN(), L::max(), L::min(),
                    L::denorm_min(), L::min() - L::denorm_min(), T{1} + L::epsilon(), T{1} - L::epsilon() / 2}) {
    all.push_back(x);
    all.push_back(-x);
  }
  return all;
}

template <class Dialect>
void judge_f32_of_one(std::uint64_t step) {
  const std::vector<float> special = edges<float, std::uint32_t>();
  Measured<float, Dialect>(unary()).judge([&](const auto& at) {
    for (const float x : special) at(x, 0.0f);
    for (std::uint64_t b = 0; b < std::uint64_t{1} << 32; b += step)
      at(std::bit_cast<float>(static_cast<std::uint32_t>(b)), 0.0f);
  });
}
TEST(PrintedMath, F32OfOneArgument) { judge_f32_of_one<PoorDialect>(1009); }
TEST(PrintedMath, F32OfOneArgumentFused) { judge_f32_of_one<FusingDialect>(2003); }

// exp of f32 that is stored as f16: infinity begins at 65520, and 2^-25 is 0.
template <class Dialect>
void judge_exp_f16() {
  const fg_expr_node node[] = {{FG_EX_INPUT, FG_CT_F32, {0}}, {FG_EX_EXP, FG_CT_F32, {0}}};
  const std::uint32_t out = 1;
  const fg_dtype stored[] = {FG_F16};
  fg_expr e{};
  e.node = node;
  e.out = &out;
  e.n_node = 2;
  e.n_in = e.n_out = 1;
  const sdk::ExprPrinter<Dialect> p(e, "v", stored);
  const Folder folder;
  void* const library = load_c(folder,
                               "#include <math.h>\n#include <stdbool.h>\n#include <stdint.h>\n" + Dialect::preamble() +
                                   p.prelude() + "float printed(float a) {\n" +
                                   p.statements({[](std::uint32_t) { return "a"; }, {}, {}}) + "  return v1;\n}\n",
                               "-O2");
  ASSERT_NE(library, nullptr);
  const auto printed = reinterpret_cast<float (*)(float)>(::dlsym(library, "printed"));
  ASSERT_NE(printed, nullptr);
  EXPECT_NE(p.prelude().find("exp_f16"), std::string::npos);
  const auto right = [&](float x) {
    const double want = std::exp(static_cast<double>(x)), got = printed(x);
    if (want >= 65520) return got >= 65520;
    if (want <= 0x1p-25) return got >= 0 && got <= 0x1p-25;
    return error(static_cast<float>(got), want, 2) <= 2;
  };
  std::vector<float> all = edges<float, std::uint32_t>();
  for (std::uint64_t b = 0; b < std::uint64_t{1} << 32; b += 1009)
    all.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(b)));
  for (float x = -18.5f; x < 12.5f; x += 0x1p-16f) all.push_back(x);
  const auto wrong = std::find_if_not(all.begin(), all.end(), right);
  EXPECT_EQ(wrong, all.end()) << "exp(" << *wrong << ") = " << printed(*wrong);
}
TEST(PrintedMath, ExpThatIsStoredAsF16) {
  judge_exp_f16<PoorDialect>();
  judge_exp_f16<FusingDialect>();
}

TEST(PrintedMath, F64OfOneArgument) {
  if (std::numeric_limits<Wide>::digits <= std::numeric_limits<double>::digits)
    GTEST_SKIP() << "long double is no wider than double";
  const std::vector<double> special = edges<double, std::uint64_t>();
  Measured<double>(printed(unary())).judge([&](const auto& at) {
    for (const double x : special) at(x, 0.0);
    std::mt19937_64 random(7);
    std::uniform_real_distribution<double> unit(-1, 1);
    for (int k = 0; k < 40000; ++k) {
      for (const double x :
           {std::bit_cast<double>(random()), 1.5 * unit(random), 40 * unit(random), 900 * unit(random)})
        at(x, 0.0);
    }
  });
}

template <class T, class Bits>
void pairs(const std::function<void(T, T)>& at, int count) {
  for (const T x : few<T>()) {
    for (const T y : few<T>()) at(x, y);
  }
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> unit(-1, 1);
  const auto any = [&] { return std::bit_cast<T>(static_cast<Bits>(random())); };
  for (int k = 0; k < count; ++k) {
    const T x = any();
    at(x, static_cast<T>(static_cast<double>(x) * std::exp(8 * unit(random))));
    at(static_cast<T>(std::exp(3 * unit(random))), static_cast<T>(30 * unit(random)));
    at(static_cast<T>(100 * unit(random)), static_cast<T>(10 * unit(random)));
    if (k % 16 == 0) at(x, any());  // fmod takes a step for every bit of the quotient
  }
}

TEST(PrintedMath, F32OfTwoArguments) {
  Measured<float>(binary()).judge([](const auto& at) { pairs<float, std::uint32_t>(at, 100000); });
}

TEST(PrintedMath, F64OfTwoArguments) {
  if (std::numeric_limits<Wide>::digits <= std::numeric_limits<double>::digits)
    GTEST_SKIP() << "long double is no wider than double";
  Measured<double>(printed(binary())).judge([](const auto& at) { pairs<double, std::uint64_t>(at, 20000); });
}

#ifdef __SSE2__
// A device that reads subnormals as 0 and makes none: what has none in and out must not notice.
class Flushing {
 public:
  Flushing() : before_(_mm_getcsr()) {
    _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
    _MM_SET_DENORMALS_ZERO_MODE(_MM_DENORMALS_ZERO_ON);
  }
  ~Flushing() { _mm_setcsr(before_); }
  Flushing(const Flushing&) = delete;
  Flushing& operator=(const Flushing&) = delete;

 private:
  unsigned before_;
};

TEST(PrintedMath, SubnormalsInBetweenAreNotNeeded) {
  constexpr float kLeast = 1.25f * std::numeric_limits<float>::min();  // 2 ulp of a result above are normal
  // By bits: a comparison takes a subnormal for 0.
  const auto plain = [](float x) { return std::bit_cast<std::uint32_t>(x) << 1 == 0 || std::fabs(x) > kLeast; };
  // Out of reach: remainders of numbers above 1 by such that cannot be scaled with them.
  const auto near = [](float x, float y) { return std::fabs(x) < 1 || std::fabs(y) > 1e-18f; };
  const Measured<float> one(unary()), two(binary());
  const Flushing flushing;
  one.judge(
      [&](const auto& at) {
        for (std::uint64_t b = 0; b < std::uint64_t{1} << 32; b += 10007) {
          const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(b));
          if (plain(x)) at(x, 0.0f);
        }
      },
      kLeast);
  two.judge(
      [&](const auto& at) {
        pairs<float, std::uint32_t>(
            [&](float x, float y) {
              if (plain(x) && plain(y) && near(x, y)) at(x, y);
            },
            50000);
      },
      kLeast);
}
#endif

}  // namespace
}  // namespace fg::expr
