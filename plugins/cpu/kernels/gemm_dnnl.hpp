// SPDX-License-Identifier: Apache-2.0
//
// Large products through oneDNN.  Debian's libdnnl runs on OpenMP (libgomp), whose threads would
// compete with the plugin's pool and spin after each call.  So every task of the pool calls oneDNN on
// its own block of the output, with OpenMP held to one thread for the length of the call.

#ifndef FG_PLUGINS_CPU_KERNELS_GEMM_DNNL_HPP_
#define FG_PLUGINS_CPU_KERNELS_GEMM_DNNL_HPP_

#include "plugins/cpu/kernels/gemm.hpp"

namespace fg::cpu {

// Is oneDNN the faster way for these arguments?  Pure.
bool dnnl_suits(const GemmArgs& args);

// Computes the product; false when oneDNN failed (no memory), with `out` partly written.
bool dnnl_gemm(const GemmArgs& args, const Exec& exec);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_GEMM_DNNL_HPP_
