// The functions of OpenCL C that the dialect and the printed programs use, declared as drivers do that read clang's
// opencl-c.h: they spend more time on its 18000 lines than on most kernels, and skip it when its guard is defined.
#define FG_BUILTIN __attribute__((overloadable))
#define FG_CONST __attribute__((overloadable, const))
size_t FG_CONST get_group_id(uint d);
size_t FG_CONST get_local_id(uint d);
size_t FG_CONST get_global_offset(uint d);
void FG_BUILTIN __attribute__((convergent)) barrier(cl_mem_fence_flags flags);
void FG_BUILTIN mem_fence(cl_mem_fence_flags flags);
float FG_BUILTIN __attribute__((pure)) vload_half(size_t at, const half* p);
float2 FG_BUILTIN __attribute__((pure)) vload_half2(size_t at, const half* p);
void FG_BUILTIN vstore_half_rte(float x, size_t at, half* p);
void FG_BUILTIN vstore_half2_rte(float2 x, size_t at, half* p);
uint FG_BUILTIN atomic_cmpxchg(volatile __global uint* p, uint expected, uint desired);
#ifdef cl_khr_int64_base_atomics
#pragma OPENCL EXTENSION cl_khr_int64_base_atomics : enable
ulong FG_BUILTIN atom_cmpxchg(volatile __global ulong* p, ulong expected, ulong desired);
#endif
#define FG_INTEGER_BUILTINS(T) \
  T FG_CONST max(T a, T b);    \
  T FG_CONST min(T a, T b);    \
  T FG_CONST clz(T a);         \
  T FG_CONST popcount(T a);    \
  T FG_CONST mul_hi(T a, T b);
FG_INTEGER_BUILTINS(int)
FG_INTEGER_BUILTINS(uint)
FG_INTEGER_BUILTINS(long)
FG_INTEGER_BUILTINS(ulong)
#define FG_FLOAT_BUILTINS(T)    \
  int FG_CONST isnan(T x);      \
  T FG_CONST fma(T a, T b, T c); \
  T FG_CONST fmod(T a, T b);    \
  T FG_CONST fabs(T x);         \
  T FG_CONST floor(T x);        \
  T FG_CONST ceil(T x);         \
  T FG_CONST trunc(T x);        \
  T FG_CONST rint(T x);         \
  T FG_CONST sqrt(T x);         \
  T FG_CONST rsqrt(T x);        \
  T FG_CONST log1p(T x);        \
  T FG_CONST exp2(T x);
FG_FLOAT_BUILTINS(float)
#if FG_F64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
FG_FLOAT_BUILTINS(double)
#endif
