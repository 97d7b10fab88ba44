#version 460
// A product by matrices of a subgroup (KHR_cooperative_matrix).  Four subgroups take a tile; slices of BK elements along
// k are staged in one piece of shared memory, and so small that several groups run on a compute unit.  The next slice
// is read into registers while this one is multiplied, and stands between two barriers among the last multiplications.
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_GOOGLE_include_directive : require
#include "product.glsl"

const uint ACROSS = BN >= 2 * BM ? 4 : 2, DOWN = 4 / ACROSS;  // Subgroups.
const uint LANES = gl_WorkGroupSize.x / 4;                             // Of a subgroup.
const uint SM = BM / DOWN, SN = BN / ACROSS;                           // A subgroup's part of the tile,
const uint TM = SM / 16, TN = SN / 16, STEPS = BK / 16;                // in matrices.
const uint A_LINES = A_ALONG != 0 ? BM : BK, A_PIECES = (A_ALONG != 0 ? BK : BM) / 8;
const uint B_LINES = B_ALONG != 0 ? BN : BK, B_PIECES = (B_ALONG != 0 ? BK : BN) / 8;
// The next line begins in another bank.
const uint A_PITCH = A_PIECES + 1, B_PITCH = B_PIECES + 1;
// Pieces that a work-item reads, A_STEP lines apart.
const uint A_STEP = gl_WorkGroupSize.x / A_PIECES, A_EACH = A_LINES / A_STEP;
const uint B_STEP = gl_WorkGroupSize.x / B_PIECES, B_EACH = B_LINES / B_STEP;
const uint FOR_STORES = 4 * 64;  // A matrix of sums of each subgroup.
shared uvec4 slice_a[A_LINES * A_PITCH < FOR_STORES ? FOR_STORES : A_LINES * A_PITCH];
shared uvec4 slice_b[B_LINES * B_PITCH];

#define MATRIX_A coopmat<ELEMENT, gl_ScopeSubgroup, 16, 16, gl_MatrixUseA>
#define MATRIX_B coopmat<ELEMENT, gl_ScopeSubgroup, 16, 16, gl_MatrixUseB>
#define MATRIX_SUM coopmat<float, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>
#define MATRIX_OUT coopmat<ELEMENT, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>

// The first `count` of a piece's eight elements, zeros behind them.
uvec4 first_of(uvec4 piece, int count) {
  [[unroll]] for (int w = 0; w < 4; ++w) {
    const int here = count - 2 * w;
    piece[w] = here >= 2 ? piece[w] : here == 1 ? piece[w] & 0xFFFFu : 0u;
  }
  return piece;
}

const int A_LAYOUT = A_ALONG != 0 ? gl_CooperativeMatrixLayoutRowMajor : gl_CooperativeMatrixLayoutColumnMajor;
const int B_LAYOUT = B_ALONG != 0 ? gl_CooperativeMatrixLayoutColumnMajor : gl_CooperativeMatrixLayoutRowMajor;
// Matrices of a slice, 16 elements along k from 16 * step.
#define FRAGMENTS(s, step) { \
    [[unroll]] for (uint i = 0; i < TM; ++i) { \
      const uint r = down * SM + i * 16; \
      coopMatLoad(x[s][i], slice_a, A_ALONG != 0 ? r * A_PITCH + (step) * 2 : (step) * 16 * A_PITCH + r / 8, A_PITCH, A_LAYOUT); \
    } \
    [[unroll]] for (uint j = 0; j < TN; ++j) { \
      const uint c = across * SN + j * 16; \
      coopMatLoad(y[s][j], slice_b, B_ALONG != 0 ? c * B_PITCH + (step) * 2 : (step) * 16 * B_PITCH + c / 8, B_PITCH, B_LAYOUT); \
    } \
  }
#define MULTIPLY(s, first, end) \
  [[unroll]] for (uint j = first; j < end; ++j) { \
    [[unroll]] for (uint i = 0; i < TM; ++i) sums[i][j] = coopMatMulAdd(x[s][i], y[s][j], sums[i][j]); \
  }
// All steps of a slice but the last, whose fragments are ready.
#define MULTIPLY_STEPS \
  [[unroll]] for (uint step = 0; step + 1 < STEPS; ++step) { \
    FRAGMENTS((step + 1) & 1, step + 1) \
    MULTIPLY(step & 1, 0, TN) \
  }

// Pieces of the slice at `at`; of one that is not whole, what lies below `end`.
#define FETCH_WHOLE(next, EACH, base, places, step) \
  [[unroll]] for (uint i = 0; i < EACH; ++i) { \
    next[i] = Piece(base + uint64_t(places[i]) * 16).v; \
    places[i] += step; \
  }
#define FETCH_PART(next, EACH, base, places, ALONG, STEP, first, piece) \
  [[unroll]] for (uint i = 0; i < EACH; ++i) { \
    const int count = int(end) - int(at + (ALONG != 0 ? piece * 8 : first + i * STEP)); \
    next[i] = uvec4(0); \
    if (count > 0) next[i] = Piece(base + uint64_t(places[i]) * 16).v; \
    if (ALONG != 0) next[i] = first_of(next[i], count); \
  }
#define FETCH { \
    if (at + BK <= end) { \
      FETCH_WHOLE(next_a, A_EACH, a, place_a, step_a) \
      FETCH_WHOLE(next_b, B_EACH, b, place_b, step_b) \
    } else { \
      FETCH_PART(next_a, A_EACH, a, place_a, A_ALONG, A_STEP, first_a, piece_a) \
      FETCH_PART(next_b, B_EACH, b, place_b, B_ALONG, B_STEP, first_b, piece_b) \
    } \
    at += BK; \
  }
