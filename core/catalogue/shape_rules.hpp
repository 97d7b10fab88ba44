// SPDX-License-Identifier: Apache-2.0
//
// Shapes of outputs from shapes of arguments, and the checks of attributes: ATen's rules, read from
// the catalogue's patterns or written as named rules.  No heap, except for the text of an error.
// Views have rules of their own: core/tensor/views.hpp.

#ifndef FG_CORE_CATALOGUE_SHAPE_RULES_HPP_
#define FG_CORE_CATALOGUE_SHAPE_RULES_HPP_

#include <cstdint>
#include <span>

#include "core/catalogue/op_info.hpp"
#include "fg/abi/kernel.h"
#include "fg/sdk/result.hpp"
#include "fg/types.h"

namespace fg::core {

// A shape of fixed capacity.
struct Shape {
  std::int32_t ndim = 0;
  std::int32_t open = 0;  // Dimension whose length the values decide, of a dynamic operator.
  std::int64_t dim[FG_MAX_NDIM];

  std::span<const std::int64_t> dims() const { return {dim, static_cast<std::size_t>(ndim)}; }
  void push(std::int64_t n) { dim[ndim++] = n; }
};

// One argument as the rules see it.
struct ShapeArg {
  static constexpr std::int32_t kAbsent = -1;  // Tensor left out, or a number in its place.
  const std::int64_t* shape = nullptr;
  std::int32_t ndim = kAbsent;
  std::span<const std::span<const std::int64_t>> list;  // Tensor list: the shape of each ...
  std::span<const fg_dtype> list_dtypes;                // ... and its dtype; empty: unknown, none is bool.
  const fg_value* value = nullptr;                      // Attributes: as given; nullptr or FG_V_NONE = the default.
};

// Lengths that a call gives to OpInfo::symbols; -1 unknown.
struct Symbols {
  static constexpr std::size_t kMax = 8;
  std::int64_t length[kMax] = {-1, -1, -1, -1, -1, -1, -1, -1};
};

// The shape of every output.  `args` has one entry per op.args; the attributes have passed
// check_attributes().  A dynamic operator's output gets its upper bound.  For an operator that writes
// a given tensor, that tensor's shape, to which the others must broadcast.  `symbols` may be null.  FG_E_INVALID names
// argument, dimension, value and what was expected: "mm: self has 5 columns, mat2 has 4 rows".  [any-thread]
Result<void> infer_shapes(const OpInfo& op, std::span<const ShapeArg> args, std::span<Shape> outs,
                          Symbols* symbols = nullptr);

// Types, ranges, NaN and enum names of the attributes among `args` (in the order of op.args; may end
// early), and that nothing required is missing.  Tensor arguments are looked at only for presence.
// [any-thread]
Result<void> check_attributes(const OpInfo& op, std::span<const fg_value> args);

// Whether check_attributes() depends on more of the attributes than their types and presence.
bool limits_values(const OpInfo& op);

// The number of an enum value given as FG_V_STRING or FG_V_INT.
Result<std::int32_t> enum_value(const OpInfo& op, const ArgInfo& arg, const fg_value& value);

// `dim` counted from 0 for a tensor of `ndim` dimensions (0-d tensors count as 1-d, as in ATen).
Result<std::int32_t> wrap_dim(const OpInfo& op, const ArgInfo& arg, std::int64_t dim, std::int32_t ndim);

// The same for several; no dimension may be given twice.  `out` holds FG_MAX_NDIM.
Result<std::int32_t> wrap_dims(const OpInfo& op, const ArgInfo& arg, std::span<const std::int64_t> dims,
                               std::int32_t ndim, std::int32_t* out);

// The common shape of two; false when they do not broadcast.  `into` holds one of them on entry.
bool broadcast_into(Shape& into, std::span<const std::int64_t> other);

// Operations that a call does, from `flops:`; 0 when the catalogue does not say.
double flops(const OpInfo& op, const Symbols& symbols, std::int64_t out_numel);

}  // namespace fg::core

#endif  // FG_CORE_CATALOGUE_SHAPE_RULES_HPP_
