// SPDX-License-Identifier: Apache-2.0
//
// A captured list of launches, replayed by the plugin's "fg.graph/1", else its "fg.batch/1", else one
// launch after the other.  docs/graphs.md.

#ifndef FG_CORE_DISPATCH_GRAPH_HPP_
#define FG_CORE_DISPATCH_GRAPH_HPP_

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/dispatch/capture.hpp"
#include "core/memory/stream.hpp"
#include "fg/abi/ext/batch.h"
#include "fg/abi/ext/graph.h"

namespace fg::core {

enum class ReplayWay : std::uint8_t { launches, batch, graph };

class Graph {
 public:
  static Result<std::unique_ptr<Graph>> make(Device* device, std::vector<RecordedLaunch> launches);
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  // Enqueues all launches on the calling thread's stream.  Replays of one graph follow each other,
  // whatever threads they come from.  [any-thread]
  Result<void> replay();
  // Later replays use `to` where the capture used `captured` or views of it; to the same dtype, shape,
  // strides and device.  On failure nothing has changed.  [any-thread]
  Result<void> rebind(const Tensor& captured, const Tensor& to);

  Device* device() const { return device_; }
  ReplayWay way() const { return way_; }
  std::size_t launches() const { return launches_.size(); }
  std::uint64_t memory_bytes() const;  // Held: tensors of the launches and workspace.
  std::uint64_t workspace_bytes() const { return workspace_ ? workspace_->bytes : 0; }

 private:
  struct Move;  // Where one tensor of one launch goes.

  Graph(Device* device, std::vector<RecordedLaunch> launches);
  Result<void> give_workspace();
  Result<bool> build();
  Result<void> enqueue(Stream& stream);
  Result<void> enqueue_graph(Stream& stream);
  Result<void> enqueue_batch(Stream& stream);
  Result<void> enqueue_each(Stream& stream);
  Result<std::vector<Move>> moves(const Tensor& captured, const Tensor& to) const;
  Result<void> check_aliases(const std::vector<Move>& moves) const;
  void commit(std::vector<Move> moves);
  void collect_storages();

  Device* const device_;
  mutable std::mutex mutex_;  // Of everything below.
  std::vector<RecordedLaunch> launches_;
  std::vector<std::vector<Tensor>> captured_;  // The tensors of the launches as they were recorded.
  std::vector<Storage*> storages_;             // Of the launches, each once, held by them.
  StorageRef workspace_;
  ReplayWay way_ = ReplayWay::launches;
  const fg_graph_table* graph_table_ = nullptr;
  const fg_batch_table* batch_table_ = nullptr;
  fg_graph* graph_ = nullptr;
  std::vector<fg_rebind> rebinds_;    // Of graph_.
  std::vector<fg_batch_item> items_;  // Of batch_table_.
  Stream* last_stream_ = nullptr;     // Of the last replay.
  std::uint64_t last_value_ = 0;
};

}  // namespace fg::core

#endif  // FG_CORE_DISPATCH_GRAPH_HPP_
