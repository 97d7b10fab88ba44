// SPDX-License-Identifier: Apache-2.0
//
// Data types, scalars and handles.

#ifndef FG_ABI_TYPES_H_
#define FG_ABI_TYPES_H_

#include "fg/abi/version.h"

FG_EXTERN_C_BEGIN

// Bit for bit the DLPack triple: code | bits << 8 | lanes << 16 (DLPack 1.1 `DLDataType`).
typedef uint32_t fg_dtype;
#define FG_DTYPE(code, bits) ((fg_dtype)((code) | ((uint32_t)(bits) << 8) | (1u << 16)))
#define FG_I8 FG_DTYPE(0, 8)
#define FG_I16 FG_DTYPE(0, 16)
#define FG_I32 FG_DTYPE(0, 32)
#define FG_I64 FG_DTYPE(0, 64)
#define FG_U8 FG_DTYPE(1, 8)
#define FG_F16 FG_DTYPE(2, 16)
#define FG_F32 FG_DTYPE(2, 32)
#define FG_F64 FG_DTYPE(2, 64)
#define FG_BF16 FG_DTYPE(4, 16)
#define FG_BOOL FG_DTYPE(6, 8)  // One byte, 0 or 1.
#define FG_F8_E4M3FN FG_DTYPE(10, 8)
#define FG_F8_E5M2 FG_DTYPE(12, 8)
// Block-quantised storage: code 0xF0 and the id of the catalogue's block table above it.  Strides
// count blocks.  Never leaves through DLPack.
#define FG_BLOCK(id) ((fg_dtype)(0xF0u | ((uint32_t)(id) << 16)))

// FROZEN.  A number given as an argument: one 64-bit value whose kind says how to read it.
enum { FG_SCALAR_NONE = 0, FG_SCALAR_BOOL = 1, FG_SCALAR_INT = 2, FG_SCALAR_FLOAT = 3 };
typedef struct fg_scalar {
  union {
    double f;   // FG_SCALAR_FLOAT
    int64_t i;  // FG_SCALAR_BOOL (0 or 1), FG_SCALAR_INT
  } v;
  uint32_t kind;
  uint32_t zero;  // Reserved, must be 0.
} fg_scalar;
FG_STATIC_ASSERT(sizeof(fg_scalar) == 16, "frozen");

// OPAQUE, made and owned by the plugin.
typedef struct fg_instance fg_instance;
typedef struct fg_buffer fg_buffer;
typedef struct fg_stream fg_stream;
typedef struct fg_timeline fg_timeline;
typedef struct fg_kernel fg_kernel;  // Its first 64 bytes are public, see kernel.h.

FG_EXTERN_C_END

#endif  // FG_ABI_TYPES_H_
