// SPDX-License-Identifier: Apache-2.0
//
// The three engine operators.  A plugin that claims them runs every map, reduce and scan of the
// catalogue, including those added after it was built.
//
// The core has already broadcast, ordered and coalesced the iteration space: every tensor of the
// launch has the rank and shape given below, stride 0 where it repeats, at most FG_ENGINE_MAX_NDIM
// dimensions.  Dimensions are outermost first; sizes are >= 1 except when the whole space is empty.
// A program that uses FG_EX_INDEX is passed with the operator's own dimensions, unmerged.

#ifndef FG_ABI_ENGINE_H_
#define FG_ABI_ENGINE_H_

#include "fg/abi/expr.h"

FG_EXTERN_C_BEGIN

#define FG_ENGINE_MAX_NDIM 8
#define FG_OP_MAP "fg.map/1"
#define FG_OP_REDUCE "fg.reduce/1"
#define FG_OP_SCAN "fg.scan/1"

// GROWS.  out_j[i] = program_j(in_0[i], in_1[i], ...; scalars), for every i of the space.
// All tensors have the same shape.  An output has no stride 0 with extent > 1 and may be the
// identical view of an input.
typedef struct fg_map_params {
  fg_hdr hdr;
  const fg_expr* program;
  const fg_scalar* scalar;  // program->n_scalar values.
} fg_map_params;

// Monoids of reductions and scans.  `state` are the values the prologue yields and the epilogue
// reads, in this order.
enum {
  FG_MONOID_SUM = 1,         // s                identity 0
  FG_MONOID_PROD = 2,        // p                identity 1
  FG_MONOID_MAX = 3,         // m  NaN wins      identity -inf / lowest
  FG_MONOID_MIN = 4,         // m  NaN wins      identity +inf / highest
  FG_MONOID_AND = 5,         // b  BOOL          identity true
  FG_MONOID_OR = 6,          // b  BOOL          identity false
  FG_MONOID_ARGMAX = 7,      // v, i64 index     greatest v (NaN greatest), then lowest index
  FG_MONOID_ARGMIN = 8,      // v, i64 index     least v (NaN least), then lowest index
  FG_MONOID_WELFORD = 9,     // mean, m2, count  prologue yields x only; floats; epilogue sees three states
  FG_MONOID_LOGSUMEXP = 10,  // m, s             prologue yields x only; floats; log(sum(exp(x))) = m + log(s)
  FG_MONOID_LASTMAX = 11,    // v, i64 index     greatest v (NaN greatest), then highest index (cummax)
  FG_MONOID_LASTMIN = 12     // v, i64 index     least v (NaN least), then highest index (cummin)
};

// GROWS.  Reduces the last `n_reduced` dimensions of the inputs' space; the outputs have the
// leading ones.  prologue: n_in inputs -> 1 value, of the type in which the core wants the sum
// kept (f32 for 16-bit and f32 inputs; plugins may keep more).  For ARG monoids the index is the
// row-major position within the reduced dimensions.  epilogue: the states in order as inputs, then
// one I64 input "n", the number of reduced elements -> n_out values.  An empty reduction gives
// epilogue(identity).  Scalars are shared by both programs.
typedef struct fg_reduce_params {
  fg_hdr hdr;
  const fg_expr* prologue;
  const fg_expr* epilogue;
  const fg_scalar* scalar;
  uint32_t monoid;  // FG_MONOID_*
  int32_t n_reduced;
} fg_reduce_params;

// GROWS.  Inclusive scan along the last dimension: state_i = combine(state_{i-1}, prologue(in[i])),
// out_j[i] = epilogue_j(state_i).  All tensors have the same shape.
typedef struct fg_scan_params {
  fg_hdr hdr;
  const fg_expr* prologue;
  const fg_expr* epilogue;
  const fg_scalar* scalar;
  uint32_t monoid;  // SUM PROD MAX MIN LOGSUMEXP LASTMAX LASTMIN
  uint32_t zero;
} fg_scan_params;

FG_EXTERN_C_END

#endif  // FG_ABI_ENGINE_H_
