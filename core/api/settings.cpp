// SPDX-License-Identifier: Apache-2.0
//
// C API: which operators are served, the fallback policy, statistics.

#include <fmt/format.h>

#include "core/api/api_call.hpp"
#include "core/dispatch/enable.hpp"
#include "core/dispatch/run.hpp"
#include "core/dispatch/state.hpp"
#include "fg/fg.h"

using namespace fg;        // NOLINT: this file defines C functions only.
using namespace fg::core;  // NOLINT

namespace {

Result<std::vector<std::string>> name_list(const char* const* names, uint32_t n, const char* what) {
  std::vector<std::string> list;
  if (n > 0) FG_TRY(need(names, "enable", what));
  for (uint32_t i = 0; i < n; ++i) {
    FG_TRY(need(names[i], "enable", what));
    list.emplace_back(names[i]);
  }
  return list;
}

}  // namespace

extern "C" {

fg_status fg_enable(const fg_enable_options* o, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(o, "enable", "options"));
    if (o->hdr.must_understand != 0) return unsupported("enable: unknown must_understand bits", FG_R_UNKNOWN_BIT);
    if (!FG_HAS(fg_enable_options, o, once)) return fail(FG_E_ABI, "enable: options.hdr.struct_size is too small");
    EnableOptions options;
    if (o->only != nullptr) {
      FG_TRY_ASSIGN(options.only, name_list(o->only, o->n_only, "only"));
    }
    FG_TRY_ASSIGN(options.unused, name_list(o->unused, o->n_unused, "unused"));
    options.record = o->record != 0;
    options.once = o->once != 0;
    if (o->path != nullptr) options.path = o->path;
    return enable(options);
  });
}

fg_status fg_set_fallback(uint32_t policy, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    if (policy > FG_FALLBACK_ALLOW)
      return invalid(fmt::format("set_fallback: {} is no policy", policy), FG_R_PARAMETER);
    set_fallback_policy(static_cast<FallbackPolicy>(policy));
    return {};
  });
}

uint32_t fg_get_fallback(void) FG_NOEXCEPT { return static_cast<uint32_t>(fallback_policy()); }

fg_status fg_stats(fg_counters* out, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(out, "stats", "out"));
    const auto sums = counter_sums();
    fg_counters c{};
    c.calls = sums[ThreadCounters::calls];
    c.cache_hits = sums[ThreadCounters::cache_hits];
    c.launches = sums[ThreadCounters::launches];
    c.prepares = sums[ThreadCounters::prepares];
    c.copies = sums[ThreadCounters::copies];
    c.fallbacks = sums[ThreadCounters::fallbacks];
    c.graph_replays = sums[ThreadCounters::graph_replays];
    c.graph_launches = sums[ThreadCounters::graph_launches];
    c.nondeterministic = sums[ThreadCounters::nondeterministic];
    copy_out(out, c);
    return {};
  });
}

fg_status fg_fallbacks(void (*visit)(void*, const fg_fallback_row*), void* ctx, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    if (visit == nullptr) return invalid("fallbacks: visit is NULL", FG_R_NULL_POINTER);
    for (const FallbackRow& r : fallback_rows()) {
      const fg_fallback_row row{r.op.c_str(), r.from.c_str(), r.to.c_str(), r.why.c_str(), r.count};
      visit(ctx, &row);
    }
    return {};
  });
}

}  // extern "C"
