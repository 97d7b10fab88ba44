// SPDX-License-Identifier: Apache-2.0
//
// C API: the generic call and the list of operators.

#include <fmt/format.h>

#include <string>
#include <vector>

#include "core/api/api_call.hpp"
#include "core/api/watch.hpp"
#include "core/dispatch/enable.hpp"
#include "core/dispatch/params.hpp"
#include "fg/fg.h"

using namespace fg;        // NOLINT: this file defines C functions only.
using namespace fg::core;  // NOLINT

extern "C" {

fg_status fg_call(const char* name, uint32_t form, const fg_value* args, uint32_t n_args, fg_tensor_handle* outs,
                  uint32_t n_outs, fg_device_handle device, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(name, "call", "name"));
    if (n_args > 0) FG_TRY(need(args, "call", "args"));
    if (n_outs > 0) FG_TRY(need(outs, "call", "outs"));
    const uint32_t plain = form & ~FG_CALL_COMPOSITE;
    if (plain > FG_FORM_OUT) return invalid(fmt::format("call: {} is no form", form), FG_R_PARAMETER);
    FG_TRY_ASSIGN(const OpInfo* op, lookup(name));
    const auto core_form = static_cast<Form>(plain);
    std::vector<fg_tensor_handle> results(outs, outs + n_outs);
    if (core_form == Form::functional) results.assign(n_outs, nullptr);
    const auto run = (form & FG_CALL_COMPOSITE) != 0 ? call_composite : call;
    FG_TRY(watched(event_of(*op, {args, n_args}, core_form, results, device), [&] {
      return run(*op, {args, n_args}, core_form, results, from_handle(device));
    }));
    std::copy(results.begin(), results.end(), outs);
    return {};
  });
}

fg_status fg_registered_ops(const char* const** names, uint32_t* count, fg_error* err) FG_NOEXCEPT {
  return sdk::guard(err, [&]() -> Result<void> {
    FG_TRY(need(names, "registered_ops", "names"));
    FG_TRY(need(count, "registered_ops", "count"));
    static const std::vector<std::string> kText = [] {
      std::vector<std::string> text;
      for (const OpInfo& op : catalogue()) text.emplace_back(op.name);
      return text;
    }();
    static const std::vector<const char*> kNames = [] {
      std::vector<const char*> list;
      for (const std::string& t : kText) list.push_back(t.c_str());
      return list;
    }();
    *names = kNames.data();
    *count = static_cast<uint32_t>(kNames.size());
    return {};
  });
}

fg_status fg_manual_seed(uint64_t seed, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    seed_default_generator(seed);
    return {};
  });
}

}  // extern "C"
