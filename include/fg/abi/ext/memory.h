// SPDX-License-Identifier: Apache-2.0
//
// "fg.memory/1": borrowing foreign memory and mapping device memory.  DLPack is read and written by
// the core alone; a plugin is asked about plain addresses and handles.
// Absent: the core copies through staging memory.

#ifndef FG_ABI_EXT_MEMORY_H_
#define FG_ABI_EXT_MEMORY_H_

#include "fg/abi/status.h"
#include "fg/abi/types.h"

FG_EXTERN_C_BEGIN

#define FG_TABLE_MEMORY "fg.memory/1"

enum { FG_FOREIGN_ADDRESS = 1, FG_FOREIGN_CL_MEM = 2, FG_FOREIGN_VK = 3, FG_FOREIGN_DMA_BUF = 4, FG_FOREIGN_FD = 5 };

// GROWS.
typedef struct fg_foreign_mem {
  fg_hdr hdr;
  uint32_t kind;   // FG_FOREIGN_*
  uint32_t flags;  // 1: read-only
  uint64_t handle[2];
  uint64_t offset, bytes;
} fg_foreign_mem;

// GROWS.
typedef struct fg_memory_table {
  fg_hdr hdr;
  // Wraps memory that stays owned by the caller and outlives the buffer.  [any-thread]
  fg_status(FG_CALL* import_mem)(fg_instance*, uint32_t device, const fg_foreign_mem*, fg_buffer**, void** ptr,
                                 fg_error*) FG_NOEXCEPT;
  // Makes bytes of a buffer visible to the host until unmap.  mode: 1 read, 2 write, 3 both.  [any-thread]
  fg_status(FG_CALL* map)(fg_instance*, fg_buffer*, uint64_t offset, uint64_t bytes, uint32_t mode, void** ptr,
                          fg_error*) FG_NOEXCEPT;
  fg_status(FG_CALL* unmap)(fg_instance*, fg_buffer*, void* ptr, fg_error*) FG_NOEXCEPT;
} fg_memory_table;

FG_EXTERN_C_END

#endif  // FG_ABI_EXT_MEMORY_H_
