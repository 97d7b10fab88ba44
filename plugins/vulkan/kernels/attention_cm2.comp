#version 460
// Attention in the manner of FlashAttention-2 (Dao, arXiv:2307.08691) by matrices of a subgroup, with what
// NV_cooperative_matrix2 adds: row sums and maxima, positions of elements, conversions.  A subgroup has 16 queries in
// registers and walks over blocks of BK keys, which lie in the memory of the group, first the keys, then their values.
// Weights are split into a sum of PARTS numbers that ELEMENT has, so that they count as if they were f32.
// plugins/gpu/attention_matrix.hpp is the contract.
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_NV_cooperative_matrix2 : require
#extension GL_GOOGLE_include_directive : require
#include "elements.glsl"

layout(local_size_x_id = 5) in;
layout(constant_id = 0) const uint BQ = 64;  // 16 for each subgroup.
layout(constant_id = 1) const uint BK = 64;
layout(constant_id = 2) const uint CHANNELS = 128;
layout(constant_id = 3) const uint VALUES = 128;
layout(constant_id = 4) const uint CAUSAL = 0;

layout(push_constant, scalar) uniform Arguments {
  uint64_t q_ptr, k_ptr, v_ptr, out_ptr;
  int64_t q_batch, q_head, q_row, k_batch, k_head, k_row, v_batch, v_head, v_row, out_batch, out_head, out_row;
  int heads, group, queries, keys, blocks;
  float scale;
};

#ifdef BF16
const uint PARTS = 3, KEPT = 0xFFFF0000u;
const float LIFT = 0.0;
#else
const uint PARTS = 2, KEPT = 0xFFFFE000u;  // The bits of an f32 that ELEMENT has.
const float LIFT = 15.0;  // Weights times 2^15: of small ones too the second part is above f16's subnormals.
#endif
const float LOWEST = -3.40282347e38;  // Of all f32; differences of it are no NaN.

const uint K_PIECES = CHANNELS / 8, V_PIECES = VALUES / 8, WIDEST = K_PIECES > V_PIECES ? K_PIECES : V_PIECES;
const uint PITCH = WIDEST + 1;  // The next line begins in another bank.
const uint Q_EACH = BQ * K_PIECES / gl_WorkGroupSize.x;
const uint K_EACH = BK * K_PIECES / gl_WorkGroupSize.x, V_EACH = BK * V_PIECES / gl_WorkGroupSize.x;
const uint STEPS = CHANNELS / 16, OUTS = VALUES / 16, BLOCKS = BK / 16;  // In matrices.
shared uvec4 tile[(BQ > BK ? BQ : BK) * PITCH];

#define MATRIX_A coopmat<ELEMENT, gl_ScopeSubgroup, 16, 16, gl_MatrixUseA>
#define MATRIX_B coopmat<ELEMENT, gl_ScopeSubgroup, 16, 16, gl_MatrixUseB>
#define MATRIX_SUM coopmat<float, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>
#define MATRIX_OUT coopmat<ELEMENT, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>
#define EACH_ELEMENT [[unroll]] for (int e = 0; e < peak.length(); ++e)

float larger(const in float a, const in float b) { return max(a, b); }
float sum_of(const in float a, const in float b) { return a + b; }
float visible(const in uint32_t r, const in uint32_t c, const in float v, const in uint32_t query, const in uint32_t key) {
  return key + c < keys && (CAUSAL == 0 || key + c <= query + r) ? v : LOWEST;
}

// Lines of pieces into registers and from there into the tile; beyond the last line it is read again.
#define FETCH(next, EACH, PIECES, base, row, first, count) \
  [[unroll]] for (uint i = 0; i < EACH; ++i) { \
    const uint piece = lane + i * gl_WorkGroupSize.x, line = min(first + piece / PIECES, count - 1); \
    next[i] = Piece(base + (uint64_t(line) * uint64_t(row) + piece % PIECES * 8) * 2).v; \
  }
#define KEEP(next, EACH, PIECES) \
  [[unroll]] for (uint i = 0; i < EACH; ++i) { \
    const uint piece = lane + i * gl_WorkGroupSize.x; \
    tile[piece / PIECES * PITCH + piece % PIECES] = next[i]; \
  }

