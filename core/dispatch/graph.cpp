// SPDX-License-Identifier: Apache-2.0
//
// Building and replaying; rebinding is in graph_rebind.cpp.

#include "core/dispatch/graph.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/dispatch/state.hpp"
#include "core/memory/device_memory.hpp"
#include "core/memory/plugin_error.hpp"
#include "core/registry/registry.hpp"
#include "core/trace/log.hpp"
#include "core/trace/trace.hpp"

namespace fg::core {
namespace {

template <class Table>
const Table* table_of(const Device& d, const char* id) {
  return static_cast<const Table*>(d.api->get_table(d.instance, id));
}

// The graph's table, when it has every function.
const fg_graph_table* graph_table(const Device& d) {
  const auto* t = table_of<fg_graph_table>(d, FG_TABLE_GRAPH);
  if (t == nullptr || !FG_HAS(fg_graph_table, t, destroy)) return nullptr;
  return t->build != nullptr && t->launch != nullptr && t->destroy != nullptr ? t : nullptr;
}

const fg_batch_table* batch_table(const Device& d) {
  const auto* t = table_of<fg_batch_table>(d, FG_TABLE_BATCH);
  return t != nullptr && FG_HAS(fg_batch_table, t, submit) && t->submit != nullptr ? t : nullptr;
}

}  // namespace

Graph::Graph(Device* device, std::vector<RecordedLaunch> launches) : device_(device), launches_(std::move(launches)) {
  for (const RecordedLaunch& r : launches_) captured_.push_back(r.tensors);
}

Result<std::unique_ptr<Graph>> Graph::make(Device* device, std::vector<RecordedLaunch> launches) {
  std::unique_ptr<Graph> g(new Graph(device, std::move(launches)));
  FG_TRY(g->give_workspace());
  g->collect_storages();
  if (g->launches_.empty()) return g;
  FG_TRY_ASSIGN(const bool built, g->build());
  if (built) {
    g->way_ = ReplayWay::graph;
  } else if ((g->batch_table_ = batch_table(*device)) != nullptr) {
    for (const RecordedLaunch& r : g->launches_) g->items_.push_back({r.entry->kernel, &r.call});
    g->way_ = ReplayWay::batch;
  }
  return g;
}

// Launches follow each other, so that one workspace serves them all.
Result<void> Graph::give_workspace() {
  std::uint64_t most = 0;
  for (const RecordedLaunch& r : launches_) most = std::max(most, r.ws_bytes);
  if (most == 0) return {};
  FG_TRY_ASSIGN(workspace_, allocate(device_, most));
  for (RecordedLaunch& r : launches_) {
    if (r.ws_bytes == 0) continue;
    r.call.ws = workspace_->buffer;
    r.call.ws_offset = workspace_->buffer_offset;
    r.call.ws_bytes = r.ws_bytes;
  }
  return {};
}

void Graph::collect_storages() {
  storages_.clear();
  for (const RecordedLaunch& r : launches_) {
    for (const Tensor& t : r.tensors) {
      if (t) storages_.push_back(t.storage());
    }
  }
  if (workspace_) storages_.push_back(workspace_.get());
  std::sort(storages_.begin(), storages_.end());
  storages_.erase(std::unique(storages_.begin(), storages_.end()), storages_.end());
}

std::uint64_t Graph::memory_bytes() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const Storage* s : storages_) sum += s->bytes;
  return sum;
}

