// SPDX-License-Identifier: Apache-2.0
//
// softmax, layer_norm and rms_norm over the rows of a tensor.

#ifndef FG_PLUGINS_CPU_KERNELS_NORM_HPP_
#define FG_PLUGINS_CPU_KERNELS_NORM_HPP_

#include "plugins/cpu/kernels/rows.hpp"

namespace fg::cpu {

struct SoftmaxArgs {
  fg_dtype dtype = FG_F32;
  Rows rows;
};
std::size_t softmax_workspace(const SoftmaxArgs& args, int workers);
void softmax(const SoftmaxArgs& args, const Exec& exec, void* ws);

// weight and bias lie over rows.row with its strides of tensors 2 and 3; null when left out.  mean and
// rstd have one element a row (rows.outer, tensors 2 and 3), of f32 for 16-bit dtypes, else the dtype.
struct LayerNormArgs {
  fg_dtype dtype = FG_F32;
  Rows rows;
  const void* weight = nullptr;
  const void* bias = nullptr;
  void* mean = nullptr;
  void* rstd = nullptr;
  double eps = 0;
};
std::size_t layer_norm_workspace(const LayerNormArgs& args, int workers);
void layer_norm(const LayerNormArgs& args, const Exec& exec, void* ws);

struct RmsNormArgs {
  fg_dtype dtype = FG_F32;
  Rows rows;
  const void* weight = nullptr;  // Over rows.row, tensor 2; null when left out.
  double eps = 0;
};
std::size_t rms_norm_workspace(const RmsNormArgs& args, int workers);
void rms_norm(const RmsNormArgs& args, const Exec& exec, void* ws);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_NORM_HPP_
