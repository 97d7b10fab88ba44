// SPDX-License-Identifier: Apache-2.0
//
// How C, OpenCL C and GLSL write what expr_printer.hpp prints: types, literals, functions.  A dialect
// is a struct of static functions; derive from the nearest one to change a word.
//
//   type_name(type)         the word for a compute type
//   unsigned_name(type)     the unsigned type of the same width
//   exact_name(type)        the type of a float whose arithmetic is neither fused nor reordered
//   tuple_name(n, type), make_tuple(n, text, type)
//                           n = 2 or 3 floats with parts x, y, z, and how one is made
//   bits_of(text, type), of_bits(text, type)
//                           the bits of a float as its unsigned type, and back
//   hex_literal(digits, type)   of the unsigned type
//   division(a, b)          the language's own, of two texts
//   rough_division(a, b)    the same where 2.5 ulp are enough
//   rough_inverse(d)        1 / d of an f32 from 1 to 2, where 6 ulp are enough
//   multiply_add(a, b, c)   a * b + c, fused where that costs nothing, else rounded twice
//   lesser(a, b), greater(a, b)   of two numbers that are not NaN; what a device flushes in the comparison it
//                           flushes in the result
//   cast(word, text)        a conversion to that type
//   float_literal, integer_literal(value, type)
//                           a constant that survives exactly, infinities and NaN included
//   native(op, type)        the dialect's own function for a unary, binary or ternary operation, empty
//                           when a helper of expr_helpers.hpp must do; "/" where the language's division
//                           is rounded correctly
//   preamble()              stands once before all preludes
//   isnan(text)             a truth
//   function()              what stands before a helper's return type
//   builtin(name, type)     "sqrt" in the spelling for that type, for helpers
//   has(op, type)           false where neither the language nor a helper has the operation

#ifndef FG_SDK_EXPR_DIALECTS_HPP_
#define FG_SDK_EXPR_DIALECTS_HPP_

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "fg/abi/expr.h"

