// SPDX-License-Identifier: Apache-2.0
//
// The kernel dialect (docs/gpu-kernels.md) in GLSL 4.60.  Before it stand the extensions and the
// defines of glsl.cpp: GROUP_SIZE, HAS_*, USES_*, SPLIT_GROUPS and idx.  What lies between "for KIND"
// and "end" is repeated for each storage type of the kind (small: floats of 16 and 8 bits; words: up to
// 4 bytes; pairs: 8 bytes): $S its word, $C the compute type, $B its bytes, $R the type in memory, $W the
// type of its bits; and for add, min, max and mul where it names $O.

#define i32 int
#define u32 uint
#define i64 int64_t
#define u64 uint64_t
#define f32 float
#define f64 double
#define u32x2 uvec2
#define u32x4 uvec4
#define FN
#define UNROLL [[unroll]]
#define ANY_ORDER
#define EXACT precise
#define GLOBAL(S) uint64_t

#if HAS_SUBGROUPS
// Neighbours by number are neighbours of a subgroup, wherever the device puts them.
#define SUBGROUP_ID gl_SubgroupID
#define SUBGROUP_LANE gl_SubgroupInvocationID
#define LOCAL_ID (SUBGROUP_ID * SUBGROUP_SIZE + SUBGROUP_LANE)
#else
#define LOCAL_ID gl_LocalInvocationID.x
#endif
#if SPLIT_GROUPS
#define GROUP_ID (i64(gl_WorkGroupID.y) * i64(gl_NumWorkGroups.x) + i64(gl_WorkGroupID.x))
#else
#define GROUP_ID i64(gl_WorkGroupID.x)
#define GROUP_COUNT i64(gl_NumWorkGroups.x)
#endif
#define GROUP_BARRIER() barrier()
#define GROUP_BUFFER_BARRIER() do { groupMemoryBarrier(); barrier(); } while (false)
#define LOCAL_ARRAY(T, name, n) T name[n]

#define BITS_F32(x) floatBitsToUint(x)
#define F32_BITS(u) uintBitsToFloat(u)
#define COMP(v, j) (v)[j]
#define U32X2(a, b) uvec2(a, b)
#define U32X4(a, b, c, d) uvec4(a, b, c, d)
#define POPCOUNT(u) u32(bitCount(u))
#define CLZ(u) u32(31 - findMSB(u))
#define FMA(a, b, c) fma(a, b, c)
// 1 / d of 1 <= d <= 2 to 6 ulp.  NVIDIA's compiler (driver 580) rounds divisions correctly, with a branch and a call in
// each, so that the elements of a piece go one after the other.
#if IS_LLVMPIPE
f32 INVERSE(f32 d) { return 1.0f / d; }
#else
f32 INVERSE(f32 d) {
  f32 root = inversesqrt(d);
  return root * root;
}
#endif
#define SELECT(c, a, b) ((c) ? (a) : (b))
#define PIECE16 uvec4
#define PIECE8 uvec2
#define PIECE4 uint
#define PIECE2 uint
#define ZERO16 uvec4(0u)
#define ZERO8 uvec2(0u)
#define ZERO4 0u
#define ZERO2 0u
#define INF_F32 uintBitsToFloat(0x7F800000u)
#define NAN_F32 uintBitsToFloat(0x7FC00000u)

#if IS_LLVMPIPE
// Integers are divided lane by lane.  The half keeps a rounded quotient below the next whole number.
int QUOTIENT(int a, int b) { return int((double(a) + 0.5lf) / double(b)); }
int64_t QUOTIENT(int64_t a, int64_t b) { return a / b; }
#else
#define QUOTIENT(a, b) ((a) / (b))
#endif

u32 MULHI(u32 a, u32 b) {
  u32 high, low;
  umulExtended(a, b, high, low);
  return high;
}
// By the bits: compilers may assume that a comparison sees no NaN.
bool ISNAN(f32 x) { return (floatBitsToUint(x) & 0x7FFFFFFFu) > 0x7F800000u; }

