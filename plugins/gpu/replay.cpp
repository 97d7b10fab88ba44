// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/replay.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace fg::gpu {

ReplayGraph::ReplayGraph(Device& device, fg_instance* of, std::span<const fg_graph_node> nodes,
                         const MergeLimits& limits)
    : device_(device),
      merger_(device, limits),
      recorder_(device, of),
      nodes_(nodes),
      recorded_(nodes.size()),
      stale_(nodes.size(), true) {}

Result<std::unique_ptr<fg_graph>> ReplayGraph::make(Device& device, fg_instance* instance,
                                                    std::span<const fg_graph_node> nodes, const MergeLimits& limits) {
  std::unique_ptr<ReplayGraph> g(new ReplayGraph(device, instance, nodes, limits));
  for (std::size_t i = 0; i < nodes.size(); ++i) FG_TRY(g->record(i));
  for (std::size_t at = 0; at < nodes.size();) {
    const auto run = g->mergeable(at, nodes.size());
    const std::size_t n = g->merger_.plan(run).launches();
    g->parts_.push_back({at, at + n, {}, true});
    at += n;
  }
  for (Part& part : g->parts_) FG_TRY(g->settle(part));
  return std::unique_ptr<fg_graph>(std::move(g));
}

Result<void> ReplayGraph::record(std::size_t node) {
  const Result<void> launched = nodes_.launch(node, recorder_);
  std::vector<Recorded> list = recorder_.take();
  FG_TRY(launched);
  recorded_[node] = std::move(list);
  stale_[node] = false;
  return {};
}

// The dispatches of the nodes from `begin` on that are one each.
std::vector<const RecordedDispatch*> ReplayGraph::mergeable(std::size_t begin, std::size_t end) const {
  std::vector<const RecordedDispatch*> list;
  for (std::size_t i = begin; i < std::min(end, begin + kMostMerged) && recorded_[i].size() == 1; ++i) {
    const auto* d = std::get_if<RecordedDispatch>(&recorded_[i][0]);
    if (d == nullptr || !d->items) break;
    list.push_back(d);
  }
  return list;
}

// The next launch of a part, from node `begin` on: how many nodes it is.
std::size_t ReplayGraph::add_launch(Part& part, std::size_t begin) {
  const auto run = mergeable(begin, part.end);
  const MergePlan plan = merger_.plan(run);
  if (plan.launches() > 1) {
    if (std::optional<RecordedDispatch> merged = merger_.merge(run, plan)) {
      part.list.emplace_back(std::move(*merged));
      return plan.launches();
    }
  }
  std::copy(recorded_[begin].begin(), recorded_[begin].end(), std::back_inserter(part.list));
  return 1;
}

Result<void> ReplayGraph::settle(Part& part) {
  for (std::size_t i = part.begin; i < part.end; ++i) {
    if (stale_[i]) FG_TRY(record(i));
  }
  part.list.clear();
  for (std::size_t at = part.begin; at < part.end;) at += add_launch(part, at);
  part.stale = false;
  return {};
}

Result<void> ReplayGraph::launch(fg_stream& stream, std::span<const fg_rebind> rebinds) {
  if (stream.device != &device_) return invalid("graph: the stream belongs to another device", FG_R_DEVICE);
  const std::lock_guard lock(mutex_);
  FG_TRY_ASSIGN(const std::vector<std::uint32_t> changed, nodes_.rebind(rebinds));
  for (const std::uint32_t node : changed) {
    stale_[node] = true;
    const auto part =
        std::upper_bound(parts_.begin(), parts_.end(), node, [](std::size_t n, const Part& p) { return n < p.end; });
    part->stale = true;
  }
  for (Part& part : parts_) {
    if (part.stale) FG_TRY(settle(part));
  }
  for (const Part& part : parts_) {
    for (const Recorded& r : part.list) FG_TRY(enqueue_on(stream, r));
  }
  return {};
}

std::size_t ReplayGraph::enqueued() const {
  std::size_t n = 0;
  for (const Part& part : parts_) n += part.list.size();
  return n;
}

}  // namespace fg::gpu
