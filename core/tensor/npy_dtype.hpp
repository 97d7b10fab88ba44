// SPDX-License-Identifier: Apache-2.0
//
// NumPy's type strings of our dtypes.

#ifndef FG_CORE_TENSOR_NPY_DTYPE_HPP_
#define FG_CORE_TENSOR_NPY_DTYPE_HPP_

#include <array>
#include <string_view>

#include "fg/abi/types.h"

namespace fg::core {

struct NpyDtype {
  std::string_view descr;
  fg_dtype dtype;
};
inline constexpr std::array<NpyDtype, 9> kNpyDtypes{{
    {"<f8", FG_F64},
    {"<f4", FG_F32},
    {"<f2", FG_F16},
    {"<i8", FG_I64},
    {"<i4", FG_I32},
    {"<i2", FG_I16},
    {"|i1", FG_I8},
    {"|u1", FG_U8},
    {"|b1", FG_BOOL},
}};

}  // namespace fg::core

#endif  // FG_CORE_TENSOR_NPY_DTYPE_HPP_