layout(buffer_reference, scalar, buffer_reference_align = 1) buffer RAW1 { uint8_t v; };
layout(buffer_reference, scalar, buffer_reference_align = 2) buffer RAW2 { uint16_t v; };
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer RAW4 { uint v; };
layout(buffer_reference, scalar, buffer_reference_align = 8) buffer RAW8 { uint64_t v; };
layout(buffer_reference, scalar, buffer_reference_align = 8) buffer RAW8x2 { uvec2 v; };
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer RAW16 { uvec4 v; };
#if IS_LLVMPIPE
// llvmpipe reads and writes memory lane by lane, component by component: of as many bytes as it can.
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer RAW16x2 { u64vec2 v; };
uvec4 four_words(u64vec2 w) { return uvec4(unpackUint2x32(w.x), unpackUint2x32(w.y)); }
u64vec2 two_words(uvec4 w) { return u64vec2(packUint2x32(w.xy), packUint2x32(w.zw)); }
#define ld16(p, k) four_words(RAW16x2((p) + u64(k) * 16ul).v)
#define st16(p, k, w) RAW16x2((p) + u64(k) * 16ul).v = two_words(w)
#define ld8(p, k) unpackUint2x32(RAW8((p) + u64(k) * 8ul).v)
#define st8(p, k, w) RAW8((p) + u64(k) * 8ul).v = packUint2x32(w)
#else
#define ld16(p, k) (RAW16((p) + u64(k) * 16ul).v)
#define st16(p, k, w) RAW16((p) + u64(k) * 16ul).v = (w)
#define ld8(p, k) (RAW8x2((p) + u64(k) * 8ul).v)
#define st8(p, k, w) RAW8x2((p) + u64(k) * 8ul).v = (w)
#endif
#define ld4(p, k) (RAW4((p) + u64(k) * 4ul).v)
#define ld2(p, k) u32(RAW2((p) + u64(k) * 2ul).v)
#define st4(p, k, w) RAW4((p) + u64(k) * 4ul).v = (w)
#define st2(p, k, w) RAW2((p) + u64(k) * 2ul).v = uint16_t(w)

// Element j of a piece: of<bytes of the piece>_<bytes of the element>.
#define of16_8(w, j) packUint2x32(uvec2((w)[2 * (j)], (w)[2 * (j) + 1]))
#define of16_4(w, j) (w)[j]
#define of16_2(w, j) bitfieldExtract((w)[(j) >> 1], ((j) & 1) * 16, 16)
#define of16_1(w, j) bitfieldExtract((w)[(j) >> 2], ((j) & 3) * 8, 8)
#define of8_8(w, j) packUint2x32(w)
#define of8_4(w, j) (w)[j]
#define of8_2(w, j) bitfieldExtract((w)[(j) >> 1], ((j) & 1) * 16, 16)
#define of8_1(w, j) bitfieldExtract((w)[(j) >> 2], ((j) & 3) * 8, 8)
#define of4_4(w, j) (w)
#define of4_2(w, j) bitfieldExtract(w, (j) * 16, 16)
#define of4_1(w, j) bitfieldExtract(w, (j) * 8, 8)
#define of2_2(w, j) (w)
#define of2_1(w, j) bitfieldExtract(w, (j) * 8, 8)
#define put16_8(w, j, u) { (w)[2 * (j)] = u32(u); (w)[2 * (j) + 1] = u32((u) >> 32); }
#define put16_4(w, j, u) (w)[j] = (u)
#define put16_2(w, j, u) (w)[(j) >> 1] = bitfieldInsert((w)[(j) >> 1], u, ((j) & 1) * 16, 16)
#define put16_1(w, j, u) (w)[(j) >> 2] = bitfieldInsert((w)[(j) >> 2], u, ((j) & 3) * 8, 8)
#define put8_8(w, j, u) w = unpackUint2x32(u)
#define put8_4(w, j, u) (w)[j] = (u)
#define put8_2(w, j, u) (w)[(j) >> 1] = bitfieldInsert((w)[(j) >> 1], u, ((j) & 1) * 16, 16)
#define put8_1(w, j, u) (w)[(j) >> 2] = bitfieldInsert((w)[(j) >> 2], u, ((j) & 3) * 8, 8)
#define put4_4(w, j, u) w = (u)
#define put4_2(w, j, u) w = bitfieldInsert(w, u, (j) * 16, 16)
#define put4_1(w, j, u) w = bitfieldInsert(w, u, (j) * 8, 8)
#define put2_2(w, j, u) w = (u)
#define put2_1(w, j, u) w = bitfieldInsert(w, u, (j) * 8, 8)

// --- the bits of floats in few bits ---

