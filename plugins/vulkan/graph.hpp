// SPDX-License-Identifier: Apache-2.0
//
// fg.graph/1: launches recorded once into command buffers that are submitted again and again.  A part of the list has
// one each, so that a rebind records anew what it touches alone.

#ifndef FG_PLUGINS_VULKAN_GRAPH_HPP_
#define FG_PLUGINS_VULKAN_GRAPH_HPP_

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "plugins/gpu/graph_nodes.hpp"
#include "plugins/vulkan/recorder.hpp"

namespace fg::vulkan {

// The stream that kernels are launched on while a part is recorded.
class PartRecorder final : public Recorder {
 public:
  PartRecorder(Device& on, fg_instance* of) : Recorder(on) {
    device = &on;
    instance = of;
  }
  // Commands that may be submitted again; `last`: the host may read what they wrote.
  Result<void> begin(VkCommandBuffer commands);
  Result<void> end(bool last);

  Result<void> flush() override { return {}; }
  Result<void> signal(fg_timeline&, std::uint64_t) override { return no_order(); }
  Result<void> wait(fg_timeline&, std::uint64_t) override { return no_order(); }
  std::uint64_t pending() const override { return 0; }

  std::vector<std::shared_ptr<Allocation>> arguments;
  std::uint64_t pieces = 0;

 private:
  static Result<void> no_order() { return unsupported("a kernel orders streams while a graph is built"); }
  Result<VkCommandBuffer> record() override;
  Result<void> count_piece() override;
  std::vector<std::shared_ptr<Allocation>>& argument_memory() override { return arguments; }

  VkCommandBuffer commands_ = VK_NULL_HANDLE;
};

class Graph final : public fg_graph {
 public:
  static Result<std::unique_ptr<Graph>> make(Device& device, fg_instance* instance,
                                             std::span<const fg_graph_node> nodes);
  // Waits for replays in progress.
  ~Graph() override;
  Result<void> launch(fg_stream& stream, std::span<const fg_rebind> rebinds) override;
  // Parts recorded so far, for tests.
  std::uint64_t recorded() const { return recorded_; }

 private:
  struct Commands {
    VkCommandBuffer handle = VK_NULL_HANDLE;
    std::vector<std::shared_ptr<Allocation>> arguments;
    std::vector<Point> uses;  // Where its replays are over, one a stream.
    std::uint64_t pieces = 0;
  };
  struct Part {
    std::size_t begin, end;  // Nodes.
    Commands commands;
    bool stale = true;
  };

  Graph(Device& device, fg_instance* instance, CommandPool pool, std::span<const fg_graph_node> nodes);
  Result<void> record(Part& part);
  Result<void> record_nodes(const Part& part);
  void reuse_retired();

  Device& device_;
  PartRecorder recorder_;
  CommandPool pool_;
  gpu::GraphNodes nodes_;
  std::vector<Part> parts_;
  std::vector<Commands> retired_;  // Recorded anew while they were still in use.
  std::uint64_t recorded_ = 0;
  std::mutex mutex_;
};

}  // namespace fg::vulkan

#endif  // FG_PLUGINS_VULKAN_GRAPH_HPP_