namespace fg::sdk {
namespace detail {

inline bool float_type(std::uint16_t type) { return type == FG_CT_F32 || type == FG_CT_F64; }

// C99's name of a function of floats, empty for what C99 has not.
inline std::string_view c99_function(std::uint16_t op) {
  switch (op) {
    case FG_EX_FMOD: return "fmod";
    case FG_EX_POW: return "pow";
    case FG_EX_ATAN2: return "atan2";
    case FG_EX_FMA: return "fma";
    case FG_EX_ABS: return "fabs";
    case FG_EX_FLOOR: return "floor";
    case FG_EX_CEIL: return "ceil";
    case FG_EX_TRUNC: return "trunc";
    case FG_EX_ROUND: return "rint";
    case FG_EX_SQRT: return "sqrt";
    case FG_EX_EXP: return "exp";
    case FG_EX_EXP2: return "exp2";
    case FG_EX_EXPM1: return "expm1";
    case FG_EX_LOG: return "log";
    case FG_EX_LOG2: return "log2";
    case FG_EX_LOG10: return "log10";
    case FG_EX_LOG1P: return "log1p";
    case FG_EX_SIN: return "sin";
    case FG_EX_COS: return "cos";
    case FG_EX_TAN: return "tan";
    case FG_EX_ASIN: return "asin";
    case FG_EX_ACOS: return "acos";
    case FG_EX_ATAN: return "atan";
    case FG_EX_SINH: return "sinh";
    case FG_EX_COSH: return "cosh";
    case FG_EX_TANH: return "tanh";
    case FG_EX_ASINH: return "asinh";
    case FG_EX_ACOSH: return "acosh";
    case FG_EX_ATANH: return "atanh";
    case FG_EX_ERF: return "erf";
    case FG_EX_ERFC: return "erfc";
    case FG_EX_LGAMMA: return "lgamma";
    default: return {};
  }
}

inline bool wide_type(std::uint16_t type) { return type == FG_CT_I64 || type == FG_CT_F64; }

inline std::string hex_float(double x) {
  char text[48];
  const std::to_chars_result r = std::to_chars(text, text + sizeof(text), std::fabs(x), std::chars_format::hex);
  return (std::signbit(x) ? "-0x" : "0x") + std::string(text, r.ptr);
}

inline std::string hex_bits(std::uint32_t bits) {
  char text[8];
  const std::to_chars_result r = std::to_chars(text, text + sizeof(text), bits, 16);
  return "0x" + std::string(text, r.ptr) + "u";
}

// No language has negative literals: the lowest integer is an expression.
inline std::string integer_literal(std::int64_t x, std::string_view suffix) {
  const std::string s(suffix);
  if (x >= 0) return std::to_string(x) + s;
  return "(-" + std::to_string(-(x + 1)) + s + " - 1" + s + ")";
}

}  // namespace detail

// C11; the text needs <math.h>, <stdbool.h> and <stdint.h>.
struct CDialect {
  static std::string_view type_name(std::uint16_t type) {
    constexpr std::string_view kNames[] = {"bool", "int32_t", "int64_t", "float", "double"};
    return kNames[type];
  }
  static std::string_view unsigned_name(std::uint16_t type) {
    return detail::wide_type(type) ? "uint64_t" : "uint32_t";
  }
  static std::string exact_name(std::uint16_t type) { return std::string(type_name(type)); }
  static std::string_view preamble() {
    return "struct F32x2 { float x, y; };\nstruct F32x3 { float x, y, z; };\n"
           "struct F64x2 { double x, y; };\nstruct F64x3 { double x, y, z; };\n";
  }
  static std::string tuple_name(int n, std::uint16_t type) {
    return std::string("struct ") + (type == FG_CT_F64 ? "F64x" : "F32x") + std::to_string(n);
  }
  static std::string make_tuple(int n, const std::string& text, std::uint16_t type) {
    return "(" + tuple_name(n, type) + "){" + text + "}";
  }
  static std::string bits_of(const std::string& text, std::uint16_t type) {
    return type == FG_CT_F64 ? "(((union { double f; uint64_t u; }){.f = " + text + "}).u)"
                             : "(((union { float f; uint32_t u; }){.f = " + text + "}).u)";
  }
  static std::string of_bits(const std::string& text, std::uint16_t type) {
    return type == FG_CT_F64 ? "(((union { uint64_t u; double f; }){.u = " + text + "}).f)"
                             : "(((union { uint32_t u; float f; }){.u = " + text + "}).f)";
  }
  static std::string hex_literal(std::string_view digits, std::uint16_t type) {
    return "0x" + std::string(digits) + (detail::wide_type(type) ? "uLL" : "u");
  }
  static std::string division(const std::string& a, const std::string& b) { return "((" + a + ") / (" + b + "))"; }
  static std::string rough_division(const std::string& a, const std::string& b) { return division(a, b); }
  static std::string rough_inverse(const std::string& d) { return division("1.0f", d); }
  static std::string multiply_add(const std::string& a, const std::string& b, const std::string& c) {
    return "((" + a + ") * (" + b + ") + " + c + ")";
  }
  static std::string lesser(const std::string& a, const std::string& b) {
    return a + " < " + b + " ? " + a + " : " + b;
  }
  static std::string greater(const std::string& a, const std::string& b) {
    return a + " > " + b + " ? " + a + " : " + b;
  }
  static std::string cast(std::string_view word, const std::string& text) {
    return "(" + std::string(word) + ")(" + text + ")";
  }
  static std::string float_literal(double x, std::uint16_t type) {
    const std::string suffix = type == FG_CT_F32 ? "f" : "";
    if (std::isnan(x)) return type == FG_CT_F32 ? "NAN" : "((double)NAN)";
    if (std::isinf(x)) return std::string(x < 0 ? "(-" : "(") + (type == FG_CT_F32 ? "INFINITY)" : "(double)INFINITY)");
    return "(" + detail::hex_float(x) + suffix + ")";
  }
  static std::string integer_literal(std::int64_t x, std::uint16_t type) {
    return detail::integer_literal(x, type == FG_CT_I64 ? "LL" : "");
  }
  static std::string builtin(std::string_view name, std::uint16_t type) {
    return std::string(name) + (type == FG_CT_F32 ? "f" : "");
  }
  static std::string native(std::uint16_t op, std::uint16_t type) {
    if (!detail::float_type(type)) return {};
    if (op == FG_EX_DIV) return "/";
    const std::string_view name = detail::c99_function(op);
    return name.empty() ? std::string() : builtin(name, type);
  }
  static std::string isnan(const std::string& text) { return "(" + text + " != " + text + ")"; }
  static std::string_view function() { return "static inline "; }
  static bool has(std::uint16_t, std::uint16_t) { return true; }
};

// OpenCL C 1.2; f64 needs cl_khr_fp64.
struct OpenClDialect : CDialect {
  static std::string_view type_name(std::uint16_t type) {
    constexpr std::string_view kNames[] = {"bool", "int", "long", "float", "double"};
    return kNames[type];
  }
  static std::string_view unsigned_name(std::uint16_t type) { return detail::wide_type(type) ? "ulong" : "uint"; }
  static std::string_view preamble() { return "#pragma OPENCL FP_CONTRACT OFF\n"; }
  static std::string tuple_name(int n, std::uint16_t type) {
    return (type == FG_CT_F64 ? "double" : "float") + std::to_string(n);
  }
  static std::string make_tuple(int n, const std::string& text, std::uint16_t type) {
    return "(" + tuple_name(n, type) + ")(" + text + ")";
  }
  static std::string bits_of(const std::string& text, std::uint16_t type) {
    return (type == FG_CT_F64 ? "as_ulong(" : "as_uint(") + text + ")";
  }
  static std::string of_bits(const std::string& text, std::uint16_t type) {
    return (type == FG_CT_F64 ? "as_double(" : "as_float(") + text + ")";
  }
  static std::string hex_literal(std::string_view digits, std::uint16_t type) {
    return "0x" + std::string(digits) + (detail::wide_type(type) ? "uL" : "u");
  }
  static std::string integer_literal(std::int64_t x, std::uint16_t type) {
    return detail::integer_literal(x, type == FG_CT_I64 ? "L" : "");
  }
  static std::string builtin(std::string_view name, std::uint16_t) { return std::string(name); }
  // What OpenCL promises to be good enough: full profile, all but +, -, * of f32 with a few ulp.
  static std::string native(std::uint16_t op, std::uint16_t type) {
    if (!detail::float_type(type)) return {};
    switch (op) {
      case FG_EX_DIV: return type == FG_CT_F64 ? "/" : "";
      case FG_EX_SQRT: return type == FG_CT_F64 ? "sqrt" : "";
      case FG_EX_RSQRT: return "rsqrt";
      case FG_EX_FMOD:
      case FG_EX_FMA:
      case FG_EX_LOG1P: return std::string(detail::c99_function(op));
      default: return op >= FG_EX_ABS && op <= FG_EX_ROUND ? std::string(detail::c99_function(op)) : std::string();
    }
  }
  static std::string isnan(const std::string& text) { return "(isnan(" + text + ") != 0)"; }
};

// For a program built with -cl-fp32-correctly-rounded-divide-sqrt.
struct OpenClRoundedDialect : OpenClDialect {
  static std::string native(std::uint16_t op, std::uint16_t type) {
    if (detail::float_type(type) && op == FG_EX_DIV) return "/";
    if (detail::float_type(type) && op == FG_EX_SQRT) return "sqrt";
    return OpenClDialect::native(op, type);
  }
};

// GLSL 4.60 with GL_EXT_shader_explicit_arithmetic_types; i64 and f64 where the device has them.
// Vulkan promises little of its functions, so that the helpers do all but the exact ones.
struct GlslDialect {
  static std::string_view type_name(std::uint16_t type) {
    constexpr std::string_view kNames[] = {"bool", "int", "int64_t", "float", "double"};
    return kNames[type];
  }
  static std::string_view unsigned_name(std::uint16_t type) { return detail::wide_type(type) ? "uint64_t" : "uint"; }
  static std::string exact_name(std::uint16_t type) { return "precise " + std::string(type_name(type)); }
  static std::string_view preamble() { return {}; }
  static std::string tuple_name(int n, std::uint16_t type) {
    return (type == FG_CT_F64 ? "dvec" : "vec") + std::to_string(n);
  }
  static std::string make_tuple(int n, const std::string& text, std::uint16_t type) {
    return tuple_name(n, type) + "(" + text + ")";
  }
  static std::string bits_of(const std::string& text, std::uint16_t type) {
    return (type == FG_CT_F64 ? "doubleBitsToUint64(" : "floatBitsToUint(") + text + ")";
  }
  static std::string of_bits(const std::string& text, std::uint16_t type) {
    return (type == FG_CT_F64 ? "uint64BitsToDouble(" : "uintBitsToFloat(") + text + ")";
  }
  static std::string hex_literal(std::string_view digits, std::uint16_t type) {
    return "0x" + std::string(digits) + (detail::wide_type(type) ? "ul" : "u");
  }
  static std::string division(const std::string& a, const std::string& b) { return "((" + a + ") / (" + b + "))"; }
  static std::string rough_division(const std::string& a, const std::string& b) { return division(a, b); }
  static std::string rough_inverse(const std::string& d) { return division("1.0f", d); }
  static std::string multiply_add(const std::string& a, const std::string& b, const std::string& c) {
    return "fma(" + a + ", " + b + ", " + c + ")";
  }
  // A comparison and a choice may see zeros and move a subnormal (NVIDIA's driver 580): one operation, one reading.
  static std::string lesser(const std::string& a, const std::string& b) { return "min(" + a + ", " + b + ")"; }
  static std::string greater(const std::string& a, const std::string& b) { return "max(" + a + ", " + b + ")"; }
  static std::string cast(std::string_view word, const std::string& text) {
    return std::string(word) + "(" + text + ")";
  }
  static std::string float_literal(double x, std::uint16_t type) {
    if (type == FG_CT_F32)
      return "uintBitsToFloat(" + detail::hex_bits(std::bit_cast<std::uint32_t>(static_cast<float>(x))) + ")";
    const auto bits = std::bit_cast<std::uint64_t>(x);
    return "packDouble2x32(uvec2(" + detail::hex_bits(static_cast<std::uint32_t>(bits)) + ", " +
           detail::hex_bits(static_cast<std::uint32_t>(bits >> 32)) + "))";
  }
  static std::string integer_literal(std::int64_t x, std::uint16_t type) {
    return detail::integer_literal(x, type == FG_CT_I64 ? "L" : "");
  }
  static std::string builtin(std::string_view name, std::uint16_t) {
    if (name == "fabs") return "abs";
    if (name == "rint") return "roundEven";
    return std::string(name);
  }
  static std::string native(std::uint16_t op, std::uint16_t type) {
    if (!detail::float_type(type)) return {};
    switch (op) {
      case FG_EX_DIV: return type == FG_CT_F64 ? "/" : "";
      case FG_EX_SQRT: return type == FG_CT_F64 ? "sqrt" : "";
      case FG_EX_RSQRT: return type == FG_CT_F64 ? "" : "inversesqrt";
      case FG_EX_FMA: return "fma";
      default:
        return op >= FG_EX_ABS && op <= FG_EX_ROUND && op != FG_EX_SIGN ? builtin(detail::c99_function(op), type)
                                                                        : std::string();
    }
  }
  static std::string isnan(const std::string& text) { return "isnan(" + text + ")"; }
  static std::string_view function() { return ""; }
  static bool has(std::uint16_t, std::uint16_t) { return true; }
};

}  // namespace fg::sdk

#endif  // FG_SDK_EXPR_DIALECTS_HPP_
