// SPDX-License-Identifier: Apache-2.0
//
// "fg.graph/1" over a runtime that can record.

#include "fg/abi/ext/graph.h"

#include "fg/sdk/guard.hpp"
#include "plugins/gpu/api.hpp"
#include "plugins/gpu/instance.hpp"

namespace fg::gpu {
namespace {

using sdk::guard;

fg_status build(fg_instance* instance, std::uint32_t device, const fg_graph_node* nodes, std::uint32_t n,
                fg_graph** out, fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("graph build", instance, out));
    if (n > 0) FG_TRY(not_null("graph build", nodes));
    FG_TRY_ASSIGN(Device * d, device_at("graph build", *instance, device));
    FG_TRY_ASSIGN(std::unique_ptr<fg_graph> graph, d->make_graph(instance, {nodes, n}));
    graph->instance = instance;
    instance->graphs.fetch_add(1, std::memory_order_relaxed);
    *out = graph.release();
    return {};
  });
}

fg_status launch(fg_graph* graph, fg_stream* stream, const fg_rebind* rebinds, std::uint32_t n,
                 fg_error* err) noexcept {
  return guard(err, [&]() -> Result<void> {
    FG_TRY(not_null("graph launch", graph, stream));
    if (n > 0) FG_TRY(not_null("graph launch", rebinds));
    return graph->launch(*stream, {rebinds, n});
  });
}

fg_status destroy(fg_graph* graph, fg_timeline* after, std::uint64_t value) noexcept {
  if (graph == nullptr) return FG_OK;
  return guard(nullptr, [&]() -> Result<void> {
    fg_instance& instance = *graph->instance;
    instance.graphs.fetch_sub(1, std::memory_order_relaxed);
    instance.graveyard.free_after(std::unique_ptr<fg_graph>(graph), after, value);
    return {};
  });
}

}  // namespace

const fg_graph_table kGraphTable{{sizeof(fg_graph_table), 0, nullptr}, build, launch, destroy};

}  // namespace fg::gpu
