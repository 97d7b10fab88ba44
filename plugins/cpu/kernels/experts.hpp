// SPDX-License-Identifier: Apache-2.0
//
// Mixtures of experts: routes (topk_softmax, grouped_topk) and what experts make of tokens.

#ifndef FG_PLUGINS_CPU_KERNELS_EXPERTS_HPP_
#define FG_PLUGINS_CPU_KERNELS_EXPERTS_HPP_

#include "fg/abi/types.h"
#include "plugins/cpu/kernels/index.hpp"

namespace fg::cpu {

enum class Scoring : std::uint8_t { none, sigmoid, softmax };

// Everything is dense, [tokens, experts] or [tokens, choices].
struct RoutesArgs {
  fg_dtype dtype = FG_F32;  // Of gating and bias.
  Scoring scoring = Scoring::none;
  std::int64_t tokens = 0, experts = 0, choices = 0;
  std::int64_t groups = 1, groups_kept = 1;
  const void* gating = nullptr;
  const void* bias = nullptr;  // Added for the choice alone; null when left out.
  bool normalise = false;
  double least_total = 0;  // Added to the sum that normalises.
  double factor = 1;
  float* weights = nullptr;
  std::int32_t* ids = nullptr;
  std::int32_t* numbers = nullptr;  // Null when not wanted.
};
std::size_t routes_workspace(const RoutesArgs& args, int workers);
void routes(const RoutesArgs& args, const Exec& exec, void* ws);

// Everything is dense: x and out [tokens, channels], w1 [experts, 2 middle, channels], w2 [experts, channels, middle],
// weights and ids [tokens, choices].  The ids are in range.
struct ExpertsArgs {
  fg_dtype dtype = FG_F32;
  std::int64_t tokens = 0, choices = 0, channels = 0, middle = 0, experts = 0;
  const void *x = nullptr, *w1 = nullptr, *w2 = nullptr;
  const float* weights = nullptr;
  Indices ids;
  void* out = nullptr;
};
std::size_t experts_workspace(const ExpertsArgs& args, int workers);
void experts(const ExpertsArgs& args, const Exec& exec, void* ws);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_KERNELS_EXPERTS_HPP_
