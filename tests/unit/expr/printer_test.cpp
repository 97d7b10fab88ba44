// SPDX-License-Identifier: Apache-2.0
//
// Printed programs are compiled with the host compiler and compared with evaluate(): once with the
// C library's functions, once with every helper that GLSL needs in their place.  Where compilers for
// GLSL and OpenCL C are installed, they judge what is printed for them.

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/expr/evaluate.hpp"
#include "core/expr/instantiate.hpp"
#include "core/expr/op_table.hpp"
#include "fg/sdk/expr_printer.hpp"
#include "tests/unit/expr/poor_language.hpp"

namespace fg::expr {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kNames = {"x", "y", "s"};

struct Sample {
  std::string text;
  std::uint16_t type;
  Program program;
};

Sample sample(const std::string& text, std::uint16_t type) {
  Typing t;
  t.common = type;
  t.names = {Binding::state(type), Binding::state(type), Binding::number(type)};
  t.out = {kNatural};
  const Result<Parsed> parsed = parse(text, kNames);
  EXPECT_TRUE(parsed) << text;
  Result<Program> p = lower(*parsed, t);
  EXPECT_TRUE(p) << text << ": " << (p ? "" : p.error().message);
  return {text, type, *std::move(p)};
}

// Every operation in every type that it has.
std::vector<Sample> samples() {
  std::vector<Sample> all;
  for (const OpRow& row : op_table()) {
    if (row.rule == TypeRule::leaf || row.rule == TypeRule::cast) continue;
    const std::string name(row.name);
    const std::string args = row.rule == TypeRule::where ? "(x < y, x, y)"
                             : row.arity == 1            ? "(x)"
                             : row.arity == 2            ? "(x, y)"
                                                         : "(x, y, s)";
    for (const std::uint16_t type : {FG_CT_BOOL, FG_CT_I32, FG_CT_I64, FG_CT_F32, FG_CT_F64}) {
      const bool is_float = is_float_type(type), is_bool = type == FG_CT_BOOL;
      if ((row.rule == TypeRule::floating || row.rule == TypeRule::rounding || row.rule == TypeRule::isnan) &&
          !is_float)
        continue;
      if (row.rule == TypeRule::number && is_bool) continue;
      if (row.rule == TypeRule::logic && is_float) continue;
      if (row.rule == TypeRule::shift && !is_integer_type(type)) continue;
      all.push_back(sample(name + args, type));
    }
  }
  for (const std::uint16_t from : {FG_CT_BOOL, FG_CT_I32, FG_CT_I64, FG_CT_F32, FG_CT_F64}) {
    for (const char* cast : {"cast_bool(x)", "cast_i32(x)", "cast_i64(x)", "cast_f32(x)", "cast_f64(x)"})
      all.push_back(sample(cast, from));
  }
  for (const std::uint16_t type : {FG_CT_F32, FG_CT_F64}) {
    for (const char* text : {"0.5 * x * (2 + erf(x * 0.75))", "x + s * y", "x * sigmoid(x) * y",
                             "where(x > 0, nan, -inf)", "x * 0.1 + 1e-45", "-0.0", "index(0) * x + index(1)"}) {
      all.push_back(sample(text, type));
    }
  }
  all.push_back(sample("-2147483647 - 1 + 0 * x", FG_CT_I32));
  all.push_back(sample("x ^ (-9223372036854775807 - 1)", FG_CT_I64));
  return all;
}

// A function for each sample: in and out as f64 and i64, whichever the type is read from.
template <class Dialect>
std::string c_source(const std::vector<Sample>& all) {
  std::string text = "#include <math.h>\n#include <stdbool.h>\n#include <stdint.h>\n";
  text += Dialect::preamble();
  for (std::size_t k = 0; k < all.size(); ++k) {
    const fg_expr e = all[k].program.view();
    const sdk::ExprPrinter<Dialect> printer(e);
    EXPECT_TRUE(printer.check());
    const std::string n = std::to_string(k);
    std::string prelude = printer.prelude();  // The same helper may be needed by many: give each its own name.
    std::string body = printer.statements(
        {[&](std::uint32_t j) {
           const std::string array = is_float_type(all[k].type) ? "f" : "i";
           return Dialect::cast(Dialect::type_name(all[k].type), array + "[" + std::to_string(j) + "]");
         },
         [&](std::uint32_t, std::uint16_t type) {
           return Dialect::cast(Dialect::type_name(type), is_float_type(type) ? "f[2]" : "i[2]");
         },
         [](std::uint32_t d) { return std::to_string(3 + d); }});
    for (std::string* part : {&prelude, &body}) {
      for (std::size_t at = 0; (at = part->find("fg_", at)) != std::string::npos; at += 3 + n.size() + 1)
        part->insert(at + 3, n + "_");
    }
    const std::string store = is_float_type(printer.output_type(0)) ? "  *of = " : "  *oi = ";
    text +=
        prelude + "void f" + n +
        "(const double* f, const int64_t* i, double* of, int64_t* oi) {\n  (void)f; (void)i; (void)of; (void)oi;\n" +
        body + store + printer.output(0) + ";\n}\n";
  }
  return text;
}

using Function = void (*)(const double*, const std::int64_t*, double*, std::int64_t*);

std::vector<Function> compile(const Folder& folder, const std::string& source, std::size_t count) {
  std::vector<Function> functions;
  void* const library = load_c(folder, source, "-O1 -fsanitize=undefined -fsanitize-undefined-trap-on-error");
  for (std::size_t k = 0; library != nullptr && k < count; ++k) {
    functions.push_back(reinterpret_cast<Function>(::dlsym(library, ("f" + std::to_string(k)).c_str())));
  }
  return functions;
}

std::vector<double> float_points() {
  const double inf = std::numeric_limits<double>::infinity();
  return {0.0,  -0.0,  1.0,   -1.0,   0.5,         -0.5,     2.5,   -2.5,  3.0,         -3.0,  0.1,
          7.25, -7.25, 1e-5,  -1e-5,  10.0,        88.0,     -88.0, 1e-30, 1e10,        -1e10, 3e9,
          1e19, -1e19, 1e-45, 123456, 2147483648., 16777217, inf,   -inf,  std::nan("")};
}
std::vector<std::int64_t> int_points(std::uint16_t type) {
  if (type == FG_CT_BOOL) return {0, 1};
  std::vector<std::int64_t> points = {0,  1,  -1, 2,  -2,   3,     -3,    7,          -7,           31,
                                      32, 33, 63, 64, 1000, -1000, 65536, 2147483647, -2147483648LL};
  if (type == FG_CT_I64) {
    for (const std::int64_t x :
         {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min(), std::int64_t{1} << 40})
      points.push_back(x);
  }
  return points;
}

// Whether `got` is `want` within `ulps` of its type; zeros of either sign are equal.
bool close(const Value& got, const Value& want, double ulps, double least) {
  if (same(got, want)) return true;
  if (!is_float_type(got.type) || got.type != want.type || !std::isfinite(got.f) || !std::isfinite(want.f))
    return false;
  const bool narrow = got.type == FG_CT_F32;
  const double epsilon = narrow ? 0x1p-23 : 0x1p-52, least_normal = narrow ? 0x1p-126 : 0x1p-1022;
  return std::fabs(got.f - want.f) <= ulps * epsilon * std::max({std::fabs(want.f), least, least_normal});
}

void compare(const Sample& s, Function f, double ulps, double least) {
  std::vector<Value> points;
  if (is_float_type(s.type)) {
    for (const double x : float_points()) points.push_back(Value::of_float(x, s.type));
  } else {
    for (const std::int64_t x : int_points(s.type)) points.push_back(Value::of_int(x, s.type));
  }
  fg_scalar three{};
  three.kind = FG_SCALAR_INT;
  three.v.i = s.type == FG_CT_BOOL ? 1 : 3;
  const std::array<std::int64_t, 2> index = {3, 4};
  for (const Value& x : points) {
    for (const Value& y : points) {
      const std::array<Value, 2> in = {x, y};
      const Value want = evaluate(s.program.view(), in, {&three, 1}, index)[0];
      const std::array<double, 3> fs_in = {x.f, y.f, 3.0};
      const std::array<std::int64_t, 3> is_in = {x.i, y.i, three.v.i};
      double of = 0.0;
      std::int64_t oi = 0;
      f(fs_in.data(), is_in.data(), &of, &oi);
      const Value got{want.type, of, oi};
      if (!close(got, want, ulps, least)) {
        ADD_FAILURE() << s.text << " : " << type_name(s.type) << " at "
                      << (is_float_type(s.type) ? x.f : static_cast<double>(x.i)) << ", "
                      << (is_float_type(s.type) ? y.f : static_cast<double>(y.i)) << " gave " << got.f << " " << got.i
                      << ", expected " << want.f << " " << want.i;
        return;
      }
    }
  }
}

TEST(Printer, CompiledCAgreesWithTheEvaluator) {
  const std::vector<Sample> all = samples();
  const Folder folder;
  const std::vector<Function> functions = compile(folder, c_source<sdk::CDialect>(all), all.size());
  ASSERT_EQ(functions.size(), all.size());
  // The C library's f32 functions are within a few ulps of the rounded f64 ones.
  for (std::size_t k = 0; k < all.size(); ++k) compare(all[k], functions[k], 6, 0);
}

// math_test.cpp measures the functions' errors; here they meet all the other operations.
TEST(Printer, HelpersAgreeWithTheEvaluator) {
  const std::vector<Sample> all = samples();
  const Folder folder;
  const std::vector<Function> functions = compile(folder, c_source<PoorDialect>(all), all.size());
  ASSERT_EQ(functions.size(), all.size());
  for (std::size_t k = 0; k < all.size(); ++k) compare(all[k], functions[k], 6, 0);
}

struct NoExponentials : sdk::GlslDialect {
  static bool has(std::uint16_t op, std::uint16_t) { return op != FG_EX_EXP; }
};

TEST(Printer, RefusesWhatTheDialectCannotSay) {
  const Sample s = sample("exp(x) + 1", FG_CT_F64);
  const fg_expr e = s.program.view();
  const Result<void> r = sdk::ExprPrinter<NoExponentials>(e).check();
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().status, FG_E_UNSUPPORTED);
  EXPECT_EQ(r.error().message, "node 1: operation 72 does not exist for f64");
  EXPECT_TRUE(sdk::ExprPrinter<sdk::GlslDialect>(e).check());

