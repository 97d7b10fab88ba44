// The kernel dialect in OpenCL C 1.2; docs/gpu-kernels.md describes the words.  Before it stand the
// defines GROUP_SIZE, FG_WIDE_INDEX, FG_F64, FG_FUSES, FG_PTX, FG_ATOMICS and HAS_ATOMIC64.
#pragma OPENCL FP_CONTRACT OFF
#if FG_F64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

// --- types and conversions ---
typedef int i32;
typedef uint u32;
typedef long i64;
typedef ulong u64;
typedef float f32;
typedef uint2 u32x2;
typedef uint4 u32x4;
#if FG_WIDE_INDEX
typedef long idx;
#else
typedef int idx;
#endif
#define i32(x) ((i32)(x))
#define u32(x) ((u32)(x))
#define i64(x) ((i64)(x))
#define u64(x) ((u64)(x))
#define f32(x) ((f32)(x))
#define idx(x) ((idx)(x))
#define bool(x) ((x) != 0)
#define BITS_F32(x) as_uint(x)
#define F32_BITS(u) as_float(u)
#define INF_F32 INFINITY
#define NAN_F32 NAN
#if FG_F64
typedef double f64;
#define f64(x) ((f64)(x))
#define BITS_F64(x) as_ulong(x)
#define F64_BITS(u) as_double(u)
#define INF_F64 ((f64)INFINITY)
#define NAN_F64 ((f64)NAN)
#endif

// --- words ---
#define FN static inline
#if FG_WIDE_INDEX
#define GROUP_ID ((i64)get_group_id(0) + (i64)(get_global_offset(0) / GROUP_SIZE))
#else
#define GROUP_ID ((i64)get_group_id(0))
#endif
#define LOCAL_ID ((u32)get_local_id(0))
#define GROUP_BARRIER() barrier(CLK_LOCAL_MEM_FENCE)
#define GROUP_BUFFER_BARRIER() barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)
#define LOCAL_ARRAY(T, name, n) T name[n]
#define COMP(v, j) ((v)[j])
#define U32X2(a, b) ((u32x2)((a), (b)))
#define U32X4(a, b, c, d) ((u32x4)((a), (b), (c), (d)))
#define POPCOUNT(u) popcount(u)
#define CLZ(u) clz(u)
#define MULHI(a, b) mul_hi((a), (b))
#define SELECT(c, a, b) ((c) ? (a) : (b))
#define ISNAN(x) (isnan(x) != 0)
#define UNROLL _Pragma("unroll")
#define QUOTIENT(a, b) ((a) / (b))
// PoCL maps a kernel's constants when one is read.  A masked read of none maps nothing, and is slow each time
// while it is not mapped (AMD): eq of [1024, 1024] took 9 ms, then 0.18.
__constant u32 fg_constant = 1;
#define FG_TOUCH_CONSTANTS() (void)*(volatile __constant u32*)&fg_constant
#define ANY_ORDER _Pragma("clang loop vectorize(assume_safety)")
#define EXACT
#if FG_FUSES
#define FMA(a, b, c) fma((a), (b), (c))
#else
#define FMA(a, b, c) ((a) * (b) + (c))
#endif
#define OVER(a, b) ((a) / (b))
// exp2() to 3 + 2 |x| ulp, small results may be 0; 1 / d of 1 <= d <= 2 to 6 ulp.  Of PTX without what full accuracy and
// subnormals cost: 2 ulp and 1 ulp.
#if FG_PTX
FN f32 EXP2(f32 x) {
  f32 y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
FN f32 INVERSE(f32 d) {
  f32 y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(d));
  return y;
}
#elif FG_PROCESSOR
// PoCL's exp2() branches, so that no loop with it becomes vectors: 2^n 2^r, |r| <= 1/2, by a series.
FN f32 EXP2(f32 x) {
  f32 within = x > 128.0f ? 128.0f : (x < -126.0f ? -126.0f : x);
  f32 t = within + 12582912.0f;
  f32 r = within - (t - 12582912.0f);
  f32 p = 0.0096181291f + r * (0.0013333558f + r * (0.00015403530f + r * 0.000015252734f));
  p = 1.0f + r * (0.69314718f + r * (0.24022651f + r * (0.055504109f + r * p)));
  return p * as_float((as_uint(t) << 23) + 0x3F000000u) * 2.0f;
}
#define INVERSE(d) (1.0f / (d))
#else
#define EXP2(x) exp2(x)
#define INVERSE(d) (1.0f / (d))
#endif
// Between launches that are merged into one kernel: a work-item's loads see its stores, and nothing is computed across.
#if FG_PTX
#define FG_NEXT_LAUNCH() asm volatile("" ::: "memory")
#else
#define FG_NEXT_LAUNCH() mem_fence(CLK_GLOBAL_MEM_FENCE)
#endif
#define HAS_SUBGROUPS 0
#define SUBGROUP_SIZE 1

