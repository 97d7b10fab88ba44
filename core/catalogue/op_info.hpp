// SPDX-License-Identifier: Apache-2.0
//
// The catalogue at run time: one OpInfo per operator, generated from ops/*.yaml by fg-gen.  Plain
// constant data; the rules that read it are in promotion.hpp and shape_rules.hpp.

#ifndef FG_CORE_CATALOGUE_OP_INFO_HPP_
#define FG_CORE_CATALOGUE_OP_INFO_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "fg/abi/types.h"

namespace fg::core {

enum class Kind : std::uint8_t { view, map, reduce, scan, kernel, composite };

// dim, dims: dimensions of the first tensor argument (given from -ndim; unsqueeze: of the result).
// sizes: lengths or strides, each at least ArgInfo::min (0; -1 where a length may be left open).
enum class ArgType : std::uint8_t {
  tensor,
  tensor_list,
  scalar,
  float_,
  int_,
  bool_,
  dim,
  dims,
  sizes,
  dtype,
  enum_,
  generator
};

// PyTorch's elementwise promotion kinds, and two of reductions.
enum class Promote : std::uint8_t {
  none,  // no promotion: each argument has its own dtype rule
  default_,
  int_to_float,
  always_bool,
  bool_to_long,
  complex_to_float,
  no_opmath,
  same,  // the one input's dtype
  sum    // integers and bool to i64, floats kept; attribute `dtype` overrides
};

// How the dtype of an output, or of a tensor argument, is found.
enum class DtypeRule : std::uint8_t {
  any_of,        // member of `dtypes`
  same_as,       // that of tensor argument `arg`
  promoted,      // the call's common dtype
  fixed,         // `dtype`
  attr,          // attribute `arg`; when it is absent: promoted (or from_scalars)
  from_scalars,  // attribute `arg`; when absent i64 if all scalars are integers, bool if bool, else the default float
  stat,          // f32 for 16-bit inputs, else that of tensor argument `arg` (mean and rstd of norms)
  given          // the tensor written in place keeps its dtype
};

using DtypeSet = std::uint16_t;  // Bit k: kDtypes[k] of fg/sdk/dtype.hpp.

// A shape pattern, "m, k", "..., d", "broadcast(m, n)" or the name of an attribute that holds sizes.
struct ShapePattern {
  static constexpr std::int8_t kRest = -1;  // `...`: any number of dimensions, the same in all patterns
  static constexpr std::size_t kMaxEntries = 6;
  std::uint8_t n = 0;
  bool broadcast = false;               // Must broadcast to the pattern.
  std::int8_t attr = -1;                // The whole shape is this attribute.
  std::int8_t entry[kMaxEntries] = {};  // Numbers into OpInfo::symbols, or kRest.
};

struct ArgInfo {
  std::string_view name;
  ArgType type;
  bool optional;   // May be left out without a default (NONE).
  bool scalar_ok;  // Tensor argument that also takes a number.
  bool promotes;   // Tensor argument that takes part in promotion.
  bool has_default;
  bool index;  // Holds positions (index class); values are checked by the kernel.
  // The tensor that the operator writes (`out: {self: given}`): output 0 of the launch and of the
  // program, never one of their inputs.
  bool written;
  bool unread;              // Only its shape, dtype and device count: no operand of the expression.
  DtypeRule rule;           // Tensor arguments: any_of or same_as.
  DtypeSet dtypes;          // any_of: the members; same_as: allowed beside that of `same_as`.
  std::int16_t same_as;     // Index into args, -1 none.
  fg_scalar default_value;  // bool_, int_, dim, float_, scalar, enum_ (its number).
  std::span<const std::int64_t> default_dims;
  std::span<const std::string_view> enum_names;
  bool has_min, has_max;
  double min, max;
  std::uint32_t params_offset;  // Offset of an attribute in the parameter struct.
  std::string_view shape;       // Shape pattern as written, empty when a rule decides.
  ShapePattern pattern;
};

struct OutInfo {
  std::string_view name;
  DtypeRule rule;
  fg_dtype dtype;    // fixed
  std::int16_t arg;  // same_as, attr, from_scalars, stat, given: index into args
  std::string_view shape;
  ShapePattern pattern;
};

// One expression set; operators with an enum attribute may have one per enum value, maps with optional
// operands one for calls that leave an operand out.
struct Variant {
  std::string_view name;  // "", the enum value, or without OpInfo::variant_arg the operand that is left out
  Promote promote;
  std::span<const std::string_view> expr;  // map: one per output; reduce and scan: epilogue per output
  std::string_view prologue;               // reduce and scan
  DtypeSet common = 0xFFFF;                // What the operands' common dtype may be.
};

struct CaseLine {
  std::string_view tier;  // "quick", "standard"
  std::string_view text;  // name=value tokens, see case_line.hpp and ops/README.md
};

struct OpInfo {
  std::string_view name, family, summary, source;
  Kind kind;
  bool has_functional, has_inplace, has_out;  // forms in the API
  bool dynamic;                               // Output shape depends on values.
  bool empty_error;                           // Reduction of nothing is an error.
  std::uint16_t index;                        // Position in catalogue().
  std::uint64_t uid;                          // XXH64(name)
  std::uint64_t schema_hash;                  // XXH64 of the normalised schema text
  std::uint16_t schema_version;
  std::uint32_t params_size;
  std::span<const ArgInfo> args;  // In call order, tensors and attributes.
  std::span<const OutInfo> outs;
  std::int16_t variant_arg;  // Enum argument that chooses the variant, -1 none.
  std::span<const Variant> variants;
  std::uint32_t monoid;                       // FG_MONOID_*, 0 none
  std::string_view shape_rule;                // Name of a function in shape_rules.cpp, "" = patterns or kind's rule
  std::span<const std::string_view> symbols;  // Names of lengths in shape patterns and `flops`.
  std::span<const std::string_view> aten, gems;
  std::span<const CaseLine> cases;
  std::span<const std::string_view> bench;
  std::string_view flops;
  std::string_view profile;
};

// Every operator, sorted by name.  [any-thread]
std::span<const OpInfo> catalogue();
// nullptr when there is none of that name.  [any-thread]
const OpInfo* find_op(std::string_view name);
const OpInfo* find_op(std::uint64_t uid);

}  // namespace fg::core

#endif  // FG_CORE_CATALOGUE_OP_INFO_HPP_