// An f32's bits as a float of `man` mantissa bits and bias `bias`, to nearest even; `inf` stands for
// what lies beyond `most`, `nan` for NaN.
u32 narrow(u32 u, i32 man, i32 bias, u32 most, u32 inf, u32 nan) {
  u32 a = u & 0x7FFFFFFFu;
  i32 e = max(i32(a >> 23), 1) - 127;
  u32 significand = a < 0x800000u ? a : (a & 0x7FFFFFu) | 0x800000u;
  bool small = e < 1 - bias;
  i32 shift = small ? 23 - man + (1 - bias - e) : 23 - man;
  u32 q = 0u;
  if (shift <= 25) {
    u32 rest = significand & ((1u << shift) - 1u), middle = 1u << (shift - 1);
    q = significand >> shift;
    q += rest > middle || (rest == middle && (q & 1u) != 0u) ? 1u : 0u;
  }
  u32 r = small ? q : (u32(e + bias) << man) + (q - (1u << man));
  return a > 0x7F800000u ? nan : a == 0x7F800000u || r > most ? inf : r;
}

// sign * m * 2^e as an f32's bits, rounded to odd, so that a later rounding to fewer bits is the only one.
u32 odd_f32(bool negative, u64 m, i32 e) {
  u32 sign = negative ? 0x80000000u : 0u;
  if (m == 0ul) return sign;
  u32 high = u32(m >> 32);
  i32 top = high != 0u ? 32 + findMSB(high) : findMSB(u32(m));
  i32 exponent = e + top + 127;
  if (exponent > 254) return sign | 0x7F7FFFFFu;
  i32 shift = top - 23 + (exponent < 1 ? 1 - exponent : 0);
  if (shift > 63) return sign | 1u;
  u64 q = shift > 0 ? (m >> shift) | ((m & ((1ul << shift) - 1ul)) != 0ul ? 1ul : 0ul) : m << -shift;
  return sign | (exponent < 1 ? u32(q) : (u32(exponent) << 23) | (u32(q) & 0x7FFFFFu));
}

f32 widen(u32 bits, i32 man, i32 top, bool infinite) {
  u32 e = bits >> man, m = bits & ((1u << man) - 1u);
  i32 bias = top >> 1;
  if (infinite && e == u32(top)) return uintBitsToFloat(m == 0u ? 0x7F800000u : 0x7FC00000u | (m << (23 - man)));
  if (e == 0u) return f32(m) * uintBitsToFloat(u32(128 - bias - man) << 23);
  return uintBitsToFloat(((e + u32(127 - bias)) << 23) | (m << (23 - man)));
}
f32 with_sign(f32 x, u32 negative) { return uintBitsToFloat(floatBitsToUint(x) | (negative << 31)); }

u32 narrow_f16(u32 u) { return ((u >> 16) & 0x8000u) | narrow(u, 10, 15, 0x7BFFu, 0x7C00u, 0x7E00u); }
u32 narrow_f8_e4m3fn(u32 u) { return ((u >> 24) & 0x80u) | narrow(u, 3, 7, 0x7Eu, 0x7Fu, 0x7Fu); }
u32 narrow_f8_e5m2(u32 u) { return ((u >> 24) & 0x80u) | narrow(u, 2, 15, 0x7Bu, 0x7Cu, 0x7Eu); }
u32 narrow_bf16(u32 u) {
  if ((u & 0x7FFFFFFFu) > 0x7F800000u) return (u >> 16) | 0x40u;
  return (u + 0x7FFFu + ((u >> 16) & 1u)) >> 16;
}
#if HAS_F16
f32 from_f16(u32 u) { return f32(uint16BitsToFloat16(uint16_t(u))); }
u32 f16_of(f32 x) { return u32(float16BitsToUint16(float16_t(x))); }
#else
f32 from_f16(u32 u) { return with_sign(widen(u & 0x7FFFu, 10, 31, true), u >> 15); }
u32 f16_of(f32 x) { return narrow_f16(floatBitsToUint(x)); }
#endif
u32 bf16_of(f32 x) { return narrow_bf16(floatBitsToUint(x)); }
u32 f8_e4m3fn_of(f32 x) { return narrow_f8_e4m3fn(floatBitsToUint(x)); }
u32 f8_e5m2_of(f32 x) { return narrow_f8_e5m2(floatBitsToUint(x)); }
f32 from_bf16(u32 u) { return uintBitsToFloat(u << 16); }
f32 from_f8_e4m3fn(u32 u) {
  return (u & 0x7Fu) == 0x7Fu ? NAN_F32 : with_sign(widen(u & 0x7Fu, 3, 15, false), u >> 7);
}
f32 from_f8_e5m2(u32 u) { return with_sign(widen(u & 0x7Fu, 2, 31, true), u >> 7); }

