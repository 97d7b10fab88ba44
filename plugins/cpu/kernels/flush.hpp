// SPDX-License-Identifier: Apache-2.0
//
// The bf16 product instructions (AVX512_BF16, AMX) take subnormal inputs for zero and flush subnormal
// results, whatever MXCSR says (Intel SDM, VDPBF16PS: "DAZ=FTZ=1").  Zero times infinity is then NaN
// where infinity was due, and sums of tiny products vanish.

#ifndef FG_PLUGINS_CPU_KERNELS_FLUSH_HPP_
#define FG_PLUGINS_CPU_KERNELS_FLUSH_HPP_

#include "plugins/cpu/kernels/gemm.hpp"

namespace fg::cpu {

// Whether flushing may change a product of these bf16 matrices.  Reads both of them; each must be
// contiguous along one dimension.
bool flushing_shows(const GemmArgs& args, const Exec& exec);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_FLUSH_HPP_
