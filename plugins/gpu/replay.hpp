// SPDX-License-Identifier: Apache-2.0
//
// fg.graph/1 for an API that has nothing of the kind: what the nodes' kernels enqueue is kept, merged where that is
// possible (merge.hpp), and enqueued again.

#ifndef FG_PLUGINS_GPU_REPLAY_HPP_
#define FG_PLUGINS_GPU_REPLAY_HPP_

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "plugins/gpu/graph_nodes.hpp"
#include "plugins/gpu/merge.hpp"

namespace fg::gpu {

class ReplayGraph final : public fg_graph {
 public:
  static Result<std::unique_ptr<fg_graph>> make(Device& device, fg_instance* instance,
                                                std::span<const fg_graph_node> nodes, const MergeLimits& limits);
  Result<void> launch(fg_stream& stream, std::span<const fg_rebind> rebinds) override;
  // What a replay enqueues, for tests.
  std::size_t enqueued() const;

 private:
  // Nodes that are one launch for the memory that was captured, or a single node.  A rebind looks at these alone anew.
  struct Part {
    std::size_t begin, end;
    std::vector<Recorded> list;
    bool stale = true;
  };
  ReplayGraph(Device& device, fg_instance* instance, std::span<const fg_graph_node> nodes, const MergeLimits& limits);
  Result<void> record(std::size_t node);
  std::vector<const RecordedDispatch*> mergeable(std::size_t begin, std::size_t end) const;
  std::size_t add_launch(Part& part, std::size_t begin);
  Result<void> settle(Part& part);

  Device& device_;
  Merger merger_;
  RecordingStream recorder_;
  GraphNodes nodes_;
  std::vector<std::vector<Recorded>> recorded_;  // By node.
  std::vector<bool> stale_;                      // Nodes whose record is of other memory.
  std::vector<Part> parts_;
  std::mutex mutex_;
};

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_REPLAY_HPP_