void main() {
  const uint lane = gl_LocalInvocationIndex, line = gl_WorkGroupID.x / blocks, block = gl_WorkGroupID.x % blocks;
  const uint batch = line / heads, head = line % heads, key_head = head / group;
  // With a causal mask the last queries have most to do: they begin.
  const uint query0 = (blocks - 1 - block) * BQ, own0 = query0 + gl_SubgroupID * 16;
  const uint seen = CAUSAL != 0 ? min(query0 + BQ, keys) : keys;
  const uint64_t q = q_ptr + uint64_t(int64_t(batch) * q_batch + int64_t(head) * q_head) * 2;
  const uint64_t k = k_ptr + uint64_t(int64_t(batch) * k_batch + int64_t(key_head) * k_head) * 2;
  const uint64_t v = v_ptr + uint64_t(int64_t(batch) * v_batch + int64_t(key_head) * v_head) * 2;
  const uint64_t to = out_ptr + uint64_t(int64_t(batch) * out_batch + int64_t(head) * out_head) * 2;

  uvec4 next_q[Q_EACH], next_k[K_EACH], next_v[V_EACH];
  FETCH(next_q, Q_EACH, K_PIECES, q, q_row, query0, queries)
  KEEP(next_q, Q_EACH, K_PIECES)
  FETCH(next_k, K_EACH, K_PIECES, k, k_row, 0, keys)
  barrier();
  MATRIX_A query[STEPS];
  [[unroll]] for (uint c = 0; c < STEPS; ++c)
    coopMatLoad(query[c], tile, gl_SubgroupID * 16 * PITCH + c * 2, PITCH, gl_CooperativeMatrixLayoutRowMajor);
  barrier();
  KEEP(next_k, K_EACH, K_PIECES)
  barrier();
  // Each row of a peak holds one number; the sums of weights are added up within rows at the end.
  MATRIX_SUM sums[OUTS], peak = MATRIX_SUM(LOWEST), all = MATRIX_SUM(0.0);
  [[unroll]] for (uint d = 0; d < OUTS; ++d) sums[d] = MATRIX_SUM(0.0);
  const float factor = scale * 1.44269504;  // Scores for exp2.
  [[dont_unroll]] for (uint key0 = 0; key0 < seen; key0 += BK) {
    FETCH(next_v, V_EACH, V_PIECES, v, v_row, key0, keys)
    MATRIX_SUM score[BLOCKS];
    [[unroll]] for (uint j = 0; j < BLOCKS; ++j) score[j] = MATRIX_SUM(0.0);
    [[unroll]] for (uint c = 0; c < STEPS; ++c) {
      [[unroll]] for (uint j = 0; j < BLOCKS; ++j) {
        MATRIX_B key;
        coopMatLoad(key, tile, j * 16 * PITCH + c * 2, PITCH, gl_CooperativeMatrixLayoutColumnMajor);
        score[j] = coopMatMulAdd(query[c], key, score[j]);
      }
    }
    barrier();
    KEEP(next_v, V_EACH, V_PIECES)
    barrier();
    const bool more = key0 + BK < seen;
    if (more) FETCH(next_k, K_EACH, K_PIECES, k, k_row, key0 + BK, keys)

    [[unroll]] for (uint j = 0; j < BLOCKS; ++j) EACH_ELEMENT score[j][e] *= factor;
    if (key0 + BK > keys || (CAUSAL != 0 && key0 + BK > own0)) {
      [[unroll]] for (uint j = 0; j < BLOCKS; ++j)
        coopMatPerElementNV(score[j], score[j], visible, own0, key0 + j * 16);
    }
    MATRIX_SUM top = score[0], fall;
    [[unroll]] for (uint j = 1; j < BLOCKS; ++j) EACH_ELEMENT top[e] = max(top[e], score[j][e]);
    coopMatReduceNV(top, top, gl_CooperativeMatrixReduceRowNV, larger);
    EACH_ELEMENT {
      top[e] = max(top[e], peak[e]);
      fall[e] = exp2(peak[e] - top[e]);
      all[e] *= fall[e];
    }
    peak = top;
    [[unroll]] for (uint d = 0; d < OUTS; ++d) EACH_ELEMENT sums[d][e] *= fall[e];
    MATRIX_A weight[PARTS][BLOCKS];
    [[unroll]] for (uint j = 0; j < BLOCKS; ++j) {
      EACH_ELEMENT {
        score[j][e] = exp2(score[j][e] - peak[e] + LIFT);
        all[e] += score[j][e];
      }
      // By the bits: NVIDIA's driver takes a conversion there and back for none at all.
      [[unroll]] for (uint part = 0; part + 1 < PARTS; ++part) {
        MATRIX_SUM high;
        EACH_ELEMENT {
          high[e] = uintBitsToFloat(floatBitsToUint(score[j][e]) & KEPT);
          score[j][e] -= high[e];
        }
        weight[part][j] = MATRIX_A(high);
      }
      weight[PARTS - 1][j] = MATRIX_A(score[j]);
    }
    [[unroll]] for (uint j = 0; j < BLOCKS; ++j) {
      [[unroll]] for (uint d = 0; d < OUTS; ++d) {
        MATRIX_B value;
        coopMatLoad(value, tile, j * 16 * PITCH + d * 2, PITCH, gl_CooperativeMatrixLayoutRowMajor);
        [[unroll]] for (uint part = 0; part < PARTS; ++part)
          sums[d] = coopMatMulAdd(weight[part][j], value, sums[d]);
      }
    }
    barrier();
    if (more) KEEP(next_k, K_EACH, K_PIECES)
    barrier();
  }

  coopMatReduceNV(all, all, gl_CooperativeMatrixReduceRowNV, sum_of);
  [[unroll]] for (uint d = 0; d < OUTS; ++d) EACH_ELEMENT sums[d][e] = rounded(sums[d][e] / all[e]);
  if (own0 + 16 <= queries) {
    [[unroll]] for (uint d = 0; d < OUTS; ++d) {
      Elements there = Elements(to + (uint64_t(own0) * uint64_t(out_row) + d * 16) * 2);
      coopMatStore(MATRIX_OUT(sums[d]), there.v, 0, uint(out_row), gl_CooperativeMatrixLayoutRowMajor);
    }
  } else if (own0 < queries) {
    const uint own = gl_SubgroupID * 64;
    [[unroll]] for (uint d = 0; d < OUTS; ++d) {
      coopMatStore(sums[d], tile, own, 4, gl_CooperativeMatrixLayoutRowMajor);
      subgroupBarrier();
      for (uint e = gl_SubgroupInvocationID; e < 256 && own0 + e / 16 < queries; e += gl_SubgroupSize) {
        Element there = Element(to + (uint64_t(own0 + e / 16) * uint64_t(out_row) + d * 16 + e % 16) * 2);
        there.v = ELEMENT(uintBitsToFloat(tile[own + e / 4][e % 4]));
      }
      subgroupBarrier();
    }
  }
}