// Two f16 in a word, then pieces of them: conversions of pairs are one instruction where the device has it.
#if HAS_F16
vec2 two_f16(u32 u) { return vec2(unpackFloat2x16(u)); }
u32 pair_f16(f32 low, f32 high) { return packFloat2x16(f16vec2(vec2(low, high))); }
#else
vec2 two_f16(u32 u) { return vec2(from_f16(u & 0xFFFFu), from_f16(u >> 16)); }
u32 pair_f16(f32 low, f32 high) { return f16_of(low) | f16_of(high) << 16; }
#endif
#define all4_f16(w, a, k) { vec2 two_ = two_f16(w); a[2 * (k)] = two_.x; a[2 * (k) + 1] = two_.y; }
#define all8_f16(w, a) UNROLL for (i32 k_ = 0; k_ < 2; ++k_) all4_f16((w)[k_], a, k_)
#define all16_f16(w, a) UNROLL for (i32 k_ = 0; k_ < 4; ++k_) all4_f16((w)[k_], a, k_)
#define whole4_f16(a, k) pair_f16(a[2 * (k)], a[2 * (k) + 1])
#define whole8_f16(a) uvec2(whole4_f16(a, 0), whole4_f16(a, 1))
#define whole16_f16(a) uvec4(whole4_f16(a, 0), whole4_f16(a, 1), whole4_f16(a, 2), whole4_f16(a, 3))

// --- from the bits of the other storage types ---

f32 from_f32(u32 u) { return uintBitsToFloat(u); }
i64 from_i64(u64 u) { return i64(u); }
i32 from_i32(u32 u) { return i32(u); }
i32 from_i16(u32 u) { return i32(u << 16) >> 16; }
i32 from_i8(u32 u) { return i32(u << 24) >> 24; }
i32 from_u8(u32 u) { return i32(u & 0xFFu); }
bool from_b8(u32 u) { return (u & 0xFFu) != 0u; }

// --- to bits, from every compute type ---

// Towards zero, saturating, NaN to 0.
i32 i32_of(f32 x, i32 least, i32 most) {
  if (ISNAN(x)) return 0;
  return x >= f32(most) ? most : x <= f32(least) ? least : i32(x);
}
i32 i32_of(f32 x) {
  if (ISNAN(x)) return 0;
  return x >= 2147483648.0f ? 0x7FFFFFFF : x <= -2147483648.0f ? -0x7FFFFFFF - 1 : i32(x);
}
i64 i64_of(f32 x) {
  if (ISNAN(x)) return 0l;
  return x >= 9223372036854775808.0f ? 0x7FFFFFFFFFFFFFFFl
                                     : x <= -9223372036854775808.0f ? -0x7FFFFFFFFFFFFFFFl - 1l : i64(x);
}
u32 magnitude(i32 x) { return x < 0 ? 0u - u32(x) : u32(x); }
u64 magnitude(i64 x) { return x < 0l ? 0ul - u64(x) : u64(x); }

