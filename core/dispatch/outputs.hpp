// SPDX-License-Identifier: Apache-2.0
//
// The outputs of one call: shapes by the catalogue's rules, new tensors or given ones, and what an
// overlap with an input asks for.

#ifndef FG_CORE_DISPATCH_OUTPUTS_HPP_
#define FG_CORE_DISPATCH_OUTPUTS_HPP_

#include <array>
#include <span>

#include "core/catalogue/shape_rules.hpp"
#include "core/dispatch/plan.hpp"

namespace fg::core {

// Which outputs may be written while inputs are read.
enum class InPlace : std::uint8_t {
  no,        // Any shared memory needs a temporary.
  paired,    // Each output may be the identical view of the input in its place.
  identical  // The identical view of an input is fine.
};

class Outputs {
 public:
  Outputs(const Call& call, const Plan& plan) : call_(&call), plan_(&plan), count_(call.op.outs.size()) {}
  Outputs(const Outputs&) = delete;
  Outputs& operator=(const Outputs&) = delete;

  // Infers the shapes and checks given tensors: shape, writability, no repeated element, no overlap
  // among them.  Comes first.
  Result<void> infer();

  // Allocates the tensors to compute into.  Temporaries where a given tensor overlaps one of
  // `inputs` as `in_place` does not allow, or where `exact_dtype` and its dtype is not the plan's.
  Result<void> allocate(std::span<fg_tensor_object* const> inputs, InPlace in_place, bool exact_dtype);

  // Replaces work tensors whose layout is not among `layouts` (FG_LAYOUT_*) by dense temporaries.
  Result<void> fit_layout(std::uint32_t layouts);

  std::size_t count() const { return count_; }
  const Shape& shape(std::size_t i) const { return shape_[i]; }
  // Where the kernel writes.
  const Tensor& work(std::size_t i) const { return work_[i]; }
  // Puts `t` in place of a work tensor, e.g. the filled part of a dynamic output.
  void replace(std::size_t i, Tensor t) { work_[i] = std::move(t); }
  bool empty() const;  // No output has elements.

  // Copies temporaries to their targets and hands new tensors to the caller.
  Result<void> finish();

 private:
  Result<void> check_target(std::size_t i, const Tensor& target) const;
  Tensor model() const;  // Whose strides a new tensor takes; empty: row-major.

  const Call* call_;
  const Plan* plan_;
  std::size_t count_;
  std::array<Shape, kMaxOutputs> shape_;
  std::array<Tensor, kMaxOutputs> target_;  // Empty: new.
  std::array<Tensor, kMaxOutputs> work_;
};

// Writes `src` into `dst`, broadcast and converted, also between devices.
Result<void> copy_into(const Tensor& dst, const Tensor& src);
// A dense copy of `t` in `dtype` (0: its own) on `device` (nullptr: its own).
Result<Tensor> copy_of(const Tensor& t, fg_dtype dtype = 0, Device* device = nullptr);

}  // namespace fg::core

#endif  // FG_CORE_DISPATCH_OUTPUTS_HPP_
