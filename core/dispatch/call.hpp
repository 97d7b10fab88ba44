// SPDX-License-Identifier: Apache-2.0
//
// The one door inside the core: every typed function, the generic fg_call and every composite end
// here.

#ifndef FG_CORE_DISPATCH_CALL_HPP_
#define FG_CORE_DISPATCH_CALL_HPP_

#include <span>

#include "core/catalogue/op_info.hpp"
#include "core/tensor/tensor.hpp"
#include "fg/sdk/result.hpp"
#include "fg/types.h"

namespace fg::core {

enum class Form : std::uint8_t { functional = FG_FORM_FUNCTIONAL, inplace = FG_FORM_INPLACE, out = FG_FORM_OUT };

// Runs `op`.  `args` are in the order of op.args and may end early (defaults).  `outs` has one entry
// per output: null entries are filled with new tensors (one reference each, the caller's); for
// Form::out they are given; for Form::inplace `outs` is empty and the first tensor argument is
// written.  `device` is where an operator without tensor arguments runs; nullptr = the current one.
// On failure no output changed hands.  [any-thread]
Result<void> call(const OpInfo& op, std::span<const fg_value> args, Form form, std::span<fg_tensor_handle> outs,
                  Device* device = nullptr);

// The same by the core's own function, even where the plugin has a kernel of that name.  FG_E_INVALID
// for operators that are no composite.
Result<void> call_composite(const OpInfo& op, std::span<const fg_value> args, Form form,
                            std::span<fg_tensor_handle> outs, Device* device = nullptr);

}  // namespace fg::core

#endif  // FG_CORE_DISPATCH_CALL_HPP_
