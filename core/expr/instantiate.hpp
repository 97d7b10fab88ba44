// SPDX-License-Identifier: Apache-2.0
//
// Untyped syntax and the types of one call to a typed program.
//
// Types mix in the order BOOL < I32 < I64 < F32 < F64.  A literal takes the type of what it meets;
// literals that meet only literals are computed exactly as numbers (1 / 3 is a third) and take the
// common type at the end.  An integer that meets a real literal, '/' or a function of floats
// becomes the common type when that is a float, else it is an error.

#ifndef FG_CORE_EXPR_INSTANTIATE_HPP_
#define FG_CORE_EXPR_INSTANTIATE_HPP_

#include <cstdint>
#include <vector>

#include "core/expr/parse.hpp"
#include "core/expr/program.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::expr {

// Out type that leaves the expression's own type.
inline constexpr std::uint16_t kNatural = 0xFFFF;
// Out type of a store as i8, u8 or i16: a float stays one, because its store saturates at the range
// of the stored type and a cast to I32 would leave the low bits of a larger one; the rest is I32.
inline constexpr std::uint16_t kNarrowInteger = 0xFFFE;

// Out type of a result that is stored as `dtype`.
constexpr std::uint16_t stored_as(fg_dtype dtype) {
  return compute_type(dtype) == FG_CT_I32 && dtype != FG_I32 ? kNarrowInteger : compute_type(dtype);
}

// What a name stands for in one call.  Inputs and scalars are numbered in the order of the names,
// each kind for itself, used or not.
struct Binding {
  bool is_scalar = false;
  std::uint16_t type = FG_CT_F32;  // in which it arrives: compute type of the dtype, or of the state
  std::uint16_t used = FG_CT_F32;  // which the expression sees; a cast is added where they differ

  // A tensor that keeps its own type.
  static Binding tensor(fg_dtype dtype) { return {false, compute_type(dtype), compute_type(dtype)}; }
  // A tensor that takes part in promotion.
  static Binding promoted(fg_dtype dtype, fg_dtype common) {
    return {false, compute_type(dtype), compute_type(common)};
  }
  // A state of a reduction, or n: given by its compute type.
  static Binding state(std::uint16_t type) { return {false, type, type}; }
  // A number, read as `type`: the common type for scalars and for tensor operands given as numbers,
  // I64 for int attributes, BOOL for bool attributes.
  static Binding number(std::uint16_t type) { return {true, type, type}; }
};

struct Typing {
  std::uint16_t common = FG_CT_F32;  // FG_CT_* of the call's common dtype
  std::vector<Binding> names;        // one per Parsed::names
  std::vector<std::uint16_t> out;    // FG_CT_* per output, kNatural or kNarrowInteger
};

// The typed program, folded (fold.hpp).  FG_E_INVALID with the column of the text when a type does
// not fit.
Result<Program> instantiate(const Parsed& parsed, const Typing& typing);

// The same before folding.
Result<Program> lower(const Parsed& parsed, const Typing& typing);

}  // namespace fg::expr

#endif  // FG_CORE_EXPR_INSTANTIATE_HPP_