// --- storage: the cell of a type, its value from bits, and back ---
#define FG_CELL_f64 ulong
#define FG_CELL_f32 uint
#define FG_CELL_f16 ushort
#define FG_CELL_bf16 ushort
#define FG_CELL_f8_e4m3fn uchar
#define FG_CELL_f8_e5m2 uchar
#define FG_CELL_i64 ulong
#define FG_CELL_i32 uint
#define FG_CELL_i16 ushort
#define FG_CELL_i8 uchar
#define FG_CELL_u8 uchar
#define FG_CELL_b8 uchar
#define GLOBAL(S) __global FG_CELL_##S*

// Bits of a float with EXP exponent and MAN mantissa bits, to nearest even; FN: no infinity, all ones are NaN.
FN u32 fg_narrow(f32 x, int EXP, int MAN, bool FINITE) {
  const u32 u = as_uint(x), a = u & 0x7FFFFFFFu;
  const u32 sign = (u >> 31) << (EXP + MAN);
  const u32 inf = ((1u << EXP) - 1u) << MAN;
  const u32 nan_bits = FINITE ? (inf | ((1u << MAN) - 1u)) : (inf | (1u << (MAN - 1)));
  if (a > 0x7F800000u) return sign | nan_bits;
  const int bias = (1 << (EXP - 1)) - 1;
  const int e = max((int)(a >> 23), 1) - 127;
  const u32 significand = (a >> 23) == 0u ? (a & 0x7FFFFFu) : ((a & 0x7FFFFFu) | 0x800000u);
  const int shift = (e < 1 - bias) ? (23 - MAN) + (1 - bias - e) : (23 - MAN);
  u32 q = 0u;
  if (shift <= 25) {
    const u32 rest = significand & ((1u << shift) - 1u), half_way = 1u << (shift - 1);
    q = significand >> shift;
    q += (rest > half_way || (rest == half_way && (q & 1u) != 0u)) ? 1u : 0u;
  }
  const u32 r = (e < 1 - bias) ? q : ((u32)(e + bias) << MAN) + (q - (1u << MAN));
  const u32 most = (FINITE ? nan_bits : inf) - 1u;
  return sign | ((a == 0x7F800000u || r > most) ? (FINITE ? nan_bits : inf) : r);
}

FN f32 from_f32(u32 u) { return as_float(u); }
FN u32 to_f32(f32 x) { return as_uint(x); }
FN f32 from_f16(u32 u) {
  const ushort h = (ushort)u;
  return vload_half(0, (const half*)&h);
}
FN u32 to_f16(f32 x) {
  ushort h;
  vstore_half_rte(x, 0, (half*)&h);
  return h;
}
FN f32 from_bf16(u32 u) { return as_float(u << 16); }
FN u32 to_bf16(f32 x) {
  const u32 u = as_uint(x);
  return x != x ? ((u >> 31) << 15) | 0x7FC0u : (u + 0x7FFFu + ((u >> 16) & 1u)) >> 16;
}
FN f32 from_f8_e4m3fn(u32 u) {
  const u32 sign = (u & 0x80u) << 24, a = u & 0x7Fu;
  if (a == 0x7Fu) return as_float(sign | 0x7FC00000u);
  if (a < 8u) return as_float(sign | as_uint((f32)a * 0x1p-9f));
  return as_float(sign | ((a << 20) + (120u << 23)));
}
FN u32 to_f8_e4m3fn(f32 x) { return fg_narrow(x, 4, 3, true); }
FN f32 from_f8_e5m2(u32 u) { return from_f16(u << 8); }
FN u32 to_f8_e5m2(f32 x) { return fg_narrow(x, 5, 2, false); }
FN i64 from_i64(u64 u) { return (i64)u; }
FN u64 to_i64(i64 x) { return (u64)x; }
FN i32 from_i32(u32 u) { return (i32)u; }
FN u32 to_i32(i32 x) { return (u32)x; }
FN i32 from_i16(u32 u) { return (short)u; }
FN u32 to_i16(i32 x) { return (ushort)x; }
FN i32 from_i8(u32 u) { return (char)u; }
FN u32 to_i8(i32 x) { return (uchar)x; }
FN i32 from_u8(u32 u) { return (i32)u; }
FN u32 to_u8(i32 x) { return (uchar)x; }
FN bool from_b8(u32 u) { return u != 0u; }
FN u32 to_b8(bool x) { return x ? 1u : 0u; }
#if FG_F64
FN f64 from_f64(u64 u) { return as_double(u); }
FN u64 to_f64(f64 x) { return as_ulong(x); }
#endif

