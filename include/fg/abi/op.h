// SPDX-License-Identifier: Apache-2.0
//
// Operators as the plugin sees them: what it claims, what it is asked, what it answers.

#ifndef FG_ABI_OP_H_
#define FG_ABI_OP_H_

#include "fg/abi/kernel.h"

FG_EXTERN_C_BEGIN

// An operator is identified by op_uid = XXH64(canonical name, seed 0) and the version and hash of
// its schema text; both sides were built with the schema or they do not talk about the operator.

// Tensors of a signature and a launch, in order: the outputs as the catalogue lists them; for a
// dynamic operator then one i64 tensor of rank 0, "count", into which the kernel writes how many rows of
// its outputs (which have their upper bound) it filled, n_out counts it; then the tensor arguments.
// A tensor list stands in its place with all its tensors.  An optional tensor that was left out is a
// descriptor of zeros (dtype 0, ndim 0, buffer NULL).

// GROWS.  A signature to be judged or prepared.
typedef struct fg_sig {
  fg_hdr hdr;
  uint64_t op_uid;
  uint64_t schema_hash;
  uint16_t schema_version, n_out, n_in, zero;
  uint32_t device;
  uint32_t zero2;
  const fg_tensor* t;   // n_out + n_in; buffer and ptr NULL; a dimension of -1 is unknown.
  const void* params;   // The parameter struct; NULL when unknown.
  uint64_t want_flags;  // FG_K_* the caller insists on.
} fg_sig;

// GROWS, caller-allocated.  The answer to a query.
typedef struct fg_verdict {
  fg_hdr hdr;
  fg_status code;  // FG_OK, FG_SUBOPTIMAL or FG_E_UNSUPPORTED
  fg_reason reason;
  int32_t arg_index;
  uint32_t score;  // Relative speed hint; 1000 = the cpu plugin.
  uint64_t guards, kernel_flags;
  char why[120];
} fg_verdict;

// Layouts a claim covers.
enum {
  FG_LAYOUT_DENSE = 1u,
  FG_LAYOUT_STRIDED = 2u,    // Any positive strides.
  FG_LAYOUT_BROADCAST = 4u,  // Stride 0 on inputs.
  FG_LAYOUT_NEGATIVE = 8u,
  FG_LAYOUT_ANY = 15u
};

// GROWS; read with the stride that the plugin returns.  Data, constant for the life of the
// instance: the conformance suite derives what must pass from it.
// One slot per tensor of the schema: a tensor list has one slot for all its tensors, "count" has none,
// and a tensor that was left out fits every row.
// For the engine operators n_slots is 1 and rows lists the storage dtypes of any operand.
typedef struct fg_op_claim {
  fg_hdr hdr;
  const char* name;  // Canonical name, for people; op_uid decides.
  uint64_t op_uid, schema_hash;
  uint16_t schema_min, schema_max, max_ndim, n_slots;
  uint32_t layouts;  // FG_LAYOUT_*
  uint32_t n_rows;
  const fg_dtype* rows;            // n_rows x n_slots dtype combinations, outputs first.
  uint32_t accuracy_class, flags;  // FG_ACC_*, FG_K_*
} fg_op_claim;

FG_EXTERN_C_END

#endif  // FG_ABI_OP_H_
