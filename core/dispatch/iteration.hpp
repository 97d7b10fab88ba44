// SPDX-License-Identifier: Apache-2.0
//
// The iteration space of a map, reduction or scan: operands broadcast to one shape, dimensions
// ordered by stride and merged where memory allows, so that an engine sees few, long dimensions.
// All storage is inside the object: it lives on the stack of a call.

#ifndef FG_CORE_DISPATCH_ITERATION_HPP_
#define FG_CORE_DISPATCH_ITERATION_HPP_

#include <cstdint>
#include <span>

#include "core/tensor/tensor.hpp"
#include "fg/abi/engine.h"
#include "fg/abi/kernel.h"

namespace fg::core {

class Iteration {
 public:
  static constexpr int kMaxOperands = 32;

  // Starts a space of `shape` without operands.
  explicit Iteration(std::span<const std::int64_t> shape);

  // Adds an operand whose dimensions are aligned with the last ones of the space; length 1 repeats.
  // The caller has checked that it broadcasts.
  void add(const fg_tensor& t);
  // Adds an operand that has only the dimensions `dims` of the space, in that order; stride 0 in the
  // others.  For the outputs of a reduction.
  void add(const fg_tensor& t, std::span<const int> dims);

  // Moves the dimensions of `mask` (bit d) behind all others; they are the last n_tail() then.
  void move_back(std::uint32_t mask);
  // Drops dimensions of length 1, orders by stride, merges; head and tail stay apart.  `order_tail`
  // false keeps the order within the tail (positions of argmax, direction of a scan).  At least one
  // dimension remains, of length 1 if need be, and one tail dimension if there was one.
  void compact(bool order_tail);

  int ndim() const { return ndim_; }
  int n_tail() const { return n_tail_; }
  int n_operands() const { return n_; }
  std::span<const std::int64_t> shape() const { return {shape_, static_cast<std::size_t>(ndim_)}; }
  const std::int64_t* stride(int operand) const { return stride_[operand]; }
  // Elements in the first `ndim` dimensions.
  std::int64_t numel(int ndim) const;

  // Operand `i` over the first `ndim` dimensions of the space, from dimension `first` on (outer ones
  // are walked by the caller, see offset()).  Flags: dense or not.
  fg_tensor descriptor(int i, const fg_tensor& base, int first, int ndim) const;
  // Offset in elements of operand `i` at position `linear` (row-major) of the first `outer` dimensions.
  std::int64_t offset(int i, std::int64_t linear, int outer) const;

 private:
  void drop_ones();
  void order(int begin, int end);
  void merge(int begin, int end);
  bool inner_first(int a, int b) const;
  void swap_dims(int a, int b);
  void erase(int dim);

  int ndim_ = 0, n_tail_ = 0, n_ = 0;
  std::int64_t shape_[FG_MAX_NDIM];
  std::int64_t stride_[kMaxOperands][FG_MAX_NDIM];
};

inline constexpr std::uint32_t kAligned16 = 1u << 22;
// Packed class of a descriptor as it is launched: dtype 16 bits | rank 5 | dense 1 | align16 1.
inline std::uint32_t descriptor_class(const fg_tensor& t) {
  const bool aligned = ((t.ptr != nullptr ? reinterpret_cast<std::uintptr_t>(t.ptr) : t.byte_offset) & 15u) == 0;
  return (t.dtype & 0xFFFFu) | static_cast<std::uint32_t>(t.ndim) << 16 | (t.flags & FG_T_DENSE) << 19 |
         (aligned ? kAligned16 : 0u);
}

}  // namespace fg::core

#endif  // FG_CORE_DISPATCH_ITERATION_HPP_
