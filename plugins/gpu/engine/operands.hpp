// SPDX-License-Identifier: Apache-2.0
//
// What the three engines share: the text that finds an element from its place in the space, the
// parameters of a program's scalars, and their values.

#ifndef FG_PLUGINS_GPU_ENGINE_OPERANDS_HPP_
#define FG_PLUGINS_GPU_ENGINE_OPERANDS_HPP_

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "fg/abi/engine.h"
#include "fg/abi/kernel.h"
#include "plugins/gpu/source.hpp"

namespace fg::gpu {

struct Features;

// A program kept beyond the call that lent it.
class ProgramCopy {
 public:
  ProgramCopy() = default;
  explicit ProgramCopy(const fg_expr& e);
  fg_expr view() const;

 private:
  std::vector<fg_expr_node> node_;
  std::vector<std::uint32_t> out_;
  fg_expr rest_{};
};

// Refuses broken references and unknown nodes, so that printing is safe.
Result<void> check_expr(const fg_expr& e);

// The scalars that programs read, each with the type as which it is read.
struct ScalarUse {
  std::uint32_t k;
  std::uint16_t type;  // FG_CT_*
};
std::vector<ScalarUse> scalars_of(std::initializer_list<const fg_expr*> programs);
void add_scalar_params(Source& source, std::span<const ScalarUse> uses);
void add_scalar_values(std::vector<Value>& values, std::span<const ScalarUse> uses, const fg_scalar* scalar);

// Text of `value`, of compute type `from`, as what y_store() takes for storage type `to`: fg/abi/expr.h's rules.
std::string stored_text(const std::string& value, std::uint16_t from, fg_dtype to);

// Dimensions of FG_EX_INDEX that a program reads.
std::vector<std::uint32_t> indices_of(const fg_expr& e);

// A space and how operands move through it, for one launch: neighbours that all operands cross in one
// stride are joined, unless the program reads indices.
struct Walk {
  int ndim = 0;
  std::int64_t size[FG_MAX_NDIM];
  std::vector<std::array<std::int64_t, FG_MAX_NDIM>> stride;  // Elements, by operand.
  std::int64_t count = 1;
};
// Adds an inner dimension, or lengthens the last one where it can be joined.  `strides`: one for each of walk.stride.
void add_dim(Walk& walk, std::int64_t size, std::span<const std::int64_t> strides, bool join);
// `first`: the tensors' dimension with which the space begins; a tensor without it stands still.
Walk walk_of(std::span<const fg_tensor> t, std::span<const std::int64_t> size, int first, bool join);

// Where few kernels are wanted: adds dimensions of length 1 in front, up to `least`, or the power of two that is not
// below the rank, so that walks of all ranks share a kernel.  A program that reads indices tells them apart.
void settle_rank(Walk& walk, const Features& features, int least = 4);
// Up to so many elements a device that wants few kernels takes the kernel that serves every layout.
inline constexpr std::int64_t kFewForAKernel = 4096;

// Element d of a parameter of `count` values: one value is no array.
std::string item_of(const std::string& parameter, int d, int count);

// Names in the text that finds elements.
struct Locate {
  std::string tag;     // Before parameters and positions: "<tag>size", "<tag>stride0", "<tag>p0".
  std::string at;      // An idx expression: the place in the space.
  std::string offset;  // "idx <offset>0": where each operand has the element.
};
// Declares the offsets of `operands` (numbers that stand in the names too) and every position; adds the parameters.
std::string locate_text(Source& source, const Locate& names, int ndim, std::span<const std::size_t> operands);
// "i64 i<d>", the indices that a program reads, from the positions of a space whose first dimension is `first`.
std::string index_text(const Locate& names, std::span<const std::uint32_t> index_dims, int first, int ndim);
// Values of the parameters that locate_text() added for these operands, by their place in the walk.
void add_walk_values(std::vector<Value>& values, const Walk& walk, std::span<const std::size_t> operands);
// 0, 1, ... n - 1.
std::vector<std::size_t> first_n(std::size_t n, std::size_t from = 0);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_ENGINE_OPERANDS_HPP_
