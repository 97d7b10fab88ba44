// SPDX-License-Identifier: Apache-2.0
//
// The kernels of fg.map/1: one program, printed for each way in which operands lie.

#ifndef FG_PLUGINS_GPU_ENGINE_MAP_TEXT_HPP_
#define FG_PLUGINS_GPU_ENGINE_MAP_TEXT_HPP_

#include <memory>
#include <vector>

#include "plugins/gpu/engine/operands.hpp"
#include "plugins/gpu/programs.hpp"

namespace fg::gpu {

struct Map {
  ProgramCopy program;
  std::size_t n_out = 0, n_in = 0;
  std::vector<fg_dtype> dtypes;  // Outputs, then inputs.
  std::vector<std::uint32_t> index_dims;
  std::vector<ScalarUse> scalars;
  bool heavy = false;   // Too much text to be written out for every element of a piece.
  bool copies = false;  // The only output is the only input, of the same dtype.
  std::shared_ptr<Variants> variants = std::make_shared<Variants>();

  std::size_t n() const { return n_out + n_in; }
};

// Element by element; `ndim` dimensions.
Result<Source> strided_source(const Map& m, int ndim, bool wide);
// Dense operands, every offset a multiple of 16 bytes, `pieces` of them a work-item: neighbours in a group take
// neighbouring pieces.  The last, incomplete piece goes element by element.  Parameters: elements, whole pieces.
Result<Source> dense_source(const Map& m, bool wide, std::int64_t pieces);
// Rows of whole pieces: along the last dimension every operand is dense, or repeats one element (bit k of `repeated`).
// The last size counts pieces.
Result<Source> rows_source(const Map& m, int ndim, std::uint32_t repeated, bool wide);
// Lines along the last dimension as there, of any length: a work-item, alone in its group, takes a segment of one of
// them in a loop of which a compiler makes vectors.  The walk's dimensions are those before.  Parameters: a line's
// elements and segments.
inline constexpr std::int64_t kSegment = 4096;
Result<Source> lines_source(const Map& m, int ndim, std::uint32_t repeated, bool wide);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_ENGINE_MAP_TEXT_HPP_
