// SPDX-License-Identifier: Apache-2.0
//
// One call of an operator with guarded tensors: what came back, and what happened to the memory
// around it.

#ifndef FG_CONFORMANCE_RUNNER_EXECUTE_HPP_
#define FG_CONFORMANCE_RUNNER_EXECUTE_HPP_

#include "conformance/compare/verdict.hpp"
#include "conformance/runner/guarded.hpp"

namespace fg::conformance {

// One argument ready to be laid out.
struct PreparedArg {
  reference::Argument value;
  std::vector<Placement> placements;  // one per tensor
};

struct Prepared {
  const core::OpInfo* op = nullptr;
  std::vector<PreparedArg> args;
  Form form = Form::fresh;
  bool composite = false;
  reference::Arithmetic declared;  // by the device and the claim; decides the bounds
  Layout out_layout = Layout::dense;
  std::vector<reference::Type> out_types;  // for out and alias
  std::vector<Shape> out_shapes;
};

struct Produced {
  reference::Type type = reference::Type::f32;
  Shape shape;
  std::vector<std::byte> bytes;  // row-major
};

struct Execution {
  std::optional<Error> refused;  // the call failed
  std::vector<Produced> outs;
  Verdict memory = Verdict::pass;  // input_modified, oob_write
  std::string memory_text;
};

// FG_E_* when the tensors could not be made; a refusal of the operator is part of the answer.
Result<Execution> execute(const Device& device, const Prepared& call, std::uint64_t poison);

std::uint32_t form_code(const Prepared& call);
// An argument as the C API takes it; what it points to are `a`, `tensors` and `generator`.
fg_value value_of(const reference::Argument& a, std::span<fg_tensor_handle> tensors, fg_generator* generator);
// Reads a result.
Result<Produced> take(fg_tensor_handle t);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_RUNNER_EXECUTE_HPP_