  const fg_expr_node unknown{999, FG_CT_F32, {0, 0, 0}};
  fg_expr bad{};
  bad.node = &unknown;
  bad.n_node = 1;
  EXPECT_EQ(sdk::ExprPrinter<sdk::CDialect>(bad).check().error().message, "node 0: operation 999 is unknown");
}

TEST(Printer, PrintsEachHelperOnce) {
  const Sample s = sample("max(max(x, y), max(y, 1))", FG_CT_F32);
  const fg_expr e = s.program.view();
  const std::string prelude = sdk::ExprPrinter<sdk::OpenClDialect>(e).prelude();
  EXPECT_NE(prelude.find("fg_max_f32(float a, float b)"), std::string::npos);
  EXPECT_EQ(prelude.find("fg_max_f32"), prelude.rfind("fg_max_f32"));
}

#if defined(FG_GLSLANG) || defined(FG_OPENCL_CC)
template <class Dialect>
std::string kernel_text(const std::vector<Sample>& all, std::string_view buffer_f, std::string_view buffer_i,
                        std::string_view index) {
  std::string text, preludes;
  std::vector<std::string> seen;
  for (const Sample& s : all) {
    const fg_expr e = s.program.view();
    const sdk::ExprPrinter<Dialect> printer(e);
    if (!printer.check()) continue;
    const auto read = [&](std::uint32_t k, std::uint16_t type) {
      const std::string element =
          std::string(is_float_type(type) ? buffer_f : buffer_i) + "[" + std::to_string(k) + "]";
      return type == FG_CT_BOOL ? element + " != 0" : Dialect::cast(Dialect::type_name(type), element);
    };
    text += "  {\n" + printer.statements({[&](std::uint32_t k) { return read(k, s.type); }, read,
                                          [&](std::uint32_t) { return std::string(index); }},
                                         "    ");
    const bool is_float = is_float_type(printer.output_type(0));
    text += "    " + std::string(is_float ? buffer_f : buffer_i) +
            "[0] += " + Dialect::cast(is_float ? "float" : "int", printer.output(0)) + ";\n  }\n";
    std::string prelude = printer.prelude();
    const std::string type = std::string(Dialect::function());
    // Split into functions: each ends with a brace at the start of a line.
    for (std::size_t at = 0, end; at < prelude.size(); at = end) {
      end = prelude.find("\n}\n", at) + 3;
      const std::string one = prelude.substr(at, end - at);
      if (std::find(seen.begin(), seen.end(), one) != seen.end()) continue;
      seen.push_back(one);
      preludes += one;
    }
  }
  return preludes + "@" + text;
}
#endif

