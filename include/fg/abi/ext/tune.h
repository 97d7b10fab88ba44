// SPDX-License-Identifier: Apache-2.0
//
// "fg.tune/1": choices that a plugin makes by rule and that a measurement makes better.  A *point* is one
// kernel on one bucket of arguments, with a few parameters; the plugin lists the points that launches have
// met, a tuner times the candidates, and the core sets what was found when it makes the next instance.
// Absent: the plugin's rules stand.

#ifndef FG_ABI_EXT_TUNE_H_
#define FG_ABI_EXT_TUNE_H_

#include "fg/abi/status.h"
#include "fg/abi/types.h"

FG_EXTERN_C_BEGIN

#define FG_TABLE_TUNE "fg.tune/1"

// FROZEN.  One parameter: its name, the values worth trying, and which of them is the plugin's own choice.
typedef struct fg_tune_param {
  const char* name;
  const int64_t* values;
  uint32_t n_values;
  uint32_t default_index;
} fg_tune_param;

// FROZEN.  `kernel` and `bucket` are the plugin's own words, printable and stable; `kernel_hash` changes
// when the kernel or the meaning of a parameter does, so that an older measurement is not taken for it.
typedef struct fg_tune_point {
  const char* kernel;
  const char* bucket;
  uint64_t kernel_hash;
  const fg_tune_param* params;
  uint32_t n_params;
  uint32_t zero;
  uint64_t launches;  // That have met it so far: a tuner sees which points a piece of work uses.
} fg_tune_point;

typedef void(FG_CALL* fg_tune_visit_fn)(void* ctx, const fg_tune_point*);

// GROWS.
typedef struct fg_tune_table {
  fg_hdr hdr;
  // Calls `visit` once for each point that launches on the device have met; the point lives for the
  // call of `visit`, which may not call the plugin.  [any-thread]
  fg_status(FG_CALL* points)(fg_instance*, uint32_t device, fg_tune_visit_fn visit, void* ctx, fg_error*) FG_NOEXCEPT;
  // Chooses one candidate of each parameter, in the point's order, for launches from now on; n 0: the
  // plugin's own choice again.  The point need not have been met.  FG_E_NOT_FOUND for a kernel or hash
  // that the plugin does not have, FG_E_INVALID for a wrong number of values or a value that is no
  // candidate; nothing has changed then.  A result may change by rounding alone.  A choice that changes
  // the workspace of a kernel is made by prepare.  [any-thread]
  fg_status(FG_CALL* set)(fg_instance*, uint32_t device, const char* kernel, uint64_t kernel_hash, const char* bucket,
                          const int64_t* values, uint32_t n, fg_error*) FG_NOEXCEPT;
} fg_tune_table;

FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(fg_tune_param) == 24, "frozen");
FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(fg_tune_point) == 48, "frozen");

FG_EXTERN_C_END

#endif  // FG_ABI_EXT_TUNE_H_
