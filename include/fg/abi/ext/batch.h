// SPDX-License-Identifier: Apache-2.0
//
// "fg.batch/1": several launches in one host call (one submission, one command buffer).
// Absent: the core launches one by one.

#ifndef FG_ABI_EXT_BATCH_H_
#define FG_ABI_EXT_BATCH_H_

#include "fg/abi/kernel.h"

FG_EXTERN_C_BEGIN

#define FG_TABLE_BATCH "fg.batch/1"

// FROZEN.
typedef struct fg_batch_item {
  const fg_kernel* kernel;
  const fg_launch* launch;
} fg_batch_item;

// GROWS.
typedef struct fg_batch_table {
  fg_hdr hdr;
  // Checks all items, then enqueues them in order.  On failure *done items were enqueued and the
  // stream stays usable unless FG_E_DEVICE_LOST.  [per-stream]
  fg_status(FG_CALL* submit)(fg_stream*, const fg_batch_item*, uint32_t n, uint32_t* done, fg_error*) FG_NOEXCEPT;
} fg_batch_table;

FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(fg_batch_item) == 16, "frozen");

FG_EXTERN_C_END

#endif  // FG_ABI_EXT_BATCH_H_