// The range of f16 is enough for what is stored as f16 and read by nothing else.
TEST(Printer, ExpHasTheRangeThatIsStored) {
  const auto prelude = [](const char* text, std::vector<fg_dtype> stored) {
    const Sample s = sample(text, FG_CT_F32);
    return sdk::ExprPrinter<sdk::GlslDialect>(s.program.view(), "v", stored).prelude();
  };
  EXPECT_NE(prelude("exp(x)", {FG_F16}).find("fg_exp_f16_f32"), std::string::npos);
  for (const auto& [text, stored] : {std::pair{"exp(x)", FG_F32}, {"exp(x)", FG_BF16}, {"exp(x) * y", FG_F16}}) {
    EXPECT_EQ(prelude(text, {stored}).find("fg_exp_f16_f32"), std::string::npos) << text;
  }
  EXPECT_EQ(prelude("exp(x)", {}).find("fg_exp_f16_f32"), std::string::npos);
}

// A comparison that sees zeros and a choice that moves subnormals would be two readings of one operand.
TEST(Printer, MinimumAndMaximumAreOneOperationInGlsl) {
  for (const char* name : {"min", "max"}) {
    const Sample s = sample(std::string(name) + "(x, y)", FG_CT_F32);
    const fg_expr e = s.program.view();
    const std::string text = sdk::ExprPrinter<sdk::GlslDialect>(e).prelude();
    EXPECT_NE(text.find("return " + std::string(name) + "(a, b);"), std::string::npos) << text;
    EXPECT_EQ(text.find('?'), std::string::npos) << text;
  }
}

