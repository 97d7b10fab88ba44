// SPDX-License-Identifier: Apache-2.0

#include "plugins/vulkan/graph.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "plugins/vulkan/stream.hpp"

namespace fg::vulkan {
namespace {

// A rebind records that many anew; each part costs a barrier more on the device.
constexpr std::size_t kNodesInPart = 16;

bool over(const Point& p) {
  const auto now = p.semaphore->value();
  return now && *now >= p.value;
}

bool same_memory(const fg_tensor& a, const fg_tensor& b) {
  return a.buffer == b.buffer && a.byte_offset == b.byte_offset && a.ptr == b.ptr;
}

bool same_rebind(const fg_rebind& a, const fg_rebind& b) {
  return a.node == b.node && a.tensor == b.tensor && a.buffer == b.buffer && a.ptr == b.ptr &&
         a.byte_offset == b.byte_offset;
}

}  // namespace

// --- PartRecorder ---

Result<void> PartRecorder::begin(VkCommandBuffer commands) {
  commands_ = commands;
  arguments.clear();
  pieces = 0;
  return begin_commands(commands, true);
}

Result<void> PartRecorder::end(bool last) { return end_commands(commands_, last); }

Result<VkCommandBuffer> PartRecorder::record() {
  if (pieces > 0) separate_pieces(commands_);
  return commands_;
}

Result<void> PartRecorder::count_piece() {
  ++pieces;
  return {};
}

// --- Graph ---

Graph::Graph(Device& device, fg_instance* of, CommandPool pool, std::span<const fg_graph_node> nodes)
    : device_(device), recorder_(device, of), pool_(std::move(pool)) {
  for (const fg_graph_node& n : nodes) {
    const fg_launch& l = *n.launch;
    std::vector<fg_tensor> tensors(l.t, l.t + l.n_out + l.n_in);
    nodes_.push_back({n.kernel, l, tensors, tensors});
  }
  for (std::size_t at = 0; at < nodes_.size(); at += kNodesInPart)
    parts_.push_back({at, std::min(at + kNodesInPart, nodes_.size()), {}, true});
}

Result<std::unique_ptr<Graph>> Graph::make(Device& device, fg_instance* instance,
                                           std::span<const fg_graph_node> nodes) {
  FG_TRY_ASSIGN(CommandPool pool, CommandPool::make(device));
  std::unique_ptr<Graph> g(new Graph(device, instance, std::move(pool), nodes));
  for (Part& part : g->parts_) FG_TRY(g->record(part));
  return g;
}

Graph::~Graph() {
  bool all = true;
  const auto wait = [&](const Commands& c) {
    for (const Point& p : c.uses) all = p.semaphore->wait(p.value, -1).has_value() && all;
  };
  for (const Part& part : parts_) wait(part.commands);
  for (const Commands& c : retired_) wait(c);
  if (!all) device_.vk().vkDeviceWaitIdle(device_.handle());  // A stream failed; what it submitted may still run.
}

void Graph::reuse_retired() {
  std::erase_if(retired_, [&](const Commands& c) {
    if (!std::all_of(c.uses.begin(), c.uses.end(), over)) return false;
    pool_.give(c.handle);
    return true;
  });
}

Result<void> Graph::record_nodes(const Part& part) {
  for (std::size_t i = part.begin; i < part.end; ++i) {
    Node& node = nodes_[i];
    fg_error why{};
    why.hdr.struct_size = sizeof why;
    node.launch.t = node.bound.data();
    node.launch.stream = &recorder_;
    node.launch.err = &why;
    const fg_status s = node.kernel->launch(node.kernel, &node.launch);
    node.launch.err = nullptr;
    if (s < 0) {
      return fail(s, "launch " + std::to_string(i) + " of a graph: " + why.message, static_cast<fg_reason>(why.reason),
                  why.arg_index);
    }
  }
  return {};
}

Result<void> Graph::record(Part& part) {
  if (part.commands.handle != VK_NULL_HANDLE) retired_.push_back(std::exchange(part.commands, {}));
  reuse_retired();
  FG_TRY_ASSIGN(const VkCommandBuffer commands, pool_.take());
  part.commands.handle = commands;
  part.stale = true;
  FG_TRY(recorder_.begin(commands));
  const Result<void> made = record_nodes(part);
  FG_TRY(recorder_.end(part.end == nodes_.size()));  // Also when it failed: only what has ended can begin anew.
  FG_TRY(made);
  part.commands.arguments = std::exchange(recorder_.arguments, {});
  part.commands.pieces = recorder_.pieces;
  part.stale = false;
  ++recorded_;
  return {};
}

// Every list counts from what was captured.
Result<void> Graph::rebind(std::span<const fg_rebind> rebinds) {
  if (std::equal(rebinds.begin(), rebinds.end(), rebinds_.begin(), rebinds_.end(), same_rebind)) return {};
  std::vector<std::uint32_t> named;
  for (const fg_rebind& r : rebinds) {
    if (r.node >= nodes_.size() || r.tensor >= nodes_[r.node].captured.size()) {
      return invalid("rebind: tensor " + std::to_string(r.tensor) + " of node " + std::to_string(r.node) +
                     ", there are " + std::to_string(nodes_.size()) + " nodes");
    }
    named.push_back(r.node);
  }
  std::sort(named.begin(), named.end());
  named.erase(std::unique(named.begin(), named.end()), named.end());
  std::vector<std::uint32_t> touched;
  std::set_union(named.begin(), named.end(), rebound_.begin(), rebound_.end(), std::back_inserter(touched));
  std::vector<std::vector<fg_tensor>> wanted;
  for (const std::uint32_t node : touched) wanted.push_back(nodes_[node].captured);
  for (const fg_rebind& r : rebinds) {
    const auto at = std::lower_bound(touched.begin(), touched.end(), r.node) - touched.begin();
    fg_tensor& t = wanted[static_cast<std::size_t>(at)][r.tensor];
    t.buffer = r.buffer;
    t.ptr = r.ptr;
    t.byte_offset = r.byte_offset;
  }
  for (std::size_t k = 0; k < touched.size(); ++k) {
    Node& node = nodes_[touched[k]];
    if (std::equal(node.bound.begin(), node.bound.end(), wanted[k].begin(), same_memory)) continue;
    node.bound = std::move(wanted[k]);
    parts_[touched[k] / kNodesInPart].stale = true;
  }
  rebound_ = std::move(named);
  rebinds_.assign(rebinds.begin(), rebinds.end());
  return {};
}

Result<void> Graph::launch(fg_stream& stream, std::span<const fg_rebind> rebinds) {
  if (stream.device != &device_) return invalid("graph: the stream belongs to another device", FG_R_DEVICE);
  const std::lock_guard lock(mutex_);
  FG_TRY(rebind(rebinds));
  std::vector<VkCommandBuffer> commands;
  std::uint64_t pieces = 0;
  for (Part& part : parts_) {
    if (part.stale) FG_TRY(record(part));
    commands.push_back(part.commands.handle);
    pieces += part.commands.pieces;
  }
  FG_TRY_ASSIGN(const Point end, static_cast<Stream&>(stream).replay(std::move(commands), pieces));
  for (Part& part : parts_) {
    std::vector<Point>& uses = part.commands.uses;
    std::erase_if(uses, [&](const Point& p) { return p.semaphore == end.semaphore || over(p); });
    uses.push_back(end);
  }
  return {};
}

}  // namespace fg::vulkan
