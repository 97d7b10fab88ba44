// SPDX-License-Identifier: Apache-2.0
//
// Status codes, reason ids and the error record: how every call of the contract reports what
// happened.  The caller owns all storage; nothing here is ever freed.

#ifndef FG_ABI_STATUS_H_
#define FG_ABI_STATUS_H_

#include "fg/abi/version.h"

FG_EXTERN_C_BEGIN

// 0 success, > 0 success with information, < 0 failure.  A code says what the caller can do next.
// An unknown negative value is read as FG_E_INTERNAL.
typedef int32_t fg_status;
enum {
  FG_OK = 0,
  FG_NOT_READY = 1,
  FG_SUBOPTIMAL = 2,
  FG_E_INVALID = -1,      // The caller broke a documented precondition.
  FG_E_UNSUPPORTED = -2,  // A valid request that this device cannot serve; try another plugin.
  FG_E_OOM_HOST = -3,     // Retrying after freeing host memory may succeed.
  FG_E_OOM_DEVICE = -4,   // Retrying after freeing device memory may succeed.
  FG_E_DEVICE_LOST = -5,  // Nothing on this device can be used again; destroy the instance.
  FG_E_TIMEOUT = -6,      // The time given ran out; the operation goes on.
  FG_E_INTERNAL = -7,     // A bug in the plugin, the driver or a compiler.
  FG_E_ABI = -8,          // The two sides do not speak the same contract.
  FG_E_STATE = -9,        // Right call, wrong moment.
  FG_E_NOT_FOUND = -10,   // No such name, device, key or table.
  FG_E_COMPILE = -11,     // A device compiler rejected generated code; the log is in the message.
  FG_E_CAPTURE = -12,     // Not possible inside a capture.
  FG_E_FORKED = -13       // Called in a child of fork(); nothing was done.
};

// Stable ids of the rule that said no, for tests and telemetry.  Append only.
typedef uint32_t fg_reason;
enum {
  FG_R_NONE = 0,
  FG_R_NULL_POINTER = 1,
  FG_R_DTYPE = 2,
  FG_R_SHAPE = 3,
  FG_R_RANK = 4,
  FG_R_STRIDE = 5,
  FG_R_BOUNDS = 6,
  FG_R_DEVICE = 7,
  FG_R_ALIAS = 8,
  FG_R_PARAMETER = 9,
  FG_R_UNKNOWN_BIT = 10,
  FG_R_UNKNOWN_OP = 11,
  FG_R_SCHEMA = 12,
  FG_R_LAYOUT = 13,
  FG_R_EXPRESSION = 14,
  FG_R_ALIGNMENT = 15,
  FG_R_LIMIT = 16,
  FG_R_NO_DRIVER = 17,
  FG_R_NO_DEVICE = 18,
  FG_R_STREAM = 19,
  FG_R_RESERVED = 20,
  FG_R_OTHER = 21
};

#define FG_ERROR_MESSAGE_CAPACITY 480

// GROWS, caller-allocated: set hdr.struct_size, pass it, read it when the call failed.  Every
// `fg_error*` parameter may be NULL.  Untouched on success.
typedef struct fg_error {
  fg_hdr hdr;
  fg_status code;
  int32_t vendor_code;  // VkResult, cl_int, errno ...; 0 if none.
  int32_t arg_index;    // Offending tensor or parameter, -1 if none.
  fg_reason reason;
  char message[FG_ERROR_MESSAGE_CAPACITY];  // UTF-8, always NUL-terminated.
} fg_error;

FG_EXTERN_C_END

#endif  // FG_ABI_STATUS_H_
