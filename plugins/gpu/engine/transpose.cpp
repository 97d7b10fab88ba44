// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/engine/transpose.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "fg/sdk/dtype.hpp"

namespace fg::gpu {
namespace {

constexpr std::int64_t kLeastSide = 16;                     // A shorter side wastes most of a tile.
constexpr std::uint64_t kVariant = std::uint64_t{1} << 63;  // Beside the numbers of the map's own programs.

// What a tuner may choose: the side of a tile.
constexpr std::int64_t kSides[] = {kByRule, 16, 32, 64};
constexpr fg_tune_param kTransposeParams[] = {{"side", kSides, std::size(kSides), 0}};

// Two-byte elements want 128 bytes a row of the tile as well, where shared memory holds that.
std::int64_t side_by_rule(std::int64_t bytes, const Features& f) {
  return bytes <= 2 && f.local_bytes >= (std::uint64_t{24} << 10) ? 64 : 32;
}
bool holds(std::int64_t side, std::int64_t bytes, const Features& f) {
  return side * (side + 1) * std::max<std::int64_t>(bytes, 4) <= static_cast<std::int64_t>(f.local_bytes);
}

// Buckets: bytes of an element and the power of two of the count.
std::int64_t tuned_side(std::int64_t bytes, std::int64_t count, Device& device) {
  const int size = log2_below(count);
  const auto code = static_cast<std::uint64_t>(bytes << 8 | size);
  const auto point = [&]() -> TunablePoint {
    return {std::to_string(bytes) + " of 2^" + std::to_string(size), [bytes, f = device.features()] {
              std::vector<std::int64_t> sides{kByRule};
              for (const std::int64_t side : kSides) {
                if (side != kByRule && side != side_by_rule(bytes, f) && holds(side, bytes, f)) sides.push_back(side);
              }
              return std::vector<std::vector<std::int64_t>>{sides};
            }};
  };
  const std::int64_t side = device.tunables().choose(kTunableTranspose, code, point)[0];
  return side != kByRule && holds(side, bytes, device.features()) ? side : side_by_rule(bytes, device.features());
}

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

const TunableKernel kTunableTranspose{"transpose", 1, kTransposeParams};

Result<bool> transpose(Variants& variants, const sdk::Launch& launch, const Walk& w) {
  const int rows_dim = turned(w);
  if (rows_dim < 0) return false;
  Device& device = device_of(launch);
  const fg_dtype dtype = bits_dtype(launch.out().dtype);
  const bool wide = !fits_index32(launch);
  const std::int64_t side = tuned_side(dtype_bytes(dtype), w.count, device);
  FG_TRY_ASSIGN(const Program* program,
                variants.get(device, kVariant | static_cast<std::uint64_t>(side << 1 | wide), [&]() -> Result<Source> {
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
