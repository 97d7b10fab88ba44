// SPDX-License-Identifier: Apache-2.0
//
// Micro-kernels: one operation of an expression over one block of elements that lies in L1.  A
// compiled program (compile.hpp) is a list of them.
//
// A block of compute type BOOL holds one byte per element, 0 or 1; I32, I64, F32 and F64 hold
// their C types.  dst may be the same address as an operand of the same element size.

#ifndef FG_PLUGINS_CPU_ENGINE_MICRO_HPP_
#define FG_PLUGINS_CPU_ENGINE_MICRO_HPP_

#include <cstddef>
#include <cstdint>

#include "fg/abi/expr.h"
#include "fg/abi/types.h"

namespace fg::cpu {

// dst[i] = f(a[i], b[i], c[i]) for i < n; operands that the operation lacks are not read.
using Micro = void (*)(void* dst, const void* a, const void* b, const void* c, std::size_t n);

// Operations that only this plugin's compiler makes: two nodes in one pass, each rounded.
enum : std::uint16_t {
  kOpMulAdd = 0x4000,  // a * b + c
  kOpMulSub = 0x4001,  // c - a * b
};

// Bit k of a form: operand k is one value that stands for all elements.
using Form = unsigned;

// The micro-kernel of node operation `op` with operands of type `arg_type` and a result of type
// `type`, in exactly that form; nullptr when there is none.  Form 0 exists for every operation.
Micro find_micro(std::uint16_t op, std::uint16_t type, std::uint16_t arg_type, Form form);

Micro find_cast(std::uint16_t from, std::uint16_t to);  // compute type to compute type
Micro find_load(fg_dtype from);                         // storage to its compute type
Micro find_store(std::uint16_t from, fg_dtype to);      // compute type to any storage
Micro find_copy(std::size_t element_bytes);             // 1, 2, 4, 8
Micro find_fill(std::size_t element_bytes);             // dst[i] = a[0]

// How long `op` takes per element, in units of a tenth of a nanosecond, roughly.
int micro_cost(std::uint16_t op, std::uint16_t type);

// --- reductions of one block to one value ---
enum class Fold : std::uint8_t { sum, prod, max, min, all, any, square_deviations };
// *result (double for sum, prod and square_deviations of floats, std::int64_t for sum and prod of
// integers; the compute type for max and min, NaN if any is; a byte for all and any).
// square_deviations: sum of (x - *argument)^2, argument a double.
using BlockFold = void (*)(void* result, const void* x, const void* argument, std::size_t n);
BlockFold find_fold(Fold fold, std::uint16_t type);

// --- elementwise accumulation: state[i] = state[i] (+) x[i] ---
// The state's type is double for sum and prod of floats, std::int64_t for those of integers, else x's.
using BlockAccumulate = void (*)(void* state, const void* x, std::size_t n);
BlockAccumulate find_accumulate(Fold fold, std::uint16_t type);

// dst[i] = first + i * step.
void fill_index(std::int64_t* dst, std::int64_t first, std::int64_t step, std::size_t n);

// Copies with stores that leave the cache alone, for results larger than it.
void stream_copy(void* dst, const void* src, std::size_t bytes);
// Waits until those stores can be seen.
void stream_fence();

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_ENGINE_MICRO_HPP_
