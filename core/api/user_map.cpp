// SPDX-License-Identifier: Apache-2.0
//
// C API: fg_map.

#include "core/dispatch/user_map.hpp"

#include <fmt/format.h>

#include "core/api/api_call.hpp"
#include "core/api/watch.hpp"
#include "fg/fg.h"
#include "fg/sdk/dtype.hpp"

using namespace fg;        // NOLINT: this file defines C functions only.
using namespace fg::core;  // NOLINT

extern "C" fg_status fg_map(const char* expression, const char* const* names, const fg_value* args, uint32_t n_args,
                            fg_dtype dtype, fg_tensor_handle* out, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(expression, "map", "expression"));
    FG_TRY(need(out, "map", "out"));
    if (n_args == 0 || n_args > 16)
      return invalid(fmt::format("map: {} operands, expected 1 to 16", n_args), FG_R_LIMIT);
    FG_TRY(need(args, "map", "args"));
    for (uint32_t i = 0; names != nullptr && i < n_args; ++i) FG_TRY(need(names[i], "map", "a name"));
    if (dtype != 0 && dtype_name(dtype) == "unknown")
      return invalid(fmt::format("map: {:#x} is no dtype", dtype), FG_R_DTYPE);
    FG_TRY_ASSIGN(
        const OpInfo* op,
        user_map(expression, names != nullptr ? std::span(names, n_args) : std::span<const char* const>{}, dtype));
    if (op->args.size() != n_args) {
      return invalid(fmt::format("map: {} operands given, the expression has {} names", n_args, op->args.size()),
                     FG_R_PARAMETER);
    }
    fg_tensor_handle made[1] = {nullptr};
    fg_call_event event = event_of(*op, {args, n_args}, Form::functional, made, nullptr);
    event.op = "map";
    event.expression = expression;
    event.names = names;
    event.dtype = dtype;
    FG_TRY(watched(event, [&] { return call(*op, {args, n_args}, Form::functional, made); }));
    *out = made[0];
    return {};
  });
}
