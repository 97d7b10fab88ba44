// x_atomic_*: on 32-bit words by compare and swap, whatever the dtype; 8-byte types where the device
// has 64-bit atomics.  q points at the element.

// What others may be changing at the same time.  A plain load is no atomic one in OpenCL C 1.2; on NVIDIA a volatile one is
// (PTX ISA, ld.volatile: as ld.relaxed).
#if FG_PTX
#define FG_SEEN(word) *(word)
#define FG_SEEN_LONG(word) *(word)
#else
#define FG_SEEN(word) atomic_cmpxchg(word, 0, 0)
#define FG_SEEN_LONG(word) atom_cmpxchg(word, 0, 0)
#endif

// The word that holds an element of BITS bits is read, changed and swapped until nobody came between.
#define FG_ATOMIC_WORD(NAME, S, C, BITS, OP)                                                   \
  FN void NAME##_##S(GLOBAL(S) q, C v) {                                                       \
    volatile __global uint* word = (volatile __global uint*)((uintptr_t)q & ~(uintptr_t)3);    \
    const u32 shift = ((u32)(uintptr_t)q & 3u) * 8u, mask = 0xFFFFFFFFu >> (32 - BITS);        \
    u32 seen = FG_SEEN(word), before;                                                          \
    do {                                                                                       \
      before = seen;                                                                           \
      const u32 bits = to_##S(OP(from_##S((before >> shift) & mask), v));                      \
      const u32 want = (before & ~(mask << shift)) | (bits << shift);                          \
      if (want == before) return;                                                              \
      seen = atomic_cmpxchg(word, before, want);                                               \
    } while (seen != before);                                                                  \
  }
#define FG_ATOMIC_LONG(NAME, S, C, OP)                                                         \
  FN void NAME##_##S(GLOBAL(S) q, C v) {                                                       \
    volatile __global ulong* word = (volatile __global ulong*)q;                               \
    u64 seen = FG_SEEN_LONG(word), before;                                                     \
    do {                                                                                       \
      before = seen;                                                                           \
      seen = atom_cmpxchg(word, before, to_##S(OP(from_##S(before), v)));                      \
    } while (seen != before);                                                                  \
  }
#define FG_ATOMICS_OF(S, C, BITS, T)                 \
  FG_ATOMIC_WORD(atomic_add, S, C, BITS, ADD_##T)    \
  FG_ATOMIC_WORD(atomic_min, S, C, BITS, MIN_##T)    \
  FG_ATOMIC_WORD(atomic_max, S, C, BITS, MAX_##T)    \
  FG_ATOMIC_WORD(atomic_mul, S, C, BITS, MUL_##T)
#define FG_ATOMICS_OF_LONG(S, C, T)             \
  FG_ATOMIC_LONG(atomic_add, S, C, ADD_##T)     \
  FG_ATOMIC_LONG(atomic_min, S, C, MIN_##T)     \
  FG_ATOMIC_LONG(atomic_max, S, C, MAX_##T)     \
  FG_ATOMIC_LONG(atomic_mul, S, C, MUL_##T)
#define ADD_BOOL(a, b) ((a) || (b))
#define MAX_BOOL(a, b) ((a) || (b))
#define MUL_BOOL(a, b) ((a) && (b))
#define MIN_BOOL(a, b) ((a) && (b))
FG_ATOMICS_OF(f32, f32, 32, F32)
FG_ATOMICS_OF(f16, f32, 16, F32)
FG_ATOMICS_OF(bf16, f32, 16, F32)
FG_ATOMICS_OF(f8_e4m3fn, f32, 8, F32)
FG_ATOMICS_OF(f8_e5m2, f32, 8, F32)
FG_ATOMICS_OF(i32, i32, 32, I32)
FG_ATOMICS_OF(i16, i32, 16, I32)
FG_ATOMICS_OF(i8, i32, 8, I32)
FG_ATOMICS_OF(u8, i32, 8, I32)
FG_ATOMICS_OF(b8, bool, 8, BOOL)
#if HAS_ATOMIC64
#pragma OPENCL EXTENSION cl_khr_int64_base_atomics : enable
FG_ATOMICS_OF_LONG(i64, i64, I64)
#if FG_F64
FG_ATOMICS_OF_LONG(f64, f64, F64)
#endif
#endif

// What the device does itself.
#define atomic_add_i32(q, v) atomic_add((volatile __global int*)(q), v)
#define atomic_min_i32(q, v) atomic_min((volatile __global int*)(q), v)
#define atomic_max_i32(q, v) atomic_max((volatile __global int*)(q), v)
#if HAS_ATOMIC64
#define atomic_add_i64(q, v) atom_add((volatile __global long*)(q), v)
#endif
#if HAS_PTX_SUMS
// It takes subnormal operands for zero and gives zero for subnormal sums (PTX ISA, red).  A term of 2^-101 and more rounds
// a subnormal place away and has no subnormal sum but zero, so only lesser ones need a compare and swap.
FN void fg_red_f32(GLOBAL(f32) q, f32 v) {
  if (fabs(v) < 0x1p-101f) {
    atomic_add_f32(q, v);
    return;
  }
  asm volatile("red.global.add.f32 [%0], %1;" ::"l"((ulong)q), "f"(v) : "memory");
}
#define atomic_add_f32(q, v) fg_red_f32(q, v)
#if FG_F64
FN void fg_red_f64(GLOBAL(f64) q, f64 v) {
  asm volatile("red.global.add.f64 [%0], %1;" ::"l"((ulong)q), "d"(v) : "memory");
}
#define atomic_add_f64(q, v) fg_red_f64(q, v)
#endif
#endif
