// SPDX-License-Identifier: Apache-2.0
//
// C API: version of the library, names of status codes and reasons.

#include <array>

#include "fg/fg.h"

extern "C" {

const char* fg_version(void) FG_NOEXCEPT { return FG_VERSION; }

const char* fg_status_name(fg_status status) FG_NOEXCEPT {
  switch (status) {
    case FG_OK: return "ok";
    case FG_NOT_READY: return "not ready";
    case FG_SUBOPTIMAL: return "suboptimal";
    case FG_E_INVALID: return "invalid";
    case FG_E_UNSUPPORTED: return "unsupported";
    case FG_E_OOM_HOST: return "out of host memory";
    case FG_E_OOM_DEVICE: return "out of device memory";
    case FG_E_DEVICE_LOST: return "device lost";
    case FG_E_TIMEOUT: return "timeout";
    case FG_E_ABI: return "abi mismatch";
    case FG_E_STATE: return "wrong state";
    case FG_E_NOT_FOUND: return "not found";
    case FG_E_COMPILE: return "compile error";
    case FG_E_CAPTURE: return "not capturable";
    case FG_E_FORKED: return "forked";
    default: return status > 0 ? "ok" : "internal";
  }
}

const char* fg_reason_name(fg_reason reason) FG_NOEXCEPT {
  static constexpr std::array<const char*, 22> kNames{
      "none",      "null pointer", "dtype",      "shape",     "rank",        "stride",
      "bounds",    "device",       "alias",      "parameter", "unknown bit", "unknown operator",
      "schema",    "layout",       "expression", "alignment", "limit",       "no driver",
      "no device", "stream",       "reserved",   "other"};
  return reason < kNames.size() ? kNames[reason] : "other";
}

}  // extern "C"