#ifdef FG_GLSLANG
TEST(Printer, GlslCompiles) {
  const std::string both = kernel_text<sdk::GlslDialect>(samples(), "f", "i", "int64_t(gl_GlobalInvocationID.x)");
  const std::size_t cut = both.find('@');
  const std::string source =
      "#version 460\n#extension GL_EXT_shader_explicit_arithmetic_types : require\n"
      "layout(local_size_x = 64) in;\nlayout(binding = 0) buffer F { float f[]; };\nlayout(binding = 1) buffer I { int "
      "i[]; };\n" +
      both.substr(0, cut) + "void main() {\n" + both.substr(cut + 1) + "}\n";
  const Folder folder;
  const fs::path file = folder.write("all.comp", source);
  const std::string command = std::string(FG_GLSLANG) + " --target-env vulkan1.2 -o " +
                              (folder.path() / "all.spv").string() + " " + file.string() + " > " +
                              (folder.path() / "log").string();
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::ifstream log(folder.path() / "log");
  EXPECT_TRUE(fs::exists(folder.path() / "all.spv")) << std::string(std::istreambuf_iterator<char>(log), {}) << source;
#ifdef FG_SPIRV_VAL
  const std::string validate =
      std::string(FG_SPIRV_VAL) + " --target-env vulkan1.2 " + (folder.path() / "all.spv").string();
  EXPECT_EQ(std::system(validate.c_str()), 0);
#endif
}
#endif

