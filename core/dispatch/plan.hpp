// SPDX-License-Identifier: Apache-2.0
//
// A plan: everything about a call that follows from its operator and the classes of its arguments
// (dtypes, ranks, which are numbers) and not from shapes, numbers or addresses.  Made once, kept for
// the life of the process, shared by threads, found through the per-thread cache.

#ifndef FG_CORE_DISPATCH_PLAN_HPP_
#define FG_CORE_DISPATCH_PLAN_HPP_

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/dispatch/call.hpp"
#include "core/dispatch/programs.hpp"
#include "core/dispatch/state.hpp"

namespace fg::core {

inline constexpr std::size_t kMaxOutputs = 8;

// What a caller inside the core may ask for beside the arguments; part of the plan's key.
enum CallMode : std::uint8_t {
  kFallback = 1,  // On behalf of another device: operators switched off by enable() are served.
  kComposite = 2  // The core's composite, even where the plugin has a kernel of its own.
};

// A call as it came in.  args may end early; arg(i) gives a value of tag FG_V_NONE then.
struct Call {
  const OpInfo& op;
  std::span<const fg_value> args;
  Form form;
  std::span<fg_tensor_handle> outs;
  Device* device = nullptr;  // As given by the caller.
  std::uint8_t mode = 0;     // CallMode

  const fg_value& arg(std::size_t i) const {
    static constexpr fg_value kNone{};
    return i < args.size() ? args[i] : kNone;
  }
};

struct CompositeCall;
using CompositeFn = Result<void> (*)(CompositeCall& call);

// A scalar of a program: the argument it comes from.
struct ScalarSource {
  std::int16_t arg = -1;
  std::uint16_t type = FG_CT_F32;
};

struct Plan {
  const OpInfo* op = nullptr;
  Form form = Form::functional;
  Device* device = nullptr;
  std::size_t variant = 0;
  fg_dtype common = 0;
  std::array<fg_dtype, kMaxOutputs> out_dtype{};  // Of new results; given ones may differ.

  std::vector<std::int16_t> inputs;  // Arguments that are tensors of the launch, in order.
  std::int16_t written = -1;         // Argument that an in-place call writes, -1 none.

  // Ways to serve the call, in the order they are tried.
  const fg_op_claim* named = nullptr;      // The plugin's own kernel for this operator.
  const EngineProgram* program = nullptr;  // Its engine.
  CompositeFn composite = nullptr;         // A function of the core.
  std::string refusals;                    // Why a way is missing, for messages and records.

  std::vector<ScalarSource> scalars;  // Of the program, in its order.
  std::uint32_t nonzero = 0;          // Bit k: scalar k divides integers.
  std::uint32_t nonnegative = 0;      // Bit k: scalar k is the exponent of an integer.
  bool flat = false;                  // Operands of one shape and all dense can be launched as one dimension.
  bool recheck = false;               // Values of attributes have limits that each call must obey.
  bool moves = false;                 // A 0-d operand lies on another device.
  bool widens = false;                // A given output's dtype is not the result's and must see the rounded result.
};

using PlanLine = ExactCache<PlanKey, Plan>::Line;
struct PlanRef {
  const Plan* plan = nullptr;
  PlanLine* line = nullptr;   // Where the thread's cache holds it; nullptr when the call has no key.
  std::unique_ptr<Plan> own;  // Then the plan lives here.
};
// The plan of `call`: from this thread's cache, the process's table, or made now.
Result<PlanRef> find_plan(const Call& call);
// The line that holds the plan of `call`, nullptr when this thread has not seen it.
PlanLine* cached_plan(const Call& call);

// Makes a plan; all checks of arguments but shapes.
Result<Plan> make_plan(const Call& call);
// The part of it that reads types only: device, dtypes, variant.  plan_types.cpp
Result<void> check_arguments(const Call& call);
Result<void> choose_types(const Call& call, Plan& plan);
// The program of a map, reduction or scan.  plan_program.cpp
Result<void> make_program(const Call& call, Plan& plan);

// The number behind `value`, or the default of `arg` when it is left out.
fg_scalar scalar_of(const ArgInfo& arg, const fg_value& value);

// Calls `visit(handle, arg index)` for every tensor argument in order, lists flattened; absent ones
// are skipped.
template <class Visit>
void each_tensor(const Call& call, Visit&& visit) {
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    const fg_value& v = call.args[i];
    if (v.tag == FG_V_TENSOR) {
      visit(v.v.tensor, i);
    } else if (v.tag == FG_V_TENSORS) {
      for (std::uint32_t k = 0; k < v.n; ++k) visit(v.v.tensors[k], i);
    }
  }
}

}  // namespace fg::core

#endif  // FG_CORE_DISPATCH_PLAN_HPP_
