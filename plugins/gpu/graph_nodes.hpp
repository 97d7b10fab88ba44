// SPDX-License-Identifier: Apache-2.0
//
// The nodes of a graph, and the memory that each uses now.

#ifndef FG_PLUGINS_GPU_GRAPH_NODES_HPP_
#define FG_PLUGINS_GPU_GRAPH_NODES_HPP_

#include <cstdint>
#include <span>
#include <vector>

#include "fg/abi/ext/graph.h"
#include "fg/sdk/result.hpp"

namespace fg::gpu {

class GraphNodes {
 public:
  explicit GraphNodes(std::span<const fg_graph_node> nodes);
  std::size_t size() const { return nodes_.size(); }
  // Launches node i.
  Result<void> launch(std::size_t i, fg_stream& stream);
  // The nodes that use other memory than before.  Every list counts from what was captured.
  Result<std::vector<std::uint32_t>> rebind(std::span<const fg_rebind> rebinds);

 private:
  struct Node {
    const fg_kernel* kernel;
    fg_launch launch;
    std::vector<fg_tensor> captured, bound;  // What launch.t points to: the second.
  };
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> rebound_;  // Nodes that do not use what was captured.
  std::vector<fg_rebind> rebinds_;      // As given last.
};

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_GRAPH_NODES_HPP_
