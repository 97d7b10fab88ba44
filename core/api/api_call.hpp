// SPDX-License-Identifier: Apache-2.0
//
// Where every function of the C API enters the core: starts the library on first use, answers
// FG_E_FORKED in a child of fork(), turns a Result into a status.  Generated typed functions
// (`fg_add`, ...) build their fg_value array and end in api_call().

#ifndef FG_CORE_API_API_CALL_HPP_
#define FG_CORE_API_API_CALL_HPP_

#include <span>

#include "core/dispatch/call.hpp"
#include "fg/sdk/guard.hpp"
#include "fg/types.h"

namespace fg::core {

// FG_OK once the library runs in this process; starts it on first use.  [any-thread]
Result<void> enter();

// Runs `op` as core::call does and reports into `err`.  `outs` entries that are NULL are filled on
// success and stay NULL on failure.  [any-thread]
fg_status api_call(const OpInfo& op, std::span<const fg_value> args, Form form, std::span<fg_tensor_handle> outs,
                   fg_device_handle device, fg_error* err) noexcept;

// The handle is the core's Device.
inline Device* from_handle(fg_device_handle h) {
  return const_cast<Device*>(reinterpret_cast<const Device*>(h));
}
inline fg_device_handle to_handle(const Device* d) { return reinterpret_cast<fg_device_handle>(d); }

}  // namespace fg::core

#endif  // FG_CORE_API_API_CALL_HPP_