// A plugin may refuse a list that it cannot build: the next way takes it.
Result<bool> Graph::build() {
  const fg_graph_table* const table = graph_table(*device_);
  if (table == nullptr) return false;
  std::vector<std::uint32_t> before(launches_.size());
  std::vector<fg_graph_node> nodes;
  for (std::uint32_t i = 0; i < launches_.size(); ++i) {
    before[i] = i - 1;
    nodes.push_back(
        {launches_[i].entry->kernel, &launches_[i].call, i == 0 ? nullptr : &before[i], i == 0 ? 0u : 1u, 0});
  }
  PluginError error;
  const fg_status status = table->build(device_->instance, device_->ordinal, nodes.data(),
                                        static_cast<std::uint32_t>(nodes.size()), &graph_, error);
  if (status == FG_E_UNSUPPORTED) {
    FG_LOG(info, "{}: {}", device_->name, error.fail(*device_, "build a graph", status).value().message);
    return false;
  }
  if (status < 0) return error.fail(*device_, fmt::format("build a graph of {} launches", nodes.size()), status);
  if (graph_ == nullptr) return fail(FG_E_INTERNAL, device_->name + ": building a graph gave none");
  graph_table_ = table;
  return true;
}

Graph::~Graph() {
  if (graph_ == nullptr) return;
  fg_timeline* after = nullptr;
  if (last_stream_ != nullptr && !device_->synchronous()) {
    DeviceMemory::of(device_).ensure_signalled(*last_stream_, last_value_);
    after = last_stream_->timeline();
  }
  const fg_status status = graph_table_->destroy(graph_, after, after != nullptr ? last_value_ : 0);
  if (status < 0) FG_LOG(error, "{}: destroying a graph failed with status {}", device_->name, status);
}

Result<void> Graph::replay() {
  if (thread_state().capture != nullptr) {
    return fail(FG_E_CAPTURE, fmt::format("a graph of {} cannot be replayed inside a capture", device_->name));
  }
  FG_TRY_ASSIGN(Stream * stream, thread_stream(device_));
  const std::lock_guard lock(mutex_);
  thread_state().counters.bump(ThreadCounters::graph_replays);
  if (launches_.empty()) return {};
  const trace::Span span("replay", device_->name);
  auto done = enqueue(*stream);
  if (!done) {
    if (done.error().status == FG_E_DEVICE_LOST && device_->plugin != nullptr)
      Registry::get().lose(*device_, done.error().message);
    return done;
  }
  thread_state().counters.bump(ThreadCounters::graph_launches, launches_.size());
  return {};
}

Result<void> Graph::enqueue(Stream& stream) {
  Submission work(stream);
  for (Storage* s : storages_) work.use(s);
  last_stream_ = &stream;
  last_value_ = DeviceMemory::open_value(stream);
  switch (way_) {
    case ReplayWay::graph: return enqueue_graph(stream);
    case ReplayWay::batch: return enqueue_batch(stream);
    default: return enqueue_each(stream);
  }
}

Result<void> Graph::enqueue_graph(Stream& stream) {
  PluginError error;
  const fg_status status = graph_table_->launch(graph_, stream.handle(), rebinds_.data(),
                                                static_cast<std::uint32_t>(rebinds_.size()), error);
  if (status < 0) return error.fail(*device_, fmt::format("replay {} launches", launches_.size()), status);
  return {};
}

Result<void> Graph::enqueue_batch(Stream& stream) {
  for (RecordedLaunch& r : launches_) r.call.stream = stream.handle();
  PluginError error;
  std::uint32_t done = 0;
  const fg_status status =
      batch_table_->submit(stream.handle(), items_.data(), static_cast<std::uint32_t>(items_.size()), &done, error);
  if (status >= 0) return {};
  const std::string_view op = done < launches_.size() ? launches_[done].op : "?";
  return error.fail(*device_, fmt::format("replay {} (launch {} of {})", op, done + 1, launches_.size()), status);
}

Result<void> Graph::enqueue_each(Stream& stream) {
  for (std::size_t i = 0; i < launches_.size(); ++i) {
    RecordedLaunch& r = launches_[i];
    PluginError error;
    r.call.stream = stream.handle();
    r.call.err = error;
    const fg_status status = r.entry->kernel->launch(r.entry->kernel, &r.call);
    r.call.err = nullptr;
    if (status < 0)
      return error.fail(*device_, fmt::format("replay {} (launch {} of {})", r.op, i + 1, launches_.size()), status);
  }
  return {};
}

}  // namespace fg::core
