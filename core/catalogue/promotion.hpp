// SPDX-License-Identifier: Apache-2.0
//
// Type promotion, PyTorch's: tensors with dimensions, then 0-d tensors, then numbers, by category
// (bool, integer, float); and the promotion kinds of operators.

#ifndef FG_CORE_CATALOGUE_PROMOTION_HPP_
#define FG_CORE_CATALOGUE_PROMOTION_HPP_

#include <cstdint>
#include <span>

#include "core/catalogue/op_info.hpp"
#include "fg/sdk/result.hpp"

namespace fg::core {

inline constexpr fg_dtype kNoDtype = 0;
inline constexpr fg_dtype kDefaultFloat = FG_F32;

// One operand that takes part.  A number has dtype FG_BOOL, FG_I64 or FG_F64: its category.
struct Operand {
  enum class Rank : std::uint8_t { tensor, zero_dim, number };
  fg_dtype dtype = FG_F32;
  Rank rank = Rank::tensor;

  static Operand tensor(fg_dtype dtype, int ndim) { return {dtype, ndim == 0 ? Rank::zero_dim : Rank::tensor}; }
  static Operand number(const fg_scalar& x);
};

struct Promoted {
  fg_dtype common;  // Operands are read as this; it decides the compute type.
  fg_dtype out;     // The dtype of a new result.
};

// The smallest dtype that holds both.  kNoDtype when there is none: an 8-bit float with another type.
fg_dtype promote_types(fg_dtype a, fg_dtype b);

// The common dtype of operands of all three ranks, kNoDtype when there is none or no operand.
fg_dtype result_type(std::span<const Operand> operands);

// Common and output dtype of a call.  `dtype` is the operator's dtype attribute, kNoDtype when it has
// none or it was left out; given, it decides both.  FG_E_INVALID, FG_R_DTYPE, when operands do not mix.
Result<Promoted> promote(Promote kind, std::span<const Operand> operands, fg_dtype dtype = kNoDtype);

// Whether a result of dtype `from` may be written into a given tensor of dtype `to`: never float into
// integer, nor number into bool.
bool can_cast(fg_dtype from, fg_dtype to);

}  // namespace fg::core

#endif  // FG_CORE_CATALOGUE_PROMOTION_HPP_
