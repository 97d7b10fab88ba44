// SPDX-License-Identifier: Apache-2.0
//
// The constant part of an emitted program.

#include "conformance/report/emit_c.hpp"

namespace fg::conformance::emitted {

std::string_view runtime() {
  return R"c(
static fg_error err = FG_ERROR_INIT;

static void need(const char* what, fg_status status) {
  if (status >= 0) return;
  fprintf(stderr, "%s: %s, %s, argument %d: %s\n", what, fg_status_name(status), fg_reason_name(err.reason),
          (int)err.arg_index, err.message);
  exit(2);
}

/* `n` row-major elements of `size` bytes in a storage of `length` elements, where the strides say. */
static fg_tensor_handle place(fg_device_handle device, fg_dtype dtype, size_t size, const void* data, int64_t n,
                              int32_t ndim, const int64_t* shape, const int64_t* stride, int64_t offset,
                              int64_t length) {
  unsigned char* memory = malloc((size_t)length * size);
  int64_t index[FG_MAX_NDIM] = {0};
  fg_tensor_handle storage = NULL, view = NULL;
  if (memory == NULL) exit(2);
  memset(memory, 0xA5, (size_t)length * size);
  for (int64_t i = 0; data != NULL && i < n; ++i) {
    int64_t at = offset;
    for (int32_t d = 0; d < ndim; ++d) at += index[d] * stride[d];
    memcpy(memory + (size_t)at * size, (const unsigned char*)data + (size_t)i * size, size);
    for (int32_t d = ndim; d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  need("storage", fg_tensor_from_host(device, dtype, 1, &length, memory, (uint64_t)length * size, &storage, &err));
  free(memory);
  {
    const fg_value args[4] = {fg_value_tensor(storage), fg_value_dims(shape, (uint32_t)ndim),
                              fg_value_dims(stride, (uint32_t)ndim), fg_value_int(offset)};
    need("as_strided", fg_call("as_strided", FG_FORM_FUNCTIONAL, args, 4, &view, 1, device, &err));
  }
  fg_tensor_release(storage);
  return view;
}

/* A float of `exponent` and `mantissa` bits; `finite`: no infinity, NaN is all ones. */
static long double small_float(uint32_t bits, int exponent, int mantissa, int finite) {
  const uint32_t top = (1u << exponent) - 1u, whole = 1u << mantissa;
  const uint32_t e = (bits >> mantissa) & top, m = bits & (whole - 1u);
  const int bias = (int)(top >> 1);
  const long double sign = (bits >> (exponent + mantissa)) != 0 ? -1.0L : 1.0L;
  if (e == top && !finite) return m != 0 ? (long double)NAN : sign * INFINITY;
  if (e == top && finite && m == whole - 1u) return NAN;
  return sign * (e == 0 ? ldexpl(m, 1 - bias - mantissa) : ldexpl(whole + m, (int)e - bias - mantissa));
}

static long double element(fg_dtype dtype, const unsigned char* data, int64_t i) {
  uint8_t u8;
  uint16_t u16;
  int16_t i16;
  int32_t i32;
  int64_t i64;
  float f32;
  double f64;
#define FG_LOAD(x) (memcpy(&x, data + (size_t)i * sizeof(x), sizeof(x)), x)
  switch (dtype) {
    case FG_F64: return FG_LOAD(f64);
    case FG_F32: return FG_LOAD(f32);
    case FG_F16: return small_float(FG_LOAD(u16), 5, 10, 0);
    case FG_BF16: return small_float(FG_LOAD(u16), 8, 7, 0);
    case FG_F8_E4M3FN: return small_float(FG_LOAD(u8), 4, 3, 1);
    case FG_F8_E5M2: return small_float(FG_LOAD(u8), 5, 2, 0);
    case FG_I64: return FG_LOAD(i64);
    case FG_I32: return FG_LOAD(i32);
    case FG_I16: return FG_LOAD(i16);
    case FG_I8: return (int8_t)FG_LOAD(u8);
    default: return FG_LOAD(u8);
  }
#undef FG_LOAD
}

/* What an element may be: from lo to hi if `kind` & 1, NaN if `kind` & 2. */
typedef struct expected {
  int kind;
  long double want, lo, hi;
} expected;

/* Compares the first `n` elements; the number of wrong ones. */
static int64_t check(const char* name, fg_tensor_handle t, fg_dtype dtype, int32_t ndim, const int64_t* shape,
                     const expected* e, int64_t n) {
  int64_t wrong = 0, worst = 0;
  long double most = -1;
  const int64_t numel = fg_tensor_numel(t);
  int same = fg_tensor_dtype(t) == dtype && fg_tensor_ndim(t) == ndim;
  uint64_t bytes;
  unsigned char* data;
  for (int32_t d = 0; same && d < ndim; ++d) same = fg_tensor_shape(t)[d] == shape[d];
  if (!same) {
    printf("%s: another dtype or shape than expected\n", name);
    return 1;
  }
  bytes = (uint64_t)numel * (((uint64_t)dtype >> 8 & 0xFFu) / 8u);
  data = malloc(bytes + 1);
  if (data == NULL) exit(2);
  need("read", fg_tensor_to_host(t, data, bytes, &err));
  for (int64_t i = 0; i < n; ++i) {
    const long double got = element(dtype, data, i);
    const int legal = isnan(got) ? (e[i].kind & 2) != 0 : (e[i].kind & 1) != 0 && e[i].lo <= got && got <= e[i].hi;
    long double error = fabsl(got - e[i].want);
    if (isnan(error)) error = legal ? 0 : INFINITY;
    wrong += !legal;
    if (!legal && error < 0.5L * LDBL_MAX) error += 0.5L * LDBL_MAX; /* wrong ones come first */
    if (error > most) {
      most = error;
      worst = i;
    }
  }
  printf("%s: %lld of %lld elements are wrong\n", name, (long long)wrong, (long long)n);
  if (n < numel) printf("  (%lld more are not compared)\n", (long long)(numel - n));
  if (n > 0) {
    const long double got = element(dtype, data, worst);
    printf("  worst at element %lld: got %.9Lg (%La), want %.9Lg (%La), |error| %.3Lg, legal from %.9Lg to %.9Lg%s\n",
           (long long)worst, got, got, e[worst].want, e[worst].want, fabsl(got - e[worst].want), e[worst].lo,
           e[worst].hi, (e[worst].kind & 2) != 0 ? ", or NaN" : "");
  }
  free(data);
  return wrong;
}
)c";
}

}  // namespace fg::conformance::emitted
