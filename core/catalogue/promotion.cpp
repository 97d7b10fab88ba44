// SPDX-License-Identifier: Apache-2.0

#include "core/catalogue/promotion.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "fg/sdk/dtype.hpp"

namespace fg::core {
namespace {

bool is_f8(fg_dtype d) { return d == FG_F8_E4M3FN || d == FG_F8_E5M2; }

// bool < integer < float.
int category(fg_dtype d) { return d == FG_BOOL ? 0 : is_integer(d) ? 1 : 2; }

fg_dtype promote_floats(fg_dtype a, fg_dtype b) {
  if (is_f8(a) || is_f8(b)) return kNoDtype;
  if (dtype_bits(a) == dtype_bits(b)) return FG_F32;  // f16 with bf16
  return dtype_bits(a) > dtype_bits(b) ? a : b;
}

fg_dtype promote_integers(fg_dtype a, fg_dtype b) {
  if (dtype_bits(a) == dtype_bits(b)) return FG_I16;  // i8 with u8
  return dtype_bits(a) > dtype_bits(b) ? a : b;
}

// What an operand counts as: a number of category float is the default float.
fg_dtype counted(const Operand& o) {
  return o.rank == Operand::Rank::number && o.dtype == FG_F64 ? kDefaultFloat : o.dtype;
}

// The higher rank decides, unless the lower one is of a higher category.
fg_dtype combine(fg_dtype higher, fg_dtype lower) {
  if (higher == kNoDtype) return lower;
  if (lower == kNoDtype || category(lower) <= category(higher)) return higher;
  return promote_types(higher, lower);
}

std::string list(std::span<const Operand> operands) {
  std::string text;
  for (const Operand& o : operands) text += (text.empty() ? "" : ", ") + std::string(dtype_name(o.dtype));
  return text;
}

}  // namespace

Operand Operand::number(const fg_scalar& x) {
  const fg_dtype dtype = x.kind == FG_SCALAR_FLOAT ? FG_F64 : x.kind == FG_SCALAR_INT ? FG_I64 : FG_BOOL;
  return {dtype, Rank::number};
}

fg_dtype promote_types(fg_dtype a, fg_dtype b) {
  if (a == b) return a;
  if (category(a) < category(b)) std::swap(a, b);
  if (is_f8(a)) return kNoDtype;
  if (category(a) != category(b)) return a;
  return category(a) == 2 ? promote_floats(a, b) : promote_integers(a, b);
}

fg_dtype result_type(std::span<const Operand> operands) {
  std::array<fg_dtype, 3> of_rank = {kNoDtype, kNoDtype, kNoDtype};
  for (const Operand& o : operands) {
    fg_dtype& d = of_rank[static_cast<std::size_t>(o.rank)];
    d = d == kNoDtype ? counted(o) : promote_types(d, counted(o));
    if (d == kNoDtype) return kNoDtype;
  }
  const fg_dtype numbers = combine(of_rank[1], of_rank[2]);
  return combine(of_rank[0], numbers);
}

Result<Promoted> promote(Promote kind, std::span<const Operand> operands, fg_dtype dtype) {
  if (kind == Promote::none) return Promoted{kNoDtype, kNoDtype};
  if (dtype != kNoDtype) return Promoted{dtype, kind == Promote::always_bool ? FG_BOOL : dtype};
  fg_dtype common = result_type(operands);
  if (common == kNoDtype) {
    return invalid(operands.empty() ? "no operand decides the dtype"
                                    : "no dtype holds " + list(operands) + " together; convert one of them",
                   FG_R_DTYPE);
  }
  const bool is_discrete = category(common) < 2;
  switch (kind) {
    case Promote::int_to_float:
      if (is_discrete) common = kDefaultFloat;
      break;
    case Promote::bool_to_long:
      if (common == FG_BOOL) common = FG_I64;
      break;
    case Promote::sum:
      if (is_discrete) common = FG_I64;
      break;
    default: break;
  }
  return Promoted{common, kind == Promote::always_bool ? FG_BOOL : common};
}

bool can_cast(fg_dtype from, fg_dtype to) { return category(from) <= category(to); }

}  // namespace fg::core
