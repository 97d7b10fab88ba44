// SPDX-License-Identifier: Apache-2.0
//
// Kernels of matrix units lean on what drivers do not promise, so none is used before a small product of it came out
// right on the device at hand.

#ifndef FG_PLUGINS_GPU_MATRIX_PROOFS_HPP_
#define FG_PLUGINS_GPU_MATRIX_PROOFS_HPP_

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

namespace fg::gpu {

class Device;
struct AttentionTile;
struct MatrixTile;

// [any-thread]
class MatrixProofs {
 public:
  static constexpr std::size_t kMost = 32;

  // Bit k: tile k of the device's was not found to be wrong.
  std::uint32_t tiles() const { return products_.right.load(std::memory_order_acquire); }
  // Whether `tile`, one of the device's, is right; tries it the first time.
  bool prove(Device& device, const MatrixTile& tile);
  bool prove(Device& device, const AttentionTile& tile);

 private:
  struct Tried {
    std::atomic<std::uint32_t> right{UINT32_MAX};
    std::array<std::once_flag, kMost> once;
  };
  template <class Tile, class Try>
  static bool prove(Tried& tried, Device& device, const Tile& tile, std::size_t k, Try&& try_out);

  Tried products_, attention_;
};

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_MATRIX_PROOFS_HPP_
