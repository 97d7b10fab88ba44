// SPDX-License-Identifier: Apache-2.0
//
// Kernels of matrix units lean on what drivers do not promise, so none is used before a small product of it came out
// right on the device at hand.

#ifndef FG_PLUGINS_GPU_MATRIX_PROOFS_HPP_
#define FG_PLUGINS_GPU_MATRIX_PROOFS_HPP_

#include <array>
#include <mutex>
#include <span>
#include <vector>

#include "fg/abi/types.h"

namespace fg::gpu {

class Device;
struct MatrixTile;

// [any-thread]
class MatrixProofs {
 public:
  std::span<const MatrixTile> tiles(Device& device, fg_dtype dtype);

 private:
  struct Proved {
    std::once_flag once;
    std::vector<MatrixTile> tiles;
  };
  std::array<Proved, 2> proved_;  // f16, bf16
};

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_MATRIX_PROOFS_HPP_
