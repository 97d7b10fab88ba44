// What the modules of products share.  plugins/gpu/product_matrix.hpp is their contract: constants 0 to 7 and the
// arguments are those of matrix_source(), constant 8 is the size of a group.
#extension GL_GOOGLE_include_directive : require
#include "elements.glsl"

layout(local_size_x_id = 8) in;
layout(constant_id = 0) const uint BM = 128;
layout(constant_id = 1) const uint BN = 128;
layout(constant_id = 2) const uint BK = 32;
layout(constant_id = 3) const uint A_ALONG = 1;
layout(constant_id = 4) const uint B_ALONG = 0;
layout(constant_id = 5) const uint FINISH = 0;
layout(constant_id = 7) const uint OUT_F32 = 0;

layout(push_constant, scalar) uniform Arguments {
  uint64_t a_ptr, b_ptr, self_ptr, out_ptr;
  int64_t a_line, a_batch, b_line, b_batch, self_row, self_col, self_batch, out_row, out_col, out_batch, out_split;
  int m, n, k, tiles_m, tiles_n, splits, split_k;
  float alpha, beta;
};
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Sums { float v[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Sum { float v; };

// A group's matrices, part of k, and tile.
struct Place {
  uint batch, split, row, col;
};
// Tiles in bands of eight rows: groups that run together share operands in the cache.
Place place_of(uint id) {
  const uint tiles = tiles_m * tiles_n;
  Place p;
  p.batch = id / (tiles * splits);
  id -= p.batch * tiles * splits;
  p.split = id / tiles;
  id -= p.split * tiles;
  const uint band = id / (tiles_n * 8), rows = min(tiles_m - band * 8, 8);
  id -= band * tiles_n * 8;
  p.row = (band * 8 + id % rows) * BM;
  p.col = id / rows * BN;
  return p;
}

uint64_t self_of(Place p) { return self_ptr + uint64_t(p.batch) * uint64_t(self_batch) * 2; }
uint64_t out_of(Place p) {
  const uint64_t at = uint64_t(p.split) * uint64_t(out_split) + uint64_t(p.batch) * uint64_t(out_batch);
  return out_ptr + at * (OUT_F32 != 0 ? 4 : 2);
}
// Whether pieces of 16 bytes of out can be written, wherever a multiple of eight elements begins.
bool has_pieces(uint64_t out_at) {
  return out_col == 1 && (uint(out_row) & 7) == 0 && (n & 7) == 0 && (uint(out_at) & 15) == 0;
}

float finished(float v, uint row, uint col, uint64_t self_at) {
  if (FINISH != 0) v *= alpha;
  if (FINISH == 2) {
    const uint64_t at = uint64_t(int64_t(row) * self_row + int64_t(col) * self_col);
    v = fma(beta, float(Element(self_at + at * 2).v), v);
  }
  return v;
}
void store(float v, uint row, uint col, uint64_t out_at) {
  const uint64_t at = uint64_t(int64_t(row) * out_row + int64_t(col) * out_col);
  if (OUT_F32 != 0) {
    Sum(out_at + at * 4).v = v;
  } else {
    Element(out_at + at * 2).v = ELEMENT(rounded(v));
  }
}
