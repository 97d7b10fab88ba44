// SPDX-License-Identifier: Apache-2.0
//
// The hot path: tensors, a launch, a prepared kernel.  Three FROZEN structs of one cache line each.

#ifndef FG_ABI_KERNEL_H_
#define FG_ABI_KERNEL_H_

#include "fg/abi/status.h"
#include "fg/abi/types.h"

FG_EXTERN_C_BEGIN

#define FG_MAX_NDIM 16

// Flags of fg_tensor.  Low 16 bits are hints, high 16 bits must be understood.
enum {
  FG_T_READONLY = 1u,
  FG_T_OVERLAPS_OTHER = 2u,  // Shares memory with another input of the call.
  FG_T_DENSE = 4u            // Row-major contiguous.
};

// FROZEN.  A view of device memory, borrowed for the length of a call.  `buffer + byte_offset` is
// the truth; `ptr` is a convenience for flat memory.  Strides count elements (blocks for
// block-quantised types), are signed, and 0 repeats an element.  The core has checked that every
// element lies inside the buffer.
typedef struct fg_tensor {
  fg_buffer* buffer;      // NULL only when the tensor has no elements.
  uint64_t byte_offset;   // Of element 0 from the start of the buffer.
  void* ptr;              // Flat address of element 0, NULL if the device's memory is not flat.
  const int64_t* shape;   // ndim values >= 0.
  const int64_t* stride;  // ndim values; never NULL when ndim > 0.
  fg_dtype dtype;
  int32_t ndim;     // 0 .. FG_MAX_NDIM
  uint32_t flags;   // FG_T_*
  uint32_t device;  // Ordinal within the instance.
  uint64_t zero;    // Reserved, must be 0.
} fg_tensor;

// FROZEN.  One call of a prepared kernel.  Everything pointed to is valid for the call only;
// buffers live until the work has completed.
typedef struct fg_launch {
  const fg_tensor* t;  // Outputs first, then inputs.
  const void* params;  // The operator's parameter struct (fg/abi/ops.h, fg/abi/engine.h).
  fg_stream* stream;   // Never NULL: there is no default stream.
  fg_buffer* ws;       // Workspace given by the core, NULL if none was asked for.
  uint64_t ws_offset, ws_bytes;
  uint16_t n_out, n_in;
  uint32_t flags;  // Low 16 bits hints; an unknown high bit => FG_E_UNSUPPORTED.
  fg_error* err;   // May be NULL.
} fg_launch;

// Enqueues (or runs) one call.  May not return FG_E_UNSUPPORTED for arguments inside the kernel's
// guards.  A tensor without elements is a success that writes nothing.  [per-stream]
typedef fg_status(FG_CALL* fg_launch_fn)(const fg_kernel*, const fg_launch*) FG_NOEXCEPT;

// What the core must re-check before it reuses a kernel for other arguments of the same dtypes,
// ranks and device.  No bit: any shape and stride of that class.
enum {
  FG_GUARD_SHAPE = 1u,    // Same shapes.
  FG_GUARD_STRIDE = 2u,   // Same strides.
  FG_GUARD_ALIGN16 = 4u,  // Every ptr 16-byte aligned.
  FG_GUARD_PARAMS = 8u,   // Same bytes in the parameter struct.
  FG_GUARD_DENSE = 16u,   // Every tensor row-major contiguous.
  FG_GUARD_INDEX32 = 32u  // Every element index < 2^31.
};

// Properties a kernel promises.
enum {
  FG_K_CAPTURABLE = 1u,
  FG_K_BITWISE_DETERMINISTIC = 2u,
  FG_K_MAY_BLOCK_HOST = 4u,  // launch may run the work before it returns.
  FG_K_INPLACE_OK = 8u       // Each output may be the identical view of the input in its place.
};

// Accuracy classes: how inputs are read, sums accumulated and results rounded.  The bound that the
// conformance suite applies follows from the class.
enum {
  FG_ACC_DEFAULT =
      0,              // 16-bit and f32 computed and accumulated in f32 or better, any order, one final RNE; f64 in f64.
  FG_ACC_F32_RZ = 1,  // As default, with truncating accumulation.
  FG_ACC_F16 = 2,     // Accumulates in f16.
  FG_ACC_TF32 = 3     // f32 products read their inputs as tf32.
};

// FROZEN public head of a prepared kernel; the plugin's own data may follow it.  Immutable after
// prepare, shared by threads.
struct fg_kernel {
  fg_launch_fn launch;
  // Bytes of workspace for this launch; NULL means ws_fixed.  [any-thread]
  fg_status(FG_CALL* workspace)(const fg_kernel*, const fg_launch*, uint64_t* bytes) FG_NOEXCEPT;
  // Frees the kernel; the core guarantees that no launch is in progress.  [per-object]
  void(FG_CALL* release)(fg_kernel*) FG_NOEXCEPT;
  uint64_t ws_fixed;
  uint64_t guards;          // FG_GUARD_*
  uint32_t flags;           // FG_K_*
  uint32_t accuracy_class;  // FG_ACC_*
  uint64_t kernel_uid;      // Stable hash of the kernel's name, for traces and certificates.
  const char* name;         // Name of the kernel, NUL-terminated, lives as long as the plugin.
};

FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(fg_tensor) == 64, "frozen");
FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(fg_launch) == 64, "frozen");
FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(struct fg_kernel) == 64, "frozen");

FG_EXTERN_C_END

#endif  // FG_ABI_KERNEL_H_
