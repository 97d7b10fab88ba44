// SPDX-License-Identifier: Apache-2.0
//
// What the C API of libfg_core passes around: handles and tagged values.  fg.h holds the functions.

#ifndef FG_TYPES_H_
#define FG_TYPES_H_

#include "fg/abi/status.h"
#include "fg/abi/types.h"

#if defined(_WIN32)
#define FG_API
#else
#define FG_API __attribute__((visibility("default")))  // Exported by libfg_core.
#endif

FG_EXTERN_C_BEGIN

typedef struct fg_tensor_object* fg_tensor_handle;        // Counted: fg_tensor_retain, fg_tensor_release.
typedef const struct fg_device_object* fg_device_handle;  // Lives as long as the process; NULL = the current device.

// FROZEN.  Philox state: the numbers of a call start at `offset` of stream `seed`.
typedef struct fg_generator {
  uint64_t seed, offset;
} fg_generator;

// Tags of fg_value.
enum {
  FG_V_NONE = 0,      // Left out: the argument's default, or absent when optional.
  FG_V_TENSOR = 1,    // v.tensor
  FG_V_TENSORS = 2,   // v.tensors, n
  FG_V_BOOL = 3,      // v.i
  FG_V_INT = 4,       // v.i
  FG_V_FLOAT = 5,     // v.f
  FG_V_DIMS = 6,      // v.dims, n
  FG_V_STRING = 7,    // v.text: an enum value by name
  FG_V_DTYPE = 8,     // v.i
  FG_V_GENERATOR = 9  // v.generator; advanced by the call
};

// FROZEN.  One argument of an operator.  Pointers are borrowed for the call.
typedef struct fg_value {
  uint32_t tag;
  uint32_t n;
  union {
    fg_tensor_handle tensor;
    const fg_tensor_handle* tensors;
    int64_t i;
    double f;
    const int64_t* dims;
    const char* text;
    fg_generator* generator;
  } v;
} fg_value;

FG_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(fg_value) == 16, "frozen");

// Makers of fg_value, usable in C and C++.
static inline fg_value fg_value_none(void) {
  fg_value r = {FG_V_NONE, 0, {NULL}};
  return r;
}
static inline fg_value fg_value_tensor(fg_tensor_handle t) {
  fg_value r = {FG_V_TENSOR, 0, {t}};
  return r;
}
static inline fg_value fg_value_tensors(const fg_tensor_handle* t, uint32_t n) {
  fg_value r = {FG_V_TENSORS, n, {NULL}};
  r.v.tensors = t;
  return r;
}
static inline fg_value fg_value_bool(int b) {
  fg_value r = {FG_V_BOOL, 0, {NULL}};
  r.v.i = b != 0;
  return r;
}
static inline fg_value fg_value_int(int64_t i) {
  fg_value r = {FG_V_INT, 0, {NULL}};
  r.v.i = i;
  return r;
}
static inline fg_value fg_value_float(double f) {
  fg_value r = {FG_V_FLOAT, 0, {NULL}};
  r.v.f = f;
  return r;
}
static inline fg_value fg_value_dims(const int64_t* dims, uint32_t n) {
  fg_value r = {FG_V_DIMS, n, {NULL}};
  r.v.dims = dims;
  return r;
}
static inline fg_value fg_value_string(const char* text) {
  fg_value r = {FG_V_STRING, 0, {NULL}};
  r.v.text = text;
  return r;
}
static inline fg_value fg_value_dtype(fg_dtype dtype) {
  fg_value r = {FG_V_DTYPE, 0, {NULL}};
  r.v.i = (int64_t)dtype;
  return r;
}
static inline fg_value fg_value_generator(fg_generator* generator) {
  fg_value r = {FG_V_GENERATOR, 0, {NULL}};
  r.v.generator = generator;
  return r;
}

// The three forms of an operator: new outputs, written into self, written into given tensors.
enum { FG_FORM_FUNCTIONAL = 0, FG_FORM_INPLACE = 1, FG_FORM_OUT = 2 };

FG_EXTERN_C_END

#endif  // FG_TYPES_H_
