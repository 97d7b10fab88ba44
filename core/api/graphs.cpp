// SPDX-License-Identifier: Apache-2.0
//
// C API: captures and graphs.  The handle is the core's Graph.

#include "core/api/api_call.hpp"
#include "core/dispatch/capture.hpp"
#include "core/dispatch/graph.hpp"
#include "fg/fg.h"

using namespace fg;        // NOLINT: this file defines C functions only.
using namespace fg::core;  // NOLINT

namespace {

Graph* of(fg_graph_handle h) { return reinterpret_cast<Graph*>(h); }

}  // namespace

extern "C" {

fg_status fg_capture_begin(fg_device_handle device, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY_ASSIGN(Device * d, device_or_current(device));
    return begin_capture(d);
  });
}

fg_status fg_capture_end(fg_graph_handle* out, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    if (out == nullptr) return drop_capture();
    FG_TRY_ASSIGN(std::unique_ptr<Graph> graph, end_capture());
    *out = reinterpret_cast<fg_graph_handle>(graph.release());
    return {};
  });
}

fg_status fg_graph_replay(fg_graph_handle graph, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(graph, "graph_replay", "graph"));
    return of(graph)->replay();
  });
}

fg_status fg_graph_rebind(fg_graph_handle graph, fg_tensor_handle captured, fg_tensor_handle to,
                          fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(graph, "graph_rebind", "graph"));
    FG_TRY(need(captured, "graph_rebind", "captured"));
    FG_TRY(need(to, "graph_rebind", "to"));
    return of(graph)->rebind(fg::core::Tensor::share(captured), fg::core::Tensor::share(to));
  });
}

fg_status fg_graph_get_info(fg_graph_handle graph, fg_graph_info* info, fg_error* err) FG_NOEXCEPT {
  return enter_guarded(err, [&]() -> Result<void> {
    FG_TRY(need(graph, "graph_get_info", "graph"));
    FG_TRY(need(info, "graph_get_info", "info"));
    fg_graph_info i{};
    i.launches = of(graph)->launches();
    i.memory_bytes = of(graph)->memory_bytes();
    i.workspace_bytes = of(graph)->workspace_bytes();
    i.way = static_cast<uint32_t>(of(graph)->way());
    copy_out(info, i);
    return {};
  });
}

void fg_graph_release(fg_graph_handle graph) FG_NOEXCEPT {
  if (!forked()) delete of(graph);
}

}  // extern "C"
