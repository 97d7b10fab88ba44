// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/engine/transpose.hpp"

#include "fg/sdk/dtype.hpp"

namespace fg::gpu {
namespace {

constexpr std::int64_t kLeastSide = 16;                     // A shorter side wastes most of a tile.
constexpr std::uint64_t kVariant = std::uint64_t{1} << 63;  // Beside the numbers of the map's own programs.

// The dimension along which the input is contiguous, or -1.
int turned(const Walk& w) {
  const int last = w.ndim - 1;
  if (w.ndim < 2 || w.ndim > 3 || w.stride[0][static_cast<std::size_t>(last)] != 1) return -1;
  for (int d = 0; d < last; ++d) {
    if (w.stride[1][static_cast<std::size_t>(d)] == 1 && w.size[d] >= kLeastSide && w.size[last] >= kLeastSide)
      return d;
  }
  return -1;
}

fg_dtype bits_dtype(fg_dtype dtype) {
  switch (dtype_bytes(dtype)) {
    case 1: return FG_U8;
    case 2: return FG_I16;
    case 4: return FG_I32;
    default: return FG_I64;
  }
}

}  // namespace

Result<bool> transpose(Variants& variants, const sdk::Launch& launch, const Walk& w) {
  const int rows_dim = turned(w);
  if (rows_dim < 0) return false;
  Device& device = device_of(launch);
  const fg_dtype dtype = bits_dtype(launch.out().dtype);
  const bool wide = !fits_index32(launch);
  // Two-byte elements want 128 bytes a row of the tile as well, where shared memory holds that.
  const std::int64_t side =
      dtype_bytes(dtype) <= 2 && device.features().local_bytes >= (std::uint64_t{24} << 10) ? 64 : 32;
  FG_TRY_ASSIGN(const Program* program,
                variants.get(device, kVariant | static_cast<std::uint64_t>(wide), [&]() -> Result<Source> {
                  const fg_dtype both[] = {dtype, dtype};
                  FG_TRY_ASSIGN(Source s, source_of("transpose", both));
                  s.wide_index = wide;
                  s.define("SIDE", side);
                  s.define("BITS", dtype_bytes(dtype) == 8 ? "u64" : "u32");
                  return s;
                }));
  const int last = w.ndim - 1, batch_dim = w.ndim == 3 ? 1 - rows_dim : -1;
  const auto stride = [&](std::size_t k, int d) { return d < 0 ? 0 : w.stride[k][static_cast<std::size_t>(d)]; };
  const std::int64_t rows = w.size[rows_dim], cols = w.size[last], batch = batch_dim < 0 ? 1 : w.size[batch_dim];
  const std::int64_t tiles_r = (rows + side - 1) / side, tiles_c = (cols + side - 1) / side;
  FG_TRY(enqueue(
      launch, *program, {ref(launch.out()), ref(launch.in())},
      {rows, cols, tiles_r, tiles_c, stride(1, last), stride(0, rows_dim), stride(1, batch_dim), stride(0, batch_dim)},
      static_cast<std::uint64_t>(tiles_r * tiles_c * batch)));
  return true;
}

}  // namespace fg::gpu
