// SPDX-License-Identifier: Apache-2.0
//
// rms_norm in f32 for tensors of any strides.  The sum of squares is kept in f64: its rounding is then
// far below the final one, whatever the row's length.

#include "rms_norm.hpp"

#include <cmath>
#include <span>

#include "fg/abi/ops.h"
#include "fg/sdk/tensor_view.hpp"

namespace acme {

using fg::sdk::Odometer;
using fg::sdk::shape_of;
using fg::sdk::strides_of;

fg::Result<void> rms_norm(const fg::sdk::Launch& launch) {
  const auto& params = launch.params<fg_rms_norm_params>();
  const fg_tensor &out = launch.out(), &input = launch.in(0), &weight = launch.in(1);
  const auto shape = shape_of(input);
  // Rows are the leading dimensions; each holds the last n_normalized_shape ones.
  const std::size_t leading = shape.size() - static_cast<std::size_t>(params.n_normalized_shape);
  const auto row = shape.subspan(leading);
  const auto x = static_cast<const float*>(input.ptr), w = static_cast<const float*>(weight.ptr);
  const auto y = static_cast<float*>(out.ptr);
  // An optional tensor that was left out has dtype 0; stride 0 over a 1 stands in for it.
  static constexpr float kOne = 1.0f;
  static constexpr std::int64_t kNoStride[FG_MAX_NDIM] = {};
  const float* const scale = weight.dtype != 0 ? w : &kOne;
  const auto scale_strides = weight.dtype != 0 ? strides_of(weight) : std::span(kNoStride, row.size());

  for (Odometer<2> r(shape.first(leading), {strides_of(input).first(leading), strides_of(out).first(leading)});
       !r.done(); r.next()) {
    double sum = 0.0;
    std::int64_t n = 0;
    for (Odometer<1> at(row, {strides_of(input).subspan(leading)}); !at.done(); at.next(), ++n) {
      const double v = x[r.offset(0) + at.offset(0)];
      sum += v * v;
    }
    const double factor = 1.0 / std::sqrt(sum / static_cast<double>(n) + params.eps);
    for (Odometer<3> at(row, {strides_of(input).subspan(leading), strides_of(out).subspan(leading), scale_strides});
         !at.done(); at.next()) {
      y[r.offset(1) + at.offset(1)] = static_cast<float>(x[r.offset(0) + at.offset(0)] * factor * scale[at.offset(2)]);
    }
  }
  return {};
}

}  // namespace acme