u32 to_f32(f32 x) { return floatBitsToUint(x); }
u32 to_f32(i32 x) { return floatBitsToUint(f32(x)); }
u32 to_f32(i64 x) { return floatBitsToUint(f32(x)); }
u32 to_f32(bool x) { return x ? 0x3F800000u : 0u; }
u64 to_i64(i64 x) { return u64(x); }
u64 to_i64(i32 x) { return u64(i64(x)); }
u64 to_i64(f32 x) { return u64(i64_of(x)); }
u64 to_i64(bool x) { return x ? 1ul : 0ul; }
u32 to_i32(i32 x) { return u32(x); }
u32 to_i32(i64 x) { return u32(x); }
u32 to_i32(f32 x) { return u32(i32_of(x)); }
u32 to_i32(bool x) { return x ? 1u : 0u; }
u32 to_i16(i32 x) { return u32(x) & 0xFFFFu; }
u32 to_i16(i64 x) { return u32(x) & 0xFFFFu; }
u32 to_i16(f32 x) { return u32(i32_of(x, -32768, 32767)) & 0xFFFFu; }
u32 to_i16(bool x) { return x ? 1u : 0u; }
u32 to_i8(i32 x) { return u32(x) & 0xFFu; }
u32 to_i8(i64 x) { return u32(x) & 0xFFu; }
u32 to_i8(f32 x) { return u32(i32_of(x, -128, 127)) & 0xFFu; }
u32 to_i8(bool x) { return x ? 1u : 0u; }
u32 to_u8(i32 x) { return u32(x) & 0xFFu; }
u32 to_u8(i64 x) { return u32(x) & 0xFFu; }
u32 to_u8(f32 x) { return u32(i32_of(x, 0, 255)); }
u32 to_u8(bool x) { return x ? 1u : 0u; }
u32 to_b8(bool x) { return x ? 1u : 0u; }
u32 to_b8(i32 x) { return x != 0 ? 1u : 0u; }
u32 to_b8(i64 x) { return x != 0l ? 1u : 0u; }
u32 to_b8(f32 x) { return (floatBitsToUint(x) & 0x7FFFFFFFu) != 0u ? 1u : 0u; }

#if USES_F64
#define BITS_F64(x) packUint2x32(unpackDouble2x32(x))
#define F64_BITS(u) packDouble2x32(unpackUint2x32(u))
#define INF_F64 packDouble2x32(uvec2(0u, 0x7FF00000u))
#define NAN_F64 packDouble2x32(uvec2(0u, 0x7FF80000u))
bool ISNAN(f64 x) { return (BITS_F64(x) & 0x7FFFFFFFFFFFFFFFul) > 0x7FF0000000000000ul; }

u32 odd_f32(f64 x) {
  u64 u = BITS_F64(x);
  u32 e = u32(u >> 52) & 0x7FFu;
  u64 m = u & 0xFFFFFFFFFFFFFul;
  bool negative = (u >> 63) != 0ul;
  if (e == 0x7FFu) return (negative ? 0x80000000u : 0u) | (m != 0ul ? 0x7FC00000u : 0x7F800000u);
  return odd_f32(negative, e == 0u ? m : m | 0x10000000000000ul, i32(max(e, 1u)) - 1075);
}
i32 i32_of(f64 x, i32 least, i32 most) {
  if (ISNAN(x)) return 0;
  return x >= f64(most) ? most : x <= f64(least) ? least : i32(x);
}
i64 i64_of(f64 x) {
  if (ISNAN(x)) return 0l;
  return x >= 9223372036854775808.0lf ? 0x7FFFFFFFFFFFFFFFl
                                      : x <= -9223372036854775808.0lf ? -0x7FFFFFFFFFFFFFFFl - 1l : i64(x);
}
f64 from_f64(u64 u) { return F64_BITS(u); }
u64 to_f64(f64 x) { return BITS_F64(x); }
u64 to_f64(f32 x) { return BITS_F64(f64(x)); }
u64 to_f64(i32 x) { return BITS_F64(f64(x)); }
u64 to_f64(i64 x) { return BITS_F64(f64(x)); }
u64 to_f64(bool x) { return x ? 0x3FF0000000000000ul : 0ul; }
u32 to_f32(f64 x) { return floatBitsToUint(f32(x)); }
u64 to_i64(f64 x) { return u64(i64_of(x)); }
u32 to_i32(f64 x) { return u32(i32_of(x, -0x7FFFFFFF - 1, 0x7FFFFFFF)); }
u32 to_i16(f64 x) { return u32(i32_of(x, -32768, 32767)) & 0xFFFFu; }
u32 to_i8(f64 x) { return u32(i32_of(x, -128, 127)) & 0xFFu; }
u32 to_u8(f64 x) { return u32(i32_of(x, 0, 255)); }
u32 to_b8(f64 x) { return (BITS_F64(x) & 0x7FFFFFFFFFFFFFFFul) != 0ul ? 1u : 0u; }
#define ADD_F64(a, b) ((a) + (b))
f64 MAX_F64(f64 a, f64 b) { return a > b || ISNAN(a) ? a : b; }
f64 MIN_F64(f64 a, f64 b) { return a < b || ISNAN(a) ? a : b; }
f64 fg_add(f64 a, f64 b) { return a + b; }
f64 fg_mul(f64 a, f64 b) { return a * b; }
f64 fg_min(f64 a, f64 b) { return MIN_F64(a, b); }
f64 fg_max(f64 a, f64 b) { return MAX_F64(a, b); }
#endif

