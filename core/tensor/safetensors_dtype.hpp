// SPDX-License-Identifier: Apache-2.0
//
// The format's names of dtypes: ours, and those that are in files but that we do not have.

#ifndef FG_CORE_TENSOR_SAFETENSORS_DTYPE_HPP_
#define FG_CORE_TENSOR_SAFETENSORS_DTYPE_HPP_

#include <array>
#include <cstdint>
#include <string_view>

#include "fg/abi/types.h"

namespace fg::core {

struct SafetensorsDtype {
  std::string_view name;
  fg_dtype dtype;
};
inline constexpr std::array<SafetensorsDtype, 12> kSafetensorsDtypes{{
    {"F64", FG_F64},
    {"F32", FG_F32},
    {"F16", FG_F16},
    {"BF16", FG_BF16},
    {"F8_E4M3", FG_F8_E4M3FN},
    {"F8_E5M2", FG_F8_E5M2},
    {"I64", FG_I64},
    {"I32", FG_I32},
    {"I16", FG_I16},
    {"I8", FG_I8},
    {"U8", FG_U8},
    {"BOOL", FG_BOOL},
}};

// Files that hold these load; these tensors do not.
struct SafetensorsForeign {
  std::string_view name;
  std::uint32_t bits;  // Of one element.
};
inline constexpr std::array<SafetensorsForeign, 10> kSafetensorsForeign{{
    {"U64", 64},
    {"U32", 32},
    {"U16", 16},
    {"C64", 64},
    {"F8_E8M0", 8},
    {"F8_E4M3FNUZ", 8},
    {"F8_E5M2FNUZ", 8},
    {"F6_E2M3", 6},
    {"F6_E3M2", 6},
    {"F4", 4},
}};

}  // namespace fg::core

#endif  // FG_CORE_TENSOR_SAFETENSORS_DTYPE_HPP_
