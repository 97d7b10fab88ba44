// SPDX-License-Identifier: Apache-2.0
//
// softmax and its relatives, layer_norm, rms_norm and what is fused with them, over the rows of a tensor.

#ifndef FG_PLUGINS_CPU_KERNELS_NORM_HPP_
#define FG_PLUGINS_CPU_KERNELS_NORM_HPP_

#include "plugins/cpu/kernels/rows.hpp"
#include "plugins/cpu/kernels/softmax_ops.hpp"

namespace fg::cpu {

// Rows along one dimension; gradients (tensor 2 of `rows`) are the backward operators' alone, whose x is
// the result of the forward one.
struct SoftmaxArgs {
  fg_dtype dtype = FG_F32;
  Rows rows;
  SoftmaxKind kind = SoftmaxKind::plain;
  const void* gradient = nullptr;
};
std::size_t softmax_workspace(const SoftmaxArgs& args, int workers);
void softmax(const SoftmaxArgs& args, const Exec& exec, void* ws);

// Row tensors 2 and up, with their strides in rows.row: weight and bias, null when left out; or, where
// there is a residual, that, the sum (null when not wanted) and the weight, the bias having the place of
// the sum.  mean and rstd (null when not wanted) have one element a row (rows.outer, tensors 2 and 3),
// of f32 for 16-bit dtypes, else the dtype.
struct NormArgs {
  fg_dtype dtype = FG_F32;
  Rows rows;
  const void* weight = nullptr;
  const void* bias = nullptr;
  void* mean = nullptr;
  void* rstd = nullptr;
  double eps = 0;
  const void* residual = nullptr;
  void* sum = nullptr;
  // group_norm: a row has `groups` parameters after those of the row before it, one for each `segment`
  // elements; weight and bias are dense.
  std::int64_t groups = 1, segment = 1;
};
using LayerNormArgs = NormArgs;
using RmsNormArgs = NormArgs;
std::size_t layer_norm_workspace(const NormArgs& args, int workers);
void layer_norm(const NormArgs& args, const Exec& exec, void* ws);
std::size_t rms_norm_workspace(const NormArgs& args, int workers);
void rms_norm(const NormArgs& args, const Exec& exec, void* ws);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_NORM_HPP_
