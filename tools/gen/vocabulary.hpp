// SPDX-License-Identifier: Apache-2.0
//
// The words of the catalogue's schema and what they stand for.

#ifndef FG_TOOLS_GEN_VOCABULARY_HPP_
#define FG_TOOLS_GEN_VOCABULARY_HPP_

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "core/catalogue/shape_rule_names.hpp"
#include "fg/abi/engine.h"
#include "fg/sdk/dtype.hpp"
#include "tools/gen/model.hpp"

namespace fg::gen {

constexpr DtypeSet dtype_bit(fg_dtype dtype) {
  for (std::size_t i = 0; i < kDtypes.size(); ++i) {
    if (kDtypes[i].dtype == dtype) return static_cast<DtypeSet>(1u << i);
  }
  return 0;
}

// Classes of dtypes.
struct DtypeClass {
  std::string_view name;
  DtypeSet set;
  bool index;  // Elements are positions.
};
inline constexpr DtypeSet kFloatSet = dtype_bit(FG_F64) | dtype_bit(FG_F32) | dtype_bit(FG_F16) | dtype_bit(FG_BF16);
inline constexpr DtypeSet kIntSet =
    dtype_bit(FG_I64) | dtype_bit(FG_I32) | dtype_bit(FG_I16) | dtype_bit(FG_I8) | dtype_bit(FG_U8);
inline constexpr DtypeSet kBoolSet = dtype_bit(FG_BOOL);
inline constexpr DtypeSet kFloat8Set = dtype_bit(FG_F8_E4M3FN) | dtype_bit(FG_F8_E5M2);
inline constexpr std::array<DtypeClass, 7> kDtypeClasses{{
    {"float", kFloatSet, false},
    {"int", kIntSet, false},
    {"real", kFloatSet | kIntSet, false},
    {"any", kFloatSet | kIntSet | kBoolSet, false},
    {"storage", kFloatSet | kIntSet | kBoolSet | kFloat8Set, false},
    {"index", dtype_bit(FG_I64) | dtype_bit(FG_I32), true},
    {"index64", dtype_bit(FG_I64), true},
}};

inline constexpr std::array<std::string_view, 6> kKinds{"view", "map", "reduce", "scan", "kernel", "composite"};
inline constexpr std::array<std::string_view, 9> kPromotes{
    "none", "default", "int_to_float", "always_bool", "bool_to_long", "complex_to_float", "no_opmath", "same", "sum"};
inline constexpr std::array<std::string_view, 12> kArgTypes{
    "tensor", "tensor_list", "scalar", "float", "int", "bool", "dim", "dims", "sizes", "dtype", "enum", "generator"};
// Position + 1 is FG_MONOID_*.
inline constexpr std::array<std::string_view, 12> kMonoids{
    "sum", "prod", "max", "min", "and", "or", "argmax", "argmin", "welford", "logsumexp", "lastmax", "lastmin"};
inline constexpr auto& kShapeRules = core::kShapeRuleNames;

// "f32", "FG_F32"
std::string dtype_constant(fg_dtype dtype);
// The name without the underscore that marks an operator that writes its first argument, for
// identifiers that continue after it.
std::string stem(const std::string& op_name);
std::string upper(std::string_view text);
// `name`, with an underscore when C or C++ has the word for itself.
std::string identifier(const std::string& name);
std::string quoted(std::string_view text);  // As a C string literal.

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_VOCABULARY_HPP_