// --- access; S is a storage type ---
#define FG_WORD_f64 u64
#define FG_WORD_i64 u64
#define FG_WORD_f32 u32
#define FG_WORD_f16 u32
#define FG_WORD_bf16 u32
#define FG_WORD_f8_e4m3fn u32
#define FG_WORD_f8_e5m2 u32
#define FG_WORD_i32 u32
#define FG_WORD_i16 u32
#define FG_WORD_i8 u32
#define FG_WORD_u8 u32
#define FG_WORD_b8 u32
#define FG_BITS(S, p, i) ((FG_WORD_##S)(p)[i])
#define FG_PUT(S, p, i, u) ((p)[i] = (FG_CELL_##S)(u))
#define ld_f64(p, i) from_f64((p)[i])
#define ld_f32(p, i) from_f32((p)[i])
#define ld_f16(p, i) from_f16((p)[i])
#define ld_bf16(p, i) from_bf16((p)[i])
#define ld_f8_e4m3fn(p, i) from_f8_e4m3fn((p)[i])
#define ld_f8_e5m2(p, i) from_f8_e5m2((p)[i])
#define ld_i64(p, i) from_i64((p)[i])
#define ld_i32(p, i) from_i32((p)[i])
#define ld_i16(p, i) from_i16((p)[i])
#define ld_i8(p, i) from_i8((p)[i])
#define ld_u8(p, i) from_u8((p)[i])
#define ld_b8(p, i) from_b8((p)[i])
#define st_f64(p, i, v) FG_PUT(f64, p, i, to_f64(v))
#define st_f32(p, i, v) FG_PUT(f32, p, i, to_f32(v))
#define st_f16(p, i, v) FG_PUT(f16, p, i, to_f16(v))
#define st_bf16(p, i, v) FG_PUT(bf16, p, i, to_bf16(v))
#define st_f8_e4m3fn(p, i, v) FG_PUT(f8_e4m3fn, p, i, to_f8_e4m3fn(v))
#define st_f8_e5m2(p, i, v) FG_PUT(f8_e5m2, p, i, to_f8_e5m2(v))
#define st_i64(p, i, v) FG_PUT(i64, p, i, to_i64(v))
#define st_i32(p, i, v) FG_PUT(i32, p, i, to_i32(v))
#define st_i16(p, i, v) FG_PUT(i16, p, i, to_i16(v))
#define st_i8(p, i, v) FG_PUT(i8, p, i, to_i8(v))
#define st_u8(p, i, v) FG_PUT(u8, p, i, to_u8(v))
#define st_b8(p, i, v) FG_PUT(b8, p, i, to_b8(v))
#define bits_f64(p, i) FG_BITS(f64, p, i)
#define bits_f32(p, i) FG_BITS(f32, p, i)
#define bits_f16(p, i) FG_BITS(f16, p, i)
#define bits_bf16(p, i) FG_BITS(bf16, p, i)
#define bits_f8_e4m3fn(p, i) FG_BITS(f8_e4m3fn, p, i)
#define bits_f8_e5m2(p, i) FG_BITS(f8_e5m2, p, i)
#define bits_i64(p, i) FG_BITS(i64, p, i)
#define bits_i32(p, i) FG_BITS(i32, p, i)
#define bits_i16(p, i) FG_BITS(i16, p, i)
#define bits_i8(p, i) FG_BITS(i8, p, i)
#define bits_u8(p, i) FG_BITS(u8, p, i)
#define bits_b8(p, i) FG_BITS(b8, p, i)
#define put_f64(p, i, u) FG_PUT(f64, p, i, u)
#define put_f32(p, i, u) FG_PUT(f32, p, i, u)
#define put_f16(p, i, u) FG_PUT(f16, p, i, u)
#define put_bf16(p, i, u) FG_PUT(bf16, p, i, u)
#define put_f8_e4m3fn(p, i, u) FG_PUT(f8_e4m3fn, p, i, u)
#define put_f8_e5m2(p, i, u) FG_PUT(f8_e5m2, p, i, u)
#define put_i64(p, i, u) FG_PUT(i64, p, i, u)
#define put_i32(p, i, u) FG_PUT(i32, p, i, u)
#define put_i16(p, i, u) FG_PUT(i16, p, i, u)
#define put_i8(p, i, u) FG_PUT(i8, p, i, u)
#define put_u8(p, i, u) FG_PUT(u8, p, i, u)
#define put_b8(p, i, u) FG_PUT(b8, p, i, u)

