// SPDX-License-Identifier: Apache-2.0
//
// Loops that compute a whole program in registers, without blocks.  fg-gen writes one for each
// program that engine/fused.txt names, from the same expression; programs are recognised by their
// hash, and every other program runs on the block engine with equal results.

#ifndef FG_PLUGINS_CPU_ENGINE_FUSED_HPP_
#define FG_PLUGINS_CPU_ENGINE_FUSED_HPP_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "fg/abi/engine.h"
#include "fg/abi/kernel.h"

namespace fg::cpu {

inline constexpr std::size_t kFusedOperands = 8;  // Outputs and inputs.
inline constexpr std::size_t kFusedScalars = 4;

// One run of elements.  An input in `repeats` is one element that stands for all.
struct FusedRun {
  std::array<void*, kFusedOperands> out;
  std::array<const void*, kFusedOperands> in;
  std::uint32_t repeats = 0;  // Bit k: input k.
  bool stream = false;        // Write past the cache; the caller fences.
  const float* scalar = nullptr;
};
using FusedLoop = void (*)(const FusedRun& run, std::size_t n);

// What fg-gen knows of a program: BOOL operands are stored as bytes, all others as `storage`.
struct FusedEntry {
  std::array<std::uint64_t, 2> hash;
  std::uint8_t n_in, n_out, n_scalar;
  std::uint8_t bool_in, bool_out;  // Bit sets.
  int cost;                        // Tenths of a nanosecond per element, roughly.
};
// The generated table, in the order of the loops.
std::span<const FusedEntry> fused_entries();
// Loop number `entry`; nullptr for a storage type without one.
FusedLoop fused_loop(std::size_t entry, fg_dtype storage);

// The loop for a program and the types of its operands, nullptr when there is none.
struct Fused {
  FusedLoop loop = nullptr;
  const FusedEntry* entry = nullptr;
};
Fused find_fused(const fg_expr& program, std::span<const fg_dtype> in, std::span<const fg_dtype> out);

// The scalars of a launch as a run takes them; `values` has room for kFusedScalars.
void fused_scalars(const FusedEntry& entry, const fg_scalar* scalar, float* values);

// Runs a checked launch, in parallel; false when the operands do not lie in rows that a loop can walk.
bool run_fused(const Fused& fused, const fg_launch& launch, const float* scalars, bool stream);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_ENGINE_FUSED_HPP_