//@for small
u32 to_$S(f32 x) { return $S_of(x); }
u32 to_$S(i32 x) { return narrow_$S(odd_f32(x < 0, u64(magnitude(x)), 0)); }
u32 to_$S(i64 x) { return narrow_$S(odd_f32(x < 0l, magnitude(x), 0)); }
u32 to_$S(bool x) { return narrow_$S(x ? 0x3F800000u : 0u); }
#if USES_F64
u32 to_$S(f64 x) { return narrow_$S(odd_f32(x)); }
#endif
//@end

//@for all
#define bits_$S(p, i) $W(RAW$B((p) + u64(i) * $Bul).v)
#define put_$S(p, i, u) RAW$B((p) + u64(i) * $Bul).v = $R(u)
#define ld_$S(p, i) from_$S(bits_$S(p, i))
#define st_$S(p, i, v) put_$S(p, i, to_$S(v))
//@end

// llvmpipe (Mesa 22.3) makes 0 of NaN * 0 where the 0 is a constant, and takes an i32 that was widened and is negative for
// a positive number when it is compared.
#if IS_LLVMPIPE
#define ZERO_F32 uintBitsToFloat(gl_WorkGroupID.z)
#if USES_F64
#define ZERO_F64 packDouble2x32(uvec2(0u, gl_WorkGroupID.z))
#endif
i64 widened(i32 x) { return packInt2x32(ivec2(x, x >> 31)); }
i64 widened(u32 x) { return packInt2x32(ivec2(i32(x), 0)); }
i64 widened(i64 x) { return x; }
i64 widened(u64 x) { return i64(x); }
i64 widened(bool x) { return x ? 1l : 0l; }
i64 widened(f32 x) { return i64(x); }
#if USES_F64
i64 widened(f64 x) { return i64(x); }
#endif
#define int64_t(x) widened(x)
#else
#define ZERO_F32 0.0f
#define ZERO_F64 0.0lf
#endif

// --- groups ---

#define ADD_F32(a, b) ((a) + (b))
// By max and min: where a device compares subnormals as zero, a choice by > may return the lesser of the two as it was.
f32 MAX_F32(f32 a, f32 b) { return ISNAN(a) ? a : ISNAN(b) ? b : max(a, b); }
f32 MIN_F32(f32 a, f32 b) { return ISNAN(a) ? a : ISNAN(b) ? b : min(a, b); }
#define ADD_I32(a, b) ((a) + (b))
#define MAX_I32(a, b) max(a, b)
#define MIN_I32(a, b) min(a, b)
#define ADD_U32(a, b) ((a) + (b))
#define MAX_U32(a, b) max(a, b)
#define MIN_U32(a, b) min(a, b)
#define ADD_I64(a, b) ((a) + (b))
#define MAX_I64(a, b) max(a, b)
#define MIN_I64(a, b) min(a, b)

#if HAS_SUBGROUPS
i32 SUBGROUP_XOR(i32 v, u32 reach) { return subgroupShuffleXor(v, reach); }
u32 SUBGROUP_XOR(u32 v, u32 reach) { return subgroupShuffleXor(v, reach); }
f32 SUBGROUP_XOR(f32 v, u32 reach) { return subgroupShuffleXor(v, reach); }
bool SUBGROUP_XOR(bool v, u32 reach) { return subgroupShuffleXor(u32(v), reach) != 0u; }
i64 SUBGROUP_XOR(i64 v, u32 reach) { return packInt2x32(subgroupShuffleXor(unpackInt2x32(v), reach)); }
u64 SUBGROUP_XOR(u64 v, u32 reach) { return packUint2x32(subgroupShuffleXor(unpackUint2x32(v), reach)); }
i32 SUBGROUP_UP(i32 v, u32 reach) { return subgroupShuffleUp(v, reach); }
u32 SUBGROUP_UP(u32 v, u32 reach) { return subgroupShuffleUp(v, reach); }
f32 SUBGROUP_UP(f32 v, u32 reach) { return subgroupShuffleUp(v, reach); }
bool SUBGROUP_UP(bool v, u32 reach) { return subgroupShuffleUp(u32(v), reach) != 0u; }
i64 SUBGROUP_UP(i64 v, u32 reach) { return packInt2x32(subgroupShuffleUp(unpackInt2x32(v), reach)); }
u64 SUBGROUP_UP(u64 v, u32 reach) { return packUint2x32(subgroupShuffleUp(unpackUint2x32(v), reach)); }
#if USES_F64
f64 SUBGROUP_XOR(f64 v, u32 reach) { return packDouble2x32(subgroupShuffleXor(unpackDouble2x32(v), reach)); }
f64 SUBGROUP_UP(f64 v, u32 reach) { return packDouble2x32(subgroupShuffleUp(unpackDouble2x32(v), reach)); }
#endif

