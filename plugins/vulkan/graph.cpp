// SPDX-License-Identifier: Apache-2.0

#include "plugins/vulkan/graph.hpp"

#include <algorithm>
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
    : device_(device), recorder_(device, of), pool_(std::move(pool)), nodes_(nodes) {
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
  for (std::size_t i = part.begin; i < part.end; ++i) FG_TRY(nodes_.launch(i, recorder_));
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

Result<void> Graph::launch(fg_stream& stream, std::span<const fg_rebind> rebinds) {
  if (stream.device != &device_) return invalid("graph: the stream belongs to another device", FG_R_DEVICE);
  const std::lock_guard lock(mutex_);
  FG_TRY_ASSIGN(const std::vector<std::uint32_t> changed, nodes_.rebind(rebinds));
  for (const std::uint32_t node : changed) parts_[node / kNodesInPart].stale = true;
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
