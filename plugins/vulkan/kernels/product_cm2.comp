#version 460
// A product by matrices of a whole group (NV_cooperative_matrix2), which the driver stages through shared memory.  It
// overlaps loads with multiplications inside of a straight piece of code only, so many slices are written as one.
// Needs m >= BM and n >= BN: the last tiles lie back over those before, where both write the same, so that no load of
// a whole slice leaves its operand.
#extension GL_NV_cooperative_matrix2 : require
#extension GL_GOOGLE_include_directive : require
#include "product.glsl"

// Slices written as one.  The driver takes two seconds to compile 32 of them; small tiles are of small products.
const uint MANY = (BM * BN > 16384 ? 1024 : 512) / BK, SOME = 128 / BK;
#define MATRIX_A coopmat<ELEMENT, gl_ScopeWorkgroup, BM, BK, gl_MatrixUseA>
#define MATRIX_B coopmat<ELEMENT, gl_ScopeWorkgroup, BK, BN, gl_MatrixUseB>
#define MATRIX_SUM coopmat<float, gl_ScopeWorkgroup, BM, BN, gl_MatrixUseAccumulator>
#define MATRIX_OUT coopmat<ELEMENT, gl_ScopeWorkgroup, BM, BN, gl_MatrixUseAccumulator>
#define LAYOUT tensorLayoutNV<2, gl_CooperativeMatrixClampModeUndefinedNV>
#define LAYOUT_CLAMPED tensorLayoutNV<2, gl_CooperativeMatrixClampModeConstantNV>

float finish_element(const in uint32_t r, const in uint32_t c, const in float v, const in uint32_t row,
                     const in uint32_t col, const in uint64_t self_at) {
  return row + r < m && col + c < n ? finished(v, row + r, col + c, self_at) : v;
}
float round_element(const in uint32_t r, const in uint32_t c, const in float v) { return rounded(v); }
float store_element(const in uint32_t r, const in uint32_t c, const in float v, const in uint32_t row,
                    const in uint32_t col, const in uint64_t out_at) {
  if (row + r < m && col + c < n) store(v, row + r, col + c, out_at);
  return v;
}
// Of a tile that is inside of out, whose rows lie near each other: its addresses are one multiplication each.
float store_inside(const in uint32_t r, const in uint32_t c, const in float v, const in uint64_t tile_at,
                   const in uint32_t line) {
  const uint at = r * line + c;
  if (OUT_F32 != 0) {
    Sum(tile_at + uint64_t(at) * 4).v = v;
  } else {
    Element(tile_at + uint64_t(at) * 2).v = ELEMENT(rounded(v));
  }
  return v;
}