// v of every `lanes` neighbours, a power of two, combined: pairs at half of them apart, at half of that, and so on within
// a subgroup; then those of its subgroups in their order.
#define SUBGROUP_REDUCE(part, v, OP, lanes)                                                                      \
  {                                                                                                              \
    [[unroll]] for (u32 reach_ = min(u32(lanes), SUBGROUP_SIZE) / 2u; reach_ > 0u; reach_ >>= 1) {               \
      v = OP(v, SUBGROUP_XOR(v, reach_));                                                                        \
    }                                                                                                            \
    if (u32(lanes) > SUBGROUP_SIZE) {                                                                            \
      if (SUBGROUP_LANE == 0u) part[SUBGROUP_ID] = v;                                                            \
      barrier();                                                                                                 \
      u32 first_ = LOCAL_ID / u32(lanes) * (u32(lanes) / SUBGROUP_SIZE);                                         \
      v = part[first_];                                                                                          \
      [[unroll]] for (u32 k_ = 1u; k_ < u32(lanes) / SUBGROUP_SIZE; ++k_) { v = OP(v, part[first_ + k_]); }      \
      barrier();                                                                                                 \
    }                                                                                                            \
  }
#define GROUP_REDUCE(part, v, OP) SUBGROUP_REDUCE(part, v, OP, GROUP_SIZE)
#define GROUP_SCAN(T, part, v, total, OP)                                                                        \
  {                                                                                                              \
    for (u32 reach_ = 1u; reach_ < SUBGROUP_SIZE; reach_ = reach_ * 2u) {                                        \
      T up_ = SUBGROUP_UP(v, reach_);                                                                            \
      if (SUBGROUP_LANE >= reach_) v = OP(up_, v);                                                               \
    }                                                                                                            \
    if (SUBGROUP_LANE == SUBGROUP_SIZE - 1u) part[SUBGROUP_ID] = v;                                              \
    barrier();                                                                                                   \
    total = part[0];                                                                                             \
    for (u32 k_ = 1u; k_ < u32(GROUP_SIZE) / SUBGROUP_SIZE; ++k_) {                                              \
      if (SUBGROUP_ID == k_) v = OP(total, v);                                                                   \
      total = OP(total, part[k_]);                                                                               \
    }                                                                                                            \
    barrier();                                                                                                   \
  }
#else
#define GROUP_SCAN(T, part, v, total, OP)                                                                        \
  {                                                                                                              \
    part[LOCAL_ID] = v;                                                                                          \
    barrier();                                                                                                   \
    for (u32 reach_ = 1u; reach_ < u32(GROUP_SIZE); reach_ = reach_ * 2u) {                                      \
      if (LOCAL_ID >= reach_) v = OP(part[LOCAL_ID - reach_], v);                                                \
      barrier();                                                                                                 \
      part[LOCAL_ID] = v;                                                                                        \
      barrier();                                                                                                 \
    }                                                                                                            \
    total = part[GROUP_SIZE - 1];                                                                                \
    barrier();                                                                                                   \
  }
// Halves, so that the order is the same on every device; GROUP_HALF is the power of two below GROUP_SIZE.
#define GROUP_REDUCE(part, v, OP)                                                                                \
  {                                                                                                              \
    part[LOCAL_ID] = v;                                                                                          \
    barrier();                                                                                                   \
    for (u32 half_ = GROUP_HALF; half_ > 0u; half_ >>= 1) {                                                      \
      if (LOCAL_ID < half_ && LOCAL_ID + half_ < u32(GROUP_SIZE)) {                                              \
        part[LOCAL_ID] = OP(part[LOCAL_ID], part[LOCAL_ID + half_]);                                             \
      }                                                                                                          \
      barrier();                                                                                                 \
    }                                                                                                            \
    v = part[0];                                                                                                 \
    barrier();                                                                                                   \
  }