// --- pieces ---
#define PIECE16 u32x4
#define PIECE8 u32x2
#define PIECE4 u32
#define PIECE2 u32
#define ZERO16 ((u32x4)(0u))
#define ZERO8 ((u32x2)(0u))
#define ZERO4 0u
#define ZERO2 0u
#define FG_LOAD16(p, k) (((__global const uint4*)(p))[k])
#define FG_LOAD8(p, k) (((__global const uint2*)(p))[k])
#define FG_LOAD4(p, k) (((__global const uint*)(p))[k])
#define FG_LOAD2(p, k) ((u32)((__global const ushort*)(p))[k])
#define FG_STORE16(p, k, v) (((__global uint4*)(p))[k] = (v))
#define FG_STORE8(p, k, v) (((__global uint2*)(p))[k] = (v))
#define FG_STORE4(p, k, v) (((__global uint*)(p))[k] = (v))
#define FG_STORE2(p, k, v) (((__global ushort*)(p))[k] = (ushort)(v))
// Element j of BYTES bytes of a piece: a vector of words, or one word.
#define FG_OF_VECTOR_8(v, j) ((u64)(v)[2 * (j)] | (u64)(v)[2 * (j) + 1] << 32)
#define FG_OF_VECTOR_4(v, j) ((v)[j])
#define FG_OF_VECTOR_2(v, j) (((v)[(j) / 2] >> (16 * ((j) % 2))) & 0xFFFFu)
#define FG_OF_VECTOR_1(v, j) (((v)[(j) / 4] >> (8 * ((j) % 4))) & 0xFFu)
#define FG_OF_WORD_4(v, j) (v)
#define FG_OF_WORD_2(v, j) (((v) >> (16 * (j))) & 0xFFFFu)
#define FG_OF_WORD_1(v, j) (((v) >> (8 * (j))) & 0xFFu)
#define FG_MIXED(word, mask, shift, u) (((word) & ~((u32)(mask) << (shift))) | ((u32)(u) << (shift)))
#define FG_TO_VECTOR_8(v, j, u) ((v)[2 * (j)] = (u32)(u), (v)[2 * (j) + 1] = (u32)((u) >> 32))
#define FG_TO_VECTOR_4(v, j, u) ((v)[j] = (u))
#define FG_TO_VECTOR_2(v, j, u) ((v)[(j) / 2] = FG_MIXED((v)[(j) / 2], 0xFFFFu, 16 * ((j) % 2), u))
#define FG_TO_VECTOR_1(v, j, u) ((v)[(j) / 4] = FG_MIXED((v)[(j) / 4], 0xFFu, 8 * ((j) % 4), u))
#define FG_TO_WORD_4(v, j, u) ((v) = (u))
#define FG_TO_WORD_2(v, j, u) ((v) = FG_MIXED(v, 0xFFFFu, 16 * (j), u))
#define FG_TO_WORD_1(v, j, u) ((v) = FG_MIXED(v, 0xFFu, 8 * (j), u))

