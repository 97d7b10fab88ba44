// SPDX-License-Identifier: Apache-2.0
//
// Scalar expression programs: how a map, a reduction or a scan says what it computes, so that a
// plugin runs operators that were added to the catalogue after the plugin was built.
//
// A program is a list of nodes in single static assignment form: node k reads only nodes < k.
// Storage types are read into a compute type and written back with one rounding to nearest even:
//   f16 bf16 f8 f32 -> f32     f64 -> f64     i8 u8 i16 i32 -> i32     i64 -> i64     bool -> bool
// Integer arithmetic wraps.  Storing an integer as a narrower one keeps its low bits.  Storing a float
// as an integer truncates, saturates at the stored type's range and makes NaN 0: the f32 300 is 127 as
// i8, -5 is 0 as u8.  Anything to bool is "!= 0".

#ifndef FG_ABI_EXPR_H_
#define FG_ABI_EXPR_H_

#include "fg/abi/types.h"

FG_EXTERN_C_BEGIN

// Compute types.
enum { FG_CT_BOOL = 0, FG_CT_I32 = 1, FG_CT_I64 = 2, FG_CT_F32 = 3, FG_CT_F64 = 4 };

// Operations.  Values are stable, append only.  Unless said otherwise operands and result have the
// node's type.  "cmp" nodes have type BOOL and operands of one common type.  NaN propagates through
// MIN and MAX.  Floating functions follow C99 Annex F for special values.
enum {
  // Leaves.
  FG_EX_INPUT = 1,   // arg[0] = input number; type = compute type of that input's dtype
  FG_EX_SCALAR = 2,  // arg[0] = scalar number, read as the node's type
  FG_EX_CONST = 3,   // arg[0] | arg[1] << 32 = the value's bits: f64 for F32/F64, i64 for I32/I64/BOOL
  FG_EX_INDEX = 4,   // arg[0] = dimension of the iteration space; type I64
  // Conversion: arg[0], from its type to this node's type; float to integer saturates at that type's
  // range, NaN to 0.
  FG_EX_CAST = 8,
  // Arithmetic: all types.  On BOOL, ADD is or, MUL is and; SUB, NEG, DIV do not occur.
  FG_EX_ADD = 16,
  FG_EX_SUB = 17,
  FG_EX_MUL = 18,
  FG_EX_DIV = 19,        // F32, F64
  FG_EX_TRUNC_DIV = 20,  // towards zero; integer x / 0 = 0
  FG_EX_FLOOR_DIV = 21,  // towards -inf; integer x / 0 = 0; floats by Python's rule
  FG_EX_FMOD = 22,       // sign of the dividend; integer x % 0 = 0
  FG_EX_REMAINDER = 23,  // sign of the divisor; integer x % 0 = 0
  FG_EX_POW = 24,        // integers: negative exponent gives 0, except for base 1 and -1
  FG_EX_MIN = 25,
  FG_EX_MAX = 26,
  FG_EX_ATAN2 = 27,
  FG_EX_FMA = 28,  // arg[0] * arg[1] + arg[2]; one or two roundings, the plugin's choice
  FG_EX_NEG = 32,
  FG_EX_ABS = 33,
  FG_EX_SIGN = 34,  // -1, 0, 1; NaN stays NaN
  // Comparison and logic.
  FG_EX_EQ = 40,
  FG_EX_NE = 41,
  FG_EX_LT = 42,
  FG_EX_LE = 43,
  FG_EX_GT = 44,
  FG_EX_GE = 45,
  FG_EX_ISNAN = 46,  // operand F32 or F64
  FG_EX_AND = 48,    // BOOL: logical; integers: bitwise
  FG_EX_OR = 49,
  FG_EX_XOR = 50,
  FG_EX_NOT = 51,
  FG_EX_SHL = 52,    // integers; a count outside [0, width) gives 0
  FG_EX_SHR = 53,    // integers, arithmetic; a count outside [0, width) gives 0 or -1, the sign
  FG_EX_WHERE = 56,  // arg[0] BOOL ? arg[1] : arg[2]; the arm not taken has no effect
  // Functions of F32 and F64.
  FG_EX_FLOOR = 64,
  FG_EX_CEIL = 65,
  FG_EX_TRUNC = 66,
  FG_EX_ROUND = 67,  // half to even
  FG_EX_SQRT = 68,
  FG_EX_RSQRT = 69,
  FG_EX_EXP = 72,
  FG_EX_EXP2 = 73,
  FG_EX_EXPM1 = 74,
  FG_EX_LOG = 75,
  FG_EX_LOG2 = 76,
  FG_EX_LOG10 = 77,
  FG_EX_LOG1P = 78,
  FG_EX_SIN = 80,
  FG_EX_COS = 81,
  FG_EX_TAN = 82,
  FG_EX_ASIN = 83,
  FG_EX_ACOS = 84,
  FG_EX_ATAN = 85,
  FG_EX_SINH = 86,
  FG_EX_COSH = 87,
  FG_EX_TANH = 88,
  FG_EX_ASINH = 89,
  FG_EX_ACOSH = 90,
  FG_EX_ATANH = 91,
  FG_EX_ERF = 92,
  FG_EX_ERFC = 93,
  FG_EX_LGAMMA = 94,
  FG_EX_SIGMOID = 95
};

// FROZEN.
typedef struct fg_expr_node {
  uint16_t op;      // FG_EX_*; unknown => FG_E_UNSUPPORTED, reason FG_R_EXPRESSION
  uint16_t type;    // FG_CT_*
  uint32_t arg[3];  // Node numbers, or as the leaf says; unused ones are 0.
} fg_expr_node;

// FROZEN.  Valid for the call only: a kernel that needs it later copies it.
typedef struct fg_expr {
  const fg_expr_node* node;
  const uint32_t* out;  // n_out node numbers; output j is stored as the dtype of output tensor j.
  uint32_t n_node;
  uint16_t n_out, n_in;
  uint16_t n_scalar, flags;  // flags: FG_EXPR_*
  uint32_t zero;
  uint64_t hash[2];  // XXH3-128 of nodes, outputs and counts: equal hash, equal program.
} fg_expr;
enum { FG_EXPR_USES_INDEX = 1u };

FG_STATIC_ASSERT(sizeof(fg_expr_node) == 16, "frozen");
FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(fg_expr) == 48, "frozen");

FG_EXTERN_C_END

#endif  // FG_ABI_EXPR_H_