#endif

#if USES_ATOMICS
f32 fg_add(f32 a, f32 b) { return a + b; }
f32 fg_mul(f32 a, f32 b) { return a * b; }
f32 fg_min(f32 a, f32 b) { return MIN_F32(a, b); }
f32 fg_max(f32 a, f32 b) { return MAX_F32(a, b); }
i32 fg_add(i32 a, i32 b) { return a + b; }
i32 fg_mul(i32 a, i32 b) { return a * b; }
i32 fg_min(i32 a, i32 b) { return min(a, b); }
i32 fg_max(i32 a, i32 b) { return max(a, b); }
i64 fg_add(i64 a, i64 b) { return a + b; }
i64 fg_mul(i64 a, i64 b) { return a * b; }
i64 fg_min(i64 a, i64 b) { return min(a, b); }
i64 fg_max(i64 a, i64 b) { return max(a, b); }
bool fg_add(bool a, bool b) { return a || b; }
bool fg_mul(bool a, bool b) { return a && b; }
bool fg_min(bool a, bool b) { return a && b; }
bool fg_max(bool a, bool b) { return a || b; }
// By compare-and-swap on the word in which the element lies.
//@for words
void atomic_$O_$S(u64 p, i64 i, $C v) {
  u64 at = p + u64(i) * $Bul;
  RAW4 word = RAW4(at & ~3ul);
  i32 from = i32(at & 3ul) * 8;
  u32 seen = word.v;
  for (;;) {
    u32 want = bitfieldInsert(seen, to_$S(fg_$O(from_$S(bitfieldExtract(seen, from, $B * 8)), v)), from, $B * 8);
    if (want == seen) break;
    u32 found = atomicCompSwap(word.v, seen, want);
    if (found == seen) break;
    seen = found;
  }
}
//@end
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer RAW4I { int v; };
#define atomic_add_i32(p, i, x) atomicAdd(RAW4I((p) + u64(i) * 4ul).v, x)
#define atomic_min_i32(p, i, x) atomicMin(RAW4I((p) + u64(i) * 4ul).v, x)
#define atomic_max_i32(p, i, x) atomicMax(RAW4I((p) + u64(i) * 4ul).v, x)
#if HAS_ATOMIC_F32
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer RAW4F { float v; };
// Devices may take subnormals for zero here, whatever they do elsewhere.  A term of 2^-101 and more rounds a subnormal
// place away and has no subnormal sum but zero, so only lesser ones need a compare and swap.
void fg_native_add_f32(u64 p, i64 i, f32 v) {
  if (abs(v) < 4e-31) {
    atomic_add_f32(p, i, v);
  } else {
    atomicAdd(RAW4F(p + u64(i) * 4ul).v, v);
  }
}
#define atomic_add_f32(p, i, x) fg_native_add_f32(p, i, x)
#endif
#if HAS_ATOMIC64
//@for pairs
void atomic_$O_$S(u64 p, i64 i, $C v) {
  RAW8 word = RAW8(p + u64(i) * 8ul);
  u64 seen = word.v;
  for (;;) {
    u64 found = atomicCompSwap(word.v, seen, to_$S(fg_$O(from_$S(seen), v)));
    if (found == seen) break;
    seen = found;
  }
}
//@end
layout(buffer_reference, scalar, buffer_reference_align = 8) buffer RAW8I { int64_t v; };
#define atomic_add_i64(p, i, x) atomicAdd(RAW8I((p) + u64(i) * 8ul).v, x)
#define atomic_min_i64(p, i, x) atomicMin(RAW8I((p) + u64(i) * 8ul).v, x)
#define atomic_max_i64(p, i, x) atomicMax(RAW8I((p) + u64(i) * 8ul).v, x)
#endif
#if HAS_ATOMIC_F64 && USES_F64
layout(buffer_reference, scalar, buffer_reference_align = 8) buffer RAW8F { double v; };
#define atomic_add_f64(p, i, x) atomicAdd(RAW8F((p) + u64(i) * 8ul).v, x)
#endif
#endif
