// SPDX-License-Identifier: Apache-2.0
//
// Printed programs as C on this host, with the C compiler, and a dialect of C as poor as GLSL.

#ifndef FG_TESTS_UNIT_EXPR_POOR_LANGUAGE_HPP_
#define FG_TESTS_UNIT_EXPR_POOR_LANGUAGE_HPP_

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "fg/sdk/expr_printer.hpp"

namespace fg::expr {

// The functions that GLSL has and no others, / and sqrt of f32 up to 2 ulp off, exp2 up to 3 + 2 |x|, as Vulkan
// allows, and the inverse as far as a printer may go; nothing is fused.
struct PoorDialect : sdk::CDialect {
  static std::string preamble() {
    return std::string(sdk::CDialect::preamble()) + R"(
static inline float off_by(uint32_t most, double x) {
  static _Thread_local uint32_t state = 1;
  union { float f; uint32_t u; } r = {.f = (float)x};
  if (r.f == 0 || !(r.f - r.f == 0)) return r.f;
  state = state * 1664525u + 1013904223u;
  r.u += (state >> 16) % (2u * most + 1u) - most;
  return r.f - r.f == 0 ? r.f : (float)x;
}
static inline float poor(double x) { return off_by(2u, x); }
static inline float poor_exp2(float a) { return off_by(fabsf(a) < 126 ? 3u + (uint32_t)(2 * fabsf(a)) : 2u, exp2((double)a)); }
static inline float poor_inverse(float a) { return off_by(6u, 1 / (double)a); }
static inline float poor_over_f32(float a, float b) { return poor((double)a / (double)b); }
static inline double poor_over_f64(double a, double b) { return a / b; }
#define POOR_OVER(a, b) _Generic((a), float: poor_over_f32, double: poor_over_f64)(a, b)
static inline float poor_sqrt(float a) { return poor(sqrt((double)a)); }
static inline float poor_rsqrt(float a) { return poor(1 / sqrt((double)a)); }
)";
  }
  static std::string native(std::uint16_t op, std::uint16_t type) {
    const std::string name = sdk::GlslDialect::native(op, type);
    if (name.empty() || name == "/") return name;
    return op == FG_EX_RSQRT ? "poor_rsqrt" : sdk::CDialect::native(op, type);
  }
  static std::string builtin(std::string_view name, std::uint16_t type) {
    const bool poor = type == FG_CT_F32 && (name == "sqrt" || name == "exp2");
    return poor ? "poor_" + std::string(name) : sdk::CDialect::builtin(name, type);
  }
  static std::string division(const std::string& a, const std::string& b) { return "POOR_OVER(" + a + ", " + b + ")"; }
  static std::string rough_division(const std::string& a, const std::string& b) { return division(a, b); }
  static std::string rough_inverse(const std::string& d) { return "poor_inverse(" + d + ")"; }
};

// The same on a device that fuses.
struct FusingDialect : PoorDialect {
  static std::string preamble() {
    return PoorDialect::preamble() + "#define FUSED(a, b, c) _Generic((a) * (b), float: fmaf, double: fma)(a, b, c)\n";
  }
  static std::string multiply_add(const std::string& a, const std::string& b, const std::string& c) {
    return "FUSED(" + a + ", " + b + ", " + c + ")";
  }
};

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "fg_printer_XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// The functions of `source` in a library that stays loaded; null where it does not compile.
inline void* load_c(const Folder& folder, const std::string& source, const std::string& flags) {
  const std::filesystem::path c = folder.write("programs.c", source), so = folder.path() / "programs.so";
  const std::string command = std::string(FG_HOST_CC) +
                              " -std=c11 -ffp-contract=off -Wall -Wextra -Werror -Wno-unused-function "
                              "-Wno-unused-parameter -Wno-unused-variable -shared -fPIC " +
                              flags + " -o " + so.string() + " " + c.string() + " -lm";
  EXPECT_EQ(std::system(command.c_str()), 0) << source;
  void* library = ::dlopen(so.c_str(), RTLD_NOW | RTLD_LOCAL);
  EXPECT_NE(library, nullptr) << ::dlerror();
  return library;
}

}  // namespace fg::expr

#endif  // FG_TESTS_UNIT_EXPR_POOR_LANGUAGE_HPP_