// Two f16 in a word, then pieces of them: conversions of pairs are one instruction where the device has it.
FN float2 fg_two_f16(u32 u) { return vload_half2(0, (const half*)&u); }
FN u32 fg_pair_f16(f32 low, f32 high) {
  u32 u;
  vstore_half2_rte((float2)(low, high), 0, (half*)&u);
  return u;
}
#define FG_ALL4_F16(w, a, k) { const float2 fg_two = fg_two_f16(w); (a)[2 * (k)] = fg_two.x; (a)[2 * (k) + 1] = fg_two.y; }
#define FG_ALL8_F16(w, a) UNROLL for (int fg_k = 0; fg_k < 2; ++fg_k) FG_ALL4_F16((w)[fg_k], a, fg_k)
#define FG_ALL16_F16(w, a) UNROLL for (int fg_k = 0; fg_k < 4; ++fg_k) FG_ALL4_F16((w)[fg_k], a, fg_k)
#define FG_WHOLE4_F16(a, k) fg_pair_f16((a)[2 * (k)], (a)[2 * (k) + 1])
#define FG_WHOLE8_F16(a) U32X2(FG_WHOLE4_F16(a, 0), FG_WHOLE4_F16(a, 1))
#define FG_WHOLE16_F16(a) \
  U32X4(FG_WHOLE4_F16(a, 0), FG_WHOLE4_F16(a, 1), FG_WHOLE4_F16(a, 2), FG_WHOLE4_F16(a, 3))

// --- combining ---
FN f32 MAX_F32(f32 a, f32 b) { return a != a || a > b ? a : b; }
FN f32 MIN_F32(f32 a, f32 b) { return a != a || a < b ? a : b; }
#define ADD_F32(a, b) ((a) + (b))
#define MUL_F32(a, b) ((a) * (b))
#define ADD_I32(a, b) ((i32)((u32)(a) + (u32)(b)))
#define MUL_I32(a, b) ((i32)((u32)(a) * (u32)(b)))
#define MAX_I32(a, b) max((i32)(a), (i32)(b))
#define MIN_I32(a, b) min((i32)(a), (i32)(b))
#define ADD_U32(a, b) ((a) + (b))
#define MAX_U32(a, b) max((u32)(a), (u32)(b))
#define MIN_U32(a, b) min((u32)(a), (u32)(b))
#define ADD_I64(a, b) ((i64)((u64)(a) + (u64)(b)))
#define MUL_I64(a, b) ((i64)((u64)(a) * (u64)(b)))
#define MAX_I64(a, b) max((i64)(a), (i64)(b))
#define MIN_I64(a, b) min((i64)(a), (i64)(b))
#if FG_F64
FN f64 MAX_F64(f64 a, f64 b) { return a != a || a > b ? a : b; }
FN f64 MIN_F64(f64 a, f64 b) { return a != a || a < b ? a : b; }
#define ADD_F64(a, b) ((a) + (b))
#define MUL_F64(a, b) ((a) * (b))
#endif

#define GROUP_SCAN(T, part, v, total, OP)                                                    \
  do {                                                                                       \
    (part)[LOCAL_ID] = (v);                                                                  \
    GROUP_BARRIER();                                                                         \
    for (u32 fg_s = 1u; fg_s < (u32)GROUP_SIZE; fg_s *= 2u) {                                \
      if (LOCAL_ID >= fg_s) (v) = OP((part)[LOCAL_ID - fg_s], (v));                          \
      GROUP_BARRIER();                                                                       \
      (part)[LOCAL_ID] = (v);                                                                \
      GROUP_BARRIER();                                                                       \
    }                                                                                        \
    (total) = (part)[GROUP_SIZE - 1];                                                        \
    GROUP_BARRIER();                                                                         \
  } while (0)

// Halving from the power of two below GROUP_SIZE, in a fixed order.
#define GROUP_REDUCE(part, v, OP)                                                            \
  do {                                                                                       \
    (part)[LOCAL_ID] = (v);                                                                  \
    GROUP_BARRIER();                                                                         \
    for (u32 fg_s = FG_HALF_GROUP; fg_s > 0u; fg_s >>= 1) {                                  \
      if (LOCAL_ID < fg_s && LOCAL_ID + fg_s < (u32)GROUP_SIZE)                              \
        (part)[LOCAL_ID] = OP((part)[LOCAL_ID], (part)[LOCAL_ID + fg_s]);                    \
      GROUP_BARRIER();                                                                       \
    }                                                                                        \
    (v) = (part)[0];                                                                         \
    GROUP_BARRIER();                                                                         \
  } while (0)