#define KEEP { \
    [[unroll]] for (uint i = 0; i < A_EACH; ++i) slice_a[(first_a + i * A_STEP) * A_PITCH + piece_a] = next_a[i]; \
    [[unroll]] for (uint i = 0; i < B_EACH; ++i) slice_b[(first_b + i * B_STEP) * B_PITCH + piece_b] = next_b[i]; \
  }

void main() {
  const uint lane = gl_LocalInvocationIndex, down = gl_SubgroupID / ACROSS, across = gl_SubgroupID % ACROSS;
  const Place p = place_of(gl_WorkGroupID.x);
  uint at = p.split * split_k;
  const uint end = min(at + split_k, k);
  const uint64_t a = a_ptr + uint64_t(p.batch) * uint64_t(a_batch) * 2;
  const uint64_t b = b_ptr + uint64_t(p.batch) * uint64_t(b_batch) * 2;
  const uint line_a = uint(a_line) / 8, line_b = uint(b_line) / 8;
  const uint first_a = lane / A_PIECES, piece_a = lane % A_PIECES, first_b = lane / B_PIECES, piece_b = lane % B_PIECES;
  const uint step_a = A_ALONG != 0 ? BK / 8 : BK * line_a, step_b = B_ALONG != 0 ? BK / 8 : BK * line_b;
  // In pieces.  Beyond the last row or column the last is read again: what comes of it is not stored.
  uint place_a[A_EACH], place_b[B_EACH];
  [[unroll]] for (uint i = 0; i < A_EACH; ++i) {
    const uint line = first_a + i * A_STEP;
    place_a[i] = A_ALONG != 0 ? min(p.row + line, m - 1) * line_a + at / 8 + piece_a
                              : (at + line) * line_a + min(p.row / 8 + piece_a, uint(m - 1) / 8);
  }
  [[unroll]] for (uint i = 0; i < B_EACH; ++i) {
    const uint line = first_b + i * B_STEP;
    place_b[i] = B_ALONG != 0 ? min(p.col + line, n - 1) * line_b + at / 8 + piece_b
                              : (at + line) * line_b + min(p.col / 8 + piece_b, uint(n - 1) / 8);
  }
  MATRIX_SUM sums[TM][TN];
  [[unroll]] for (uint i = 0; i < TM; ++i) {
    [[unroll]] for (uint j = 0; j < TN; ++j) sums[i][j] = MATRIX_SUM(0.0);
  }
  MATRIX_A x[2][TM];
  MATRIX_B y[2][TN];
  uvec4 next_a[A_EACH], next_b[B_EACH];
  FETCH
  KEEP
  barrier();
  FRAGMENTS(0, 0)
  [[dont_unroll]] while (at < end) {
    FETCH
    MULTIPLY_STEPS
    barrier();
    KEEP
    MULTIPLY((STEPS - 1) & 1, 0, TN / 2)
    barrier();
    FRAGMENTS(0, 0)
    MULTIPLY((STEPS - 1) & 1, TN / 2, TN)
  }
  MULTIPLY_STEPS
  MULTIPLY((STEPS - 1) & 1, 0, TN)

  const uint64_t out_at = out_of(p), self_at = self_of(p);
  const uint row0 = p.row + down * SM, col0 = p.col + across * SN;
  if (FINISH == 0 && has_pieces(out_at) && p.row + BM <= m && p.col + BN <= n) {
    [[unroll]] for (uint i = 0; i < TM; ++i) {
      [[unroll]] for (uint j = 0; j < TN; ++j) {
        const uint64_t place = uint64_t(row0 + i * 16) * uint64_t(out_row) + col0 + j * 16;
        if (OUT_F32 != 0) {
          Sums to = Sums(out_at + place * 4);
          coopMatStore(sums[i][j], to.v, 0, uint(out_row), gl_CooperativeMatrixLayoutRowMajor);
        } else {
          [[unroll]] for (int e = 0; e < sums[i][j].length(); ++e) sums[i][j][e] = rounded(sums[i][j][e]);
          Elements to = Elements(out_at + place * 2);
          coopMatStore(MATRIX_OUT(sums[i][j]), to.v, 0, uint(out_row), gl_CooperativeMatrixLayoutRowMajor);
        }
      }
    }
    return;
  }
  // Matrices one by one through shared memory, where each element's place is known.  A loop that is not unrolled here
  // takes the matrix units from the whole kernel (NVIDIA's driver 580: an eighth of the speed).
  barrier();
  const uint own = gl_SubgroupID * 64;
  [[unroll]] for (uint i = 0; i < TM; ++i) {
    [[unroll]] for (uint j = 0; j < TN; ++j) {
      coopMatStore(sums[i][j], slice_a, own, 4, gl_CooperativeMatrixLayoutRowMajor);
      subgroupBarrier();
      [[unroll]] for (uint turn = 0; turn < 256 / LANES; ++turn) {
        const uint e = turn * LANES + gl_SubgroupInvocationID;
        const uint row = row0 + i * 16 + e / 16, col = col0 + j * 16 + e % 16;
        if (row < m && col < n) {
          store(finished(uintBitsToFloat(slice_a[own + e / 4][e % 4]), row, col, self_at), row, col, out_at);
        }
      }
      subgroupBarrier();
    }
  }
}
