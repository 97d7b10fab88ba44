// SPDX-License-Identifier: Apache-2.0
//
// "fg.test/1": what the conformance suite may look at.  A shipping plugin should have `counts`,
// which only reads; the fault members may be NULL.

#ifndef FG_ABI_EXT_TEST_H_
#define FG_ABI_EXT_TEST_H_

#include "fg/abi/status.h"
#include "fg/abi/types.h"

FG_EXTERN_C_BEGIN

#define FG_TABLE_TEST "fg.test/1"

// GROWS, caller-allocated.  Objects alive in the instance.
typedef struct fg_test_counts {
  fg_hdr hdr;
  uint64_t buffers, streams, timelines, kernels, graphs;
  uint64_t bytes;    // Device memory held.
  uint64_t pending;  // Launches not completed.
} fg_test_counts;

// GROWS.
typedef struct fg_test_table {
  fg_hdr hdr;
  fg_status(FG_CALL* counts)(fg_instance*, fg_test_counts*) FG_NOEXCEPT;  // [any-thread]
  fg_status(FG_CALL* fail_alloc_after)(fg_instance*,
                                       int64_t n) FG_NOEXCEPT;  // The n-th later allocation fails; -1 off.
  fg_status(FG_CALL* lose_device)(fg_instance*,
                                  uint32_t device) FG_NOEXCEPT;  // The next submission reports FG_E_DEVICE_LOST.
} fg_test_table;

FG_EXTERN_C_END

#endif  // FG_ABI_EXT_TEST_H_
