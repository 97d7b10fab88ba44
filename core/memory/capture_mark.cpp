// SPDX-License-Identifier: Apache-2.0

#include "core/memory/capture_mark.hpp"

#include <fmt/format.h>

namespace fg::core {

CaptureMark& capture_mark() noexcept {
  thread_local CaptureMark mark;
  return mark;
}

Result<void> check_not_captured(const Device* device, std::string_view what) {
  const CaptureMark& mark = capture_mark();
  if (mark.device == nullptr || mark.device != device) return {};
  return fail(FG_E_CAPTURE, fmt::format("{} {}, which the capture of {} cannot record",
                                        mark.op.empty() ? "the application" : mark.op, what, device->name));
}

}  // namespace fg::core