void main() {
  Place p = place_of(gl_WorkGroupID.x);
  // Lines along m or n begin at pieces: elements behind the last may be read.
  p.row = A_ALONG != 0 ? min(p.row, m - BM) : min(p.row, m - BM + 7) & ~7u;
  p.col = B_ALONG != 0 ? min(p.col, n - BN) : min(p.col, n - BN + 7) & ~7u;
  const uint from = p.split * split_k;
  uint left = min(uint(split_k), k - from);
  // The compiler sees that lines begin at pieces.
  const uint line_a = uint(a_line) & ~7u, line_b = uint(b_line) & ~7u;
  uint64_t a = a_ptr + uint64_t(p.batch) * uint64_t(a_batch) * 2;
  uint64_t b = b_ptr + uint64_t(p.batch) * uint64_t(b_batch) * 2;
  a += (A_ALONG != 0 ? uint64_t(p.row) * line_a + from : uint64_t(from) * line_a + p.row) * 2;
  b += (B_ALONG != 0 ? uint64_t(p.col) * line_b + from : uint64_t(from) * line_b + p.col) * 2;
  const bool near = line_a <= 1u << 20 && line_b <= 1u << 20;  // Offsets of many slices are counted in 32 bits.
  const uint64_t step_a = 2 * BK * uint64_t(A_ALONG != 0 ? 1 : line_a);
  const uint64_t step_b = 2 * BK * uint64_t(B_ALONG != 0 ? 1 : line_b);

  const tensorViewNV<2, false, 1, 0> turned = createTensorViewNV(2, false, 1, 0);
  LAYOUT ta = createTensorLayoutNV(2, gl_CooperativeMatrixClampModeUndefinedNV);
  LAYOUT tb = createTensorLayoutNV(2, gl_CooperativeMatrixClampModeUndefinedNV);
  LAYOUT_CLAMPED ca = createTensorLayoutNV(2, gl_CooperativeMatrixClampModeConstantNV);
  LAYOUT_CLAMPED cb = createTensorLayoutNV(2, gl_CooperativeMatrixClampModeConstantNV);
#define LINES(t, along, lines, line, count) \
  if (along != 0) t = setTensorLayoutDimensionNV(t, lines, count); else t = setTensorLayoutDimensionNV(t, count, lines); \
  t = setTensorLayoutStrideNV(t, line, 1);
#define SLICE_A(x, t, at) \
  if (A_ALONG != 0) coopMatLoadTensorNV(x, Elements(a).v, 0, sliceTensorLayoutNV(t, 0, BM, at, BK)); \
  else coopMatLoadTensorNV(x, Elements(a).v, 0, sliceTensorLayoutNV(t, at, BK, 0, BM), turned);
#define SLICE_B(y, t, at) \
  if (B_ALONG != 0) coopMatLoadTensorNV(y, Elements(b).v, 0, sliceTensorLayoutNV(t, 0, BN, at, BK), turned); \
  else coopMatLoadTensorNV(y, Elements(b).v, 0, sliceTensorLayoutNV(t, at, BK, 0, BN));
#define MULTIPLY(ta, tb, at) { \
    MATRIX_A x; \
    MATRIX_B y; \
    SLICE_A(x, ta, at) \
    SLICE_B(y, tb, at) \
    sums = coopMatMulAdd(x, y, sums); \
  }
#define MULTIPLY_SLICES(count, may) \
  [[dont_unroll]] for (; may && left >= count * BK; left -= count * BK) { \
    [[unroll]] for (uint s = 0; s < count; ++s) MULTIPLY(ta, tb, s * BK) \
    a += count * step_a; \
    b += count * step_b; \
  }
  LINES(ta, A_ALONG, BM, line_a, MANY * BK)
  LINES(tb, B_ALONG, BN, line_b, MANY * BK)
  MATRIX_SUM sums = MATRIX_SUM(0.0);
  MULTIPLY_SLICES(MANY, near)
  MULTIPLY_SLICES(SOME, near)
  MULTIPLY_SLICES(1, true)
  if (left > 0) {
    LINES(ca, A_ALONG, BM, line_a, left)
    LINES(cb, B_ALONG, BN, line_b, left)
    MULTIPLY(ca, cb, 0)
  }

  if (FINISH != 0) coopMatPerElementNV(sums, sums, finish_element, p.row, p.col, self_of(p));
  const uint64_t out_at = out_of(p);
  const bool inside = p.row + BM <= m && p.col + BN <= n;
  if (inside && !has_pieces(out_at) && out_col == 1 && out_row <= 1 << 20) {
    const uint64_t tile_at = (uint64_t(p.row) * uint64_t(out_row) + p.col) * (OUT_F32 != 0 ? 4 : 2);
    coopMatPerElementNV(sums, sums, store_inside, out_at + tile_at, uint(out_row));
    return;
  }
  if (!inside || !has_pieces(out_at)) {
    coopMatPerElementNV(sums, sums, store_element, p.row, p.col, out_at);
    return;
  }
  LAYOUT t = createTensorLayoutNV(2, gl_CooperativeMatrixClampModeUndefinedNV);
  t = setTensorLayoutDimensionNV(t, m, n & ~7);
  t = setTensorLayoutStrideNV(t, uint(out_row) & ~7u, 1);
  t = sliceTensorLayoutNV(t, p.row, BM, p.col & ~7u, BN);
  if (OUT_F32 != 0) {
    Sums to = Sums(out_at);
    coopMatStoreTensorNV(sums, to.v, 0, t);
  } else {
#ifdef BF16
    coopMatPerElementNV(sums, sums, round_element);
#endif
    Elements to = Elements(out_at);
    coopMatStoreTensorNV(MATRIX_OUT(sums), to.v, 0, t);
  }
}
