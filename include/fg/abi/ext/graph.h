// SPDX-License-Identifier: Apache-2.0
//
// "fg.graph/1": a finished list of launches, replayed.  The core records launches; a plugin never
// captures.  Absent: the core replays the list through "fg.batch/1" or plain launches.

#ifndef FG_ABI_EXT_GRAPH_H_
#define FG_ABI_EXT_GRAPH_H_

#include "fg/abi/kernel.h"

FG_EXTERN_C_BEGIN

#define FG_TABLE_GRAPH "fg.graph/1"

typedef struct fg_graph fg_graph;  // OPAQUE

// FROZEN.
typedef struct fg_graph_node {
  const fg_kernel* kernel;
  const fg_launch* launch;  // Copied by the plugin before `build` returns.  Its stream and err are NULL.
  const uint32_t* deps;     // Numbers of earlier nodes.
  uint32_t n_deps, flags;
} fg_graph_node;

// FROZEN.  Replaces the memory behind one tensor of one node for one replay.
typedef struct fg_rebind {
  uint32_t node, tensor;
  fg_buffer* buffer;
  void* ptr;
  uint64_t byte_offset;
} fg_rebind;

// GROWS.
typedef struct fg_graph_table {
  fg_hdr hdr;
  // FG_E_UNSUPPORTED for a list that the plugin cannot build: the core then replays it otherwise.
  fg_status(FG_CALL* build)(fg_instance*, uint32_t device, const fg_graph_node*, uint32_t n, fg_graph**,
                            fg_error*) FG_NOEXCEPT;  // [any-thread]
  fg_status(FG_CALL* launch)(fg_graph*, fg_stream*, const fg_rebind*, uint32_t n,
                             fg_error*) FG_NOEXCEPT;  // [per-stream]
  // Frees once `after` (may be NULL: now) has reached `value`.  [per-object]
  fg_status(FG_CALL* destroy)(fg_graph*, fg_timeline* after, uint64_t value) FG_NOEXCEPT;
} fg_graph_table;

FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(fg_graph_node) == 32, "frozen");
FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(fg_rebind) == 32, "frozen");

FG_EXTERN_C_END

#endif  // FG_ABI_EXT_GRAPH_H_
