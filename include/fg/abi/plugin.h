// SPDX-License-Identifier: Apache-2.0
//
// The plugin's side of the contract: one exported function and one table.  Read the headers of
// this folder in the order version, status, types, kernel, expr, engine, op, host, device, plugin,
// note; nothing else is needed to write a plugin in C.

#ifndef FG_ABI_PLUGIN_H_
#define FG_ABI_PLUGIN_H_

#include "fg/abi/device.h"
#include "fg/abi/host.h"
#include "fg/abi/kernel.h"
#include "fg/abi/op.h"

FG_EXTERN_C_BEGIN

// GROWS.  Static and immutable.  Strings are UTF-8, NUL-terminated, and live as long as the mapping.
// Members marked (optional) may be NULL: the core emulates them as said.
typedef struct fg_api {
  fg_hdr hdr;
  const char* name;  // [a-z][a-z0-9_]*, as in libfg_<name>.so and GEMS_VENDOR.
  const char* vendor;
  const char* version;
  const char* build_id;  // Changes whenever the kernels do.
  uint32_t abi_minor;    // FG_ABI_MINOR the plugin was built with.
  uint32_t zero;

  // Opens the driver and counts devices.  No driver: FG_E_UNSUPPORTED with FG_R_NO_DRIVER and a text
  // that says what is missing; a driver but no device: FG_OK with 0.  The core serialises calls.
  fg_status(FG_CALL* probe)(const fg_host*, uint32_t* n_devices, fg_error*) FG_NOEXCEPT;
  // Makes an instance.  `host` outlives it.  The core serialises calls.
  fg_status(FG_CALL* create)(const fg_host*, const fg_ext* options, fg_instance**, fg_error*) FG_NOEXCEPT;
  // Waits for all work, then frees the instance.  The core serialises calls.
  fg_status(FG_CALL* destroy)(fg_instance*, fg_error*) FG_NOEXCEPT;
  // Fills what fits in the caller's struct_size.  [any-thread]
  fg_status(FG_CALL* device_info)(fg_instance*, uint32_t device, fg_device_info*) FG_NOEXCEPT;

  // --- memory ---
  // Allocates `bytes` > 0 aligned to max(align, alloc_align).  *ptr is set for flat or staging
  // memory, else NULL.  [any-thread]
  fg_status(FG_CALL* mem_alloc)(fg_instance*, uint32_t device, uint32_t kind, uint64_t bytes, uint64_t align,
                                fg_buffer**, void** ptr, fg_error*) FG_NOEXCEPT;
  // Frees once `after` (may be NULL: now) has reached `value`.  [any-thread]
  fg_status(FG_CALL* mem_free)(fg_instance*, fg_buffer*, fg_timeline* after, uint64_t value) FG_NOEXCEPT;
  // Copies bytes between buffers of this instance (device or staging); ranges must not overlap.  [per-stream]
  fg_status(FG_CALL* copy)(fg_stream*, fg_buffer* dst, uint64_t dst_offset, fg_buffer* src, uint64_t src_offset,
                           uint64_t bytes, fg_error*) FG_NOEXCEPT;
  // Writes the 32-bit pattern; offset and bytes are multiples of 4.  [per-stream]
  fg_status(FG_CALL* fill)(fg_stream*, fg_buffer*, uint64_t offset, uint64_t bytes, uint32_t pattern,
                           fg_error*) FG_NOEXCEPT;

  // --- streams (in-order queues) and timelines (monotonic counters) ---
  fg_status(FG_CALL* stream_create)(fg_instance*, uint32_t device, int32_t priority, fg_stream**,
                                    fg_error*) FG_NOEXCEPT;    // [any-thread]
  fg_status(FG_CALL* stream_destroy)(fg_stream*) FG_NOEXCEPT;  // Waits for its work.  [per-object]
  fg_status(FG_CALL* timeline_create)(fg_instance*, uint64_t initial, fg_timeline**, fg_error*) FG_NOEXCEPT;
  fg_status(FG_CALL* timeline_destroy)(fg_timeline*) FG_NOEXCEPT;  // [per-object]
  // Submits what was held back for batching.  [per-stream]
  fg_status(FG_CALL* stream_flush)(fg_stream*, fg_error*) FG_NOEXCEPT;
  // Raises the timeline to `value` (greater than before) after all prior work.  Implies flush.  [per-stream]
  fg_status(FG_CALL* stream_signal)(fg_stream*, fg_timeline*, uint64_t value) FG_NOEXCEPT;
  // Holds later work until the timeline reaches `value`.  [per-stream]
  fg_status(FG_CALL* stream_wait)(fg_stream*, fg_timeline*, uint64_t value) FG_NOEXCEPT;
  fg_status(FG_CALL* host_signal)(fg_timeline*, uint64_t value) FG_NOEXCEPT;  // [any-thread]
  // Blocks until the timeline reaches `value`; timeout_ns < 0 waits for ever, 0 polls (FG_NOT_READY).
  // FG_E_TIMEOUT when the time ran out.  A failed stream raises its timelines to UINT64_MAX and the
  // wait returns the origin's error.  [any-thread]
  fg_status(FG_CALL* host_wait)(fg_timeline*, uint64_t value, int64_t timeout_ns, fg_error*) FG_NOEXCEPT;
  fg_status(FG_CALL* timeline_read)(fg_timeline*, uint64_t* value, fg_error*) FG_NOEXCEPT;  // [any-thread]

  // --- operators ---
  // The device's claims: array of *n, `*stride` bytes apart, constant for the instance's life.  [any-thread]
  fg_status(FG_CALL* claims)(fg_instance*, uint32_t device, const fg_op_claim** first, uint32_t* n,
                             uint32_t* stride) FG_NOEXCEPT;
  // (optional: prepare decides)  Pure: no allocation on the device, no compilation.  [any-thread]
  fg_status(FG_CALL* query)(fg_instance*, const fg_sig*, fg_verdict*) FG_NOEXCEPT;
  // Makes a kernel; may compile.  [any-thread]
  fg_status(FG_CALL* prepare)(fg_instance*, const fg_sig*, fg_kernel**, fg_error*) FG_NOEXCEPT;
  // (optional: no tables)  Optional tables by id, see ext/: "fg.batch/1", "fg.graph/1", "fg.memory/1",
  // "fg.peer/1", "fg.test/1", "fg.tune/1".  NULL: the core emulates it.  [any-thread]
  const void*(FG_CALL* get_table)(fg_instance*, const char* id)FG_NOEXCEPT;
} fg_api;

// GROWS; core to plugin.
typedef struct fg_query {
  fg_hdr hdr;
  uint32_t epoch, minor_min, minor_max, zero;
  const fg_host* host;  // For logging during the query; not kept.
} fg_query;

// The one symbol a plugin exports.  Returns its table, or FG_E_ABI when it cannot serve the offer.
// May be called more than once; runs no driver code.  [any-thread]
typedef fg_status(FG_CALL* fg_plugin_query_fn)(const fg_query*, const fg_api** api, fg_error*) FG_NOEXCEPT;
#define FG_PLUGIN_ENTRY "fg_plugin_query_v1"
FG_EXPORT fg_status FG_CALL fg_plugin_query_v1(const fg_query*, const fg_api** api, fg_error*) FG_NOEXCEPT;

FG_EXTERN_C_END

#endif  // FG_ABI_PLUGIN_H_
