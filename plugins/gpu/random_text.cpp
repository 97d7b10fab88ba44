// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/random_text.hpp"

#include <array>
#include <bit>
#include <span>
#include <string>
#include <vector>

#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {
namespace {

// Bit for bit: decimals would be read by another's rules.
std::string real_text(double x, bool f64) {
  if (f64) return "F64_BITS(" + std::to_string(std::bit_cast<std::uint64_t>(x)) + "ul)";
  return "F32_BITS(" + std::to_string(std::bit_cast<std::uint32_t>(static_cast<float>(x))) + "u)";
}

// From the highest coefficient by p = p * x + c.
std::string polynomial_text(std::span<const double> c, bool f64) {
  std::string text = real_text(c.back(), f64);
  for (std::size_t k = c.size() - 1; k-- > 0;) text = "(" + text + ") * x + " + real_text(c[k], f64);
  return text;
}

// Quotients are rounded to f32 from f64, which for such small integers is one rounding.
std::vector<double> log_series(int terms) {
  std::vector<double> c;
  for (int k = 0; k < terms; ++k) c.push_back(2.0 / (2 * k + 3));
  return c;
}
// -1 / first!, 1 / (first + 2)!, ...
std::vector<double> turn_series(int first, int terms) {
  std::vector<double> c;
  double factorial = first == 3 ? 6 : 2;
  for (int n = first; static_cast<int>(c.size()) < terms; n += 2) {
    c.push_back((c.size() % 2 == 0 ? -1 : 1) / factorial);
    factorial *= (n + 1.0) * (n + 2.0);
  }
  return c;
}

void define_constants(Source& s, bool f64) {
  const auto real = [&](const char* name, double x) { s.define(name, real_text(x, f64)); };
  if (f64) {
    real("HALF_STEP", 0x1p-53);
    s.define("ONE_BITS", "0x3FF0000000000000ul").define("ROOT_HALF", "0x3FE6A09E667F3BCDul");
  } else {
    real("STEP_24", 0x1p-24);
    real("STEP_32", 0x1p-32);
    real("BELOW_ONE", 1 - 0x1p-24);
    s.define("ROOT_HALF", "0x3F3504F3u");
  }
  real("LN2_HIGH", f64 ? 0x1.62e42feep-1 : 0x1.62e3p-1);
  real("LN2_LOW", f64 ? 0x1.a39ef35793c76p-33 : 0x1.2fefa2p-17);
  real("TWO_PI", 0x1.921fb54442d18p+2);
  s.define("MANTISSA", f64 ? 52 : 23);
  s.define("LOG(x)", polynomial_text(log_series(f64 ? 10 : 4), f64));
  s.define("SIN(x)", polynomial_text(turn_series(3, f64 ? 8 : 4), f64));
  s.define("COS(x)", polynomial_text(turn_series(2, f64 ? 8 : 5), f64));
}

// A function `name` of an operation, as exact as the language's printer makes it.
Result<std::string> function_text(const char* name, std::uint16_t op, std::uint16_t type,
                                  std::vector<std::string>& helpers) {
  const bool two = op == FG_EX_DIV;
  const std::array nodes{fg_expr_node{FG_EX_INPUT, type, {0, 0, 0}},
                         fg_expr_node{FG_EX_INPUT, type, {two ? 1u : 0u, 0, 0}},
                         fg_expr_node{op, type, {0, two ? 1u : 0u, 0}}};
  const std::uint32_t out = 2;
  fg_expr e{};
  e.node = nodes.data();
  e.n_node = nodes.size();
  e.out = &out;
  e.n_out = 1;
  e.n_in = two ? 2 : 1;
  FG_TRY_ASSIGN(const Printed p, print_expr(e, {"v", "a", "", "", &helpers}));
  return p.functions + "FN REAL " + name + "(REAL a0" + (two ? ", REAL a1" : "") + ") {\n" + p.statements +
         "  return " + p.outputs[0] + ";\n}\n";
}

}  // namespace

Result<void> add_philox(Source& s) {
  FG_TRY_ASSIGN(const Source text, source_of("philox", {}));
  s.functions += text.functions;
  return {};
}

void add_real(Source& s, fg_dtype dtype) {
  const bool f64 = dtype == FG_F64;
  s.define("REAL_64", f64 ? 1 : 0).define("REAL", f64 ? "f64" : "f32");
  s.define("WORD", f64 ? "u64" : "u32").define("INT", f64 ? "i64" : "i32");
  s.define("EACH", f64 ? 2 : 4).define("NUMBER(w, j)", f64 ? "random_bits(w, j)" : "COMP(w, j)");
  s.define("REAL_TO_BITS(x)", f64 ? "BITS_F64(x)" : "BITS_F32(x)");
  s.define("BITS_TO_REAL(u)", f64 ? "F64_BITS(u)" : "F32_BITS(u)");
}

Result<void> add_numbers(Source& s, fg_dtype dtype) {
  const bool f64 = dtype == FG_F64;
  define_constants(s, f64);
  std::vector<std::string> helpers;
  const std::uint16_t type = f64 ? FG_CT_F64 : FG_CT_F32;
  FG_TRY_ASSIGN(const std::string over, function_text("random_over", FG_EX_DIV, type, helpers));
  FG_TRY_ASSIGN(const std::string root, function_text("random_root", FG_EX_SQRT, type, helpers));
  FG_TRY_ASSIGN(const Source text, source_of("random_numbers", {}));
  s.functions += over + root + text.functions;
  return {};
}

}  // namespace fg::gpu