#ifdef FG_OPENCL_CC
TEST(Printer, OpenClCompiles) {
  const std::string both = kernel_text<sdk::OpenClDialect>(samples(), "f", "i", "(long)get_global_id(0)");
  const std::size_t cut = both.find('@');
  const std::string source = "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n" +
                             std::string(sdk::OpenClDialect::preamble()) + both.substr(0, cut) +
                             "__kernel void all(__global float* f, __global int* i) {\n" + both.substr(cut + 1) + "}\n";
  const Folder folder;
  const fs::path file = folder.write("all.cl", source);
  const std::string command =
      std::string(FG_OPENCL_CC) +
      " -x cl -cl-std=CL1.2 -target spir64 -Xclang -finclude-default-header -fsyntax-only -Werror " + file.string();
  EXPECT_EQ(std::system(command.c_str()), 0) << source;
}
#endif

struct Span {
  double low, high;
};
// What an exact or a correctly rounded operation may make of these.
Span hull(double a, double b) {
  const auto [low, high] = std::minmax(a, b);
  return {std::min<double>(low, static_cast<float>(low)), std::max<double>(high, static_cast<float>(high))};
}

// Of 0.5 x (1 + erf(x / sqrt(2))) done step by step, erf within 2 ulp.
Span gelu_allowed(float x) {
  const double erf = std::erf(static_cast<double>(x) * 0.70710678118654752F);
  const double ulp = std::ldexp(1.0, std::max(std::ilogb(erf), -126) - 23);
  const Span sum = hull(1 + erf - 2 * ulp, 1 + erf + 2 * ulp);
  return hull(0.5 * x * sum.low, 0.5 * x * sum.high);
}

template <class Dialect>
void expect_gelu_in_its_bounds() {
  const Sample s = sample("0.5 * x * (1 + erf(x * 0.70710678118654752))", FG_CT_F32);
  const fg_expr e = s.program.view();
  const sdk::ExprPrinter<Dialect> printer(e);
  EXPECT_EQ(printer.prelude().find("fg_erf"), std::string::npos) << "printed part by part";
  const Folder folder;
  void* const library = load_c(folder,
                               "#include <math.h>\n#include <stdbool.h>\n#include <stdint.h>\n" + Dialect::preamble() +
                                   printer.prelude() + "float gelu(float a) {\n" +
                                   printer.statements({[](std::uint32_t) { return "a"; }, {}, {}}) + "  return " +
                                   printer.output(0) + ";\n}\n",
                               "-O2");
  ASSERT_NE(library, nullptr);
  const auto gelu = reinterpret_cast<float (*)(float)>(::dlsym(library, "gelu"));
  for (std::uint64_t u = 0; u < std::uint64_t{1} << 32; u += 997) {
    const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(u));
    const float y = gelu(x);
    const Span allowed = gelu_allowed(x);
    if (std::isnan(allowed.low)) {
      ASSERT_TRUE(std::isnan(y)) << x;
    } else {
      ASSERT_TRUE(y >= allowed.low && y <= allowed.high)
          << x << ": " << y << " of " << allowed.low << " to " << allowed.high;
    }
  }
}
TEST(Printer, GeluIsOneCallWithinTheBoundsOfItsParts) {
  expect_gelu_in_its_bounds<PoorDialect>();
  expect_gelu_in_its_bounds<FusingDialect>();
}

TEST(Printer, OnlyGeluIsPrintedAsGelu) {
  for (const char* text : {"0.5 * x * (1 + erf(y * 0.70710678118654752))", "0.5 * x * (1 + erf(x * 0.7071067))",
                           "0.5 * x * (2 + erf(x * 0.70710678118654752))", "x * (1 + erf(x * 0.70710678118654752))",
                           "0.5 * x * (1 + erf(x))"}) {
    const Sample s = sample(text, FG_CT_F32);
    EXPECT_EQ(sdk::ExprPrinter<sdk::GlslDialect>(s.program.view()).prelude().find("fg_gelu"), std::string::npos)
        << text;
  }
  // What is read elsewhere too keeps its variable.
  const Sample s = sample("0.5 * x * (1 + erf(x * 0.70710678118654752)) + erf(x * 0.70710678118654752)", FG_CT_F32);
  const std::string prelude = sdk::ExprPrinter<sdk::GlslDialect>(s.program.view()).prelude();
  EXPECT_NE(prelude.find("fg_gelu"), std::string::npos);
  EXPECT_NE(prelude.find("fg_erf"), std::string::npos);
}

}  // namespace
}  // namespace fg::expr
