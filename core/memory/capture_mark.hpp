// SPDX-License-Identifier: Apache-2.0
//
// What a capture (core/dispatch/capture.hpp) forbids below dispatch: bytes that move between the host
// and the device, or between devices, are no launches and would be missing from every replay.

#ifndef FG_CORE_MEMORY_CAPTURE_MARK_HPP_
#define FG_CORE_MEMORY_CAPTURE_MARK_HPP_

#include <string_view>

#include "core/registry/device.hpp"
#include "fg/sdk/result.hpp"

namespace fg::core {

// The capture of the calling thread.
struct CaptureMark {
  const Device* device = nullptr;  // nullptr: none is open.
  std::string_view op;             // The operator being called, empty between two.
};
CaptureMark& capture_mark() noexcept;

// FG_E_CAPTURE when this thread captures launches of `device`; `what` it would do, "copies to the host".
Result<void> check_not_captured(const Device* device, std::string_view what);

}  // namespace fg::core

#endif  // FG_CORE_MEMORY_CAPTURE_MARK_HPP_
