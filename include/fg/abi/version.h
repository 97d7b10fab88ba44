// SPDX-License-Identifier: Apache-2.0
//
// The rules by which the contract grows, and the compiler words it needs.
//
// Every struct of the contract is of one class:
//   FROZEN  never changes inside an epoch; hot path or array element.  Checked by static_assert.
//   GROWS   begins with fg_hdr; members are only ever appended; read through FG_HAS / FG_GET.
//   OPAQUE  seen through a pointer only; the side that made it owns its layout.
//
// Thread tags used by all headers in this folder:
//   [any-thread]   may be called from any thread, concurrently with anything
//   [per-stream]   the caller serialises calls on one stream
//   [per-object]   the caller serialises calls on the object passed
// Nothing here throws, exits, prints, forks, reads the environment, or changes locale,
// floating-point mode, working directory or signal masks.

#ifndef FG_ABI_VERSION_H_
#define FG_ABI_VERSION_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define FG_NOEXCEPT noexcept  // Part of the function type since C++17.
#define FG_STATIC_ASSERT static_assert
#define FG_EXTERN_C_BEGIN extern "C" {
#define FG_EXTERN_C_END }
#else
#define FG_NOEXCEPT
#define FG_STATIC_ASSERT _Static_assert
#define FG_EXTERN_C_BEGIN
#define FG_EXTERN_C_END
#endif

#if defined(_WIN32)
#define FG_CALL __cdecl
#define FG_EXPORT __declspec(dllexport)
#else
#define FG_CALL
#define FG_EXPORT __attribute__((visibility("default")))
#endif

FG_EXTERN_C_BEGIN

#define FG_ABI_EPOCH 1u  // In the name of the entry symbol; a new epoch is a new symbol.
#define FG_ABI_MINOR 0u  // Only ever adds members, bits, enum values and tables.

// FROZEN.  One link of an extension chain (cold structs only).  An extension whose id has
// FG_EXT_CRITICAL set and that the reader does not know makes the call FG_E_UNSUPPORTED;
// any other unknown extension is skipped.
typedef struct fg_ext {
  uint32_t id;
  uint32_t struct_size;
  const struct fg_ext* next;
} fg_ext;
#define FG_EXT_CRITICAL 0x80000000u

// FROZEN.  First member of every GROWS struct.
typedef struct fg_hdr {
  uint32_t struct_size;      // sizeof the struct as its writer knows it.
  uint32_t must_understand;  // Bits of later members that may not be ignored; an unknown bit => FG_E_UNSUPPORTED.
  const fg_ext* next;
} fg_hdr;

// May member `f` of GROWS struct type `T` be read through `p`?  Size is measured, never typed by hand.
#define FG_END(T, f) (offsetof(T, f) + sizeof(((T*)0)->f))
#define FG_HAS(T, p, f) ((p)->hdr.struct_size >= FG_END(T, f))
#define FG_GET(T, p, f, fallback) (FG_HAS(T, p, f) ? (p)->f : (fallback))

FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(fg_ext) == 16, "frozen");
FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(fg_hdr) == 16, "frozen");

FG_EXTERN_C_END

#endif  // FG_ABI_VERSION_H_
