// SPDX-License-Identifier: Apache-2.0
//
// Functions of one argument for named kernels, as the device's language says them within the bounds.

#ifndef FG_PLUGINS_GPU_FUNCTIONS_HPP_
#define FG_PLUGINS_GPU_FUNCTIONS_HPP_

#include <cstdint>
#include <initializer_list>
#include <string>

#include "fg/sdk/result.hpp"
#include "plugins/gpu/source.hpp"

namespace fg::gpu {

struct NamedFunction {
  std::uint16_t op;  // FG_EX_*
  std::string name;  // "exp_of": its name in the kernel.
};

// Adds functions of numbers of `type`, FG_CT_F32 or FG_CT_F64.
Result<void> add_functions(Source& source, std::uint16_t type, std::initializer_list<NamedFunction> functions);

// exp_negative(x), x <= 0 or -inf, a third of the work of the whole exp(): within 2 ulp, subnormal results too.
// What it makes of NaN is undefined.
Result<void> add_exp_negative(Source& source, std::uint16_t type);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_FUNCTIONS_HPP_
